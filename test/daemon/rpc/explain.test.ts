// Who has an order, at every stage of its way to the tape.
import test from 'brittle'
import { TraderApp } from '../../helpers/trader-app.ts'
import { until } from '../../helpers/until.ts'
import { TestVenue } from '../../helpers/venue.ts'
import { MARKET } from './world.ts'

test('explain - who has an order: a quorum that acknowledged it, then the quorum that made it final', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const validators = await venue.validators()
  const { manifest, bootstrap } = venue
  const alice = await TraderApp.create(t, { manifest, bootstrap, name: 'alice', seed: 79 })
  await alice.start()
  await alice.call('private/link_account', { account: alice.address })
  const status = () => alice.call('public/status', {})
  await until(async () => (await status()).validators.reached === 4, 'the trader to reach them all')

  // Each of the validators hears of the order, and none of another: there is no new block.
  for (const daemon of validators) {
    daemon.blocks(validators.filter((other) => other !== daemon))
  }
  const form = { market: MARKET, amount: '0.000001', price: '1000', wait: false }
  const { order } = await alice.call('private/sell', form)
  const explain = () => alice.call('private/explain_order', { orderId: order.orderId })
  const known = new Set(validators.map(({ id }) => id))
  const has = async () => {
    const { lane, tape } = await explain()
    const keys = lane?.acknowledgedBy ?? []
    return { isFinal: tape !== null, count: keys.filter((key) => known.has(key)).length }
  }
  await until(async () => (await has()).count === 3, 'a quorum to acknowledge it')
  t.alike(await has(), { isFinal: false, count: 3 })

  for (const daemon of validators) daemon.blocks([])
  await until(async () => (await has()).isFinal, 'it to be final')
  t.alike(await has(), { isFinal: true, count: 3 })
  const last = (await status()).tape.length
  await until(async () => (await status()).tape.length > last + 5, 'more blocks')
  t.alike(await has(), { isFinal: true, count: 3 }, 'still')
  await alice.stop()
  await alice.start()
  t.alike(await has(), { isFinal: true, count: 3 }, 'after a restart too')
})
