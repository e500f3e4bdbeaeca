import test from 'brittle'
import { keyOf, byAddress, order, VaultVenue } from '../helpers/vault.ts'

test('vault - settles one trade between two signed orders', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const [seller, buyer] = [keyOf('alice'), keyOf('bob')]
  await venue.fund(seller.address, 0, 100_000)
  await venue.fund(buyer.address, 1, 1_000_000)
  const maker = order(seller.address, { side: 'sell', price: 200, quantity: 10, nonce: 1 })
  const taker = order(buyer.address, {
    side: 'buy',
    price: 210,
    quantity: 4,
    nonce: 7,
    timeInForce: 'ioc'
  })
  const groups = [
    { key: seller, order: maker },
    { key: buyer, order: taker }
  ]
    .sort((a, b) => byAddress(a.key, b.key))
    .map(({ key, order }) => ({
      kind: 'orders' as const,
      account: key.address,
      orders: [
        { order, restingPrice: order.price, proof: null, signature: venue.signOrder(key, order) }
      ]
    }))
  const sealed = await venue.seal({
    groups,
    sweeps: [{ taker, fills: [{ maker, lots: 4, price: 200 }] }],
    withdrawals: []
  })
  const receipt = await venue.settle(sealed)
  t.comment(`${receipt.gasUsed} gas`)

  // 4 lots of 1,000 base quanta at 200 ticks of 10 quote quanta: 8,000; maker 2 bps, taker 5 bps.
  t.is(await venue.balance(seller.address, 0), 96_000)
  t.is(await venue.balance(buyer.address, 0), 4000)
  t.is(await venue.balance(seller.address, 1), 8000 - 1)
  t.is(await venue.balance(buyer.address, 1), 1_000_000 - 8000 - 4)
  const settler = await venue.anvil.signers[0].getAddress()
  t.is(await venue.balance(settler.toLowerCase(), 1), 5)
  t.alike((await venue.vault.markOf(seller.address, 0)).map(Number), [1, 4], 'the maker is marked')
  t.is(Number((await venue.vault.accountOf(buyer.address)).sequence), 7)
  t.alike(await venue.last(), { index: 1, link: venue.linkOf(sealed) })
})
