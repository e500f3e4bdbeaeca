import test from 'brittle'
import { until } from '../../helpers/until.ts'
import { TraderApp } from '../../helpers/trader-app.ts'
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

test('stale - with the tape alone, and no validator, a daemon takes cancels only', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice'],
    pacing: { heartbeatMs: 100, staleMaxMs: 10_000 }
  })
  const validators = await venue.validators()
  const relay = await venue.follower('relay')
  const trader = await venue.follower('trader')
  const alice = venue.trader('alice', trader)
  t.is((await alice.sells(1, 100)).rejected, null)
  const { network, ledger } = trader.daemon.parts
  await until(() => network.peers().some(({ id }) => id === relay.id), 'it to know the relay')
  trader.blocks(validators)
  await until(() => trader.daemon.status().network.validatorsReached === 0, 'it to be cut off')
  const { index } = ledger.head
  await until(() => ledger.head.index > index + 5, 'the tape to come by way of the relay')
  await t.exception(alice.sells(2, 101), /no validator is reachable/)
  const { address: account } = alice
  const cancel = { kind: 'cancelAll', account, market: null, side: null, expiry: 0 } as const
  const outcome = trader.daemon.outcome(trader.daemon.submit(cancel))
  trader.blocks([])
  t.is((await outcome).rejected, null)
  t.is(validators[0].daemon.engine.level3(0).asks.length, 0, 'nothing came in afterwards')
  t.is((await alice.sells(1, 102)).rejected, null, 'and orders are taken again')
})

test('stale - a daemon says that it is not ready while no validator is reachable', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 1,
    accounts: ['alice'],
    pacing: { staleMaxMs: 60_000 }
  })
  const [validator] = await venue.validators()
  const { manifest, bootstrap } = venue
  const alice = await TraderApp.create(t, { manifest, bootstrap, name: 'alice', seed: 71 })
  await alice.start()
  await alice.call('private/link_account', { account: alice.address })
  const params = { market: 'BASE/QUOTE', amount: '0.000001', price: '1000' }
  const { order } = await alice.call('private/sell', params)
  await validator.stop()
  const status = () => alice.call('public/status', {})
  await until(async () => (await status()).reasons.includes('no_validator'), 'it to be noticed')
  t.is((await status()).ready, false)
  t.is((await fetch(`${alice.url}/readyz`)).status, 503)
  await t.exception(alice.call('private/sell', params), /not_ready/)
  const cancelled = await alice.call('private/cancel', { orderId: order.orderId, wait: false })
  t.is(cancelled.orderId, order.orderId, 'a cancel waits in the lane')
})
