import test from 'brittle'
import { until } from '../../helpers/until.ts'
import { SettlementVenue } from './venue.ts'

test('settlement - trades of both sides settle, co-signed and not, and come back', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.validators()
  const alice = await venue.member('alice')
  const bob = await venue.member('bob', { cosigns: false })
  venue.run()
  await Promise.all([venue.funds(alice, 1_000_000), venue.funds(bob, 1_000_000)])
  await until(() => alice.engine.balances(bob.account)[2]?.settled === 1_000_000, 'deposits')

  const states: string[] = []
  alice.settlement.onprogress(({ batch, state }) => {
    if (batch === 1) states.push(state)
  })
  await alice.places({ side: 'sell', price: 20, quantity: 50, postOnly: 'slide' })
  const taken = await bob.places({ side: 'buy', price: 21, quantity: 30, timeInForce: 'ioc' })
  t.is(taken.rejected, null)

  await until(() => alice.settlement.progressOf(1)?.state === 'final', 'the batch to be final')
  t.alike(
    states.filter((state) => state !== 'submitted'),
    ['sealed', 'attested', 'mined', 'final'],
    'each state in its turn'
  )
  t.ok(alice.settlement.progressOf(1)?.transaction?.startsWith('0x'), 'with its transaction')
  const everyone = venue.members.map(({ account }) => account)
  await venue.balances(everyone)
  t.is(bob.engine.balances(bob.account)[0].settled, 1_000_000 + 3000)
})
