// clientOrderIds through the life of an order: edits, its end, a restart; and slots that are kept for
// whoever signs outside.
import test from 'brittle'
import { until } from '../../helpers/until.ts'
import { z } from 'zod'
import { RpcFault } from '../../../client/fault.ts'
import { MARKET, RpcWorld } from './world.ts'

/** The stable name of the error that a call fails with. */
async function refused(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'none'
  } catch (fault) {
    if (fault instanceof RpcFault) return fault.rpcName
    throw fault
  }
}

/** What the engine said no for. */
async function reasonOf(call: Promise<unknown>): Promise<string> {
  const fault = await call.catch((thrown: unknown) => thrown)
  return fault instanceof RpcFault ? fault.reason : `not refused: ${JSON.stringify(fault)}`
}

test('names - a clientOrderId goes with its order through edits and a restart', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('alice')
  const named = { clientOrderId: 'walks' }
  const place = () => world.order('alice', 'sell', '0.000002', '1000', named)
  const find = () => world.call('private/get_order', { account, clientOrderId: 'walks' })
  const first = await place()
  let { order } = first
  for (const price of ['1010', '1020', '1030']) {
    const edited = await world.call('private/edit', { orderId: order.orderId, price })
    t.not(edited.order.orderId, order.orderId)
    t.is(edited.order.clientOrderId, 'walks')
    order = edited.order
    t.is((await find()).orderId, order.orderId, 'the name is the live order’s')
  }
  t.is((await place()).order.orderId, order.orderId, 'the same call is not a second order')

  await world.stop()
  await world.start()
  t.is((await find()).orderId, order.orderId)
  t.is((await place()).order.orderId, order.orderId)
  const other = world.order('alice', 'sell', '0.000003', '1000', named)
  t.is(await refused(other), 'duplicate_client_order_id')

  const cancelled = await world.call('private/cancel_by_client_id', {
    account,
    clientOrderId: 'walks'
  })
  t.alike([cancelled.orderId, cancelled.state], [order.orderId, 'cancelled'])
  t.alike(await world.call('private/get_open_orders', {}), [])
  const again = world.call('private/cancel_by_client_id', { account, clientOrderId: 'walks' })
  t.is(await refused(again), 'order_not_found')
  t.is((await place()).order.state, 'cancelled', 'an order that has ended keeps its name')
  await world.stop()
  await world.start()
  t.is((await place()).order.orderId, order.orderId)
  t.is((await find()).state, 'cancelled')
})

test('names - a cancel by name while an edit is under way leaves nothing behind', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('alice')
  for (let round = 0; round < 10; round++) {
    const clientOrderId = `racing-${round}`
    const { order } = await world.order('alice', 'sell', '0.000002', '1000', { clientOrderId })
    const [edited, cancelled] = await Promise.allSettled([
      world.call('private/edit', { orderId: order.orderId, price: '1010' }),
      world.call('private/cancel_by_client_id', { account, clientOrderId })
    ])
    t.is(cancelled.status, 'fulfilled')
    t.ok(edited.status === 'fulfilled' || edited.reason instanceof RpcFault)
    t.alike(await world.call('private/get_open_orders', {}), [])
    const found = await world.call('private/get_order', { account, clientOrderId })
    t.is(found.state, 'cancelled')
  }
})

test('names - an edit that the engine refuses leaves the name with the old order', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('alice')
  const { order } = await world.order('alice', 'sell', '0.000002', '1000', {
    clientOrderId: 'stays'
  })
  const late = { orderId: order.orderId, price: '990', expiry: 1 }
  t.is(await refused(world.call('private/edit', late)), 'rejected')
  const found = await world.call('private/get_order', { account, clientOrderId: 'stays' })
  t.alike([found.orderId, found.state, found.price], [order.orderId, 'open', '1000'])
  const cancelled = await world.call('private/cancel_by_client_id', {
    account,
    clientOrderId: 'stays'
  })
  t.is(cancelled.orderId, order.orderId)
})

test('names - an order that is killed in the middle of an edit comes back under its name', async (t) => {
  const world = await RpcWorld.create(t)
  await world.stop()
  await world.startProcess()
  const account = world.address('alice')
  const named = { clientOrderId: 'killed' }
  const { order } = await world.order('alice', 'sell', '0.000002', '1000', named)
  // In the journal, and perhaps not on the tape.
  await world.call('private/edit', { orderId: order.orderId, price: '1010', wait: false })
  await world.killProcess()
  await world.startProcess()
  // Until the tape has the edit, the old order is open still.
  const openOrders = () => world.call('private/get_open_orders', {})
  await until(async () => (await openOrders()).length === 1, 'the edit')
  const open = await openOrders()
  t.alike(
    open.map(({ clientOrderId, price }) => [clientOrderId, price]),
    [['killed', '1010']]
  )
  const again = await world.order('alice', 'sell', '0.000002', '1000', named)
  t.is(again.order.orderId, open[0].orderId)
  const { state } = await world.call('private/cancel_by_client_id', {
    account,
    clientOrderId: 'killed'
  })
  t.is(state, 'cancelled')
  t.alike(await world.call('private/get_open_orders', {}), [])
})

const slotOf = z.object({ message: z.object({ slot: z.coerce.number() }) })

test('names - the slot of a prepared order is nobody else’s until its time is over', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('alice')
  const form = { account, market: MARKET, amount: '0.000001', price: '1000' }
  const prepare = async () => {
    const prepared = await world.call('private/prepare_order', { ...form, side: 'sell' })
    return slotOf.parse(prepared.typedData).message.slot
  }
  const [first, second] = [await prepare(), await prepare()]
  const { order } = await world.call('private/sell', { ...form, price: '1100' })
  const explained = await world.call('private/explain_order', { orderId: order.orderId })
  const taken = slotOf.parse(explained.typedData).message.slot
  t.is(new Set([first, second, taken]).size, 3)
})

test('names - a withdrawal asked for twice under one id is one; another request under it is refused', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('alice')
  const money = { account, token: 'QUOTE', amount: '1', clientRequestId: 'rent' }
  const ask = (more: object = {}) => world.call('private/withdraw', { ...money, ...more })
  const lastNonce = async () => {
    const accounts = await world.call('private/get_accounts', {})
    return accounts.find((each) => each.account === account)?.lastNonce
  }
  // A venue without a chain pays nothing: this is the engine's own word, found again.
  t.is(await reasonOf(ask()), 'no_chain')
  const nonce = await lastNonce()
  t.is(await reasonOf(ask()), 'no_chain')
  t.is(await reasonOf(ask({ wait: false })), 'no_chain')
  t.is(await lastNonce(), nonce, 'nothing was sent again')
  t.is(await refused(ask({ amount: '2' })), 'duplicate_client_request_id')
  await world.stop()
  await world.start()
  t.is(await reasonOf(ask()), 'no_chain')
  t.is(await lastNonce(), nonce, 'nor after a restart')
  t.is(await refused(ask({ token: 'BASE' })), 'duplicate_client_request_id')
  t.is(await refused(ask({ clientRequestId: 'two words' })), 'invalid_params')
  const both = await Promise.all([1, 2].map(() => reasonOf(ask({ clientRequestId: 'twins' }))))
  t.alike(both, ['no_chain', 'no_chain'])
  t.is(await lastNonce(), Number(nonce) + 1, 'twins are one')
})
