import test, { type Assert } from 'brittle'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { JsonRpc, RpcRefusal } from '../../../daemon/chain/json-rpc.ts'
import { HttpChainRpc } from '../../../daemon/chain/rpc.ts'
import { systemClock } from '../../../daemon/clock.ts'

type Node = { url: string; bodies: string[]; server: http.Server }

/** A node that answers every request with what the test says. */
async function node(t: Assert, answer: (body: string) => string | null): Promise<Node> {
  const bodies: string[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      bodies.push(body)
      const text = answer(body)
      if (text !== null) response.end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, bodies, server }
}

function client(t: Assert, url: string, options = {}): JsonRpc {
  const terms = { url, timeoutMs: 5000, answerBytesMax: 10_000, ...options }
  const rpc = new JsonRpc(terms, { clock: systemClock })
  t.teardown(() => rpc.close())
  return rpc
}

type Asked = { id: number; method: string }

function echo(body: string): string {
  const asked: Asked | Asked[] = JSON.parse(body)
  const answer = ({ id, method }: Asked) => ({ jsonrpc: '2.0', id, result: method })
  return JSON.stringify(Array.isArray(asked) ? asked.map(answer).reverse() : answer(asked))
}

async function faultOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (cause: unknown) => cause
  )
}

test('json rpc - calls of one turn go as one batch, answers in any order', async (t) => {
  const { url, bodies } = await node(t, echo)
  const rpc = client(t, url)
  t.is(await rpc.send('alone', []), 'alone')
  const names = Array.from({ length: 60 }, (_, at) => `m${at}`)
  t.alike(await Promise.all(names.map((name) => rpc.send(name, []))), names)
  t.is(bodies.length, 3, 'one, fifty and ten')
})

test('json rpc - a refusal is the call’s own; one for a whole batch is everybody’s', async (t) => {
  const error = { code: -32005, message: 'too much'.repeat(1000) }
  const { url } = await node(t, (body) => {
    const asked: Asked | Asked[] = JSON.parse(body)
    if (!Array.isArray(asked)) return JSON.stringify({ id: null, error })
    return JSON.stringify(
      asked.map(({ id, method }) => (method === 'bad' ? { id, error } : { id, result: 1 }))
    )
  })
  const rpc = client(t, url)
  const [good, bad] = await Promise.all([rpc.send('good', []), faultOf(rpc.send('bad', []))])
  t.is(good, 1)
  t.ok(bad instanceof RpcRefusal)
  t.ok(String(bad).length < 400, 'a node cannot fill the log')
  const whole = await faultOf(rpc.send('alone', []))
  t.ok(whole instanceof RpcRefusal && whole.code === -32005)
})

test('json rpc - what is no answer is a fault, and no refusal', async (t) => {
  const answers = [
    '',
    'no json',
    '[]',
    '7',
    '{"id":99,"result":1}',
    '{"result":1}',
    'x'.repeat(20_000)
  ]
  let text = ''
  const { url } = await node(t, () => text)
  const rpc = client(t, url)
  for (text of answers) {
    const fault = await faultOf(rpc.send('asked', []))
    t.ok(fault instanceof Error && !(fault instanceof RpcRefusal), text.slice(0, 30))
  }
})

test('json rpc - a node that never answers is given up', async (t) => {
  const { url } = await node(t, () => null)
  const fault = await faultOf(client(t, url, { timeoutMs: 30 }).send('asked', []))
  t.ok(String(fault).includes('no answer within 30 ms'))
  const nobody = await faultOf(client(t, 'http://127.0.0.1:1').send('asked', []))
  t.ok(String(nobody).includes('ECONNREFUSED'))
})

test('json rpc - a connection that the node let go of is opened again', async (t) => {
  const { url, server, bodies } = await node(t, echo)
  const rpc = client(t, url)
  await rpc.send('first', [])
  // The node drops every kept connection, as it sees the next request come.
  server.prependOnceListener('request', (request) => request.socket.resetAndDestroy())
  t.is(await rpc.send('second', []), 'second')
  t.ok(bodies.length >= 2)
})

test('json rpc - answers of the wrong shape are not taken for a block or a log', async (t) => {
  let result: unknown = null
  const { url } = await node(t, (body) => JSON.stringify({ id: JSON.parse(body).id, result }))
  const chain = new HttpChainRpc({ rpc: client(t, url) })
  const hash = `0x${'ab'.repeat(32)}`
  const block = { number: '0x10', hash, timestamp: '0x5' }
  t.is(await chain.header(16), null)
  result = block
  t.is((await chain.header(16))?.time, 5)
  t.is(await chain.header(17), null, 'another block than was asked for')
  for (const wrong of [{ number: '16' }, { hash: null }, { hash: '0x12' }, { timestamp: -1 }]) {
    result = { ...block, ...wrong }
    t.ok((await faultOf(chain.latest())) instanceof Error, JSON.stringify(wrong))
  }
  const log = { address: '0xAA', blockNumber: '0x1', blockHash: hash, logIndex: '0x0', data: '0x' }
  result = [{ ...log, transactionHash: hash, topics: [] }]
  t.is((await chain.logs('0xaa', 0, 1)).length, 1)
  t.is((await chain.logs('0xbb', 0, 1)).length, 0, 'of another contract')
  result = [{ ...log, transactionHash: hash, topics: 'x' }]
  t.ok((await faultOf(chain.logs('0xaa', 0, 1))) instanceof Error)
})
