// Channels of the real JSON-RPC: what a subscriber builds from them is what the daemon has.
import test, { type Assert } from 'brittle'
import { followBook } from '../../../client/book.ts'
import { followOrders } from '../../../client/order-queues.ts'
import { RpcFault } from '../../../client/fault.ts'
import type { SocketClient } from '../../../client/socket.ts'
import type { RpcChannelData, RpcFullBook, RpcRawChange } from '../../../protocol/rpc.ts'
import { seededRandom } from '../../helpers/random.ts'
import { until } from '../../helpers/until.ts'
import { MARKET, RpcWorld } from './world.ts'

async function heard<K extends keyof RpcChannelData>(
  client: SocketClient,
  channel: string,
  _kind: K
): Promise<RpcChannelData[K][]> {
  const all: RpcChannelData[K][] = []
  // The channel's own shape, by its name.
  await client.subscribe(channel, (data) => all.push(data as RpcChannelData[K]))
  return all
}

/** Random orders of both, some of which meet, and some cancels. */
async function flow(world: RpcWorld, steps: number, seed: number): Promise<void> {
  const random = seededRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const orders: string[] = []
  for (let step = 0; step < steps; step++) {
    if (below(4) === 0 && orders.length > 0) {
      const orderId = orders.splice(below(orders.length), 1)[0]
      await world.call('private/cancel', { orderId }).catch((fault: unknown) => {
        // It may have been filled.
        if (!(fault instanceof RpcFault) || fault.rpcName !== 'order_not_found') throw fault
      })
      continue
    }
    const side = below(2) === 0 ? 'buy' : 'sell'
    const price = String(1000 + 10 * (below(12) - 6))
    const amount = `0.${String(1 + below(40)).padStart(7, '0')}`
    const name = below(2) === 0 ? 'alice' : 'bob'
    const more = { selfTradePrevention: 'decrement' }
    const { order } = await world.order(name, side, amount, price, more)
    if (order.state === 'open') orders.push(order.orderId)
    const edited = orders[below(orders.length + 1)]
    if (below(5) === 0 && edited !== undefined) {
      await world
        .call('private/edit', { orderId: edited, amount: '0.0000001' })
        .then((result) => orders.push(result.order.orderId))
        .catch((fault: unknown) => {
          if (!(fault instanceof RpcFault)) throw fault
        })
    }
  }
}

/** Level 3, kept by changes alone. */
class RawBook {
  readonly #queues: { sequence: number; side: string; price: string; amount: string }[] = []
  changeId = -1

  take(message: RpcChannelData['rawBook'], t: Assert): void {
    if (message.type === 'snapshot') {
      const orders = message.orders.map(({ sequence, side, price, amount }) => {
        return { sequence, side, price, amount }
      })
      this.#queues.splice(0, this.#queues.length, ...orders)
    } else {
      if (message.prevChangeId !== this.changeId) t.fail('a gap')
      for (const change of message.changes) this.#apply(change)
    }
    this.changeId = message.changeId
  }

  #apply(change: RpcRawChange): void {
    const at = this.#queues.findIndex(
      ({ sequence }) => sequence === (change[0] === 'replace' ? change[2] : change[1])
    )
    switch (change[0]) {
      case 'new': {
        const [, sequence, side, price, amount] = change
        this.#queues.push({ sequence, side, price, amount })
        return
      }
      case 'change':
        this.#queues[at].amount = change[2]
        return
      case 'replace':
        this.#queues[at] = { ...this.#queues[at], sequence: change[1], amount: change[3] }
        return
      case 'delete':
        this.#queues.splice(at, 1)
    }
  }

  /** By side and price, each level in the order of its queue. */
  text(): string {
    return textOf(this.#queues)
  }
}

function textOf(orders: { sequence: number; side: string; price: string; amount: string }[]) {
  const lines = orders.map(({ sequence, side, price, amount }) => ({
    level: `${side} ${price.padStart(12, '0')}`,
    order: `${sequence} ${amount}`
  }))
  const levels = [...new Set(lines.map(({ level }) => level))].sort()
  return levels
    .map((level) => {
      const queue = lines.filter((line) => line.level === level)
      return `${level}: ${queue.map(({ order }) => order).join(', ')}`
    })
    .join('\n')
}

test('channels - books kept by changes are the daemon’s, level by level and order by order', async (t) => {
  const world = await RpcWorld.create(t)
  const client = await world.socket()
  await flow(world, 20, 1)
  const problems: string[] = []
  const changes: number[] = []
  const depth = 5
  const local = await followBook(
    client,
    MARKET,
    depth,
    ({ changeId }) => changes.push(changeId ?? -1),
    (problem) => problems.push(problem)
  )
  const raw = new RawBook()
  await client.subscribe(`book.${MARKET}.raw`, (data) => {
    raw.take(data as RpcChannelData['rawBook'], t)
  })
  const queues = await followOrders(
    await world.socket(),
    MARKET,
    () => {},
    (problem) => problems.push(problem)
  )
  await flow(world, 100, 2)
  const full = await world.call('public/get_order_book', { market: MARKET, level: 3 })
  const levels = await world.call('public/get_order_book', { market: MARKET, depth })
  if (!('orders' in full) || !('bids' in levels)) throw new Error('not the levels asked for')
  const orders: RpcFullBook['orders'] = full.orders
  await until(() => raw.text() === textOf(orders), 'the raw book to be the daemon’s')
  await until(
    () => JSON.stringify([local.bids, local.asks]) === JSON.stringify([levels.bids, levels.asks]),
    'the book to be the daemon’s'
  )
  await until(() => queues.changeId === raw.changeId && queues.size === orders.length)
  for (const order of orders) {
    const { sequence, side, price, amount, position, amountAhead } = order
    t.alike(queues.find(sequence), { sequence, side, price, amount })
    t.alike(queues.position(sequence), { position, amountAhead })
  }
  const mine = await world.call('private/get_open_orders', {})
  t.is(mine.length, orders.length)
  for (const { bookSequence, remainingAmount } of mine) {
    t.is(queues.find(bookSequence ?? -1)?.amount, remainingAmount, 'an order finds itself')
  }
  t.alike(problems, [])
  t.ok(changes.length > 30, `${changes.length} changes`)
  t.ok(orders.length > 5, `${orders.length} orders in the book`)
  t.ok(orders.every(({ own }) => own))
})

test('channels - trades, candles, ticker and the user’s own tell of the same trade', async (t) => {
  const world = await RpcWorld.create(t)
  const client = await world.socket()
  const trades = await heard(client, `trades.${MARKET}`, 'trades')
  const candles = await heard(client, `candles.${MARKET}.1h`, 'candles')
  const tickers = await heard(client, `ticker.${MARKET}`, 'ticker')
  const orders = await heard(client, 'user.orders', 'orders')
  const mine = await heard(client, 'user.trades', 'myTrades')
  const balances = await heard(client, 'user.balances', 'balances')
  const status = await heard(client, 'venue.status', 'status')
  await world.order('alice', 'sell', '0.000005', '1000')
  await world.order('bob', 'buy', '0.000002', '1000')
  await until(() => mine.length === 2 && candles.length === 1 && tickers.at(-1)?.last === '1000')
  t.alike(
    trades.flat().map(({ price, amount, side }) => [price, amount, side]),
    [['1000', '0.000002', 'buy']]
  )
  const sequences = [...trades.flat(), ...mine].map(({ sequence, tradeId }) => [
    sequence.join('.'),
    tradeId
  ])
  t.ok(
    sequences.every(([sequence, tradeId]) => sequence === tradeId && tradeId === sequences[0][1])
  )
  t.alike(candles[0].candle.slice(1), ['1000', '1000', '1000', '1000', '0.000002'])
  t.alike(
    orders.map(({ state, filledAmount }) => [state, filledAmount]),
    [
      ['open', '0'],
      ['open', '0.000002'],
      ['filled', '0.000002']
    ]
  )
  const bob = balances.filter(({ account }) => account === world.address('bob'))
  t.ok(bob.some(({ token, pending }) => token === 'BASE' && pending === '0.000002'))
  await until(() => status.length > 1, 'the status to come again')
  t.ok(status[0].ready)
  const left = await client.call('public/unsubscribe', { channels: ['venue.status'] })
  t.is(left.length, 6)
  t.is(await client.call('public/set_heartbeat', { interval: 10 }), 'ok')
  await t.exception(client.call('public/set_heartbeat', { interval: 1 }), /invalid_params/)
  t.is(await client.call('private/disable_cancel_on_disconnect', {}), 'ok')
  t.absent(left.includes('venue.status'))
})

test('channels - names that are none are refused', async (t) => {
  const world = await RpcWorld.create(t)
  const client = await world.socket()
  const names = [
    'book',
    'book.NO/SUCH.10',
    `book.${MARKET}.0`,
    `book.${MARKET}.1001`,
    `book.${MARKET}.-1`,
    `candles.${MARKET}.2m`,
    `trades.${MARKET}.10`,
    'user',
    'user.secrets',
    '__proto__'
  ]
  for (const name of names) {
    await t.exception(client.call('public/subscribe', { channels: [name] }), /unknown_channel/)
  }
  await t.exception(
    world.call('public/subscribe', { channels: ['user.orders'] }),
    /subscription_lost/
  )
})

test('channels - cancel on disconnect takes the connection’s orders, and only those', async (t) => {
  const world = await RpcWorld.create(t)
  await world.order('alice', 'buy', '0.000001', '900')
  const client = await world.socket()
  await client.call('private/enable_cancel_on_disconnect', { scope: 'connection' })
  await client.call('private/buy', {
    account: world.address('alice'),
    market: MARKET,
    amount: '0.000001',
    price: '910'
  })
  await client.close()
  await until(async () => {
    const open = await world.call('private/get_open_orders', {})
    return open.length === 1 && open[0].price === '900'
  }, 'the order to be cancelled')
  t.pass()
})
