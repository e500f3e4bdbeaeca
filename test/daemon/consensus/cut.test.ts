import test from 'brittle'
import { takenOf, type Tip } from '../../../daemon/consensus/core/chain.ts'
import { chooseCut, type CutView, forwardGrown } from '../../../daemon/consensus/core/cut.ts'
import { ExecutedBoard } from '../../../daemon/consensus/core/executed.ts'
import { noneLeftOut, type RuleView, withinLimits } from '../../../daemon/consensus/core/rules.ts'
import type { LaneView, Size } from '../../../daemon/consensus/core/types.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { between, seededRandom } from '../../helpers/random.ts'
import { Committee, emptyCut } from './committee.ts'

const four = new Committee(4)
const NOW = 1_000_000
const limits = {
  bytesMax: 1000,
  entriesMax: 8,
  lanesMax: 3,
  venueLanesMax: 100,
  laneEntriesMax: 5
}

type FakeLane = {
  length: number
  certified: number
  taken: number
  takenAt: number
  entrySize: number
}

const keyOf = (number: number) => new Uint8Array(32).fill(number)
const hashOf = (length: number) => new Uint8Array(32).fill(length)

/** Lanes of one entry a block. */
function lanesOf(lanes: Map<string, FakeLane>): LaneView {
  const size = (lane: FakeLane, from: number, to: number): Size => ({
    bytes: lane.entrySize * (to - from),
    entries: to - from
  })
  const get = (key: string): FakeLane => {
    const lane = lanes.get(key)
    if (!lane) throw new Error(`no lane ${key}`)
    return lane
  }
  return {
    has: () => true,
    extends: () => true,
    measure: (key, from, length) => size(get(key), from, length),
    blocks: () => [],
    signed: () => true,
    want: () => undefined,
    best: (key, from, _hash, limit) => {
      const lane = get(key)
      for (let length = lane.length; length > from; length--) {
        const each = size(lane, from, length)
        if (each.bytes > limit.bytes || each.entries > limit.entries) continue
        return {
          lane: keyOf(parseInt(key.slice(0, 2), 16)),
          length,
          treeHash: hashOf(length),
          signature: new Uint8Array([1]),
          size: each
        }
      }
      return null
    },
    certified: (key, length) => {
      const lane = get(key)
      if (lane.certified <= length) return []
      const validators = [0, 1, 2]
      return [
        { length: lane.certified, treeHash: hashOf(lane.certified), receivedAtMs: 0, validators }
      ]
    },
    hurry: () => undefined,
    forward: () => undefined,
    lanes: () =>
      [...lanes]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, lane]) => ({
          key,
          lane: keyOf(parseInt(key.slice(0, 2), 16)),
          durableLength: lane.length,
          conflicted: false
        }))
  }
}

function viewOf(
  list: Record<number, Partial<FakeLane>>,
  change: Partial<CutView> = {}
): CutView & { parent: Tip } {
  const lanes = new Map<string, FakeLane>()
  const taken: Tip['taken'] = new Map()
  for (const [number, each] of Object.entries(list)) {
    const lane = { length: 0, certified: 0, taken: 0, takenAt: -1, entrySize: 10, ...each }
    const key = toHex(keyOf(Number(number)))
    lanes.set(key, lane)
    if (lane.taken === 0) continue
    taken.set(key, { length: lane.taken, treeHash: hashOf(lane.taken), index: lane.takenAt })
  }
  const parent: Tip = {
    id: { height: 20, length: 10, treeHash: hashOf(10) },
    log: MerkleLog.empty(blake2b256Parts),
    time: NOW - 100,
    cursor: null,
    executed: null,
    snapshotIndex: -1,
    taken,
    parent: null,
    block: null
  }
  return {
    nowMs: NOW,
    height: 21,
    parent,
    lanes: lanesOf(lanes),
    chain: { next: () => null, check: () => 'unknown' },
    board: new ExecutedBoard(4, 3),
    limits,
    isCareful: () => false,
    ...change
  }
}

/** The same as a voter sees it. */
function ruleViewOf(view: CutView): RuleView {
  return {
    ...view,
    leader: 1,
    executed: new ExecutedBoard(4, 3),
    steadyMs: NOW,
    clockDriftMaxMs: 1,
    inclusionMaxMs: 1
  }
}

function sliced(view: CutView): [number, number, number][] {
  return chooseCut(view).cut.slices.map(({ lane, from, to }) => [lane[0], from, to])
}

test('cut - takes what has grown, in the order of the keys', (t) => {
  const view = viewOf({
    3: { length: 2 },
    1: { length: 1 },
    2: { length: 4, taken: 4, takenAt: 5 }
  })
  t.alike(sliced(view), [
    [1, 0, 1],
    [3, 0, 2]
  ])
})

test('cut - the least recently taken lanes go first when not all can', (t) => {
  const view = viewOf({
    1: { length: 3, taken: 1, takenAt: 9 },
    2: { length: 3, taken: 1, takenAt: 4 },
    3: { length: 3, taken: 1, takenAt: 6 },
    4: { length: 3 }
  })
  t.alike(
    sliced(view).map(([lane]) => lane),
    [2, 3, 4]
  )
})

test('cut - limits hold: entries of a lane, entries, bytes', (t) => {
  t.alike(sliced(viewOf({ 1: { length: 20 } })), [[1, 0, 5]])
  t.alike(sliced(viewOf({ 1: { length: 20 }, 2: { length: 20 } })), [
    [1, 0, 5],
    [2, 0, 3]
  ])
  t.alike(sliced(viewOf({ 1: { length: 20, entrySize: 300 } })), [[1, 0, 3]])
})

test('cut - a lane that does not fit any more ends the list', (t) => {
  const view = viewOf({
    1: { length: 2, entrySize: 400 },
    2: { length: 1, entrySize: 300 },
    3: { length: 1, entrySize: 100 }
  })
  t.alike(sliced(view), [[1, 0, 2]], 'the small one behind it may not overtake it')
})

test('cut - a lane whose next block is larger than a cut is passed over', (t) => {
  const view = viewOf({ 1: { length: 1, entrySize: 2000 }, 2: { length: 1 } })
  t.alike(sliced(view), [[2, 0, 1]])
})

test('cut - on top of much that is not final nothing is taken, and nobody expects it', (t) => {
  const view = viewOf({ 1: { length: 5, certified: 5 } })
  const cut = emptyCut({ index: 10, height: 20 })
  const block = { cut, cutBytes: hashOf(0), laneBlocks: [], bytes: new Uint8Array(1001) }
  const parent: Tip = { ...view.parent, taken: new Map(), parent: view.parent, block }
  const full = { ...view, parent, chain: view.chain }
  t.alike(sliced(full), [])
  const { cut: empty } = chooseCut(full)
  const voter = { ...ruleViewOf(full), isCareful: () => false }
  t.is(noneLeftOut(empty, voter).kind, 'ok')
  t.is(withinLimits(empty, voter).kind, 'ok')
  t.is(noneLeftOut(empty, { ...voter, parent: view.parent }).kind, 'reject', 'once it is final')
})

test('cut - a lane that kept voters waiting goes as far as its certificate', (t) => {
  const lanes = { 1: { length: 5, certified: 2 }, 2: { length: 3 } }
  t.alike(sliced(viewOf(lanes, { isCareful: () => true })), [[1, 0, 2]])
  t.alike(sliced(viewOf(lanes)), [
    [1, 0, 5],
    [2, 0, 3]
  ])
})

test('cut - of a certificate longer than a cut as much goes in as there is room', (t) => {
  const list = { 1: { length: 9, certified: 7, taken: 1, takenAt: 3 } }
  const view = viewOf(list, { isCareful: () => true })
  t.alike(sliced(view), [[1, 1, 6]], 'five entries of a lane')
  const { cut } = chooseCut(view)
  const voter = { ...ruleViewOf(view), isCareful: () => false }
  t.is(noneLeftOut(cut, voter).kind, 'ok')
  const empty = noneLeftOut({ ...cut, slices: [] }, voter)
  t.is(empty.kind, 'reject', 'an empty cut would be refused, again and again')
})

test('cut - time is the own clock, and later than the parent in any case', (t) => {
  t.is(chooseCut(viewOf({})).cut.time, NOW)
  t.is(chooseCut(viewOf({}, { nowMs: NOW - 5000 })).cut.time, NOW - 99)
})

test('cut - names what a quorum has executed, and the own engine too', (t) => {
  const board = new ExecutedBoard(4, 3)
  const eventHash = hashOf(8)
  const note = (validator: number, index: number, hash = eventHash) =>
    four.authority(validator).signExecuted(validator, {
      executed: { index, eventHash: hash },
      snapshot: { index: 6, hash: hashOf(6) }
    })
  board.add(note(0, 8))
  board.add(note(1, 8))
  board.add(note(2, 9))
  t.is(chooseCut(viewOf({}, { board })).cut.executed, null)
  board.add(note(3, 8))
  t.is(chooseCut(viewOf({}, { board })).cut.executed, null, 'not by the own engine')
  board.execute(8, eventHash)
  const { cut } = chooseCut(viewOf({}, { board }))
  t.alike(cut.executed, { index: 8, eventHash })
  t.is(cut.snapshot, null, 'not made here')
  board.snapshot({ index: 6, hash: hashOf(6) })
  t.alike(chooseCut(viewOf({}, { board })).cut.snapshot, { index: 6, hash: hashOf(6) })
})

test('cut - takes the next piece of the chain', (t) => {
  const cursor = { block: 6, hash: hashOf(6), blockTime: 60, logIndex: 0 }
  const events = [new Uint8Array([1])]
  const chain = { next: () => ({ cursor, events }), check: () => 'yes' as const }
  const { cut } = chooseCut(viewOf({}, { chain }))
  t.alike([cut.cursor, cut.events], [cursor, events])
  const { cut: late } = chooseCut(viewOf({}, { chain, height: 22 }))
  t.alike([late.cursor, late.events], [null, []], 'but not after a height without a cut')
})

test('cut - a full venue takes no new lane, and goes on with those that it has', (t) => {
  const full = { limits: { ...limits, venueLanesMax: 3 } }
  const lanes = { 1: { length: 1 }, 2: { length: 1 }, 7: { length: 3, taken: 2, takenAt: 3 } }
  t.alike(
    sliced(viewOf({ ...lanes, 8: { length: 1, taken: 1, takenAt: 4 } }, full)),
    [
      [1, 0, 1],
      [7, 2, 3]
    ],
    'one more fits'
  )
  t.alike(
    sliced(viewOf({ ...lanes, 8: { taken: 1, takenAt: 4 }, 9: { taken: 1, takenAt: 4 } }, full)),
    [[7, 2, 3]]
  )
})

test('cut - whatever the lanes are like, voters find nothing wrong with it', (t) => {
  const random = seededRandom(7)
  for (let round = 0; round < 300; round++) {
    const lanes: Record<number, Partial<FakeLane>> = {}
    for (let number = 1; number <= between(random, 1, 9); number++) {
      const taken = between(random, 0, 3)
      const length = taken + between(random, 0, 6)
      const entrySize = between(random, 1, 400)
      lanes[number] = {
        length,
        certified: between(random, 0, 3) === 0 ? between(random, 0, length) : length,
        taken,
        takenAt: between(random, 0, 9),
        entrySize
      }
    }
    const venueLanesMax = between(random, 1, 12)
    const careful = new Set(Object.keys(lanes).filter(() => random() < 0.3))
    const isCareful = (lane: string) => careful.has(String(parseInt(lane.slice(0, 2), 16)))
    const view = viewOf(lanes, { limits: { ...limits, venueLanesMax }, isCareful })
    const { cut } = chooseCut(view)
    const rules = ruleViewOf(view)
    t.alike([withinLimits(cut, rules).kind, noneLeftOut(cut, rules).kind], ['ok', 'ok'])
  }
})

test('cut - a leader is shown all that has grown', (t) => {
  const shown: [string, number, number][] = []
  const view = viewOf({
    1: { length: 2 },
    2: { length: 3, taken: 3, takenAt: 1 },
    3: { length: 4 }
  })
  const lanes: LaneView = {
    ...view.lanes,
    forward: (lane, from, length) => shown.push([lane.slice(0, 2), from, length])
  }
  forwardGrown(lanes, view.parent, limits, 'leader')
  t.alike(shown, [
    ['01', 0, 2],
    ['03', 0, 4]
  ])
  t.is(takenOf(view.parent, toHex(keyOf(2))).length, 3)
})
