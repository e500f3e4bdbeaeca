import test from 'brittle'
import { until } from '../helpers/until.ts'
import { TestVenue } from '../helpers/venue.ts'

test('cluster - with two of four stopped nothing moves, nothing is lost, and it resumes', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const [first, second, third, fourth] = await venue.validators()
  const alice = venue.trader('alice', first)
  await alice.sells(1, 100)
  await venue.agrees()
  await third.stop()
  await fourth.stop()
  const length = await venue.length()
  const waiting = alice.sells(1, 101)
  await until(() => first.daemon.status().lane.backlog > 0, 'the entry to be in the lane')
  await until(
    () =>
      first.daemon.parts.lanes.reads
        .lanes()
        .some(({ durableLength, finalLength }) => durableLength > finalLength),
    'the entry to be in the journal'
  )
  t.ok((await venue.length()) <= length + 1, 'at most what was on its way became final')
  t.is((await second.state()).state, 'running')
  await third.start()
  await fourth.start()
  t.is((await waiting).rejected, null, 'the entry was not lost')
  await venue.agrees()
})

test('cluster - a restarted validator catches up and votes again', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const [first, second, third] = await venue.validators()
  const alice = venue.trader('alice', first)
  for (let i = 0; i < 10; i++) await alice.sells(1, 100 + i)
  await third.stop()
  for (let i = 0; i < 30; i++) await alice.sells(1, 200 + i)
  await third.start()
  await until(async () => (await third.state()).synced, 'it to be in step')
  await venue.agrees()
  await second.stop()
  t.is((await alice.sells(1, 300)).rejected, null, 'its vote is needed now')
  await venue.agrees()
})

test('cluster - a restart goes on from where the engine stood, not from the first block', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice'],
    tuning: { restartEntries: 5 }
  })
  const [first, second, third] = await venue.validators()
  const alice = venue.trader('alice', first)
  for (let i = 0; i < 20; i++) await alice.sells(1, 100 + i)
  await venue.agrees()
  await third.stop()
  await alice.sells(1, 200)
  await third.start()
  await until(async () => (await third.state()).synced, 'it to be in step')
  await venue.agrees()
  t.ok(third.daemon.parts.replica.entries < 20, 'it did not replay everything')
  t.is(third.daemon.engine.level2(0, 100).asks.length, 21)
  await second.stop()
  t.is((await alice.sells(1, 300)).rejected, null, 'its vote is needed now')
  await venue.agrees()
})

test('cluster - a restarted daemon is in step when it has what it missed, not before', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice'],
    tuning: { snapshotLeadBlocks: null }
  })
  const [first, , third] = await venue.validators()
  const alice = venue.trader('alice', first)
  await alice.sells(1, 100)
  await third.stop()
  for (let i = 0; i < 5; i++) await alice.sells(1, 101 + i)
  const length = await venue.length()
  await third.start()
  await until(async () => (await third.state()).synced, 'it to be in step')
  t.ok(third.daemon.parts.replica.length >= length)
})

test('cluster - a partition stops the smaller side, and heals', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice', 'bob'] })
  const all = await venue.validators()
  const [first, , , fourth] = all
  const alice = venue.trader('alice', first)
  const bob = venue.trader('bob', fourth)
  await alice.sells(1, 100)
  await bob.sells(1, 100)
  await venue.agrees()
  venue.splits(all.slice(0, 3), [fourth])
  const before = (await fourth.state()).length
  for (let i = 0; i < 10; i++) await alice.sells(1, 110 + i)
  const waiting = bob.sells(1, 130)
  t.ok((await first.state()).length > before, 'three go on')
  t.ok((await fourth.state()).length <= before + 1, 'one alone does not')
  venue.heals(all)
  t.is((await waiting).rejected, null)
  await venue.agrees()
})

test('cluster - two halves make no tape, and one again when they meet', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice', 'bob'] })
  const all = await venue.validators()
  const alice = venue.trader('alice', all[0])
  const bob = venue.trader('bob', all[3])
  await alice.sells(1, 100)
  await bob.sells(1, 100)
  await venue.agrees()
  const before = await venue.length()
  venue.splits(all.slice(0, 2), all.slice(2))
  const waiting = [alice.sells(1, 120), bob.sells(1, 121)]
  await until(() => all[0].daemon.status().lane.backlog > 0, 'one to wait')
  await until(() => all[3].daemon.status().lane.backlog > 0, 'the other to wait')
  t.ok((await venue.length()) <= before + 1)
  venue.heals(all)
  for (const outcome of await Promise.all(waiting)) t.is(outcome.rejected, null)
  await venue.agrees()
})
