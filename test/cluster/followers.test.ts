import test from 'brittle'
import { until } from '../helpers/until.ts'
import { TestVenue } from '../helpers/venue.ts'

test('cluster - a daemon that joins late replays the tape and trades', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice', 'bob'] })
  const [first] = await venue.validators()
  const alice = venue.trader('alice', first)
  for (let i = 0; i < 20; i++) await alice.sells(1, 100 + i)
  const late = await venue.follower('late')
  t.ok((await late.state()).applied > 0)
  const bob = venue.trader('bob', late)
  const bought = await bob.buys(2, 105)
  t.is(bought.rejected, null)
  await venue.agrees()
  const [base] = late.daemon.engine.balances(bob.address)
  t.is(base.pending, 200, 'two lots, matched on the tape that both replay')
})

test('cluster - a daemon without an archive follows from memory', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const [first] = await venue.validators()
  const light = await venue.follower('light', { archive: false, retainBlocks: 8 })
  const alice = venue.trader('alice', first)
  for (let i = 0; i < 30; i++) await alice.sells(1, 100 + i)
  await venue.agrees()
  t.is(light.daemon.parts.archive, null)
  t.is(light.daemon.engine.level2(0, 100).asks.length, 30)
  await light.stop()
  await light.start()
  await alice.sells(1, 200)
  await until(async () => (await light.state()).synced, 'it to be in step again')
  await venue.agrees()
  t.is(light.daemon.engine.level2(0, 100).asks.length, 31)
})

test('cluster - a new daemon begins from a snapshot that the tape confirms', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice', 'bob'],
    pacing: { snapshotCuts: 10, heartbeatMs: 100 },
    tuning: { snapshotLeadBlocks: 5 }
  })
  const [first] = await venue.validators()
  const alice = venue.trader('alice', first)
  for (let i = 0; i < 40; i++) await alice.sells(1, 100 + i)
  await until(() => first.daemon.parts.snapshots.offer !== null, 'a snapshot to be offered')
  const late = await venue.follower('late')
  const { replica, tape } = late.daemon.parts
  t.ok(replica.entries < 40, 'it did not replay everything')
  const bob = venue.trader('bob', late)
  t.is((await bob.buys(1, 100)).rejected, null)
  await venue.agrees()
  await until(() => tape.missing === null && tape.first === 0, 'the history to be fetched as well')
  const firstBlock = await tape.read(0)
  t.is(firstBlock?.block.cut.index, 0)
  await late.stop()
  await late.start()
  await until(async () => (await late.state()).synced, 'it to be in step again')
  await venue.agrees()
})

test('cluster - twenty followers get the tape as a tree', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice', 'bob'],
    tuning: { subscribersMax: 4 }
  })
  const [first] = await venue.validators()
  const followers = []
  for (let i = 0; i < 20; i++) followers.push(await venue.follower(`follower ${i}`))
  const alice = venue.trader('alice', first)
  const bob = venue.trader('bob', followers[19])
  for (let i = 0; i < 10; i++) {
    await alice.sells(1, 100)
    await bob.buys(1, 100)
  }
  await venue.agrees()
  const served = (): number[] =>
    venue.daemons.map(({ daemon }) => daemon.parts.streamer.subscribers)
  t.ok(
    served().every((subscribers) => subscribers <= 4),
    'nobody serves more than he is willing to'
  )
  await until(
    () => served().reduce((sum, subscribers) => sum + subscribers, 0) === 20,
    'everybody to be served'
  )
})
