import test, { type Assert } from 'brittle'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { systemClock } from '../../../daemon/clock.ts'
import { Auth } from '../../../daemon/rpc/auth.ts'
import { Envelope } from '../../../daemon/rpc/envelope.ts'
import { Hub } from '../../../daemon/rpc/hub.ts'
import { Rates } from '../../../daemon/rpc/rates.ts'
import { method, Registry } from '../../../daemon/rpc/registry.ts'
import { RpcServer } from '../../../daemon/rpc/server.ts'
import type { CancelOnDisconnect } from '../../../daemon/rpc/session.ts'

const registry = new Registry([
  method({
    name: 'public/test',
    doc: '',
    scope: 'open',
    bucket: 'reads',
    params: z.strictObject({}),
    result: z.string(),
    handle: () => 'well'
  }),
  method({
    name: 'private/whoami',
    doc: '',
    scope: 'read',
    bucket: 'reads',
    params: z.strictObject({}),
    result: z.string(),
    handle: (_params, caller) => caller.token
  }),
  method({
    name: 'private/subscribe',
    doc: '',
    scope: 'read',
    bucket: 'reads',
    params: z.strictObject({ channel: z.string() }),
    result: z.null(),
    handle: ({ channel }, { session }) => {
      session?.subscribe(channel)
      return null
    }
  }),
  method({
    name: 'private/place',
    doc: '',
    scope: 'trade',
    bucket: 'orders',
    params: z.strictObject({ nonce: z.number().int() }),
    result: z.null(),
    handle: ({ nonce }, { session }) => {
      session?.setCancelOnDisconnect('connection')
      session?.placed('0xa', nonce)
      return null
    }
  }),
  method({
    name: 'private/cancel',
    doc: '',
    scope: 'trade',
    bucket: 'cancels',
    params: z.strictObject({}),
    result: z.null(),
    handle: () => null
  })
])

async function server(t: Assert, perSecond = { reads: 1000, orders: 2, cancels: 1000 }) {
  const folder = await t.tmp()
  await mkdir(folder, { recursive: true })
  const auth = new Auth(
    { cookie: join(folder, '.cookie'), tokens: join(folder, 'tokens.json') },
    { clock: systemClock }
  )
  await auth.open()
  const rates = new Rates(perSecond)
  const faults: unknown[] = []
  const gone: CancelOnDisconnect[] = []
  const hub = new Hub({
    source: {
      scopeOf: (channel) => (channel.startsWith('book.') ? 'open' : null),
      first: () => ({ first: true }),
      opened: () => {},
      closed: () => {}
    }
  })
  const envelope = new Envelope({
    registry,
    spend: (caller, { bucket }) => rates.spend(caller.token, bucket),
    microseconds: () => 1,
    onFault: (_method, fault) => faults.push(fault),
    onCall: () => {}
  })
  const rpc = new RpcServer(
    {
      host: '127.0.0.1',
      port: 0,
      socket: join(folder, 'curbd.sock'),
      metrics: 'open',
      metricsAt: null,
      allowedHosts: ['127.0.0.1', 'localhost'],
      allowedOrigins: ['https://good.example']
    },
    {
      auth,
      envelope,
      hub,
      clock: systemClock,
      ready: () => ({ ready: false, reasons: ['tape_stale'] }),
      metrics: async () => ({ text: 'curb_up 1\n', type: 'text/plain' }),
      onDisconnect: (cancel) => gone.push(cancel),
      onFault: (fault) => faults.push(fault)
    }
  )
  await rpc.open()
  t.teardown(async () => {
    await rpc.close()
    await auth.close()
  })
  const cookie = await readFile(join(folder, '.cookie'), 'utf8')
  return { rpc, auth, hub, cookie, folder, faults, gone }
}

type Reply = { status: number; body: string }

/** A POST with exactly these headers, which fetch would not send. */
function post(
  where: { url: string } | { socketPath: string },
  body: string,
  headers: Record<string, string> = {}
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers }
    }
    const request =
      'url' in where
        ? httpRequest(where.url, options)
        : httpRequest({ ...options, socketPath: where.socketPath })
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

const call = (name: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: name, params })

type Connection = {
  socket: WebSocket
  /** The next message that came, in order: two may come in one packet. */
  next(): Promise<Record<string, unknown>>
}

async function connect(t: Assert, url: string, token?: string): Promise<Connection> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const socket = new WebSocket(url.replace('http', 'ws'), { headers })
  t.teardown(() => socket.terminate())
  const came: Record<string, unknown>[] = []
  const waiting: ((message: Record<string, unknown>) => void)[] = []
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString())
    const taker = waiting.shift()
    if (taker) taker(message)
    else came.push(message)
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const next = () => {
    const message = came.shift()
    return message === undefined
      ? new Promise<Record<string, unknown>>((resolve) => waiting.push(resolve))
      : Promise.resolve(message)
  }
  return { socket, next }
}

test('server - a public call needs no token, a private one does', async (t) => {
  const { rpc, cookie } = await server(t)
  t.ok((await post(rpc, call('public/test'))).body.includes('"well"'))
  t.ok((await post(rpc, call('private/whoami'))).body.includes('"unauthorized"'))
  const bearer = await post(rpc, call('private/whoami'), { authorization: `Bearer ${cookie}` })
  t.ok(bearer.body.includes('__cookie__'))
  const basic = `Basic ${Buffer.from(cookie).toString('base64')}`
  t.ok((await post(rpc, call('private/whoami'), { authorization: basic })).body.includes('cookie'))
  const wrong = await post(rpc, call('public/test'), { authorization: 'Bearer wrong' })
  t.is(wrong.status, 401)
})

test('server - the cookie is readable by its owner alone and goes at the end', async (t) => {
  const { folder, auth } = await server(t)
  const mode = (await stat(join(folder, '.cookie'))).mode % 0o1000
  t.is(mode, 0o600)
  await auth.close()
  await t.exception(stat(join(folder, '.cookie')))
})

test('server - tokens have scope and expiry, survive a restart, and can be revoked', async (t) => {
  const { rpc, auth, folder } = await server(t)
  const token = await auth.create('bot', 'read', null)
  const late = await auth.create('late', 'read', -1)
  const as = (text: string) => ({ authorization: `Bearer ${text}` })
  t.ok((await post(rpc, call('private/whoami'), as(token))).body.includes('"bot"'))
  t.ok((await post(rpc, call('private/cancel'), as(token))).body.includes('"forbidden"'))
  t.is((await post(rpc, call('private/whoami'), as(late))).status, 401)
  const again = new Auth(
    { cookie: join(folder, 'other'), tokens: join(folder, 'tokens.json') },
    { clock: systemClock }
  )
  await again.open()
  t.is(again.check(token)?.name, 'bot')
  t.absent((await readFile(join(folder, 'tokens.json'), 'utf8')).includes(token))
  t.ok(await auth.revoke('bot'))
  t.is((await post(rpc, call('private/whoami'), as(token))).status, 401)
  await again.close()
})

test('server - a foreign Host or Origin is refused, on the upgrade too', async (t) => {
  const { rpc, cookie } = await server(t)
  t.is((await post(rpc, call('public/test'), { host: 'evil.example' })).status, 403)
  t.is((await post(rpc, call('public/test'), { origin: 'https://evil.example' })).status, 403)
  t.is((await post(rpc, call('public/test'), { origin: 'https://good.example' })).status, 200)
  const socket = new WebSocket(rpc.url.replace('http', 'ws'), {
    headers: { authorization: `Bearer ${cookie}` },
    origin: 'https://evil.example'
  })
  const fault = await new Promise<Error>((resolve) => socket.once('error', resolve))
  t.ok(fault.message.includes('403'))
})

test('server - the content type must be JSON and the body at most a mebibyte', async (t) => {
  const { rpc } = await server(t)
  t.is((await post(rpc, call('public/test'), { 'content-type': 'text/plain' })).status, 415)
  t.is((await post(rpc, `"${'x'.repeat(1_100_000)}"`)).status, 413)
  t.is((await post(rpc, call('public/test'))).status, 200)
})

test('server - the Unix socket answers, whatever the Host says', async (t) => {
  const { folder } = await server(t)
  const reply = await post({ socketPath: join(folder, 'curbd.sock') }, call('public/test'), {
    host: 'anything'
  })
  t.ok(reply.body.includes('"well"'))
  t.is((await stat(join(folder, 'curbd.sock'))).mode % 0o1000, 0o600)
})

test('server - health and metrics', async (t) => {
  const { rpc } = await server(t)
  t.is((await fetch(`${rpc.url}/livez`)).status, 200)
  const ready = await fetch(`${rpc.url}/readyz`)
  t.is(ready.status, 503)
  t.alike(await ready.json(), { ready: false, reasons: ['tape_stale'] })
  t.ok((await (await fetch(`${rpc.url}/metrics`)).text()).includes('curb_up'))
  t.is((await fetch(`${rpc.url}/nothing`)).status, 404)
})

test('server - an empty bucket of orders leaves the cancels alone', async (t) => {
  const { rpc, cookie } = await server(t)
  const headers = { authorization: `Bearer ${cookie}` }
  for (let i = 0; i < 2; i++) await post(rpc, call('private/place', { nonce: i }), headers)
  const third = await post(rpc, call('private/place', { nonce: 3 }), headers)
  t.ok(third.body.includes('"too_many_requests"'))
  t.ok((await post(rpc, call('private/cancel'), headers)).body.includes('"result":null'))
})

test('server - a WebSocket calls, subscribes, and gets what is published', async (t) => {
  const { rpc, hub, cookie } = await server(t)
  const { socket, next } = await connect(t, rpc.url, cookie)
  socket.send(call('private/subscribe', { channel: 'book.X' }))
  const first = await next()
  t.alike(first['params'], { channel: 'book.X', data: { first: true } })
  await next()
  hub.publish('book.X', { n: 1 })
  t.alike((await next())['params'], { channel: 'book.X', data: { n: 1 } })
  socket.send(call('private/subscribe', { channel: 'nothing' }))
  t.ok(JSON.stringify(await next()).includes('unknown_channel'))
})

test('server - what cancel-on-disconnect should cancel is handed over', async (t) => {
  const { rpc, cookie, gone } = await server(t)
  const { socket, next } = await connect(t, rpc.url, cookie)
  socket.send(call('private/place', { nonce: 9 }))
  await next()
  socket.terminate()
  while (rpc.sessionCount > 0) await new Promise((resolve) => setImmediate(resolve))
  t.alike(gone, [{ scope: 'connection', placed: [{ account: '0xa', nonce: 9 }] }])
})

test('server - a hundred sockets of garbage leave it well', async (t) => {
  const { rpc, faults } = await server(t)
  const connections = await Promise.all(Array.from({ length: 100 }, () => connect(t, rpc.url)))
  await Promise.all(
    connections.map(async ({ socket, next }, index) => {
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.send('{'.repeat(1000))
      await next()
      if (index % 2 === 0) socket.send(Buffer.from([1, 2, 3]))
      else socket.terminate()
      await closed
    })
  )
  t.ok((await post(rpc, call('public/test'))).body.includes('"well"'))
  t.is(faults.length, 0)
})
