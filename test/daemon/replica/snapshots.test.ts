// When a snapshot may be on the disk: a restart begins from it.
import test from 'brittle'
import { blake2b256 } from '../../../crypto/blake2b.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { PROTOCOL_VERSION, type Peer, type SnapshotOffer } from '../../../daemon/network/types.ts'
import {
  PIECE_BYTES_MAX,
  type TapeMessage,
  decodeTapeMessage
} from '../../../daemon/tape/messages.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { SnapshotFetch } from '../../../daemon/replica/snapshot-fetch.ts'
import { SnapshotStore } from '../../../daemon/replica/snapshot-store.ts'
import { Snapshots } from '../../../daemon/replica/snapshots.ts'
import { VirtualClock } from '../../helpers/clock.ts'
import { equalBytes, toHex } from '../../../protocol/bytes.ts'
import { hash } from '../../helpers/tape-maker.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { createBench, SNAPSHOT_CUTS } from './helpers.ts'

/** One that takes what it is sent, and has a snapshot to offer. */
function quietPeer(snapshot: SnapshotOffer): Peer {
  const key = new Uint8Array(32).fill(5)
  return {
    id: toHex(key),
    key,
    role: 'daemon',
    hello: {
      version: PROTOCOL_VERSION,
      venue: key,
      role: 'daemon',
      tapeLength: snapshot.index + 1,
      lane: null,
      link: new Uint8Array(0)
    },
    announced: { tapeLength: snapshot.index + 1, snapshot },
    closed: false,
    send: () => true,
    has: () => true,
    misbehaved: () => undefined,
    close: () => undefined
  }
}

test('snapshots - none is written before what follows the tape beside it is on the disk', async (t) => {
  const bench = await createBench(['alice'])
  const { tape, replica } = await bench.make()
  const store = new SnapshotStore(
    { folder: await temporaryFolder(t), keep: 2 },
    { hash: blake2b256 }
  )
  const points = new SnapshotStore(
    { folder: await temporaryFolder(t), keep: 2 },
    { hash: blake2b256 }
  )
  let settled = (): void => undefined
  const settling = new Promise<void>((resolve) => (settled = resolve))
  let asked = 0
  const snapshots = new Snapshots({
    tape,
    replica,
    store,
    points,
    settle: () => {
      asked++
      return settling
    },
    fetch: new SnapshotFetch(
      { pieceMs: 1000, bytesMax: 2 ** 20, bytesPerSecondMin: 1, snapshotCuts: SNAPSHOT_CUTS },
      { key: bench.maker.key, hash, clock: systemClock, peers: () => [] }
    ),
    log: { warn: () => undefined },
    onoffer: () => undefined,
    onfault: (fault) => t.fail(String(fault))
  })
  await snapshots.open()
  const blocks = Array.from({ length: SNAPSHOT_CUTS }, () => bench.maker.next())
  for (const block of blocks) await tape.appendOwn(bench.maker.own([block]))
  await until(() => asked > 0, 'it to ask')
  t.is(await store.newest(), null, 'nothing is there while the history is not')
  settled()
  await until(async () => (await store.newest()) !== null, 'the snapshot')
  t.is((await store.newest())?.base.index, SNAPSHOT_CUTS - 1)
  await snapshots.close()
})

test('snapshots - a peer that sends each piece in time, and no more, is left for another', async (t) => {
  const bench = await createBench(['alice'])
  const blocks = Array.from({ length: SNAPSHOT_CUTS }, () => bench.maker.next())
  const run = bench.maker.run(blocks)
  let log = MerkleLog.empty(hash)
  for (const block of run.blocks) log = log.append(block)
  const clock = new VirtualClock()
  const slow = quietPeer({ index: SNAPSHOT_CUTS - 1, hash: new Uint8Array(32) })
  const fetch = new SnapshotFetch(
    { pieceMs: 10_000, bytesMax: 2 ** 31, bytesPerSecondMin: 131_072, snapshotCuts: SNAPSHOT_CUTS },
    { key: bench.maker.key, hash, clock, peers: () => [slow] }
  )
  const fetched: unknown[] = []
  void fetch.fetch({ above: -1, below: Infinity }, new Set()).then((found) => fetched.push(found))
  const index = SNAPSHOT_CUTS - 1
  const { signature } = run
  const base = { index, hash: new Uint8Array(32), bytes: 2 ** 31, roots: log.roots(), signature }
  fetch.receive(slow, { kind: 'base', base })
  let pieces = 0
  for (; fetched.length === 0 && pieces < 8192; pieces++) {
    clock.advance(9900)
    const bytes = new Uint8Array(PIECE_BYTES_MAX)
    fetch.receive(slow, { kind: 'bytes', index, offset: pieces * PIECE_BYTES_MAX, bytes })
    await Promise.resolve()
    await Promise.resolve()
  }
  t.alike(fetched, [null])
  t.ok(pieces < 5, `given up after ${pieces} pieces of 8,192`)
})

test('snapshots - an older one is read and checked once, however often it is asked for', async (t) => {
  const bench = await createBench(['alice'])
  const { tape, replica } = await bench.make()
  let hashed = 0
  const store = new SnapshotStore(
    { folder: await temporaryFolder(t), keep: 2 },
    {
      hash: (bytes) => {
        hashed++
        return blake2b256(bytes)
      }
    }
  )
  const points = new SnapshotStore(
    { folder: await temporaryFolder(t), keep: 2 },
    { hash: blake2b256 }
  )
  const snapshots = new Snapshots({
    tape,
    replica,
    store,
    points,
    settle: () => Promise.resolve(),
    fetch: new SnapshotFetch(
      { pieceMs: 1000, bytesMax: 2 ** 20, bytesPerSecondMin: 1, snapshotCuts: SNAPSHOT_CUTS },
      { key: bench.maker.key, hash, clock: systemClock, peers: () => [] }
    ),
    log: { warn: () => undefined },
    onoffer: () => undefined,
    onfault: (fault) => t.fail(String(fault))
  })
  await snapshots.open()
  const older = SNAPSHOT_CUTS - 1
  const blocks = Array.from({ length: 2 * SNAPSHOT_CUTS }, () => bench.maker.next())
  for (const block of blocks) await tape.appendOwn(bench.maker.own([block]))
  await until(() => snapshots.newest?.index === 2 * SNAPSHOT_CUTS - 1, 'both snapshots')
  const stored = await store.read(older)
  const sent: TapeMessage[] = []
  const blamed: string[] = []
  const peer: Peer = {
    ...quietPeer({ index: older, hash: new Uint8Array(32) }),
    send: (_channel, type, payload) => sent.push(decodeTapeMessage(type, payload)) > 0,
    misbehaved: (reason) => blamed.push(reason)
  }
  hashed = 0
  for (let round = 1; round <= 5; round++) {
    for (let i = 0; i < 4; i++) snapshots.receive(peer, { kind: 'piece', index: older, offset: 0 })
    await until(() => sent.length === 4 * round, 'the pieces')
  }
  t.ok(hashed <= 1, `hashed ${hashed} times for 20 pieces`)
  const [piece] = sent
  t.ok(
    piece.kind === 'bytes' &&
      stored !== null &&
      equalBytes(piece.bytes, stored.bytes.subarray(0, PIECE_BYTES_MAX))
  )
  t.alike(blamed, [])
  for (let i = 0; i < 100; i++) snapshots.receive(peer, { kind: 'piece', index: older, offset: 0 })
  t.ok(blamed.length > 50, 'more at once than any honest peer asks for is not kept, and is blamed')
  snapshots.receive(peer, { kind: 'piece', index: 12_345, offset: 0 })
  await snapshots.close()
})

test('snapshots - a validator is asked before others, and nobody for one beyond the tape', async (t) => {
  const bench = await createBench(['alice'])
  const asked: string[] = []
  const offers = (id: string, role: Peer['role'], index: number): Peer => ({
    ...quietPeer({ index, hash: new Uint8Array(32) }),
    id,
    role,
    send: () => asked.push(id) > 0
  })
  const peers = [
    offers('liar', 'daemon', 2 ** 40),
    offers('stranger', 'daemon', 99),
    offers('behind', 'validator', 59),
    offers('validator', 'validator', 79)
  ]
  const clock = new VirtualClock()
  const fetch = new SnapshotFetch(
    { pieceMs: 1000, bytesMax: 2 ** 20, bytesPerSecondMin: 1, snapshotCuts: SNAPSHOT_CUTS },
    { key: bench.maker.key, hash, clock, peers: () => peers }
  )
  const tried = new Set<string>()
  for (let i = 0; i < 5; i++) {
    const fetched = fetch.fetch({ above: 59, below: 100 }, tried)
    clock.advance(1000)
    t.is(await fetched, null)
  }
  t.alike(asked, ['validator', 'stranger'])
})
