import test from 'brittle'
import { until } from '../helpers/until.ts'
import { TestVenue } from '../helpers/venue.ts'

test('cluster - kill -9 of a validator costs nothing but its vote; it comes back', async (t) => {
  const venue = await TestVenue.createProcesses(t, { validators: 4, accounts: ['alice', 'bob'] })
  const [first, , , fourth] = await venue.validators()
  const alice = venue.trader('alice', first)
  const bob = venue.trader('bob', fourth)
  await alice.sells(10, 100)
  t.is((await bob.buys(1, 100)).rejected, null)
  await fourth.kill()
  for (let i = 0; i < 20; i++) t.is((await alice.sells(1, 101 + i)).rejected, null)
  await fourth.start()
  await until(async () => (await fourth.state()).synced, 'it to be back')
  await venue.agrees()
  bob.forgets()
  t.is((await bob.buys(1, 100)).rejected, null, 'its own lane goes on, or another does')
  await venue.agrees()
})

test('cluster - killed in the middle of its work, all of them, nothing is lost', async (t) => {
  const venue = await TestVenue.createProcesses(t, { validators: 4, accounts: ['alice'] })
  const all = await venue.validators()
  const alice = venue.trader('alice', all[0])
  await alice.sells(1, 100)
  let done = 0
  const selling = (async () => {
    for (let i = 0; i < 200; i++) {
      await alice.sells(1, 101 + i)
      done++
    }
  })().catch(() => undefined)
  await until(() => done > 5, 'orders to flow')
  await Promise.all(all.map((daemon) => daemon.kill()))
  await selling
  const known = done
  await Promise.all(all.map((daemon) => daemon.start()))
  for (const daemon of all) {
    await until(async () => (await daemon.state()).synced, `${daemon.name} to be back`)
  }
  await venue.grows(1)
  await venue.agrees()
  const states = await Promise.all(all.map((daemon) => daemon.state()))
  t.ok(
    states.every(({ orders }) => orders >= known + 1),
    'every order that was answered is in every book'
  )
})
