// What a hostile or broken client may send to the port of a real daemon: each is answered as the
// specification says, or refused at the door, and the daemon is well afterwards.
import test, { type Assert } from 'brittle'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { method } from '../../../daemon/rpc/registry.ts'
import { startRpc } from '../../helpers/rpc-server.ts'
import { until } from '../../helpers/until.ts'
import { RpcWorld } from './world.ts'

type Answer = { error?: { code: number }; id: unknown }
type Reply = { status: number; body: string }

const JSON_TYPE = { 'content-type': 'application/json' }
const MEBIBYTE = 1024 * 1024

/** A POST of these very bytes and headers. */
function post(
  url: string,
  body: string | Buffer,
  headers: Record<string, string> = JSON_TYPE
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers })
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Code of the error, and the id that it answers; of a batch, those of its first. */
function told({ body }: Reply): [code: number | undefined, id: unknown] {
  const answer: Answer | Answer[] = JSON.parse(body)
  const { error, id } = Array.isArray(answer) ? answer[0] : answer
  return [error?.code, id]
}

function bearer(token: string): Record<string, string> {
  return { ...JSON_TYPE, authorization: `Bearer ${token}` }
}

function call(method: string, params: string = '{}', id: string = '1'): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`
}

async function isWell(t: Assert, world: RpcWorld): Promise<void> {
  t.ok((await world.call('public/status', {})).ready)
}

test('hostile - bodies that are no requests are answered as the specification says', async (t) => {
  const world = await RpcWorld.create(t)
  const headers = bearer(world.token)
  const cases: [string, string | Buffer, number, unknown][] = [
    ['nothing', '', -32700, null],
    ['half a batch', `[${call('public/test')},{"jsonrpc"`, -32700, null],
    ['half an object', call('public/test').slice(0, -3), -32700, null],
    ['not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), -32700, null],
    ['a lone surrogate’s bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), -32700, null],
    ['UTF-16', Buffer.from(call('public/test'), 'utf16le'), -32700, null],
    ['a number', '7', -32600, null],
    ['null', 'null', -32600, null],
    ['a batch of a deep array', '['.repeat(500_000) + ']'.repeat(500_000), -32600, null],
    ['deep objects', `${'{"a":'.repeat(170_000)}1${'}'.repeat(170_000)}`, -32600, null],
    ['an id that is true', call('public/test', '{}', 'true'), -32600, null],
    ['an endless id', call('public/test', '{}', '1e999'), -32600, null],
    ['a method of a prototype', call('constructor'), -32601, 1],
    ['a method of a prototype', call('__proto__'), -32601, 1],
    ['a parameter of a prototype', call('public/test', '{"__proto__":{"polluted":1}}'), -32602, 1],
    ['a constructor', call('public/test', '{"constructor":{"prototype":{"x":1}}}'), -32602, 1],
    ['too many parameters', call('public/get_instrument', '["a","b"]'), -32602, 1],
    ['a huge number', call('public/get_proof', '{"tapeIndex":1e308}'), -32602, 1],
    ['one past the safe', call('public/get_proof', '{"tapeIndex":9007199254740993}'), -32602, 1],
    ['a number for text', call('public/get_instrument', '{"market":5}'), -32602, 1],
    ['a list for text', call('public/get_instrument', '{"market":["BASE/QUOTE"]}'), -32602, 1],
    ['minus nothing', call('public/get_batches', '{"count":-0}'), -32602, 1]
  ]
  for (const [name, body, code, id] of cases) {
    const reply = await post(world.url, body, headers)
    t.is(reply.status, 200, name)
    t.alike(told(reply), [code, id], name)
  }
  t.absent(Object.hasOwn(Object.prototype, 'polluted'))
  await isWell(t, world)
})

test('hostile - duplicate keys: the last one counts, as in every JSON of JavaScript', async (t) => {
  const world = await RpcWorld.create(t)
  const body = '{"jsonrpc":"1.0","jsonrpc":"2.0","id":1,"id":2,"method":"x","method":"public/test"}'
  t.alike(told(await post(world.url, body, bearer(world.token))), [undefined, 2])
})

test('hostile - parameters of orders: deep, huge, of the wrong kind', async (t) => {
  const world = await RpcWorld.create(t)
  const headers = bearer(world.token)
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  const signature = `0x${'11'.repeat(65)}`
  const order = (amount: string, price: string): string =>
    `{"account":"${world.address('alice')}","market":"BASE/QUOTE","amount":${amount},"price":${price}}`
  const cases: [string, string, number][] = [
    ['private/submit_signed_order', `{"order":${deep},"signature":"${signature}"}`, -32602],
    ['private/submit_signed_order', `{"order":{"nonce":1e400},"signature":"${signature}"}`, -32602],
    ['private/buy', order('1e400', '"1000"'), -32602],
    ['private/buy', order('1', '"1000"'), -32602],
    ['private/buy', order('"1e3"', '"1000"'), -32602],
    ['private/buy', order('"-1"', '"1000"'), -32602],
    ['private/buy', order('"0x10"', '"1000"'), -32602],
    ['private/buy', order('"Infinity"', '"1000"'), -32602],
    ['private/buy', order('""', '"1000"'), -32602],
    ['private/buy', order(`"${'9'.repeat(100_000)}"`, '"1000"'), -32602],
    ['private/buy', order('"0.000001"', `"1${'0'.repeat(30)}"`), 10015],
    ['private/buy', order(`"0.${'0'.repeat(30)}1"`, '"1000"'), 10015],
    ['private/cancel', '{"orderId":"__proto__"}', -32602],
    ['private/get_order', '{"clientOrderId":"a/b/../../etc"}', 10012],
    ['private/get_order_history', '{"count":1000000000}', -32602],
    ['private/get_order_history', '{"account":"0x00"}', -32602]
  ]
  for (const [method, params, code] of cases) {
    const reply = await post(world.url, call(method, params), headers)
    t.alike([reply.status, told(reply)[0]], [200, code], `${method} ${params.slice(0, 80)}`)
  }
  t.alike(await world.call('private/get_open_orders', {}), [])
  await isWell(t, world)
})

test('hostile - notifications get no answer, alone, in a batch and on a socket', async (t) => {
  const world = await RpcWorld.create(t)
  const headers = bearer(world.token)
  const one = '{"jsonrpc":"2.0","method":"public/test"}'
  for (const body of [one, `[${one},${one}]`, '{"jsonrpc":"2.0","method":"nothing"}']) {
    t.alike(await post(world.url, body, headers), { status: 204, body: '' })
  }
  const mixed = await post(world.url, `[${one},${call('public/test')},${one}]`, headers)
  t.is(JSON.parse(mixed.body).length, 1)
  const socket = new WebSocket(world.url.replace('http', 'ws'), { headers })
  t.teardown(() => socket.terminate())
  await new Promise((resolve) => socket.once('open', resolve))
  const heard: string[] = []
  socket.on('message', (data: Buffer) => heard.push(data.toString()))
  socket.send(`[${one},${one}]`)
  socket.send(one)
  socket.send(call('public/get_time', '{}', '"last"'))
  await until(() => heard.length > 0)
  t.is(heard.length, 1)
  t.is(JSON.parse(heard[0]).id, 'last')
})

test('hostile - what is refused at the door: size, type, host, origin, token', async (t) => {
  const world = await RpcWorld.create(t)
  const { url, token } = world
  const headers = bearer(token)
  const padded = (bytes: number): string => {
    const text = call('public/test')
    return text + ' '.repeat(bytes - text.length)
  }
  const status = async (body: string, more: Record<string, string>): Promise<number> =>
    (await post(url, body, more)).status
  t.is(await status(padded(MEBIBYTE), headers), 200, 'a mebibyte')
  t.is(await status(padded(MEBIBYTE + 1), headers), 413, 'and one byte')
  const chunked = { ...headers, 'transfer-encoding': 'chunked' }
  t.is(await status(padded(MEBIBYTE + 1), chunked), 413, 'without a length')
  const { authorization } = headers
  t.is(await status(call('public/test'), { authorization }), 415, 'no content type')
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    t.is(await status(call('public/test'), { ...headers, 'content-type': type }), 415, type)
  }
  t.is(await status(call('public/test'), { ...headers, host: 'evil.example:8650' }), 403)
  t.is(await status(call('public/test'), { ...headers, host: '127.0.0.1.evil.example' }), 403)
  t.is(await status(call('public/test'), { ...headers, origin: 'null' }), 403)
  t.is(await status(call('public/test'), { ...headers, origin: 'http://127.0.0.1' }), 403)
  t.is(await status(call('public/test'), bearer('wrong')), 401)
  t.is(await status(call('public/test'), bearer('')), 401)
  t.is(await status(call('public/test'), { ...headers, authorization: 'Nonsense' }), 401)
  await isWell(t, world)
})

test('hostile - a body that never ends, and one that stops half way, harm nobody', async (t) => {
  const world = await RpcWorld.create(t)
  const { port, hostname } = new URL(world.url)
  for (let i = 0; i < 20; i++) {
    const socket = connect(Number(port), hostname)
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write(
      `POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n` +
        `Authorization: Bearer ${world.token}\r\nContent-Length: 1000\r\n\r\n{"jsonrpc":"2.0",`
    )
    if (i % 2 === 0) socket.destroy()
    else t.teardown(() => socket.destroy())
  }
  await isWell(t, world)
})

test('hostile - a WebSocket of garbage is closed by its own fault alone', async (t) => {
  const world = await RpcWorld.create(t)
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(world.url.replace('http', 'ws'), { headers: bearer(world.token) })
    t.teardown(() => socket.terminate())
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return socket
  }
  const closing = (socket: WebSocket): Promise<number> =>
    new Promise((resolve) => socket.once('close', resolve))
  const good = await open()
  const binary = await open()
  binary.send(Buffer.from(call('public/test')))
  t.is(await closing(binary), 1003, 'text frames only')
  const huge = await open()
  huge.send(' '.repeat(MEBIBYTE + 1))
  t.is(await closing(huge), 1009, 'a message over a mebibyte')
  const garbled = await open()
  garbled.send(Buffer.from([0xc3, 0x28]), { binary: false })
  t.is(await closing(garbled), 1007, 'not UTF-8')
  const heard = new Promise<string>((resolve) => {
    good.once('message', (data: Buffer) => resolve(data.toString()))
  })
  good.send(call('public/test'))
  t.ok((await heard).includes('"result"'))
  await isWell(t, world)
})

test('hostile - a token that is revoked or runs out takes its connections with it', async (t) => {
  const world = await RpcWorld.create(t)
  const open = async (token: string): Promise<WebSocket> => {
    const socket = new WebSocket(world.url.replace('http', 'ws'), { headers: bearer(token) })
    t.teardown(() => socket.terminate())
    await new Promise((resolve) => socket.once('open', resolve))
    return socket
  }
  const closing = (socket: WebSocket): Promise<number> =>
    new Promise((resolve) => socket.once('close', resolve))
  const revoked = await world.call('admin/create_token', { name: 'revoked', scope: 'trade' })
  const short = await world.call('admin/create_token', {
    name: 'short',
    scope: 'read',
    lifeSeconds: 1
  })
  const [first, second] = [await open(revoked.token), await open(short.token)]
  second.send(call('public/subscribe', '{"channels":["venue.status"]}'))
  const ends = [closing(first), closing(second)]
  t.ok(await world.call('admin/revoke_token', { name: 'revoked' }))
  first.send(call('private/cancel_all', `{"account":"${world.address('alice')}"}`))
  // The other one only listens: what it would have been told closes it.
  t.alike(await Promise.all(ends), [1008, 1008])
  t.is((await post(world.url, call('public/test'), bearer(revoked.token))).status, 401)
  t.is((await post(world.url, call('public/test'), bearer(short.token))).status, 401)
})

test('hostile - a slow reader is dropped, and slows nobody', async (t) => {
  const source = {
    scopeOf: () => 'open' as const,
    first: () => undefined,
    opened: () => {},
    closed: () => {}
  }
  const subscribe = method({
    name: 'public/subscribe',
    doc: '',
    scope: 'open',
    bucket: 'reads',
    params: z.strictObject({}),
    result: z.literal('ok'),
    handle: (_params, { session }) => {
      session?.subscribe('x')
      return 'ok' as const
    }
  })
  const { rpc, hub, url } = await startRpc(t, () => [subscribe], source)
  const listen = async () => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    t.teardown(() => socket.terminate())
    let heard = 0
    await new Promise((resolve) => socket.once('open', resolve))
    socket.on('message', () => heard++)
    socket.send(call('public/subscribe'))
    await until(() => heard === 1)
    return { socket, heard: () => heard }
  }
  const [quick, slow] = [await listen(), await listen()]
  slow.socket.pause()
  const chunk = 'x'.repeat(MEBIBYTE)
  let published = 0
  while (rpc.sessionCount === 2 && published < 64) {
    hub.publish('x', chunk)
    published++
    await until(() => quick.heard() === 1 + published, 'the quick one to hear it')
  }
  t.is(rpc.sessionCount, 1, `dropped after ${published} MiB`)
  t.ok(published > 8, 'and not before eight wait')
  hub.publish('x', 'more')
  await until(() => quick.heard() === 2 + published)
})
