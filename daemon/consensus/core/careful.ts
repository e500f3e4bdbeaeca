// Lanes that kept voters waiting: a trader may show its blocks to few. For a while they are taken
// only as far as a quorum has acknowledged them, so this validator does not put that off.
import { toHex } from '../../../protocol/bytes.ts'
import { readCut } from './chain.ts'
import type { LaneView, Propose } from './types.ts'

/** Heights that it lasts. */
const CAREFUL_HEIGHTS = 64

export class CarefulLanes {
  readonly #lanes: Pick<LaneView, 'certified' | 'hurry'>
  /** By lane: the last height. */
  readonly #until = new Map<string, number>()
  /** The last proposal that was refused here: that was its leader's fault, not its lanes'. */
  #refused: Propose | null = null

  constructor(lanes: Pick<LaneView, 'certified' | 'hurry'>) {
    this.#lanes = lanes
  }

  has(lane: string): boolean {
    return this.#until.has(lane)
  }

  refuse(proposal: Propose): void {
    this.#refused = proposal
  }

  /** A proposal got no quorum in time: what it took without certificates may be the reason. */
  mark(proposal: Propose): void {
    if (proposal === this.#refused) return
    for (const { lane, to } of readCut(proposal.cut)?.slices ?? []) {
      const key = toHex(lane)
      const isCertified = this.#lanes.certified(key, to - 1).length > 0
      if (isCertified) continue
      this.#until.set(key, proposal.block.height + CAREFUL_HEIGHTS)
      this.#lanes.hurry(key, true)
    }
  }

  entered(height: number): void {
    for (const [lane, until] of this.#until) {
      if (until >= height) continue
      this.#until.delete(lane)
      this.#lanes.hurry(lane, false)
    }
  }
}
