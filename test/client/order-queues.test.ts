// The client's book of single orders against a plain list of them.
import test from 'brittle'
import fc from 'fast-check'
import { z } from 'zod'
import type { BookProblem } from '../../client/book.ts'
import { addDecimals } from '../../client/decimals.ts'
import { followOrders, LocalOrders, type QueuedOrder } from '../../client/order-queues.ts'
import { SocketClient } from '../../client/socket.ts'
import { method } from '../../daemon/rpc/registry.ts'
import { ordersChecksum } from '../../protocol/book-checksum.ts'
import type { RpcChannelData, RpcRawChange } from '../../protocol/rpc.ts'
import { startRpc } from '../helpers/rpc-server.ts'
import { until } from '../helpers/until.ts'

type Message = RpcChannelData['rawBook']

/** In the order of their arrival; an order that replaces another has its place in the list. */
type Plain = { sequence: number; side: 'buy' | 'sell'; price: number; amount: number }

function side(orders: readonly Plain[], of: 'buy' | 'sell'): QueuedOrder[] {
  return orders
    .filter((order) => order.side === of)
    .map((order, place) => ({ order, place }))
    .sort((a, b) => {
      const better = of === 'buy' ? b.order.price - a.order.price : a.order.price - b.order.price
      return better === 0 ? a.place - b.place : better
    })
    .map(({ order }) => ({ ...order, price: String(order.price), amount: String(order.amount) }))
}

function checksumOf(orders: readonly Plain[]): number {
  return ordersChecksum(side(orders, 'sell'), side(orders, 'buy'))
}

test('order queues - kept by changes they are the plain list, with every place in every queue', (t) => {
  const step = fc.record({
    what: fc.constantFrom('new', 'new', 'new', 'change', 'replace', 'delete'),
    bid: fc.boolean(),
    price: fc.integer({ min: 1, max: 12 }),
    amount: fc.integer({ min: 1, max: 50 }),
    at: fc.nat(1000)
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const plain: Plain[] = []
      const book = new LocalOrders()
      const common = { market: 'X', time: 0 }
      book.apply({ type: 'snapshot', ...common, changeId: 0, orders: [], checksum: 0 })
      for (const [index, { what, bid, price, amount, at }] of steps.entries()) {
        const sequence = index + 1
        const found = plain[at % Math.max(1, plain.length)]
        let change: RpcRawChange
        if (what === 'new' || found === undefined) {
          const order: Plain = { sequence, side: bid ? 'buy' : 'sell', price, amount }
          plain.push(order)
          change = ['new', sequence, order.side, String(price), String(amount)]
        } else if (what === 'delete') {
          plain.splice(plain.indexOf(found), 1)
          change = ['delete', found.sequence]
        } else if (what === 'change') {
          found.amount = amount
          change = ['change', found.sequence, String(amount)]
        } else {
          change = ['replace', sequence, found.sequence, String(amount)]
          found.sequence = sequence
          found.amount = amount
        }
        const ids = { changeId: index + 1, prevChangeId: index }
        const message = { ...common, ...ids, changes: [change], checksum: checksumOf(plain) }
        t.is(book.apply({ type: 'change', ...message }), null)
      }
      t.is(book.size, plain.length)
      for (const of of ['buy', 'sell'] as const) {
        const queue = side(plain, of)
        t.alike(book.first(of, 1000), queue)
        t.alike(book.first(of, 3), queue.slice(0, 3))
        for (const { sequence, price } of queue) {
          const level = queue.filter((order) => order.price === price)
          const position = level.findIndex((order) => order.sequence === sequence)
          const amountAhead = addDecimals(level.slice(0, position).map(({ amount }) => amount))
          t.alike(book.position(sequence), { position, amountAhead })
        }
      }
    }),
    { numRuns: 60 }
  )
})

test('order queues - decimals add exactly', (t) => {
  t.is(addDecimals([]), '0')
  t.is(addDecimals(['0.1', '0.2']), '0.3')
  t.is(addDecimals(['1', '0.5', '0.5']), '2')
  t.is(
    addDecimals(['9007199254740993', '0.000000000000000001']),
    '9007199254740993.000000000000000001'
  )
})

const order = (sequence: number): QueuedOrder => {
  return { sequence, side: 'buy', price: '5', amount: '1' }
}

function snapshotOf(changeId: number, orders: QueuedOrder[]): Message {
  const full = orders.map((each) => ({ ...each, position: 0, amountAhead: '0', own: false }))
  const checksum = ordersChecksum([], orders)
  return { type: 'snapshot', market: 'X', time: 0, changeId, orders: full, checksum }
}

function changeOf(changeId: number, changes: RpcRawChange[], checksum: number): Message {
  const prevChangeId = changeId - 1
  return { type: 'change', market: 'X', time: 0, changeId, prevChangeId, changes, checksum }
}

test('order queues - a gap, an unknown order and a wrong checksum are told, and end the picture', (t) => {
  const book = new LocalOrders()
  t.is(book.apply(changeOf(6, [], 0)), 'no_snapshot')
  const wrong: [Message, BookProblem][] = [
    [changeOf(7, [], 0), 'gap'],
    [changeOf(6, [['delete', 99]], 0), 'gap'],
    [changeOf(6, [['change', 1, '2']], 1), 'checksum'],
    // The same level in sum, and another order before ours.
    [changeOf(6, [['replace', 3, 1, '1']], ordersChecksum([], [order(1), order(2)])), 'checksum']
  ]
  for (const [message, problem] of wrong) {
    t.is(book.apply(snapshotOf(5, [order(1), order(2)])), null)
    t.is(book.apply(message), problem)
    t.is(book.changeId, null)
    t.is(book.apply(changeOf(8, [], 0)), 'no_snapshot')
  }
  t.is(book.apply(snapshotOf(9, [])), null)
  t.is(book.size, 0)
  t.is(book.position(1), null)
})

test('order queues - followed over a socket, a gap or a wrong checksum subscribes again', async (t) => {
  let subscriptions = 0
  const source = {
    scopeOf: () => 'open' as const,
    first: () => {
      subscriptions++
      return snapshotOf(5, [order(1)])
    },
    opened: () => {},
    closed: () => {}
  }
  const make = (name: string, verb: 'subscribe' | 'unsubscribe') =>
    method({
      name,
      doc: '',
      scope: 'open',
      bucket: 'reads',
      params: z.strictObject({ channels: z.array(z.string()) }),
      result: z.unknown(),
      handle: ({ channels }, { session }) => {
        for (const channel of channels) session?.[verb](channel)
        return channels
      }
    })
  const { url, hub } = await startRpc(
    t,
    () => [make('public/subscribe', 'subscribe'), make('public/unsubscribe', 'unsubscribe')],
    source
  )
  const client = new SocketClient({ url })
  await client.open()
  t.teardown(() => client.close())
  const problems: BookProblem[] = []
  let changes = 0
  const book = await followOrders(
    client,
    'X',
    () => changes++,
    (problem) => problems.push(problem)
  )
  await until(() => changes === 1)
  hub.publish('book.X.raw', changeOf(7, [], 0))
  await until(() => subscriptions === 2 && changes === 2)
  hub.publish('book.X.raw', changeOf(6, [], 1))
  await until(() => subscriptions === 3 && changes === 3)
  t.alike(problems, ['gap', 'checksum'])
  t.is(book.size, 1)
})
