// No lane is left out: what honest validators were shown of honest lanes is kept apart from what
// they make of it, and each final cut is held against it. A cut is wrong when so many validators
// knew for too long that a lane waits, with its leader's word that he has its data, that no quorum
// could have voted for the cut by the rules.
import { leaderOf } from '../../daemon/consensus/core/quorum.ts'
import type { BlockId } from '../../daemon/consensus/core/types.ts'
import type { Certificate } from '../../daemon/lanes/types.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Cut } from '../../protocol/tape-block.ts'
import { Violation } from './violation.ts'

export type InclusionOptions = {
  validators: number
  quorum: number
  inclusionMaxMs: number
  /** So much may wait to be final before cuts have to be empty. */
  bytesMax: number
  /** Nobody but its owner is to blame for what becomes of another's lane. */
  isHonestLane(lane: string): boolean
}

type Shown = { length: number; validators: ReadonlySet<number>; atMs: number }
type Proposed = { hash: string; height: number; atMs: number; taken: Map<string, number> }

/** Heights for which a lane may be taken with care after a proposal with it failed. */
const CAREFUL_HEIGHTS = 64
/** Clocks count whole milliseconds. */
const ROUNDING_MS = 2
/** What is final a validator learns so much later at most, nearly always. */
const LATE_MS = 500

export class Inclusion {
  readonly #options: InclusionOptions
  /** By validator, by lane: certificates that it has, as they came. */
  readonly #shown: Map<string, Shown[]>[]
  #proposals: Proposed[] = []
  /** By height: validators that gave it up. */
  readonly #nullifiers = new Map<number, Set<number>>()
  readonly #taken = new Map<string, { length: number; index: number }>()
  /** Bytes of the last final blocks, and when each became final. */
  #finals: { bytes: number; atMs: number }[] = []
  /** Lanes that had waited for long by what some validator knew, taken then or not. */
  overdue = 0

  constructor(options: InclusionOptions) {
    this.#options = options
    this.#shown = Array.from({ length: options.validators }, () => new Map<string, Shown[]>())
  }

  /** An honest validator has a certificate, and the blocks that it speaks of. */
  certified(validator: number, { lane, length, acks }: Certificate, nowMs: number): void {
    const key = toHex(lane)
    if (length <= (this.#taken.get(key)?.length ?? 0) || !this.#options.isHonestLane(key)) return
    const list = this.#shown[validator].get(key) ?? []
    this.#shown[validator].set(key, list)
    if (list.some((each) => each.length === length)) return
    const validators = new Set(acks.map((ack) => ack.validator))
    list.push({ length, validators, atMs: nowMs })
  }

  /** It crashed: certificates are not journaled. */
  forgets(validator: number): void {
    this.#shown[validator].clear()
  }

  proposed(block: BlockId, cut: Cut, nowMs: number): void {
    const hash = toHex(block.treeHash)
    const taken = new Map(cut.slices.map(({ lane, to }) => [toHex(lane), to]))
    this.#proposals.push({ hash, height: block.height, atMs: nowMs, taken })
  }

  /** A validator says that it gives a height up. */
  nullifies(validator: number, height: number): void {
    const validators = this.#nullifiers.get(height) ?? new Set<number>()
    this.#nullifiers.set(height, validators.add(validator))
  }

  /** The next final block of so many bytes; `treeHash` of the tape after it. */
  final(cut: Cut, treeHash: Uint8Array, bytes: number, nowMs: number): void {
    const hash = toHex(treeHash)
    const proposal = this.#proposals.find((each) => each.hash === hash)
    if (proposal && !this.#hadToBeEmpty(proposal)) this.#judge(cut, proposal)
    this.#finals.push({ bytes, atMs: nowMs })
    // What became final makes no lane suspect, unless the height was given up first: a block may be
    // final by what was built on it.
    const givenUp = (this.#nullifiers.get(cut.height)?.size ?? 0) >= this.#options.quorum
    this.#proposals = this.#proposals.filter(
      (each) => (givenUp || each.hash !== hash) && each.height >= cut.height - CAREFUL_HEIGHTS
    )
    for (const { lane, to } of cut.slices) {
      const key = toHex(lane)
      this.#taken.set(key, { length: to, index: cut.index })
      for (const shown of this.#shown) {
        const rest = (shown.get(key) ?? []).filter(({ length }) => length > to)
        if (rest.length > 0) shown.set(key, rest)
        else shown.delete(key)
      }
    }
  }

  /** By what validators may have known when it was proposed, too much was not final yet. */
  #hadToBeEmpty({ taken, atMs }: Proposed): boolean {
    if (taken.size > 0) return false
    this.#finals = this.#finals.filter((final) => final.atMs > atMs - LATE_MS)
    const waiting = this.#finals.reduce((sum, { bytes }) => sum + bytes, 0)
    return waiting > this.#options.bytesMax
  }

  #judge(cut: Cut, proposal: Proposed): void {
    const { validators, quorum } = this.#options
    const leader = leaderOf(proposal.height, validators)
    const included = [...proposal.taken.keys()]
    const newest = Math.max(-1, ...included.map((lane) => this.#taken.get(lane)?.index ?? -1))
    const waiting = new Set(this.#shown.flatMap((shown) => [...shown.keys()]))
    for (const lane of waiting) {
      if (!this.#options.isHonestLane(lane)) continue
      const minded = this.#shown.filter(
        (shown, validator) => validator !== leader && this.#minds(shown, lane, proposal)
      ).length
      if (minded > 0) this.overdue++
      const isFresh = included.length > 0 && (this.#taken.get(lane)?.index ?? -1) >= newest
      if (proposal.taken.has(lane) || isFresh) continue
      // Of every quorum one at least would have had to refuse.
      if (minded > validators - quorum) {
        throw new Violation('no lane is left out', `lane ${lane} at index ${cut.index}`)
      }
    }
  }

  /** A validator who was shown all this does not vote for a proposal without the lane. */
  #minds(shown: ReadonlyMap<string, Shown[]>, lane: string, proposal: Proposed): boolean {
    const list = shown.get(lane) ?? []
    const leader = leaderOf(proposal.height, this.#options.validators)
    const before = proposal.atMs - this.#options.inclusionMaxMs - ROUNDING_MS
    const isOverdue = list.some(({ atMs, validators }) => atMs < before && validators.has(leader))
    return isOverdue && !this.#isCareful(list, lane, proposal.height)
  }

  /** A proposal that failed took the lane further than the validator knew it to be certified. */
  #isCareful(list: readonly Shown[], lane: string, height: number): boolean {
    return this.#proposals.some(({ height: at, atMs, taken }) => {
      const to = taken.get(lane)
      if (to === undefined || at >= height) return false
      return !list.some((each) => each.length >= to && each.atMs <= atMs)
    })
  }
}
