import { concatBytes } from '../../protocol/bytes.ts'
import { hash } from './scheme.ts'

/** Tape -> event hash. */
export class Execution {
  readonly #hashes: Uint8Array[] = []

  constructor(_validators: number) {}

  apply(bytes: Uint8Array): void {
    const before = this.#hashes.at(-1) ?? new Uint8Array(32)
    this.#hashes.push(hash(concatBytes(before, hash(bytes))))
  }

  hashAt(index: number): Uint8Array {
    return this.#hashes[index]
  }
}
