// Turns a notarized block's id into a tip: its proposal and all its lanes' blocks must be here, and
// those of what it builds on. What is missing is asked for.
import { toHex } from '../../../protocol/bytes.ts'
import { buildTip, type Chain, readCut, type Tip } from './chain.ts'
import { sameBlock } from './slot.ts'
import type { BlockId, LaneView, Propose } from './types.ts'

/** Least time between two requests for the same block. */
export const ASK_MS = 100

export type ResolverDependencies = {
  chain: Chain
  lanes: LaneView
  /** Swarm keys of the other validators. */
  others: readonly string[]
  content(block: BlockId): Propose | null
  /** Asks all validators for a proposal. */
  ask(block: BlockId): void
  now(): number
  /** Looks again at this time. */
  again(atMs: number): void
}

export class Resolver {
  readonly #deps: ResolverDependencies
  /** When proposals and lane blocks were asked for, by height. */
  readonly #askedContent = new Map<number, number>()
  readonly #askedLanes = new Map<number, number>()

  constructor(dependencies: ResolverDependencies) {
    this.#deps = dependencies
  }

  resolve(id: BlockId): Tip | null {
    const { chain, content, ask } = this.#deps
    const found = chain.find(id)
    if (found) return found
    if (id.height <= chain.base.id.height) return null
    const proposal = content(id)
    if (proposal) return this.#build(id, proposal)
    if (this.#mayAsk(this.#askedContent, id.height)) ask(id)
    return null
  }

  /** Forgets what was asked for: the tape has moved on. */
  clear(): void {
    this.#askedContent.clear()
    this.#askedLanes.clear()
  }

  #build(id: BlockId, proposal: Propose): Tip | null {
    const { chain, lanes, others } = this.#deps
    const parent = this.resolve(proposal.parent)
    const cut = parent && readCut(proposal.cut)
    if (!parent || !cut) return null
    const tip = buildTip(parent, id.height, proposal.cut, cut, lanes)
    if (!tip) {
      if (!this.#mayAsk(this.#askedLanes, id.height)) return null
      for (const { lane, to, treeHash, signature } of cut.slices) {
        if (lanes.has(toHex(lane), to, treeHash)) continue
        lanes.want({ lane, length: to, treeHash, signature }, others)
      }
      return null
    }
    if (!sameBlock(tip.id, id)) return null
    chain.add(tip)
    return tip
  }

  #mayAsk(asked: Map<number, number>, height: number): boolean {
    const now = this.#deps.now()
    this.#deps.again(now + ASK_MS)
    const last = asked.get(height)
    if (last !== undefined && now - last < ASK_MS) return false
    asked.set(height, now)
    return true
  }
}
