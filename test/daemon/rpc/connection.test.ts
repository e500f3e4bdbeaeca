// What a connection is for besides its calls: to be seen alive, and to take its orders with it.
import test, { type Assert } from 'brittle'
import { WebSocket } from 'ws'
import { SocketClient } from '../../../client/socket.ts'
import { sessionMethods } from '../../../daemon/rpc/methods/session.ts'
import type { Caller } from '../../../daemon/rpc/registry.ts'
import { VirtualClock } from '../../helpers/clock.ts'
import { startRpc } from '../../helpers/rpc-server.ts'
import { until } from '../../helpers/until.ts'
import { MARKET, RpcWorld } from './world.ts'

/** A socket that says only what it is told to say. */
async function rawSocket(t: Assert, { url, cookie }: { url: string; cookie: string }) {
  const headers = { authorization: `Bearer ${cookie}` }
  const socket = new WebSocket(url.replace('http', 'ws'), { headers })
  t.teardown(() => socket.terminate(), { order: -1 })
  const heard: { id?: number; method?: string; params?: unknown }[] = []
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())))
  await new Promise((resolve) => socket.once('open', resolve))
  let last = 0
  return {
    socket,
    heartbeats: () => heard.filter(({ method }) => method === 'heartbeat'),
    /** Resolves once it is answered. */
    calls: async (method: string, params: object): Promise<void> => {
      const id = ++last
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
      await until(() => heard.some((message) => message.id === id), `the answer to ${method}`)
    }
  }
}

test('connection - a heartbeat comes when it is due; who does not answer it is closed', async (t) => {
  const clock = new VirtualClock()
  const methods = () => sessionMethods({ clock, version: '1' }, () => [])
  const server = await startRpc(t, methods, undefined, undefined, undefined, clock)
  const [mute, other] = [await rawSocket(t, server), await rawSocket(t, server)]
  for (const { calls } of [mute, other]) await calls('public/set_heartbeat', { interval: 10 })

  clock.advance(9_999)
  await other.calls('public/test', {})
  t.is(other.heartbeats().length, 0, 'not before')
  clock.advance(1)
  await until(() => mute.heartbeats().length === 1 && other.heartbeats().length === 1)
  t.alike(mute.heartbeats()[0].params, { type: 'test_request' })
  await other.calls('public/test', {})
  clock.advance(10_000)
  await until(() => mute.socket.readyState === WebSocket.CLOSED, 'the mute one to be closed')
  await until(() => other.heartbeats().length === 2, 'the next one for who answered')
  t.is(other.socket.readyState, WebSocket.OPEN)

  await other.calls('public/set_heartbeat', { interval: 0 })
  clock.advance(10_000)
  clock.advance(60_000)
  await other.calls('public/test', {})
  t.is(other.heartbeats().length, 2, 'none when there shall be none')
  t.is(other.socket.readyState, WebSocket.OPEN)
})

test('connection - the client answers heartbeats by itself, and so stays', async (t) => {
  const clock = new VirtualClock()
  let answers = 0
  const methods = () =>
    sessionMethods({ clock, version: '1' }, () => []).map((method) => ({
      ...method,
      call: (params: unknown, caller: Caller) => {
        if (method.name === 'public/test') answers++
        return method.call(params, caller)
      }
    }))
  const server = await startRpc(t, methods, undefined, undefined, undefined, clock)
  const client = new SocketClient({ url: server.url, token: server.cookie })
  t.teardown(() => client.close(), { order: -1 })
  await client.open()
  await client.call('public/set_heartbeat', { interval: 10 })
  for (let beats = 1; beats <= 3; beats++) {
    clock.advance(10_000)
    await until(() => answers === beats, `answer ${beats}`)
  }
  await client.call('public/get_time', {})
  t.is(answers, 3)
})

test('connection - cancel on disconnect by account takes all orders of the accounts it traded for', async (t) => {
  const world = await RpcWorld.create(t)
  // Over another connection, but of an account that the closing one trades for.
  await world.order('alice', 'buy', '0.000001', '900')
  await world.order('bob', 'buy', '0.000001', '890')
  const client = await world.socket()
  await client.call('private/enable_cancel_on_disconnect', { scope: 'account' })
  const account = world.address('alice')
  await client.call('private/buy', { account, market: MARKET, amount: '0.000001', price: '910' })
  t.is((await world.call('private/get_open_orders', {})).length, 3)
  await client.close()
  await until(
    async () => (await world.call('private/get_open_orders', { account })).length === 0,
    'both orders to be cancelled'
  )
  const left = await world.call('private/get_open_orders', {})
  t.alike(
    left.map(({ account: whose, price }) => [whose, price]),
    [[world.address('bob'), '890']]
  )
  const history = await world.call('private/get_order_history', { account })
  t.alike(
    history.map(({ price, state }) => [price, state]),
    [
      ['910', 'cancelled'],
      ['900', 'cancelled']
    ]
  )
})

test('connection - cancel on disconnect that was switched off takes nothing', async (t) => {
  const world = await RpcWorld.create(t)
  const client = await world.socket()
  const account = world.address('alice')
  const order = { account, market: MARKET, amount: '0.000001' }
  await client.call('private/enable_cancel_on_disconnect', { scope: 'account' })
  await client.call('private/buy', { ...order, price: '910' })
  await client.call('private/disable_cancel_on_disconnect', {})
  await client.close()
  // One that goes later and does cancel: what is cancelled by then, was cancelled.
  const second = await world.socket()
  await second.call('private/enable_cancel_on_disconnect', { scope: 'connection' })
  await second.call('private/buy', { ...order, price: '920' })
  await second.close()
  await until(
    async () => (await world.call('private/get_open_orders', {})).length === 1,
    'the second one’s order to be cancelled'
  )
  t.alike(
    (await world.call('private/get_open_orders', {})).map(({ price }) => price),
    ['910']
  )
})
