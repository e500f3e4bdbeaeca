// From the vote rules to a verdict on a proposal.
import type { Cut } from '../../../protocol/tape-block.ts'
import type { CarefulLanes } from './careful.ts'
import { buildTip, type Chain, readCut } from './chain.ts'
import type { ExecutedBoard } from './executed.ts'
import { leaderOf } from './quorum.ts'
import type { Resolver } from './resolver.ts'
import { judgeCut, type RuleView, type VoteRule } from './rules.ts'
import { sameBlock } from './slot.ts'
import type { ChainView, ConsensusPacing, CutLimits, LaneView, Propose } from './types.ts'

/** `later`: it cannot be said yet. */
export type Verdict = 'valid' | 'invalid' | 'later'

export type JudgeOptions = {
  validators: number
  /** Swarm keys by index. */
  peers: readonly string[]
  pacing: ConsensusPacing
  limits: CutLimits
}

export type JudgeDependencies = {
  lanes: LaneView
  chainView: ChainView
  chain: Chain
  board: ExecutedBoard
  resolver: Resolver
  careful: Pick<CarefulLanes, 'has'>
  rules: readonly VoteRule[]
  /** Looks again at this time. */
  again(atMs: number): void
}

export class Judge {
  readonly #options: JudgeOptions
  readonly #deps: JudgeDependencies
  /** The proposal whose missing lane data was asked for. */
  #asked: Propose | null = null
  /** The proposal that was read last: one that waits is looked at again with every input. */
  #last: { proposal: Propose; cut: Cut | null } | null = null

  constructor(options: JudgeOptions, dependencies: JudgeDependencies) {
    this.#options = options
    this.#deps = dependencies
  }

  judge(proposal: Propose, nowMs: number, wallMs: number): Verdict {
    const { lanes, chainView, chain, board, resolver, careful, rules, again } = this.#deps
    const { pacing, limits, peers, validators } = this.#options
    const { clockDriftMaxMs, inclusionMaxMs } = pacing
    const cut = this.#cutOf(proposal)
    if (!cut) return 'invalid'
    const parent = resolver.resolve(proposal.parent)
    if (!parent) return 'later'
    const { height } = proposal.block
    const leader = leaderOf(height, validators)
    const view: RuleView = {
      nowMs: wallMs,
      steadyMs: nowMs,
      leader,
      height,
      parent,
      lanes,
      chain: chainView,
      executed: board,
      limits,
      clockDriftMaxMs,
      inclusionMaxMs,
      isCareful: (lane) => careful.has(lane)
    }
    const ruling = judgeCut(cut, view, rules)
    if (ruling.kind === 'reject') return 'invalid'
    if (ruling.kind === 'wait') {
      const aheadMs = cut.time - clockDriftMaxMs - wallMs
      if (aheadMs > 0) again(nowMs + aheadMs)
      if (this.#asked === proposal) return 'later'
      this.#asked = proposal
      for (const head of ruling.wanted) lanes.want(head, [peers[leader]])
      return 'later'
    }
    const tip = buildTip(parent, height, proposal.cut, cut, lanes)
    if (!tip) return 'later'
    if (!sameBlock(tip.id, proposal.block)) return 'invalid'
    chain.add(tip)
    return 'valid'
  }

  #cutOf(proposal: Propose): Cut | null {
    if (this.#last?.proposal !== proposal) this.#last = { proposal, cut: readCut(proposal.cut) }
    return this.#last.cut
  }
}
