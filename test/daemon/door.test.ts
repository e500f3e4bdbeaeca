import test from 'brittle'
import { Door, type DoorDependencies } from '../../daemon/door.ts'
import { toHex } from '../../protocol/bytes.ts'
import { encodeBlock } from '../../protocol/entries.ts'
import { LaneMaker } from '../helpers/tape-maker.ts'
import { until } from '../helpers/until.ts'
import { createBench, linkEntry } from './replica/helpers.ts'

/** What each account starts with is ten bonds; so many entries a cut for each. */
const BOND = { token: 1, min: 100_000_000_000, entriesPerCutPerBond: 5 }
const TEN_BONDS = 10 * 5 * 4

test('door - a lane may have waiting what its accounts have bonds for', async (t) => {
  const bench = await createBench(['alice', 'bob'])
  const { maker } = bench
  const made = await bench.make()
  const signer: DoorDependencies['signer'] = (lane, entry) => bench.signer.signerOf(lane, entry)
  const door = new Door(
    { bond: BOND, laneEntries: 8 },
    { engine: () => made.replica.engine, signer }
  )
  made.replica.onapplied((applied) => door.applied(applied))
  const [one, two] = [new LaneMaker(maker.venue, 60), new LaneMaker(maker.venue, 61)]
  const [first, second] = [toHex(one.lane), toHex(two.lane)]
  const allows = (key: string, entries: number) => door.admits(key, { bytes: 0, entries })
  const slices = [
    one.grow([linkEntry(bench, 'alice', one, 1), linkEntry(bench, 'bob', one, 1)]),
    two.grow([])
  ]
  t.absent(allows(first, 1), 'a lane of which nothing is known')
  door.arrived(one.lane, slices[0].blocks)
  door.arrived(two.lane, slices[1].blocks)
  t.ok(allows(first, 8), 'a bonded account has signed a link to it')
  t.absent(allows(first, 9), "one cut's worth of a lane, and no more")
  t.absent(allows(second, 1), 'a lane that shows no link')
  const link = linkEntry(bench, 'alice', one, 1)
  const poor = { ...link, account: bench.signer.address('zoe') }
  for (const entry of [link, poor, bench.signer.sign(poor, 'zoe', two.lane)]) {
    door.arrived(two.lane, [encodeBlock([entry])])
  }
  t.absent(allows(second, 1), "another lane's link, a forged one, one of an account without a bond")
  await made.tape.appendOwn(maker.own([maker.next(slices)]))
  await until(() => made.replica.length === 1, 'the links')
  t.ok(allows(first, 2 * TEN_BONDS), 'two accounts, twenty bonds')
  t.absent(allows(first, 1 + 2 * TEN_BONDS))
  t.absent(allows(second, 9))

  await made.tape.appendOwn(maker.own([maker.next([two.grow([linkEntry(bench, 'bob', two, 2)])])]))
  await until(() => made.replica.length === 2, 'the move')
  t.absent(allows(first, 1 + TEN_BONDS), 'an account takes its bonds along')
  t.ok(allows(second, TEN_BONDS))

  const late = new Door(
    { bond: BOND, laneEntries: 8 },
    { engine: () => made.replica.engine, signer }
  )
  t.ok(late.admits(second, { bytes: 0, entries: TEN_BONDS }), 'known after a restart as well')
  t.absent(late.admits(first, { bytes: 0, entries: 1 + TEN_BONDS }))
})

test('door - a lane whose blocks do not decode is let in no more, whatever its bonds', async (t) => {
  const bench = await createBench(['alice'])
  const made = await bench.make()
  const door = new Door(
    { bond: null, laneEntries: 8 },
    { engine: () => made.replica.engine, signer: () => null }
  )
  const [bad, good] = ['0a'.repeat(32), '0b'.repeat(32)]
  const size = { bytes: 1, entries: 1 }
  for (let i = 0; i < 3; i++) door.spoiled(bad)
  door.spoiled(good)
  t.ok(door.admits(bad, size), 'a few are borne')
  door.spoiled(bad)
  t.absent(door.admits(bad, size))
  t.ok(door.admits(good, size))
  for (let i = 0; i < 5000; i++) door.spoiled(i.toString(16).padStart(64, '0'))
  t.ok(door.admits(bad, size), 'only so many lanes are remembered')
})

test('door - without a bond everyone is let in', async (t) => {
  const bench = await createBench(['alice'])
  const made = await bench.make()
  const door = new Door(
    { bond: null, laneEntries: 8 },
    { engine: () => made.replica.engine, signer: () => null }
  )
  t.ok(door.admits('00'.repeat(32), { bytes: 1e6, entries: 1e6 }))
})
