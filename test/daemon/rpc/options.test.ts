// What the options of curbd do to the port of a real daemon.
import test from 'brittle'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HttpClient } from '../../../client/http.ts'
import { NETWORK_LIMITS } from '../../../daemon/network/limits.ts'
import { daemonOptions } from '../../../daemon/daemon-options.ts'
import { loadConfig } from '../../../config/load.ts'
import { curb } from '../../helpers/curb.ts'
import { freeTcpPort, METHODS, PASSWORD, RpcWorld } from './world.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"public/test"}'

async function post(world: RpcWorld, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(world.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${world.token}`,
      ...headers
    },
    body: call
  })
  return response.status
}

test('options - metrics are open, want a token, or are off', async (t) => {
  const world = await RpcWorld.create(t)
  const scrape = async (headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${world.url}/metrics`, { headers })).status
  const bearer = () => ({ authorization: `Bearer ${world.token}` })
  t.is(await scrape(), 200)
  await world.stop()
  await world.start({ 'rpc.metrics': 'token' })
  t.is(await scrape(), 401)
  t.is(await scrape({ authorization: 'Bearer wrong' }), 401)
  t.is(await scrape(bearer()), 200)
  await world.stop()
  await world.start({ 'rpc.metrics': 'off' })
  t.is(await scrape(bearer()), 404)
})

test('options - metrics move to a host and port of their own, and nothing else is there', async (t) => {
  const world = await RpcWorld.create(t)
  await world.stop()
  const port = await freeTcpPort()
  const moved = { 'rpc.metricsPort': port, 'rpc.metricsHost': '127.0.0.2' }
  await world.start(moved)
  const ask = (path: string, more: RequestInit = {}) =>
    fetch(`http://127.0.0.2:${port}${path}`, more)
  t.ok(/^curb_cuts_total [1-9]/m.test(await (await ask('/metrics')).text()))
  t.is((await fetch(`${world.url}/metrics`)).status, 404, 'not beside the JSON-RPC any more')
  const headers = () => ({
    'content-type': 'application/json',
    authorization: `Bearer ${world.token}`
  })
  t.is((await ask('/', { method: 'POST', headers: headers(), body: call })).status, 404)
  t.is((await ask('/readyz')).status, 404)
  t.is((await ask('/metrics', { headers: { origin: 'https://desk.example' } })).status, 403)
  await world.stop()
  await world.start({ ...moved, 'rpc.metrics': 'token' })
  t.is((await ask('/metrics')).status, 401)
  t.is((await ask('/metrics', { headers: headers() })).status, 200)
})

test('options - host, hosts and origins: who may call from where', async (t) => {
  const world = await RpcWorld.create(t)
  t.is(await post(world, { origin: 'https://desk.example' }), 403)
  await world.stop()
  const open = {
    'rpc.host': '0.0.0.0',
    'rpc.allowedHosts': ['0.0.0.0'],
    'rpc.allowedOrigins': ['https://desk.example']
  }
  await world.start(open)
  t.ok(world.url.startsWith('http://0.0.0.0:'))
  t.is(await post(world, { origin: 'https://desk.example' }), 200)
  t.is(await post(world, { origin: 'https://desk.example:444' }), 403)
  const { port } = new URL(world.url)
  const local = await fetch(`http://127.0.0.1:${port}/livez`)
  t.is(local.status, 403, 'a host that is not on the list')
})

test('options - the Unix socket is where it is told to be, or nowhere', async (t) => {
  const world = await RpcWorld.create(t)
  const standard = join(world.datadir, 'curbd.sock')
  t.ok(existsSync(standard))
  await world.stop()
  await world.start({ 'rpc.socket': '' })
  t.absent(existsSync(standard))
  await world.stop()
  const other = join(world.datadir, 'other.sock')
  await world.start({ 'rpc.socket': other })
  t.is((await stat(other)).mode % 0o1000, 0o600)
  const client = new HttpClient({ socketPath: other, token: world.token })
  t.ok((await client.call('public/status', {})).ready)
  client.close()
})

test('options - each kind of call has its own rate', async (t) => {
  const world = await RpcWorld.create(t)
  await world.stop()
  await world.start({
    'rpc.readsPerSecond': 100,
    'rpc.ordersPerSecond': 2,
    'rpc.cancelsPerSecond': 50
  })
  const account = world.address('alice')
  const refused = async (calls: Promise<unknown>[]): Promise<number> => {
    const settled = await Promise.allSettled(calls)
    return settled.filter(
      (each) => each.status === 'rejected' && /too_many_requests/.test(String(each.reason))
    ).length
  }
  const times = (count: number, make: () => Promise<unknown>) => Array.from({ length: count }, make)
  const orders = times(8, () => world.order('alice', 'sell', '0.000001', '1000'))
  // A second may have passed in between, and given two more.
  t.ok((await refused(orders)) >= 4)
  const cancels = times(8, () => world.call('private/cancel_all', { account }))
  t.is(await refused(cancels), 0, 'a flood of orders keeps nobody from cancelling')
  const reads = times(400, () => world.call('public/get_time', {}))
  t.ok((await refused(reads)) >= 100)
})

test('options - the log goes to a file, in words or as JSON, and curb shows it', async (t) => {
  const world = await RpcWorld.create(t)
  await world.stop()
  for (const format of ['json', 'pretty']) {
    const file = join(world.datadir, `${format}.log`)
    await world.startProcess({ 'log.file': file, 'log.format': format, 'log.level': 'info' })
    await world.killProcess()
    const [line] = (await readFile(file, 'utf8')).split('\n')
    t.is(line.startsWith('{"level":'), format === 'json', line)
    const shown = await curb(['node', 'logs', '--datadir', world.datadir], { CURB_LOG_FILE: file })
    t.is(shown.code, 0)
    t.is(shown.out, await readFile(file, 'utf8'))
  }
})

test('options - keys are opened by a password file, or by whoever sits at the terminal', async (t) => {
  const world = await RpcWorld.create(t)
  await world.stop()
  await t.exception(world.start({ 'keys.passwordFile': '' }), /password_missing|names no file/)
  let asked = 0
  const askPassword = async () => {
    asked++
    return PASSWORD
  }
  await world.start({ 'keys.passwordFile': '' }, { askPassword })
  t.is(asked, 1)
  const accounts = await world.call('private/get_accounts', {})
  t.is(accounts.filter(({ unlocked }) => unlocked).length, 2)
  await world.stop()
  const wrong = async () => 'wrong'
  const locked = world.start({ 'keys.passwordFile': '' }, { askPassword: wrong })
  await t.exception(locked, /wrong password/)
})

test('options - what the peer-to-peer side is told', async (t) => {
  const world = await RpcWorld.create(t)
  const { config } = loadConfig({
    datadir: world.datadir,
    flags: { 'p2p.maxPeers': 9, archive: false }
  })
  const { manifest, datadir } = world
  const { p2p, tuning } = daemonOptions({ config, datadir, manifest, seed: new Uint8Array(32) })
  t.alike(p2p.limits, { ...NETWORK_LIMITS, peersMax: 9 })
  t.absent(tuning.archive)
})

test('options - the running daemon describes itself', async (t) => {
  const world = await RpcWorld.create(t)
  const document = await world.call('rpc.discover', {})
  const { methods } = document
  if (!Array.isArray(methods)) throw new Error('no list of methods')
  t.alike(
    methods.map(({ name }: { name: string }) => name).sort(),
    METHODS.map(({ name }) => name).sort()
  )
})
