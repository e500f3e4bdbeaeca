// Starts a height's timer once there is something to order, and after a while shows the leader the
// data that it may lack.
import type { Tip } from './chain.ts'
import { forwardGrown } from './cut.ts'
import { leaderOf } from './quorum.ts'
import type { CutLimits, LaneView } from './types.ts'

export type DemandOptions = {
  forwardMs: number
  limits: CutLimits
  self: number
  /** The validators' swarm keys in hex, by index. */
  peers: readonly string[]
}

export type DemandDependencies = {
  lanes: LaneView
  /** What the height's block will go on top of; null while it is not all here. */
  parent(): Tip | null
  /** When a cut on top of it is due. */
  dueAtMs(parent: Tip): number
  /** The height that this validator is in. */
  height(): number
  demand(): void
  /** Looks again at this time. */
  again(atMs: number): void
}

export class Demand {
  readonly #options: DemandOptions
  readonly #deps: DemandDependencies
  #demanded = false
  #forwardAt = Infinity

  constructor(options: DemandOptions, dependencies: DemandDependencies) {
    this.#options = options
    this.#deps = dependencies
  }

  /** A new height. */
  entered(): void {
    this.#demanded = false
    this.#forwardAt = Infinity
  }

  look(nowMs: number): void {
    const { parent, dueAtMs, demand, again } = this.#deps
    if (this.#demanded) {
      if (nowMs >= this.#forwardAt) this.#forward()
      else if (this.#forwardAt !== Infinity) again(this.#forwardAt)
      return
    }
    const tip = parent()
    if (!tip) return
    const due = dueAtMs(tip)
    if (nowMs < due) return again(due)
    this.#demanded = true
    if (this.#leader() !== this.#options.self) {
      this.#forwardAt = nowMs + this.#options.forwardMs
      again(this.#forwardAt)
    }
    demand()
  }

  #forward(): void {
    const { lanes, parent } = this.#deps
    const { limits, peers } = this.#options
    this.#forwardAt = Infinity
    const tip = parent()
    if (tip) forwardGrown(lanes, tip, limits, peers[this.#leader()])
  }

  #leader(): number {
    return leaderOf(this.#deps.height(), this.#options.peers.length)
  }
}
