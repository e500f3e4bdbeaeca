// A daemon that is killed in the middle of flow, and a bot that asks again: each order exactly once.
import test from 'brittle'
import { RpcFault } from '../../../client/fault.ts'
import type { SocketClient } from '../../../client/socket.ts'
import { MARKET, RpcWorld } from './world.ts'

const COUNT = 400
const UNDER_WAY = 40

test('kill - orders by clientOrderId are there once each after kill -9 and the same calls again', async (t) => {
  const world = await RpcWorld.create(t)
  await world.stop()
  await world.startProcess()
  const account = world.address('alice')
  const place = async (client: SocketClient, number: number): Promise<string | null> => {
    const price = String(1000 - 10 * (number % 50))
    const params = { account, market: MARKET, amount: '0.0000001', price }
    try {
      const named = { ...params, clientOrderId: `bot-${number}` }
      return (await client.call('private/buy', named)).order.orderId
    } catch (fault) {
      // The connection went: nobody knows what became of it.
      if (fault instanceof RpcFault && fault.rpcName === 'closed') return null
      throw fault
    }
  }
  const told = new Map<number, string>()
  const client = await world.socket()
  const killed: Promise<void>[] = []
  let next = 0
  // Few at a time: when a quarter is answered, most are still to be asked, however fast it is.
  const workers = Array.from({ length: UNDER_WAY }, async () => {
    while (next < COUNT) {
      const number = next++
      const orderId = await place(client, number)
      if (orderId !== null) told.set(number, orderId)
      if (told.size > COUNT / 4 && killed.length === 0) killed.push(world.killProcess())
    }
  })
  await Promise.all(workers)
  await Promise.all(killed)
  t.ok(told.size < COUNT, `${told.size} of ${COUNT} were answered before the end`)

  await world.startProcess()
  const again = await world.socket()
  const ids = await Promise.all(Array.from({ length: COUNT }, (_, number) => place(again, number)))
  for (const [number, orderId] of told) {
    if (ids[number] !== orderId) t.fail(`bot-${number} was ${orderId} and is ${ids[number]}`)
  }
  const open = await world.call('private/get_open_orders', { account })
  t.is(open.length, COUNT)
  t.is(new Set(open.map(({ clientOrderId }) => clientOrderId)).size, COUNT)
  const book = await world.call('public/get_order_book', { market: MARKET, level: 3 })
  t.is('orders' in book ? book.orders.length : -1, COUNT)
})
