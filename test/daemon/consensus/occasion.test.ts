import test from 'brittle'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import type { Tip } from '../../../daemon/consensus/core/chain.ts'
import { Occasion } from '../../../daemon/consensus/core/occasion.ts'

const NOW = 1_700_000_000_000
const pacing = { heartbeatMs: 1000, relayMs: 20 }

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

function occasion(durableLength: number, timeDueAt?: (tipTime: number) => number): Occasion {
  const line = { key: 'a', lane: new Uint8Array(32), durableLength, conflicted: false }
  return new Occasion(pacing, {
    chain: { next: () => null },
    lanes: { lanes: () => [line] },
    ...(timeDueAt === undefined ? {} : { timeDueAt })
  })
}

test('occasion - an idle venue waits for its heartbeat', (t) => {
  t.is(occasion(0).at(tip, true, NOW + 3).dueAtMs, NOW + 1000)
  t.is(occasion(0, () => Infinity).at(tip, true, NOW + 3).dueAtMs, NOW + 1000)
})

test('occasion - a lane that has grown is one at once', (t) => {
  t.alike(occasion(1).at(tip, true, NOW + 3), { dueAtMs: NOW + 3, emptyAtMs: NOW + 1000 })
})

test('occasion - a tip that is not final wants another block on top soon', (t) => {
  t.is(occasion(0).at(tip, false, NOW + 3).dueAtMs, NOW + 23)
})

test('occasion - the engine waits for a time: an empty block is due then', (t) => {
  const due = occasion(0, (tipTime) => tipTime + 340)
  t.alike(due.at(tip, true, NOW + 3), { dueAtMs: NOW + 340, emptyAtMs: NOW + 340 })
  t.is(occasion(0, (tipTime) => tipTime + 2000).at(tip, true, NOW).dueAtMs, NOW + 1000)
})
