import test from 'brittle'
import { TestVenue } from '../helpers/venue.ts'

test('cluster - four validators order, match and agree', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice', 'bob'] })
  const [first, second] = await venue.validators(4)
  const alice = venue.trader('alice', first)
  const bob = venue.trader('bob', second)
  const sold = await alice.sells(5, 100)
  t.is(sold.rejected, null)
  const bought = await bob.buys(3, 101)
  t.is(bought.rejected, null)
  t.ok(bought.index >= sold.index)
  t.ok((await venue.agrees()) > 0)
})
