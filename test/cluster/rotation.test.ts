import test from 'brittle'
import { until } from '../helpers/until.ts'
import { TestVenue } from '../helpers/venue.ts'

test('cluster - journals that are begun anew all the time lose nothing over restarts', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice', 'bob'],
    pacing: { snapshotCuts: 16 },
    tuning: { journalBytes: 4096, retainBlocks: 16, archiveMs: 5 }
  })
  const all = await venue.validators()
  const alice = venue.trader('alice', all[0])
  const bob = venue.trader('bob', all[3])
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 15; i++) {
      await alice.sells(1, 100 + i)
      await bob.buys(1, 90 - i)
    }
    for (const daemon of all) await daemon.stop()
    await Promise.all(all.map((daemon) => daemon.start()))
    for (const daemon of all) {
      await until(async () => (await daemon.state()).synced, `${daemon.name} to be back`)
      const { journal } = daemon.daemon.parts
      t.ok(journal.byteLength < 200_000, 'the journal is short')
    }
    await venue.agrees()
  }
  const { asks, bids } = all[1].daemon.engine.level3(0)
  t.is(asks.length + bids.length, 90, 'every order is in the book')
})

test('cluster - a validator that lost its disk gets everything back but its lane', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice', 'bob'],
    pacing: { snapshotCuts: 10 },
    tuning: { snapshotLeadBlocks: 20 }
  })
  const all = await venue.validators()
  const alice = venue.trader('alice', all[0])
  const bob = venue.trader('bob', all[3])
  for (let i = 0; i < 30; i++) await alice.sells(1, 100 + i)
  await bob.buys(1, 90)
  const before = await all[3].lane()
  await all[3].loses()
  await all[3].start()
  await until(async () => (await all[3].state()).synced, 'it to be back')
  await until(async () => (await all[3].lane()).key !== before.key, 'it to open another lane')
  t.is((await bob.buys(1, 91)).rejected, null, 'the account is linked to the new lane')
  await until(() => all[3].daemon.consensus?.abstains === false, 'it to vote again')
  await venue.agrees()
  t.is(all[3].daemon.engine.level3(0).bids.length, 1, 'a move of lane cancels what rested')
})
