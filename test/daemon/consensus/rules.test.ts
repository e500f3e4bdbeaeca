import test from 'brittle'
import type { Tip } from '../../../daemon/consensus/core/chain.ts'
import {
  chainConfirmed,
  executedAgrees,
  judgeCut,
  noneLeftOut,
  placedOnTape,
  type RuleView,
  type Ruling,
  slicesExtendParent,
  slicesFollowParent,
  slicesHeld,
  slicesSigned,
  snapshotAgrees,
  timeInOrder,
  withinLimits
} from '../../../daemon/consensus/core/rules.ts'
import type { LaneView } from '../../../daemon/consensus/core/types.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import type { Cut, Slice } from '../../../protocol/tape-block.ts'
import { emptyCut } from './committee.ts'

const NOW = 1_000_000
const bytes = (fill: number) => new Uint8Array(32).fill(fill)
const laneA = bytes(0xaa)
const laneB = bytes(0xbb)

function slice(lane: Uint8Array, from: number, to: number): Slice {
  return { lane, from, to, treeHash: bytes(to), signature: new Uint8Array([1]) }
}

/** A parent with ten blocks, which has taken three blocks of lane A, in its last block. */
function parentTip(): Tip {
  return {
    id: { height: 20, length: 10, treeHash: bytes(10) },
    log: MerkleLog.empty(blake2b256Parts),
    time: NOW - 100,
    cursor: { block: 5, hash: bytes(5), blockTime: 50, logIndex: 2 },
    executed: { index: 7, eventHash: bytes(7) },
    snapshotIndex: 3,
    taken: new Map([[toHex(laneA), { length: 3, treeHash: bytes(3), index: 9 }]]),
    parent: null,
    block: null
  }
}

/** Lanes of which everything is held, and every block has one entry of 100 bytes. */
const allHeld: LaneView = {
  has: () => true,
  extends: () => true,
  measure: (_lane, from, length) => ({ bytes: 100 * (length - from), entries: length - from }),
  blocks: () => [],
  signed: () => true,
  want: () => undefined,
  best: (_lane, from) => ({
    lane: laneB,
    length: from + 1,
    treeHash: bytes(from + 1),
    signature: new Uint8Array([1]),
    size: { bytes: 100, entries: 1 }
  }),
  certified: () => [],
  hurry: () => undefined,
  forward: () => undefined,
  lanes: () => []
}

const noneMade: Omit<RuleView['executed'], 'reached'> = {
  hashAt: () => null,
  snapshotAt: () => null,
  agreedSnapshot: () => null
}

function viewOf(change: Partial<RuleView> = {}): RuleView {
  return {
    nowMs: NOW,
    steadyMs: NOW,
    leader: 1,
    height: 21,
    parent: parentTip(),
    lanes: allHeld,
    chain: { next: () => null, check: () => 'unknown' },
    executed: { ...noneMade, reached: 8, hashAt: (index) => bytes(index) },
    limits: { bytesMax: 1000, entriesMax: 8, lanesMax: 2, venueLanesMax: 100, laneEntriesMax: 5 },
    clockDriftMaxMs: 500,
    inclusionMaxMs: 200,
    isCareful: () => false,
    ...change
  }
}

function cutOf(change: Partial<Cut> = {}): Cut {
  const { cursor, executed } = parentTip()
  return emptyCut({ index: 10, height: 21, time: NOW, cursor, executed, ...change })
}

function said(ruling: Ruling): string {
  return ruling.kind === 'ok' ? 'ok' : `${ruling.kind}: ${ruling.reason}`
}

test('rules - a cut that breaks none is voted for', (t) => {
  t.is(said(judgeCut(cutOf({ slices: [slice(laneA, 3, 5)] }), viewOf())), 'ok')
})

test('rules - placed on the tape: the next index, in this height', (t) => {
  t.is(said(placedOnTape(cutOf(), viewOf())), 'ok')
  t.is(said(placedOnTape(cutOf({ index: 11 }), viewOf())), 'reject: index is not the next')
  t.is(said(placedOnTape(cutOf({ index: 9 }), viewOf())), 'reject: index is not the next')
  t.is(said(placedOnTape(cutOf({ height: 22 }), viewOf())), 'reject: height is another')
})

test('rules - time: the parent plus one, or later and near the own clock', (t) => {
  const at = (time: number, nowMs = NOW) => said(timeInOrder(cutOf({ time }), viewOf({ nowMs })))
  const least = NOW - 99
  t.is(at(least - 1), 'reject: time does not advance')
  t.is(at(least), 'ok')
  t.is(at(least, NOW + 10_000), 'ok', 'the least step is right whatever the clock')
  t.is(at(least + 1, NOW + 10_000), 'reject: time is behind')
  t.is(at(NOW + 500), 'ok')
  t.is(at(NOW + 501), 'wait: time is ahead')
})

test('rules - slices begin where the parent ended', (t) => {
  const of = (slices: Slice[]) => said(slicesFollowParent(cutOf({ slices }), viewOf()))
  t.is(of([slice(laneA, 3, 4), slice(laneB, 0, 1)]), 'ok')
  t.is(of([slice(laneA, 2, 4)]), 'reject: slice does not begin where the parent ended')
  t.is(of([slice(laneA, 4, 5)]), 'reject: slice does not begin where the parent ended')
  t.is(of([slice(laneB, 1, 2)]), 'reject: slice does not begin where the parent ended')
})

test('rules - slices are in the journal, or are waited for by name', (t) => {
  const slices = [slice(laneA, 3, 4), slice(laneB, 0, 2)]
  t.is(said(slicesHeld(cutOf({ slices }), viewOf())), 'ok')
  const lanes = { ...allHeld, has: (lane: string) => lane === toHex(laneA) }
  const ruling = slicesHeld(cutOf({ slices }), viewOf({ lanes }))
  t.is(ruling.kind, 'wait')
  if (ruling.kind !== 'wait') return
  t.alike(
    ruling.wanted.map(({ lane, length }) => [toHex(lane), length]),
    [[toHex(laneB), 2]]
  )
})

test('rules - slices carry the signature of the lane', (t) => {
  const slices = [slice(laneA, 3, 4)]
  t.is(said(slicesSigned(cutOf({ slices }), viewOf())), 'ok')
  const lanes = { ...allHeld, signed: () => false }
  t.is(
    said(slicesSigned(cutOf({ slices }), viewOf({ lanes }))),
    'reject: lane did not sign the slice'
  )
})

test('rules - slices extend the very history that the parent took', (t) => {
  const slices = [slice(laneA, 3, 4)]
  const asked: unknown[] = []
  const lanes: LaneView = {
    ...allHeld,
    extends: (_lane, from, fromHash, length) => {
      asked.push([from, fromHash[0], length])
      return false
    }
  }
  t.is(
    said(slicesExtendParent(cutOf({ slices }), viewOf({ lanes }))),
    'reject: slice is of another history of the lane'
  )
  t.alike(asked, [[3, 3, 4]])
  t.is(said(slicesExtendParent(cutOf({ slices }), viewOf())), 'ok')
})

test('rules - the fixed limits: lanes, entries of a lane, entries, bytes', (t) => {
  const of = (slices: Slice[], change: Partial<RuleView['limits']> = {}) => {
    const { limits } = viewOf()
    return said(withinLimits(cutOf({ slices }), viewOf({ limits: { ...limits, ...change } })))
  }
  const laneC = bytes(0xcc)
  t.is(of([slice(laneA, 3, 8), slice(laneB, 0, 3)]), 'ok')
  t.is(of([slice(laneA, 3, 4), slice(laneB, 0, 1), slice(laneC, 0, 1)]), 'reject: too many lanes')
  t.is(of([slice(laneA, 3, 9)]), 'reject: too many entries of one lane')
  t.is(of([slice(laneA, 3, 8), slice(laneB, 0, 4)]), 'reject: too many entries')
  t.is(of([slice(laneA, 3, 8)], { bytesMax: 499 }), 'reject: too many bytes')
  const { size } = viewOf().parent.taken
  t.is(of([slice(laneB, 0, 1)], { venueLanesMax: size }), 'reject: too many lanes on the tape')
  t.is(of([slice(laneB, 0, 1)], { venueLanesMax: size + 1 }), 'ok')
  const lanes = { ...allHeld, measure: () => null }
  t.is(
    said(withinLimits(cutOf({ slices: [slice(laneA, 3, 4)] }), viewOf({ lanes }))),
    'wait: lane blocks are missing'
  )
})

test('rules - on top of much that is not final only an empty cut goes', (t) => {
  const below = parentTip()
  const block = { cut: emptyCut({ index: 10, height: 20 }), cutBytes: bytes(0), laneBlocks: [] }
  const heavy = (size: number): Tip => ({
    ...parentTip(),
    parent: below,
    block: { ...block, bytes: new Uint8Array(size) }
  })
  const full = cutOf({ slices: [slice(laneA, 3, 4)] })
  const of = (cut: Cut, size: number) => said(withinLimits(cut, viewOf({ parent: heavy(size) })))
  t.is(of(full, 1000), 'ok')
  t.is(of(full, 1001), 'wait: too much is not final')
  t.is(of(cutOf({ events: [bytes(1)] }), 1001), 'wait: too much is not final')
  t.is(of(cutOf(), 1001), 'ok')
  const older = { ...heavy(501), parent: heavy(500) }
  t.is(said(withinLimits(full, viewOf({ parent: older }))), 'wait: too much is not final')
})

test('rules - the chain: the cursor of the parent, or what the own node confirms', (t) => {
  const cursor = { block: 6, hash: bytes(6), blockTime: 60, logIndex: 0 }
  const event = new Uint8Array([1])
  const of = (change: Partial<Cut>, verdict: 'yes' | 'no' | 'unknown') =>
    said(
      chainConfirmed(cutOf(change), viewOf({ chain: { next: () => null, check: () => verdict } }))
    )
  t.is(of({}, 'no'), 'ok', 'the same cursor needs no node')
  t.is(of({ events: [event] }, 'yes'), 'reject: events without a cursor')
  t.is(of({ cursor, events: [event] }, 'yes'), 'ok')
  t.is(of({ cursor, events: [event] }, 'no'), 'reject: chain says otherwise')
  t.is(of({ cursor, events: [event] }, 'unknown'), 'wait: chain is not that far here')
  t.is(of({ cursor: null }, 'yes'), 'reject: cursor goes back')
})

test('rules - executed: never back, never ahead, and as the own engine has it', (t) => {
  const of = (executed: Cut['executed'], change: Partial<RuleView> = {}) =>
    said(executedAgrees(cutOf({ executed }), viewOf(change)))
  t.is(of({ index: 7, eventHash: bytes(7) }), 'ok')
  t.is(of({ index: 7, eventHash: bytes(1) }), 'reject: event hash is another')
  t.is(of({ index: 6, eventHash: bytes(6) }), 'reject: executed goes back')
  t.is(of(null), 'reject: executed goes back')
  t.is(of({ index: 10, eventHash: bytes(10) }), 'reject: executed is ahead of the tape')
  t.is(of({ index: 8, eventHash: bytes(8) }), 'ok')
  t.is(of({ index: 8, eventHash: bytes(1) }), 'reject: event hash is another')
  const executed = { ...noneMade, reached: 7 }
  t.is(of({ index: 8, eventHash: bytes(8) }, { executed }), 'wait: not executed that far')
  const parent = { ...parentTip(), executed: null }
  t.is(of(null, { parent }), 'ok')
})

test('rules - a named snapshot is the own one', (t) => {
  const own: RuleView['executed'] = {
    ...noneMade,
    reached: 8,
    snapshotAt: (i: number) => (i === 5 ? bytes(5) : null)
  }
  const of = (index: number, fill: number, executed = own) =>
    said(snapshotAgrees(cutOf({ snapshot: { index, hash: bytes(fill) } }), viewOf({ executed })))
  t.is(said(snapshotAgrees(cutOf(), viewOf())), 'ok')
  t.is(of(5, 5), 'ok')
  t.is(of(5, 6), 'reject: snapshot is another')
  t.is(of(3, 3), 'reject: snapshot goes back')
  t.is(of(10, 1), 'reject: snapshot is ahead of the tape')
  t.is(of(6, 6), 'wait: snapshot is not known here', 'it may have been made before a restart')
  const told = { ...own, agreedSnapshot: () => ({ index: 6, hash: bytes(6) }) }
  t.is(of(6, 6, told), 'ok', 'a quorum made it')
  t.is(of(6, 7, told), 'reject: snapshot is another')
  t.is(of(7, 7, told), 'wait: snapshot is not known here')
  t.is(of(6, 6, { ...own, reached: 5 }), 'wait: not executed that far')
})

test('rules - no lane is left out that the leader has long been known to hold', (t) => {
  const certificate = (validators: number[], receivedAtMs = NOW - 201) => ({
    length: 2,
    treeHash: bytes(2),
    receivedAtMs,
    validators
  })
  const of = (slices: Slice[], certified: ReturnType<typeof certificate>[], conflicted = false) => {
    const lanes: LaneView = {
      ...allHeld,
      lanes: () => [{ key: toHex(laneB), lane: laneB, durableLength: 2, conflicted }],
      certified: () => certified
    }
    return said(noneLeftOut(cutOf({ slices }), viewOf({ lanes, isCareful: () => careful })))
  }
  let careful = false
  const recent = [slice(laneA, 3, 4)]
  t.is(of(recent, [certificate([0, 1, 2])]), 'reject: a lane is left out')
  t.is(of([], [certificate([0, 1, 2])]), 'reject: a lane is left out', 'by an empty cut as well')
  t.is(
    of([...recent, slice(laneB, 0, 1)], [certificate([0, 1, 2])]),
    'ok',
    'included, if not whole'
  )
  t.is(of(recent, [certificate([0, 2, 3])]), 'ok', 'the leader never acknowledged it')
  t.is(of(recent, [certificate([0, 1, 2], NOW - 200)]), 'ok', 'not long enough ago')
  t.is(of(recent, []), 'ok', 'no certificate')
  t.is(of(recent, [certificate([0, 1, 2])], true), 'ok', 'it signed two histories')
  careful = true
  t.is(of(recent, [certificate([0, 1, 2])]), 'ok', 'it kept voters waiting')
})

test('rules - a lane that was taken more recently than all that are included may wait', (t) => {
  const lanes: LaneView = {
    ...allHeld,
    lanes: () => [{ key: toHex(laneA), lane: laneA, durableLength: 5, conflicted: false }],
    certified: () => [{ length: 5, treeHash: bytes(5), receivedAtMs: 0, validators: [0, 1, 2] }]
  }
  const cut = cutOf({ slices: [slice(laneB, 0, 1)] })
  t.is(said(noneLeftOut(cut, viewOf({ lanes }))), 'ok')
})

test('rules - a reject is said at once, even while something else is waited for', (t) => {
  const lanes = { ...allHeld, has: () => false }
  const cut = cutOf({ slices: [slice(laneA, 3, 4)], executed: null })
  t.is(said(judgeCut(cut, viewOf({ lanes }))), 'reject: executed goes back')
  const waiting = cutOf({ slices: [slice(laneA, 3, 4)] })
  t.is(said(judgeCut(waiting, viewOf({ lanes }))), 'wait: lane blocks are missing')
})
