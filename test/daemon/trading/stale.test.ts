import test from 'brittle'
import { until } from '../../helpers/until.ts'
import { TestVenue } from '../../helpers/venue.ts'

test('stale - without the validators a daemon refuses orders and still takes cancels', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 1,
    accounts: ['alice'],
    pacing: { staleMaxMs: 2000, heartbeatMs: 200 }
  })
  const [validator] = await venue.validators()
  const follower = await venue.follower('trader')
  const alice = venue.trader('alice', follower)
  t.is((await alice.sells(5, 100)).rejected, null)
  await validator.stop()
  const lease = { kind: 'lease', ttlMs: 1000 } as const
  await until(() => {
    try {
      follower.daemon.submit(lease)
      return false
    } catch (fault) {
      return fault instanceof Error && 'code' in fault && fault.code === 'tape_stale'
    }
  }, 'the tape to be stale')
  const { address: account } = alice
  const cancel = { kind: 'cancelAll', account, market: null, side: null, expiry: 0 } as const
  const outcome = follower.daemon.outcome(follower.daemon.submit(cancel))
  await validator.start()
  t.is((await outcome).rejected, null)
  t.alike(follower.daemon.engine.liveOrders(account), [])
})
