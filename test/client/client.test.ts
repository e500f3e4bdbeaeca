import test from 'brittle'
import fc from 'fast-check'
import { createServer } from 'node:net'
import { z } from 'zod'
import { followBook, LocalBook, type BookProblem } from '../../client/book.ts'
import { compareDecimals } from '../../client/decimals.ts'
import { RpcFault } from '../../client/fault.ts'
import { HttpClient } from '../../client/http.ts'
import { SocketClient } from '../../client/socket.ts'
import { method } from '../../daemon/rpc/registry.ts'
import { bookChecksum } from '../../protocol/book-checksum.ts'
import type { RpcLevel, RpcLevelChange } from '../../protocol/rpc.ts'
import { startRpc } from '../helpers/rpc-server.ts'
import { until } from '../helpers/until.ts'

const loose = { doc: '', bucket: 'reads', result: z.unknown() } as const
const channels = z.strictObject({ channels: z.array(z.string()) })

test('client - calls over TCP and the Unix socket, and typed faults', async (t) => {
  const { url, cookie, datadir } = await startRpc(t, () => [
    method({
      ...loose,
      name: 'public/get_time',
      scope: 'open',
      params: z.strictObject({}),
      handle: () => 42
    }),
    method({
      ...loose,
      name: 'private/get_accounts',
      scope: 'read',
      params: z.strictObject({}),
      handle: () => []
    })
  ])
  for (const address of [{ url }, { socketPath: `${datadir}/curbd.sock` }]) {
    const client = new HttpClient({ ...address, token: cookie })
    t.is(await client.call('public/get_time', {}), 42)
    t.alike(await client.call('private/get_accounts', {}), [])
    const fault = await client.call('public/get_venue', {}).catch((each: unknown) => each)
    t.ok(fault instanceof RpcFault && fault.rpcName === 'method_not_found' && !fault.retryable)
    client.close()
  }
  const stranger = new HttpClient({ url })
  const fault = await stranger.call('private/get_accounts', {}).catch((each: unknown) => each)
  t.ok(fault instanceof RpcFault && fault.rpcName === 'unauthorized')
  stranger.close()
})

test('client - a lost connection fails what was under way, comes back, subscribes again', async (t) => {
  let subscriptions = 0
  let asked = 0
  const source = {
    scopeOf: () => 'open' as const,
    first: () => ++subscriptions,
    opened: () => {},
    closed: () => {}
  }
  const methods = () => [
    method({
      ...loose,
      name: 'public/subscribe',
      scope: 'open',
      params: channels,
      handle: (params, { session }) => {
        for (const channel of params.channels) session?.subscribe(channel)
        return params.channels
      }
    }),
    method({
      ...loose,
      name: 'public/get_time',
      scope: 'open',
      params: z.strictObject({}),
      // Never answers: the connection goes first.
      handle: () => {
        asked++
        return new Promise(() => {})
      }
    })
  ]
  const server = await startRpc(t, methods, source, await freeTcpPort())
  const states: string[] = []
  const client = new SocketClient(
    { url: server.url, backoffMs: 5, backoffMaxMs: 20 },
    { onState: (state) => states.push(state) }
  )
  await client.open()
  t.teardown(() => client.close())
  const seen: unknown[] = []
  await client.subscribe('a', (data) => seen.push(data))
  const underWay = client.call('public/get_time', {}).catch((fault: unknown) => fault)
  await until(() => asked === 1)
  await server.rpc.close()
  const fault = await underWay
  t.ok(fault instanceof RpcFault && fault.rpcName === 'closed' && fault.retryable)
  const refused = await client.call('public/get_time', {}).catch((each: unknown) => each)
  t.ok(refused instanceof RpcFault && refused.rpcName === 'closed')
  await server.rpc.open()
  await until(() => seen.length === 2)
  t.alike(seen, [1, 2])
  t.alike(states, ['connected', 'lost', 'connected'])
})

function freeTcpPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

test('client - decimals compare exactly', (t) => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 20n), fc.bigInt(0n, 10n ** 20n), (a, b) => {
      const text = (value: bigint) => {
        const digits = value.toString().padStart(9, '0')
        return (
          `${digits.slice(0, -8).replace(/^0+(?=\d)/, '')}.${digits.slice(-8)}`.replace(
            /\.?0+$/,
            ''
          ) || '0'
        )
      }
      t.is(Math.sign(compareDecimals(text(a), text(b))), a < b ? -1 : a > b ? 1 : 0)
    }),
    { numRuns: 200 }
  )
})

/** Levels by price, best first. */
function sorted(levels: Map<number, number>, descending: boolean): RpcLevel[] {
  const prices = [...levels.keys()].sort((a, b) => (descending ? b - a : a - b))
  return prices.map((price) => [String(price), String(levels.get(price))])
}

test('client - a book kept by changes is the book', (t) => {
  const step = fc.record({
    bid: fc.boolean(),
    price: fc.integer({ min: 1, max: 30 }),
    amount: fc.integer({ min: 0, max: 5 })
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bids = new Map<number, number>()
      const asks = new Map<number, number>()
      const book = new LocalBook()
      const picture = () => ({ bids: sorted(bids, true), asks: sorted(asks, false) })
      const common = { market: 'X', time: 0 }
      book.apply({ type: 'snapshot', ...common, changeId: 0, ...picture(), checksum: 0 })
      for (const [index, { bid, price, amount }] of steps.entries()) {
        const side = bid ? bids : asks
        const kind = amount === 0 ? 'delete' : side.has(price) ? 'change' : 'new'
        if (amount === 0) side.delete(price)
        else side.set(price, amount)
        const change: RpcLevelChange = [kind, String(price), String(amount)]
        const now = picture()
        const problem = book.apply({
          type: 'change',
          ...common,
          changeId: index + 1,
          prevChangeId: index,
          bids: bid ? [change] : [],
          asks: bid ? [] : [change],
          checksum: bookChecksum(now.asks, now.bids)
        })
        t.is(problem, null)
        t.alike({ bids: book.bids, asks: book.asks }, now)
      }
    }),
    { numRuns: 50 }
  )
})

test('client - a gap or a wrong checksum subscribes again', async (t) => {
  const snapshot = {
    type: 'snapshot',
    market: 'X',
    changeId: 5,
    time: 0,
    bids: [],
    asks: [],
    checksum: 0
  }
  let subscriptions = 0
  const source = {
    scopeOf: () => 'open' as const,
    first: () => {
      subscriptions++
      return snapshot
    },
    opened: () => {},
    closed: () => {}
  }
  const make = (name: string, verb: 'subscribe' | 'unsubscribe') =>
    method({
      ...loose,
      name,
      scope: 'open',
      params: channels,
      handle: (params, { session }) => {
        for (const channel of params.channels) session?.[verb](channel)
        return params.channels
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
  await followBook(
    client,
    'X',
    10,
    () => {},
    (problem) => problems.push(problem)
  )
  const change = { type: 'change', market: 'X', time: 0, bids: [], asks: [], checksum: 0 }
  hub.publish('book.X.10', { ...change, changeId: 7, prevChangeId: 6 })
  await until(() => subscriptions === 2)
  hub.publish('book.X.10', { ...change, changeId: 6, prevChangeId: 5, checksum: 1 })
  await until(() => subscriptions === 3)
  t.alike(problems, ['gap', 'checksum'])
})
