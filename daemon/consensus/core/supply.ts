// Proposals for validators that miss them. To ask costs a hundred bytes and no signature, and the
// answer is up to a whole cut: whoever asks for the same one again and again is not answered as often.
import type { Heights } from './heights.ts'
import { ASK_MS } from './resolver.ts'
import type { BlockId, Propose } from './types.ts'

/** Less than an honest validator lets pass before it asks again: on the way the two may come nearer
 * to each other. */
const AGAIN_MS = ASK_MS / 2

export type SupplyOptions = { validators: number }

export class Supply {
  readonly #heights: Pick<Heights, 'content'>
  /** By validator: when it was last sent the proposal of a height, the oldest first. */
  readonly #sent: Map<number, number>[]

  constructor({ validators }: SupplyOptions, dependencies: { heights: Pick<Heights, 'content'> }) {
    this.#heights = dependencies.heights
    this.#sent = Array.from({ length: validators }, () => new Map<number, number>())
  }

  /** What a validator is sent who asks for this block's proposal; null for nothing. */
  answer(peer: number, block: BlockId, nowMs: number): Propose | null {
    const content = this.#heights.content(block)
    if (!content) return null
    const sent = this.#sent[peer]
    for (const [height, atMs] of sent) {
      if (nowMs - atMs < AGAIN_MS) break
      sent.delete(height)
    }
    if (sent.has(block.height)) return null
    sent.set(block.height, nowMs)
    return content
  }
}
