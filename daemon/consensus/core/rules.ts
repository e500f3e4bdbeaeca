// What a validator looks at before it votes for a cut: one function a rule, each over a view of
// what this validator knows, none with an effect. `wait`: it cannot be said yet, and may come true.
// (That the parent is notarized and all heights between are nullified, is simplex.ts's.)
import { equalBytes, toHex } from '../../../protocol/bytes.ts'
import type { Cut, Slice, SnapshotMark } from '../../../protocol/tape-block.ts'
import type { Bytes32, ChainCursor } from '../../../protocol/types.ts'
import { isRunFull, laneCountOf, type Tip, takenOf } from './chain.ts'
import { laneLimitOf } from './cut.ts'
import type { ChainView, CutLimits, HeadClaim, LaneView } from './types.ts'

export type Ruling =
  | { kind: 'ok' }
  | { kind: 'wait'; reason: string; wanted: readonly HeadClaim[] }
  | { kind: 'reject'; reason: string }

export type RuleView = {
  /** Own clock, milliseconds since 1970. */
  nowMs: number
  /** The one that only grows, by which the lanes say when a certificate came. */
  steadyMs: number
  /** The height's leader. */
  leader: number
  height: number
  parent: Tip
  lanes: LaneView
  chain: ChainView
  /** Own engine: last executed index (-1 for none), and its results. */
  executed: {
    reached: number
    hashAt(index: number): Bytes32 | null
    snapshotAt(index: number): Bytes32 | null
    /** The newest above `from` of which a quorum has said that it made it. */
    agreedSnapshot(from: number): SnapshotMark | null
  }
  limits: CutLimits
  clockDriftMaxMs: number
  inclusionMaxMs: number
  /** Lanes that kept voters waiting lately. */
  isCareful(lane: string): boolean
}

const OK: Ruling = { kind: 'ok' }
const reject = (reason: string): Ruling => ({ kind: 'reject', reason })
const wait = (reason: string, wanted: readonly HeadClaim[] = []): Ruling => ({
  kind: 'wait',
  reason,
  wanted
})

/** The cut names its own place: the next index, and the height in which it is proposed. */
export function placedOnTape(cut: Cut, view: RuleView): Ruling {
  if (cut.index !== view.parent.id.length) return reject('index is not the next')
  return cut.height === view.height ? OK : reject('height is another')
}

/** Time is the parent's and a millisecond, or later and near this validator's own clock. */
export function timeInOrder(cut: Cut, view: RuleView): Ruling {
  const least = view.parent.time + 1
  if (cut.time < least) return reject('time does not advance')
  if (cut.time === least) return OK
  if (cut.time > view.nowMs + view.clockDriftMaxMs) return wait('time is ahead')
  return cut.time >= view.nowMs - view.clockDriftMaxMs ? OK : reject('time is behind')
}

/** Slices begin where the parent ended. */
export function slicesFollowParent(cut: Cut, view: RuleView): Ruling {
  for (const slice of cut.slices) {
    const taken = takenOf(view.parent, toHex(slice.lane))
    if (slice.from !== taken.length) return reject('slice does not begin where the parent ended')
  }
  return OK
}

/** Every slice's blocks are in this validator's journal. */
export function slicesHeld(cut: Cut, view: RuleView): Ruling {
  const missing = cut.slices.filter(
    ({ lane, to, treeHash }) => !view.lanes.has(toHex(lane), to, treeHash)
  )
  return missing.length === 0 ? OK : wait('lane blocks are missing', missing.map(claimOf))
}

/** The data is the lane's own: signed by it at exactly this length and tree hash. */
export function slicesSigned(cut: Cut, view: RuleView): Ruling {
  const isSigned = cut.slices.every((slice) => view.lanes.signed(claimOf(slice)))
  return isSigned ? OK : reject('lane did not sign the slice')
}

/** Slices only extend what the parent took: never another history of the lane. */
export function slicesExtendParent(cut: Cut, view: RuleView): Ruling {
  for (const { lane, to, treeHash } of cut.slices) {
    const key = toHex(lane)
    const taken = takenOf(view.parent, key)
    if (!view.lanes.extends(key, taken.length, taken.treeHash, to, treeHash)) {
      return reject('slice is of another history of the lane')
    }
  }
  return OK
}

/** The manifest's fixed limits, and no more on top of what is not final than one run may hold; how
 * much of that is final, this validator may learn a little later than the leader. (Quotas by bond are the engine's, never a vote rule.) */
export function withinLimits(cut: Cut, view: RuleView): Ruling {
  const { limits } = view
  const isEmpty = cut.slices.length === 0 && cut.events.length === 0
  if (!isEmpty && isRunFull(view.parent, limits.bytesMax)) return wait('too much is not final')
  if (cut.slices.length > limits.lanesMax) return reject('too many lanes')
  const newcomers = cut.slices.filter(({ from }) => from === 0).length
  if (newcomers > 0 && laneCountOf(view.parent) + newcomers > limits.venueLanesMax) {
    return reject('too many lanes on the tape')
  }
  let bytes = 0
  let entries = 0
  for (const { lane, from, to, treeHash } of cut.slices) {
    const size = view.lanes.measure(toHex(lane), from, to, treeHash)
    if (!size) return wait('lane blocks are missing')
    if (size.entries > limits.laneEntriesMax) return reject('too many entries of one lane')
    bytes += size.bytes
    entries += size.entries
  }
  if (bytes > limits.bytesMax) return reject('too many bytes')
  return entries > limits.entriesMax ? reject('too many entries') : OK
}

/** The chain cursor is the parent's, or is confirmed at this validator's own node with exactly
 * these events. */
export function chainConfirmed(cut: Cut, view: RuleView): Ruling {
  if (sameCursor(cut.cursor, view.parent.cursor)) {
    return cut.events.length === 0 ? OK : reject('events without a cursor')
  }
  if (!cut.cursor) return reject('cursor goes back')
  const verdict = view.chain.check(view.parent.cursor, cut.cursor, cut.events)
  if (verdict === 'unknown') return wait('chain is not that far here')
  return verdict === 'yes' ? OK : reject('chain says otherwise')
}

/** `executed` is what this validator's own engine computed, and never goes back. */
export function executedAgrees(cut: Cut, view: RuleView): Ruling {
  const { executed } = cut
  const before = view.parent.executed
  if (!executed) return before ? reject('executed goes back') : OK
  if (executed.index >= cut.index) return reject('executed is ahead of the tape')
  if (before && executed.index < before.index) return reject('executed goes back')
  if (before && executed.index === before.index) {
    const isSame = equalBytes(executed.eventHash, before.eventHash)
    return isSame ? OK : reject('event hash is another')
  }
  const own = view.executed.hashAt(executed.index)
  if (!own) return wait('not executed that far')
  return equalBytes(own, executed.eventHash) ? OK : reject('event hash is another')
}

/** A named snapshot is one that this validator has made too, or has it from a quorum. */
export function snapshotAgrees(cut: Cut, view: RuleView): Ruling {
  const { snapshot } = cut
  if (!snapshot) return OK
  if (snapshot.index >= cut.index) return reject('snapshot is ahead of the tape')
  if (snapshot.index <= view.parent.snapshotIndex) return reject('snapshot goes back')
  const own = view.executed.snapshotAt(snapshot.index)
  if (own) return equalBytes(own, snapshot.hash) ? OK : reject('snapshot is another')
  if (view.executed.reached < snapshot.index) return wait('not executed that far')
  // Made before a restart, perhaps: then a quorum's word is as good, and without one nothing is
  // known that speaks against it.
  const agreed = view.executed.agreedSnapshot(view.parent.snapshotIndex)
  if (agreed?.index !== snapshot.index) return wait('snapshot is not known here')
  return equalBytes(agreed.hash, snapshot.hash) ? OK : reject('snapshot is another')
}

/** No lane is left out that the leader has long been known to hold, while one that was taken more
 * recently is included (or none is). A lane that signed two histories has no such right; nor has,
 * for a while, one that kept voters waiting: a leader takes that one by its certificate only, which
 * its owner may show to everyone but him. */
export function noneLeftOut(cut: Cut, view: RuleView): Ruling {
  const included = new Set(cut.slices.map(({ lane }) => toHex(lane)))
  if (included.size === 0 && isRunFull(view.parent, view.limits.bytesMax)) return OK
  let newest = -1
  for (const key of included) newest = Math.max(newest, takenOf(view.parent, key).index)
  const newcomers = cut.slices.filter(({ from }) => from === 0).length
  const isFull = laneCountOf(view.parent) + newcomers >= view.limits.venueLanesMax
  for (const line of view.lanes.lanes()) {
    if (line.conflicted || included.has(line.key) || view.isCareful(line.key)) continue
    const taken = takenOf(view.parent, line.key)
    if (isFull && taken.index < 0) continue
    if (line.durableLength <= taken.length) continue
    if (included.size > 0 && taken.index >= newest) continue
    if (isOverdue(line.key, taken, view)) return reject('a lane is left out')
  }
  return OK
}

function isOverdue(
  lane: string,
  taken: { length: number; treeHash: Bytes32 },
  view: RuleView
): boolean {
  const before = view.steadyMs - view.inclusionMaxMs
  const isCertified = view.lanes
    .certified(lane, taken.length)
    .some(
      (each) =>
        each.receivedAtMs < before &&
        each.validators.includes(view.leader) &&
        view.lanes.extends(lane, taken.length, taken.treeHash, each.length, each.treeHash)
    )
  // A lane whose next signed run is larger than a cut may take has itself to blame.
  const { length, treeHash } = taken
  return isCertified && view.lanes.best(lane, length, treeHash, laneLimitOf(view.limits)) !== null
}

export type VoteRule = (cut: Cut, view: RuleView) => Ruling

/** In this order: what costs nothing first, what may have to wait before what relies on it. */
export const voteRules: readonly VoteRule[] = [
  placedOnTape,
  slicesFollowParent,
  timeInOrder,
  executedAgrees,
  snapshotAgrees,
  chainConfirmed,
  slicesHeld,
  slicesSigned,
  slicesExtendParent,
  withinLimits,
  noneLeftOut
]

/** The first rule that is not satisfied; a reject, if any rule says so, goes before a wait. */
export function judgeCut(cut: Cut, view: RuleView, rules = voteRules): Ruling {
  let waiting: Ruling | null = null
  for (const rule of rules) {
    const ruling = rule(cut, view)
    if (ruling.kind === 'reject') return ruling
    if (ruling.kind === 'wait') {
      waiting = ruling
      if (rule === slicesHeld) break
    }
  }
  return waiting ?? OK
}

export function claimOf({ lane, to, treeHash, signature }: Slice): HeadClaim {
  return { lane, length: to, treeHash, signature }
}

function sameCursor(a: ChainCursor | null, b: ChainCursor | null): boolean {
  if (!a || !b) return a === b
  return (
    a.block === b.block &&
    a.logIndex === b.logIndex &&
    a.blockTime === b.blockTime &&
    equalBytes(a.hash, b.hash)
  )
}
