// No parameter is ignored: what a call takes it heeds, or it says why not.
import test from 'brittle'
import { HttpClient } from '../../../client/http.ts'
import { MARKET, RpcWorld } from './world.ts'

test('heeded - a parameter that a call has no use for is refused by name', async (t) => {
  const world = await RpcWorld.create(t)
  const raw = new HttpClient({ url: world.url, token: world.token })
  t.teardown(() => raw.close())
  const refused = async (method: string, params: object, words: RegExp) =>
    // As a client without types would call.
    t.exception(Reflect.apply(raw.call, raw, [method, params]), words)
  const account = world.address('alice')
  const form = { account, market: MARKET, side: 'sell', amount: '0.000001', price: '1000' }
  await refused(
    'private/prepare_order',
    { ...form, clientOrderId: 'mine' },
    /unknown parameter clientOrderId/
  )
  await refused('private/prepare_order', { ...form, wait: false }, /unknown parameter wait/)
  const floor = { account, action: 'apply', nonce: 7 }
  await refused('private/raise_floor', floor, /named with the request/)
  const { order } = await world.order('alice', 'sell', '0.000001', '1000', { clientOrderId: 'a' })
  const both = { orderId: order.orderId, clientOrderId: 'a' }
  await refused('private/get_order', both, /name an orderId or a clientOrderId/)
  const other = { orderId: order.orderId, account: world.address('bob') }
  await refused('private/get_order', other, /of another account/)
  const own = await world.call('private/get_order', { orderId: order.orderId, account })
  t.is(own.orderId, order.orderId)
})

test('heeded - in a list, each order waits as it says, else as the list says', async (t) => {
  const world = await RpcWorld.create(t)
  const sell = { action: 'sell', market: MARKET, amount: '0.000001' } as const
  const states = async (wait: { wait?: boolean }) => {
    const answers = await world.call('private/place', {
      account: world.address('alice'),
      actions: [
        { ...sell, price: '1000', wait: false },
        { ...sell, price: '1010', wait: true },
        { ...sell, price: '1020' }
      ],
      ...wait
    })
    return answers.map((answer) => ('order' in answer ? answer.order.state : answer.error.message))
  }
  // The answers are made one by one, each as soon as its order asks for it.
  t.alike(await states({}), ['pending', 'open', 'open'])
  t.alike(await states({ wait: false }), ['pending', 'open', 'pending'])
})

test('heeded - the depth of a book of orders', async (t) => {
  const world = await RpcWorld.create(t)
  for (const price of ['1000', '1010', '1020']) await world.order('bob', 'sell', '0.000001', price)
  const prices = async (depth: { depth?: number }) => {
    const book = await world.call('public/get_order_book', { market: MARKET, level: 3, ...depth })
    return 'orders' in book ? book.orders.map(({ price }) => price) : []
  }
  t.alike(await prices({}), ['1000', '1010', '1020'])
  t.alike(await prices({ depth: 2 }), ['1000', '1010'])
})
