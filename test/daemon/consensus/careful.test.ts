// Lanes that kept voters waiting, and data that a leader may lack.
import test from 'brittle'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { CarefulLanes } from '../../../daemon/consensus/core/careful.ts'
import type { Tip } from '../../../daemon/consensus/core/chain.ts'
import { Demand } from '../../../daemon/consensus/core/demand.ts'
import type { LaneView } from '../../../daemon/consensus/core/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { encodeCut } from '../../../protocol/tape-block.ts'
import { blockAt, Committee, emptyCut, genesis } from './committee.ts'

const four = new Committee(4)
const lane = new Uint8Array(32).fill(1)
const other = new Uint8Array(32).fill(2)
const [key, otherKey] = [toHex(lane), toHex(other)]
const one = blockAt(1, genesis)

function proposalOf(lanes: readonly Uint8Array[]) {
  const slices = lanes.map((each) => ({
    lane: each,
    from: 0,
    to: 3,
    treeHash: new Uint8Array(32),
    signature: new Uint8Array(68)
  }))
  const cut = encodeCut({ ...emptyCut({ index: 0, height: 1 }), slices })
  return four.authority(1).signPropose(one, genesis, cut)
}

/** `hurried`: the lanes whose acknowledgements do not wait. */
function carefulOf(certifiedLength: number, hurried = new Set<string>()): CarefulLanes {
  const certificate = {
    length: certifiedLength,
    treeHash: new Uint8Array(32),
    receivedAtMs: 0,
    validators: [0, 1, 2]
  }
  return new CarefulLanes({
    certified: (asked, length) =>
      asked === otherKey && certificate.length > length ? [certificate] : [],
    hurry: (lane, isHurried) => {
      if (isHurried) hurried.add(lane)
      else hurried.delete(lane)
    }
  })
}

test('careful lanes - what got no quorum in time is taken by certificate for a while', (t) => {
  const careful = carefulOf(3)
  careful.mark(proposalOf([lane, other]))
  t.ok(careful.has(key))
  t.absent(careful.has(otherKey), 'a quorum holds that one: it kept nobody waiting')
  careful.entered(65)
  t.ok(careful.has(key))
  careful.entered(66)
  t.absent(careful.has(key), 'not for ever')
})

test('careful lanes - a lane that is taken by certificate has its acknowledgements at once', (t) => {
  const hurried = new Set<string>()
  const careful = carefulOf(3, hurried)
  careful.mark(proposalOf([lane, other]))
  t.alike([...hurried], [key])
  careful.entered(65)
  t.alike([...hurried], [key])
  careful.entered(66)
  t.is(hurried.size, 0, 'for as long as it is')
})

test('careful lanes - a certificate of less says nothing of the rest', (t) => {
  const careful = carefulOf(2)
  careful.mark(proposalOf([other]))
  t.ok(careful.has(otherKey))
})

test('careful lanes - a proposal that was refused here speaks against its leader only', (t) => {
  const careful = carefulOf(0)
  const proposal = proposalOf([lane])
  careful.refuse(proposal)
  careful.mark(proposal)
  t.absent(careful.has(key))
})

const tip: Tip = {
  id: genesis,
  log: MerkleLog.empty(blake2b256Parts),
  time: 0,
  cursor: null,
  executed: null,
  snapshotIndex: -1,
  taken: new Map(),
  parent: null,
  block: null
}

/** A validator that holds three blocks of a lane, in height 1. */
function demandOf(self: number) {
  const forwarded: string[] = []
  const demands: number[] = []
  const treeHash = new Uint8Array(32)
  const lanes: LaneView = {
    has: () => true,
    extends: () => true,
    measure: () => ({ bytes: 1, entries: 1 }),
    blocks: () => [],
    signed: () => true,
    want: () => undefined,
    best: () => ({ lane, length: 3, treeHash, signature: lane, size: { bytes: 1, entries: 1 } }),
    certified: () => [],
    hurry: () => undefined,
    forward: (of, from, length, _hash, to) => forwarded.push(`${of} ${from} ${length} ${to}`),
    lanes: () => [{ key, lane, durableLength: 3, conflicted: false }]
  }
  const limits = { bytesMax: 9, entriesMax: 9, lanesMax: 9, venueLanesMax: 9, laneEntriesMax: 9 }
  const demand = new Demand(
    { forwardMs: 60, limits, self, peers: ['p0', 'p1', 'p2', 'p3'] },
    {
      lanes,
      parent: () => tip,
      dueAtMs: () => 10,
      height: () => 1,
      demand: () => demands.push(1),
      again: () => undefined
    }
  )
  return { demand, demands, forwarded }
}

test('demand - data that the leader does not take is shown to it, once a height', (t) => {
  const { demand, demands, forwarded } = demandOf(0)
  demand.look(9)
  t.is(demands.length, 0, 'nothing is due')
  demand.look(10)
  demand.look(69)
  t.is(demands.length, 1, 'the timer is started once')
  t.alike(forwarded, [])
  demand.look(70)
  demand.look(500)
  t.alike(forwarded, [`${key} 0 3 p1`])
  demand.entered()
  demand.look(600)
  demand.look(660)
  t.is(forwarded.length, 2)
})

test('demand - a leader has nobody to show it to', (t) => {
  const { demand, demands, forwarded } = demandOf(1)
  demand.look(10)
  demand.look(1000)
  t.is(demands.length, 1)
  t.alike(forwarded, [])
})
