// The methods of the real JSON-RPC over a real daemon, the only validator of its venue.
import test from 'brittle'
import { RpcFault } from '../../../client/fault.ts'
import { MARKET, RpcWorld } from './world.ts'

/** The stable name and reason of the error that a call fails with. */
async function refused(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'none'
  } catch (fault) {
    if (fault instanceof RpcFault) return `${fault.rpcName}/${fault.reason}`
    throw fault
  }
}

async function book(world: RpcWorld) {
  const found = await world.call('public/get_order_book', { market: MARKET })
  if (!('bids' in found)) throw new Error('not a level 2 book')
  return { bids: found.bids, asks: found.asks }
}

test('trading - orders rest, meet and are told to both sides', async (t) => {
  const world = await RpcWorld.create(t)
  const alice = world.address('alice')
  const bob = world.address('bob')
  const ask = await world.order('alice', 'sell', '0.000005', '1000', { postOnly: 'reject' })
  t.is(ask.order.state, 'open')
  t.is(ask.order.restingPrice, '1000')
  t.is(ask.order.orderId, `${alice}:${ask.order.nonce}`)
  t.alike(await book(world), { bids: [], asks: [['1000', '0.000005']] })

  const hit = await world.order('bob', 'buy', '0.000003', '1010')
  t.is(hit.order.state, 'filled')
  t.is(hit.order.averagePrice, '1000')
  t.is(hit.trades.length, 1)
  t.alike(
    [hit.trades[0].price, hit.trades[0].amount, hit.trades[0].liquidity, hit.trades[0].state],
    ['1000', '0.000003', 'taker', 'matched']
  )
  t.alike(await book(world), { bids: [], asks: [['1000', '0.000002']] })

  const open = await world.call('private/get_open_orders', { account: alice })
  t.alike(
    open.map(({ orderId, filledAmount, remainingAmount }) => [
      orderId,
      filledAmount,
      remainingAmount
    ]),
    [[ask.order.orderId, '0.000003', '0.000002']]
  )
  const mine = await world.call('private/get_my_trades', { account: alice })
  t.is(mine.length, 1)
  t.alike([mine[0].liquidity, mine[0].mySide, mine[0].side], ['maker', 'sell', 'buy'])
  t.is(mine[0].tradeId, hit.trades[0].tradeId)
  const trades = await world.call('public/get_last_trades', { market: MARKET })
  t.alike(
    trades.map(({ tradeId, side }) => [tradeId, side]),
    [[hit.trades[0].tradeId, 'buy']]
  )

  const balances = await world.call('private/get_balances', { account: bob })
  const base = balances.find(({ token }) => token === 'BASE')
  t.is(base?.pending, '0.000003')
  const [candles, ticker] = [
    await world.call('public/get_candles', { market: MARKET, resolution: '1m' }),
    await world.call('public/ticker', { market: MARKET })
  ]
  t.alike(candles.candles[0].slice(1), ['1000', '1000', '1000', '1000', '0.000003'])
  t.is(candles.completeFrom, 0)
  t.alike(
    [ticker.last, ticker.volume24h, ticker.bestAsk, ticker.bestBid],
    ['1000', '0.000003', ['1000', '0.000002'], null]
  )

  // Market orders, and what they cannot do.
  const market = { account: bob, market: MARKET, amount: '0.000001', type: 'market' } as const
  const swept = await world.call('private/buy', market)
  t.alike([swept.order.state, swept.order.type], ['filled', 'market'])
  t.is((await refused(world.call('private/sell', market))).split('/')[0], 'empty_book')

  // Amends: less at the same price keeps its place; another price enters anew.
  const kept = await world.call('private/edit', {
    orderId: ask.order.orderId,
    amount: '0.0000005'
  })
  t.alike([kept.order.state, kept.order.remainingAmount], ['open', '0.0000005'])
  t.is(
    await refused(world.call('private/cancel', { orderId: ask.order.orderId })),
    'order_not_found/unknown_order'
  )
  const moved = await world.call('private/edit', { orderId: kept.order.orderId, price: '1200' })
  t.is(moved.order.price, '1200')
  t.alike((await book(world)).asks, [['1200', '0.0000005']])
  const gone = await world.call('private/get_order', { orderId: kept.order.orderId })
  t.alike([gone.state, gone.reason], ['cancelled', 'amended'])

  // Cancels.
  const cancelled = await world.call('private/cancel', { orderId: moved.order.orderId })
  t.alike([cancelled.state, cancelled.reason], ['cancelled', 'requested'])
  const three = await Promise.all(
    ['900', '910', '920'].map((price) => world.order('alice', 'buy', '0.000001', price))
  )
  t.is(three.length, 3)
  const all = await world.call('private/cancel_all', { account: alice, side: 'buy' })
  t.alike(all.cancelled.sort(), three.map(({ order }) => order.orderId).sort())
  t.alike(await book(world), { bids: [], asks: [] })
  const past = await world.call('private/get_order_history', { account: alice, count: 2 })
  t.alike(
    past.map(({ price }) => price),
    ['920', '910']
  )
})

test('trading - what cannot be is refused with a name and a reason', async (t) => {
  const world = await RpcWorld.create(t)
  const order = (more: object) => world.order('alice', 'sell', '0.000001', '1000', more)
  t.is(
    (await refused(world.order('alice', 'buy', '0.00000015', '1000'))).split('/')[0],
    'invalid_amount'
  )
  t.is(
    (await refused(world.order('alice', 'buy', '0.000001', '1001'))).split('/')[0],
    'invalid_amount'
  )
  t.is((await refused(order({ market: 'NO/SUCH' }))).split('/')[0], 'unknown_market')
  t.is((await refused(order({ nonsense: 1 }))).split('/')[0], 'invalid_params')
  t.is((await refused(order({ account: world.address('carol') }))).split('/')[0], 'unknown_account')
  t.is(await refused(order({ expiry: 1 })), 'rejected/expired')
  t.is(await refused(order({ timeInForce: 'fok' })), 'fok_unfillable/fok_unfillable')
  t.is(
    await refused(order({ timeInForce: 'ioc', postOnly: 'reject' })),
    'rejected/invalid_combination'
  )
  t.is(await refused(order({ leased: true })), 'rejected/lease_lapsed')
  await world.order('bob', 'buy', '0.000001', '1000')
  t.is(await refused(order({ postOnly: 'reject' })), 'would_cross/would_cross')
  const huge = { amount: '0.1', price: '10000000' }
  t.is((await refused(order(huge))).split('/')[0], 'none', 'a huge order that is covered')
  const more = { account: world.address('bob'), market: MARKET, amount: '0.1', price: '10000000' }
  t.is(await refused(world.call('private/buy', more)), 'insufficient_funds/insufficient_funds')
  t.is(
    await refused(world.call('private/cancel', { orderId: `${world.address('bob')}:999` })),
    `order_not_found/no live order ${world.address('bob')}:999`
  )
})

test('trading - one clientOrderId is one order, also after a restart', async (t) => {
  const world = await RpcWorld.create(t)
  const named = { clientOrderId: 'mine-1' }
  const first = await world.order('alice', 'sell', '0.000002', '1000', named)
  const again = await world.order('alice', 'sell', '0.000002', '1000', named)
  t.is(again.order.orderId, first.order.orderId)
  const other = refused(world.order('alice', 'sell', '0.000003', '1000', named))
  t.is((await other).split('/')[0], 'duplicate_client_order_id')
  const twins = await Promise.all(
    Array.from({ length: 5 }, () => {
      return world.order('bob', 'buy', '0.000001', '500', { clientOrderId: 'twin' })
    })
  )
  t.is(new Set(twins.map(({ order }) => order.orderId)).size, 1)
  t.alike((await book(world)).bids, [['500', '0.000001']])

  await world.stop()
  await world.start()
  const later = await world.order('alice', 'sell', '0.000002', '1000', named)
  t.is(later.order.orderId, first.order.orderId)
  t.alike(await book(world), { bids: [['500', '0.000001']], asks: [['1000', '0.000002']] })
  const fresh = await world.order('alice', 'sell', '0.000001', '1100')
  t.ok(fresh.order.nonce > first.order.nonce)
  const found = await world.call('private/get_order', {
    account: world.address('alice'),
    clientOrderId: 'mine-1'
  })
  t.is(found.orderId, first.order.orderId)
  const cancelled = await world.call('private/cancel_by_client_id', {
    account: world.address('bob'),
    clientOrderId: 'twin'
  })
  t.is(cancelled.state, 'cancelled')
})

test('trading - lists: mixed actions and mass quotes', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('alice')
  const mixed = await world.call('private/place', {
    account,
    actions: [
      { action: 'buy', market: MARKET, amount: '0.000001', price: '900' },
      { action: 'buy', market: MARKET, amount: '0.000001', price: '901' },
      { action: 'sell', market: MARKET, amount: '0.000001', price: '1100' },
      { action: 'cancel', orderId: `${account}:12345` }
    ]
  })
  t.alike(
    mixed.map((each) => ('order' in each ? each.order.state : each.error.message)),
    ['open', 'invalid_amount', 'open', 'order_not_found']
  )
  const quote = (...prices: [side: 'buy' | 'sell', price: string][]) =>
    world.call('private/mass_quote', {
      account,
      market: MARKET,
      quotes: prices.map(([side, price]) => ({ side, price, amount: '0.000001' }))
    })
  const first = await quote(['buy', '950'], ['buy', '940'], ['sell', '1050'])
  t.alike(
    first.orders.map(({ state, quote: isQuote }) => [state, isQuote]),
    [
      ['open', true],
      ['open', true],
      ['open', true]
    ]
  )
  const second = await quote(['buy', '960'], ['sell', '1040'])
  t.alike(await book(world), {
    bids: [
      ['960', '0.000001'],
      ['900', '0.000001']
    ],
    asks: [
      ['1040', '0.000001'],
      ['1100', '0.000001']
    ]
  })
  t.is(second.orders.length, 2)
  // All or nothing: a price too far beyond the limits takes the whole list down.
  t.is((await refused(quote(['buy', '970'], ['sell', '10000010']))).split('/')[0], 'invalid_amount')
  t.is((await book(world)).bids[0][0], '960')
  await quote()
  t.alike(await book(world), { bids: [['900', '0.000001']], asks: [['1100', '0.000001']] })

  // Protection: after the first quote trades, all of them go.
  await world.call('private/set_market_maker_protection', {
    account,
    market: MARKET,
    amount: '0.000001',
    windowMs: 60_000
  })
  await quote(['sell', '1000'], ['sell', '1010'])
  const bob = { account: world.address('bob'), market: MARKET, type: 'market' } as const
  await world.call('private/buy', { ...bob, amount: '0.000001' })
  t.alike((await book(world)).asks, [['1100', '0.000001']])
  t.is(await refused(quote(['sell', '1000'])), 'rejected/protected')
})
