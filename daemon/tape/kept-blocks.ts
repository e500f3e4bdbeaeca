// The newest final blocks, in memory: what subscribers are sent, and what the archive has not got.
import { isMilestone } from './milestones.ts'
import type { FinalBlock, TapeRun } from './types.ts'

export type KeptOptions = {
  /** How many blocks, and bytes, stay when nothing needs them any more. */
  retainBlocks: number
  retainBytes: number
  snapshotCuts: number
}

export class KeptBlocks {
  readonly #options: KeptOptions
  #blocks: FinalBlock[] = []
  #first = 0
  #bytes = 0

  constructor(options: KeptOptions) {
    this.#options = options
  }

  /** Index of the first block that is here. */
  get first(): number {
    return this.#first
  }

  /** Index after the last. */
  get end(): number {
    return this.#first + this.#blocks.length
  }

  reset(first: number): void {
    this.#blocks = []
    this.#first = first
    this.#bytes = 0
  }

  push(block: FinalBlock): void {
    this.#blocks.push(block)
    this.#bytes += block.bytes.length
  }

  at(index: number): FinalBlock | null {
    return index < this.#first ? null : (this.#blocks[index - this.#first] ?? null)
  }

  from(index: number): FinalBlock[] {
    return this.#blocks.slice(Math.max(0, index - this.#first))
  }

  /** Drops blocks below `limit`, which nobody needs from here, as far as the limits ask for it. */
  trim(limit: number): void {
    const { retainBlocks, retainBytes } = this.#options
    let count = 0
    while (
      count < this.#blocks.length &&
      this.#first + count < limit &&
      (this.#blocks.length - count > retainBlocks || this.#bytes > retainBytes)
    ) {
      this.#bytes -= this.#blocks[count].bytes.length
      count++
    }
    if (count === 0) return
    this.#blocks.splice(0, count)
    this.#first += count
  }

  /** The longest run from `from` on that ends at a signed length and crosses no milestone (peers
   * must learn the signatures there); null when there is none. */
  run(from: number): TapeRun | null {
    let end = from
    let signature: Uint8Array | null = null
    for (let block = this.at(from); block !== null; block = this.at(block.index + 1)) {
      if (block.signature === null) continue
      end = block.index + 1
      signature = block.signature
      const before = this.at(block.index - 1)
      if (before === null || isMilestone(before.log, block.log, this.#options.snapshotCuts)) break
    }
    if (signature === null) return null
    const blocks = this.#blocks.slice(from - this.#first, end - this.#first)
    return { from, blocks: blocks.map(({ bytes }) => bytes), signature }
  }
}
