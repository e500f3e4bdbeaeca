import test from 'brittle'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import type { Tip } from '../../../daemon/consensus/core/chain.ts'
import { Occasion } from '../../../daemon/consensus/core/occasion.ts'

const NOW = 1_700_000_000_000
const limits = {
  bytesMax: 1000,
  entriesMax: 8,
  lanesMax: 3,
  venueLanesMax: 2,
  laneEntriesMax: 5
}
const pacing = { heartbeatMs: 1000, relayMs: 20, limits }

const tip: Tip = {
  id: { height: 2, length: 2, treeHash: new Uint8Array(32) },
  log: MerkleLog.empty(blake2b256Parts),
  time: NOW,
  cursor: null,
  executed: null,
  snapshotIndex: -1,
  taken: new Map(),
  parent: null,
  block: null
}

type Change = { timeDueAt?: (tipTime: number) => number; entries?: number }

/** With one lane, whose first run has so many entries. */
function occasion(durableLength: number, { timeDueAt, entries = 1 }: Change = {}): Occasion {
  const lane = new Uint8Array(32)
  const head = {
    lane,
    length: durableLength,
    treeHash: lane,
    signature: lane,
    size: { bytes: 1, entries }
  }
  return new Occasion(pacing, {
    chain: { next: () => null },
    lanes: {
      lanes: () => [{ key: 'a', lane, durableLength, conflicted: false }],
      best: (_key, _from, _hash, limit) => (entries <= limit.entries ? head : null)
    },
    ...(timeDueAt === undefined ? {} : { timeDueAt })
  })
}

test('occasion - an idle venue waits for its heartbeat', (t) => {
  t.is(occasion(0).at(tip, true, NOW + 3).dueAtMs, NOW + 1000)
  t.is(occasion(0, { timeDueAt: () => Infinity }).at(tip, true, NOW + 3).dueAtMs, NOW + 1000)
})

test('occasion - a lane that has grown is one at once', (t) => {
  t.alike(occasion(1).at(tip, true, NOW + 3), { dueAtMs: NOW + 3, emptyAtMs: NOW + 1000 })
})

test('occasion - a run larger than a cut is none, however often it is looked at', (t) => {
  const stuck = occasion(1, { entries: 6 })
  t.is(stuck.at(tip, true, NOW + 3).dueAtMs, NOW + 1000)
  stuck.forget()
  t.is(stuck.at(tip, true, NOW + 3).dueAtMs, NOW + 1000)
  t.is(occasion(1, { entries: 5 }).at(tip, true, NOW + 3).dueAtMs, NOW + 3)
})

test('occasion - a new lane of a full venue is none', (t) => {
  const point = { length: 1, treeHash: new Uint8Array(32), index: 0 }
  const full: Tip = { ...tip, taken: new Map(['b', 'c'].map((key) => [key, point])) }
  t.is(occasion(1).at(full, true, NOW + 3).dueAtMs, NOW + 1000)
})

test('occasion - a tip that is not final wants another block on top soon', (t) => {
  t.is(occasion(0).at(tip, false, NOW + 3).dueAtMs, NOW + 23)
})

test('occasion - the engine waits for a time: an empty block is due then', (t) => {
  const due = occasion(0, { timeDueAt: (tipTime) => tipTime + 340 })
  t.alike(due.at(tip, true, NOW + 3), { dueAtMs: NOW + 340, emptyAtMs: NOW + 340 })
  t.is(
    occasion(0, { timeDueAt: (tipTime) => tipTime + 2000 }).at(tip, true, NOW).dueAtMs,
    NOW + 1000
  )
})
