import test from 'brittle'
import fs from 'node:fs/promises'
import path from 'node:path'
import { blake2b256 } from '../../../crypto/blake2b.ts'
import { RestartPace } from '../../../daemon/replica/restart-pace.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../daemon/replica/snapshot-codec.ts'
import { SnapshotStore } from '../../../daemon/replica/snapshot-store.ts'
import { equalBytes, toHex } from '../../../protocol/bytes.ts'
import { DecodeFault } from '../../../protocol/faults.ts'
import { LaneMaker, type TapeMaker } from '../../helpers/tape-maker.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { type Bench, type Made, createBench, linkEntry, placeEntry } from './helpers.ts'

async function append(made: Made, maker: TapeMaker, ...blocks: ReturnType<TapeMaker['next']>[]) {
  await made.tape.appendOwn(maker.own(blocks))
  await until(
    () => made.replica.state.kind !== 'running' || made.replica.length >= made.tape.length,
    'the replica'
  )
}

/** A few blocks of trading in two lanes. */
function trading(bench: Bench): ReturnType<TapeMaker['next']>[] {
  const { maker } = bench
  const [one, two] = [new LaneMaker(maker.venue, 60), new LaneMaker(maker.venue, 61)]
  const blocks = [
    maker.next([
      one.grow([linkEntry(bench, 'alice', one, 1)]),
      two.grow([linkEntry(bench, 'bob', two, 1)])
    ])
  ]
  for (let i = 2; i < 12; i++) {
    blocks.push(
      maker.next([
        one.grow([placeEntry(bench, 'alice', 'sell', 100 + (i % 3), i)]),
        two.grow([placeEntry(bench, 'bob', 'buy', 99 + (i % 4), i)])
      ])
    )
  }
  return blocks
}

test('replica - what is on the tape is matched, in places that can be found again', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const made = await bench.make()
  const blocks = trading(bench)
  for (const block of blocks) await append(made, bench.maker, block)
  t.is(made.applied.length, 11)
  t.ok(made.applied.some(({ result }) => [...result.events].some(({ kind }) => kind === 'traded')))
  const [first, second] = made.applied
  t.is(first.entries, 4, 'an open and a link of each')
  t.alike(
    second.places.map(([place]) => place),
    [
      { laneIndex: 1, entry: 0, entries: 1 },
      { laneIndex: 1, entry: 1, entries: 1 }
    ]
  )
})

test('replica - a tape of one run computes the same as block by block', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const slow = await bench.make()
  const fast = await bench.make()
  const blocks = trading(bench)
  for (const block of blocks) await append(slow, bench.maker, block)
  t.is(fast.tape.appendRun(bench.maker.run(blocks)), 'ok')
  await until(() => fast.replica.length === blocks.length, 'the replay')
  t.ok(equalBytes(fast.replica.engine.eventHash, slow.replica.engine.eventHash))
})

test('replica - a snapshot goes on where it was made', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const whole = await bench.make()
  const blocks = trading(bench)
  for (const block of blocks) await append(whole, bench.maker, block)
  t.alike(
    whole.snapshots.map(({ mark }) => mark.index),
    [3, 7]
  )
  const [{ mark, bytes }] = whole.snapshots
  t.alike(encodeSnapshot(decodeSnapshot(bytes)), bytes, 'one state has one encoding')
  t.ok(equalBytes(mark.hash, blake2b256(bytes)))
  const later = await bench.make()
  later.replica.restore(bytes, false)
  later.tape.rebase({ length: 4, roots: decodeSnapshot(bytes).roots })
  t.is(later.tape.appendRun(bench.maker.run(blocks.slice(4))), 'ok')
  t.is(later.replica.length, 4, 'nothing is applied before the snapshot is confirmed')
  later.replica.confirm()
  await until(() => later.replica.length === blocks.length, 'the rest')
  t.ok(equalBytes(later.replica.engine.eventHash, whole.replica.engine.eventHash))
  t.alike(later.snapshots[0].mark, whole.snapshots[1].mark, 'and makes the same snapshots')
})

test('replica - a snapshot for the own restart comes after so many entries, under a signature', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const blocks = trading(bench)
  const single = await bench.make()
  for (const block of blocks) await append(single, bench.maker, block)
  t.ok(single.points.length > 0)
  const venues = new Set(single.snapshots.map(({ mark }) => mark.index))
  t.ok(single.points.every(({ mark }) => !venues.has(mark.index)))
  const [{ mark, bytes, log }] = single.points
  const later = await bench.make()
  later.replica.restore(bytes, true)
  later.tape.rebase({ length: mark.index + 1, roots: log.roots() })
  const roots = log.roots()
  t.ok(await single.tape.passed({ length: mark.index + 1, roots }))
  t.absent(await single.tape.passed({ length: mark.index + 2, roots }), 'of another length')
  for (const block of blocks.slice(mark.index + 1)) await append(later, bench.maker, block)
  t.ok(equalBytes(later.replica.engine.eventHash, single.replica.engine.eventHash))
  const inOneRun = await bench.make()
  inOneRun.tape.appendRun(bench.maker.run(blocks))
  await until(() => inOneRun.replica.length === blocks.length, 'the replay')
  t.ok(inOneRun.points.every(({ mark: { index } }) => index === blocks.length - 1))
})

test('restart pace - a large snapshot is made less often', (t) => {
  const pace = new RestartPace(10)
  t.is(pace.isDue(9), false)
  t.is(pace.isDue(1), true)
  pace.made(64 * 100)
  t.is(pace.isDue(99), false)
  t.is(pace.isDue(1), true)
})

test('replica - a damaged snapshot is a decode fault, whatever the damage', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const made = await bench.make()
  for (const block of trading(bench)) await append(made, bench.maker, block)
  const { bytes } = made.snapshots[0]
  for (let length = 0; length < Math.min(bytes.length, 400); length++) {
    try {
      decodeSnapshot(bytes.subarray(0, length))
      t.fail(`${length} bytes were taken`)
    } catch (fault) {
      if (!(fault instanceof DecodeFault)) t.fail(String(fault))
    }
  }
  t.pass()
})

test('replica - a slice that its lane did not sign stops the engine, not the tape', async (t) => {
  const bench = await createBench(['alice'])
  const made = await bench.make()
  const { maker } = bench
  const lane = new LaneMaker(maker.venue, 60)
  await append(made, maker, maker.next([lane.grow([linkEntry(bench, 'alice', lane, 1)])]))
  const forged = lane.grow([placeEntry(bench, 'alice', 'sell', 100, 2)])
  forged.slice.signature[10] ^= 1
  t.is(made.tape.appendRun(maker.run([maker.next([forged])])), 'ok', 'a quorum signed it')
  await until(() => made.replica.state.kind === 'stopped', 'the engine to stop')
  const { state } = made.replica
  t.ok(state.kind === 'stopped' && state.reason.includes('not signed by its lane'))
  await made.tape.appendOwn(maker.own([maker.next()]))
  t.is(made.tape.length, 3, 'the tape goes on')
  t.is(made.replica.length, 1)
})

test('replica - so does one in the middle of a run, when the lane does not sign more', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const made = await bench.make()
  const { maker } = bench
  const [first, second] = [new LaneMaker(maker.venue, 60), new LaneMaker(maker.venue, 61)]
  const forged = second.grow([linkEntry(bench, 'bob', second, 1)])
  forged.slice.signature[10] ^= 1
  const blocks = [
    maker.next([first.grow([linkEntry(bench, 'alice', first, 1)])]),
    maker.next([first.grow([placeEntry(bench, 'alice', 'sell', 100, 2)]), forged]),
    maker.next([first.grow([placeEntry(bench, 'alice', 'sell', 101, 3)])]),
    maker.next()
  ]
  t.is(made.tape.appendRun(maker.run(blocks)), 'ok')
  await until(() => made.replica.state.kind === 'stopped', 'the engine to stop')
  const { state } = made.replica
  t.ok(state.kind === 'stopped' && state.reason.includes('not signed by its lane'))
})

test('replica - entries that the lane does not have stop the engine', async (t) => {
  const bench = await createBench(['alice'])
  const made = await bench.make()
  const { maker } = bench
  const lane = new LaneMaker(maker.venue, 60)
  const { slice } = lane.grow([linkEntry(bench, 'alice', lane, 1)])
  const other = new LaneMaker(maker.venue, 60).grow([])
  await append(made, maker, maker.next([{ slice, blocks: other.blocks }]))
  t.is(made.replica.state.kind, 'stopped')
})

test('replica - another event hash than a quorum has stops the engine', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const made = await bench.make()
  const { maker } = bench
  await append(made, maker, maker.next(), maker.next())
  const right = made.replica.eventHash(1)
  t.ok(right !== null)
  const executed = { index: 1, eventHash: right ?? new Uint8Array(32) }
  await append(made, maker, maker.next([], { executed }))
  t.is(made.replica.state.kind, 'running')
  const wrong = { index: 0, eventHash: new Uint8Array(32).fill(1) }
  await append(made, maker, maker.next([], { executed: wrong }))
  const { state } = made.replica
  t.ok(state.kind === 'stopped' && state.reason.includes('another event hash'))
})

test('replica - a block that does not decode is skipped by everyone', async (t) => {
  const bench = await createBench(['alice'])
  const made = await bench.make()
  const { maker } = bench
  const lane = new LaneMaker(maker.venue, 60)
  await append(made, maker, maker.next([lane.grow([linkEntry(bench, 'alice', lane, 1)])]))
  const garbage = lane.growRaw(new Uint8Array(20).fill(7))
  await append(made, maker, maker.next([garbage]))
  await append(made, maker, maker.next([lane.grow([placeEntry(bench, 'alice', 'sell', 100, 2)])]))
  t.is(made.replica.state.kind, 'running')
  t.alike(
    made.applied.map(({ entries }) => entries),
    [2, 0, 1]
  )
  t.is(made.ledger.get(lane.lane)?.log.length, 3, 'and counts as a block of its lane')
  t.alike(made.undecodable, [lane.lane], 'and against its lane')
})

test('snapshot store - the newest whole one is found, older ones go', async (t) => {
  const folder = await temporaryFolder(t)
  const store = new SnapshotStore({ folder, keep: 2 }, { hash: blake2b256 })
  await store.open()
  for (const index of [9, 19, 29]) {
    const bytes = new Uint8Array(100).fill(index)
    const base = {
      index,
      hash: blake2b256(bytes),
      bytes: bytes.length,
      roots: [],
      signature: new Uint8Array(200)
    }
    await store.write({ base, bytes })
  }
  t.alike((await fs.readdir(folder)).sort(), ['19.snapshot', '29.snapshot'])
  t.is((await store.newest())?.base.index, 29)
  const file = path.join(folder, '29.snapshot')
  const damaged = await fs.readFile(file)
  damaged[damaged.length - 1] ^= 1
  await fs.writeFile(file, damaged)
  t.is((await store.newest())?.base.index, 19, 'a damaged one is passed over')
  t.is(await store.read(9), null)
  t.is(toHex((await store.read(19))?.bytes ?? new Uint8Array(0)).slice(0, 4), '1313')
})
