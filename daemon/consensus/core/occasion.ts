// Whether there is an occasion for a cut. An idle venue is quiet: no proposal and no timer while
// there is nothing to take of the lanes, the chain has not moved, no batch has come of age, and no
// heartbeat is due.
import type { Tip } from './chain.ts'
import { isAnyTakable } from './cut.ts'
import type { ChainView, CutLimits, LaneView } from './types.ts'

export type OccasionOptions = { heartbeatMs: number; relayMs: number; limits: CutLimits }

export type OccasionDependencies = {
  lanes: Pick<LaneView, 'lanes' | 'best'>
  chain: Pick<ChainView, 'next'>
  /** When a block on top of one of this time is due although nothing is to be ordered: the engine
   * waits for the time itself. Infinity for never. */
  timeDueAt?(tipTime: number): number
}

export class Occasion {
  readonly #options: OccasionOptions
  readonly #deps: OccasionDependencies
  /** What is known of one tip; a tip never changes. */
  #grown: { tip: Tip; isGrown: boolean } | null = null

  constructor(options: OccasionOptions, dependencies: OccasionDependencies) {
    this.#options = options
    this.#deps = dependencies
  }

  /** From when on there is an occasion for a cut on top of a tip, and for one without content.
   * `isFinal`: the tip is; if it is not, only another block on top can make it so. `aheadMs`: by how
   * much the clock of waits is ahead of the tape's. */
  at(
    tip: Tip,
    isFinal: boolean,
    enteredAtMs: number,
    aheadMs = 0
  ): { dueAtMs: number; emptyAtMs: number } {
    const { heartbeatMs, relayMs } = this.#options
    const emptyAtMs = Math.min(
      tip.time + aheadMs + heartbeatMs,
      // A tape that is ahead of a clock set back has its heartbeat all the same.
      enteredAtMs + heartbeatMs,
      isFinal ? Infinity : enteredAtMs + relayMs,
      (this.#deps.timeDueAt?.(tip.time) ?? Infinity) + aheadMs
    )
    const isGrown = this.#isGrown(tip) || this.#deps.chain.next(tip.cursor) !== null
    return { dueAtMs: isGrown ? enteredAtMs : emptyAtMs, emptyAtMs }
  }

  /** A lane may have grown. */
  forget(): void {
    if (this.#grown && !this.#grown.isGrown) this.#grown = null
  }

  #isGrown(tip: Tip): boolean {
    if (this.#grown?.tip !== tip) {
      const isGrown = isAnyTakable(this.#deps.lanes, tip, this.#options.limits)
      this.#grown = { tip, isGrown }
    }
    return this.#grown.isGrown
  }
}
