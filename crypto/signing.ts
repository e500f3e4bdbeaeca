// The work of the pool, done where it is called: by its threads, or in place of them.
import { typedHasher } from '../protocol/eip712.ts'
import { blockSigners } from './block-signers.ts'
import { loadCrypto } from './crypto.ts'
import type { TypedHasher } from '../protocol/eip712.ts'
import type { SigningTerms } from '../protocol/typed-data.ts'
import type { Bytes32 } from '../protocol/types.ts'
import type { Signers } from './block-signers.ts'
import type { Recover } from './crypto.ts'
import type { SecpBackend } from './secp256k1.ts'
import type { Work } from './signer-jobs.ts'

export class Signing {
  readonly #hasher: TypedHasher
  readonly #recover: Recover

  constructor(hasher: TypedHasher, recover: Recover) {
    this.#hasher = hasher
    this.#recover = recover
  }

  /** @throws Fault crypto_unavailable */
  static async load(terms: SigningTerms, backend: SecpBackend | 'auto'): Promise<Signing> {
    const { keccak, recover } = await loadCrypto(backend)
    return new Signing(typedHasher(terms, keccak), recover)
  }

  run(work: Work): (Signers | null)[] {
    if (work.kind === 'digests') {
      return [work.digests.map((digest, i) => this.#recover(digest, work.signatures[i]))]
    }
    const steps = this.steps(work.lane, work.blocks)
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
    }
  }

  /** The same for blocks, one entry a step. */
  *steps(lane: Bytes32, blocks: readonly Uint8Array[]): Generator<void, (Signers | null)[]> {
    const all: (Signers | null)[] = []
    for (const block of blocks) {
      all.push(yield* blockSigners(this.#hasher, this.#recover, lane, block))
    }
    return all
  }
}
