// Every verb of the command line against a running venue, as its user types it.
import test from 'brittle'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RpcOrderResult } from '../../protocol/rpc.ts'
import { curb, type Ran } from '../helpers/curb.ts'
import { ProcessVenue } from '../helpers/processes.ts'

const START_MS = 120_000

const venue = new ProcessVenue({ validators: 1, traders: 2, seed: 7 })

/** The line as a person types it, for one of the daemons. */
function type(line: string, daemon = 0): Promise<Ran> {
  return curb([...line.split(' '), '--datadir', venue.local.members[1 + daemon].datadir])
}

/** The same as a program reads it. */
async function read<T>(line: string, daemon = 0): Promise<T> {
  const ran = await type(`${line} --json`, daemon)
  if (ran.code !== 0) throw new Error(`${line}: ${ran.code} ${ran.err}`)
  return JSON.parse(ran.out) as T
}

test.hook('verbs - the venue goes up', { timeout: START_MS }, async () => venue.open())

test('verbs - orders from first to last', async (t) => {
  const { order } = await read<RpcOrderResult>('order sell WETH/USDC 0.5 @ 2000 --client-id first')
  t.is(order.clientOrderId, 'first')
  const taken = await read<RpcOrderResult>('order buy WETH/USDC 0.1 --market', 1)
  t.is(taken.order.state, 'filled')
  const lines = await Promise.all(
    [
      'order list WETH/USDC',
      `order show ${order.orderId}`,
      `order explain ${order.orderId}`,
      'fills',
      'balance',
      'book WETH/USDC',
      'trades WETH/USDC',
      'candles WETH/USDC',
      'ticker WETH/USDC'
    ].map((line) => type(line))
  )
  for (const { code, out, err } of lines) {
    t.is(code, 0, err)
    t.ok(out.trim().length > 0)
  }
  const edited = await read<RpcOrderResult>(`order edit ${order.orderId} --price 2001`)
  t.is(edited.order.price, '2001')
  t.is((await type(`order cancel ${edited.order.orderId}`)).code, 0)
  await read<RpcOrderResult>('order buy WETH/USDC 0.1 @ 1000')
  t.is((await type('order cancel-all')).code, 0)
  t.alike(await read('order list'), [])
  const poor = await type('order buy WETH/USDC 9000 @ 9000')
  t.is(poor.code, 5)
  t.ok(poor.err.startsWith('curb: insufficient funds'), poor.err)
})

test('verbs - venue, node and batches', async (t) => {
  for (const line of ['venue info', 'venue status', 'node status', 'node peers', 'batch list']) {
    const { code, out, err } = await type(line)
    t.is(code, 0, err)
    t.ok(out.trim().length > 0, line)
  }
  const [{ batch }] = await venue.traders[0].trades()
  await venue.settles()
  t.ok((await type(`batch show ${batch}`)).out.includes('final'))
  const early = await type(`batch void ${batch}`)
  t.not(early.code, 0, 'it is settled')
})

test('verbs - what is checked by who believes nobody', async (t) => {
  for (const line of ['verify', 'venue audit']) {
    const { code, out, err } = await type(line)
    t.is(code, 0, err)
    t.ok(out.startsWith('All is true'), out)
  }
})

test('verbs - accounts, tokens and configuration', async (t) => {
  const { datadir } = venue.traders[0].member
  const password = join(datadir, 'password')
  t.is((await type(`account new --password-file ${password}`)).code, 0)
  const key = join(datadir, 'key.json')
  await writeFile(key, await venue.wallet(17).encrypt('devnet', undefined), { mode: 0o600 })
  const imported = await type(`account import ${key} --password-file ${password}`)
  t.ok(imported.out.includes(venue.wallet(17).address.toLowerCase()), imported.err)
  t.ok((await type('account list')).out.includes('unlocked'))
  t.ok((await type(`account link ${venue.traders[0].account}`)).out.includes('linked'))
  const until = Math.floor(Date.now() / 1000) + 86_400
  t.is((await type(`account delegate ${venue.wallet(16).address} --until ${until}`)).code, 0)

  const made = await type('token create bot --scope read')
  t.ok((await type('token list')).out.includes('bot'))
  const refused = await type(`order cancel-all --token ${made.out.trim()}`)
  t.is(refused.code, 4, 'a token that may only read')
  t.is((await type('token revoke bot')).code, 0)

  t.ok((await type('config path')).out.includes(datadir))
  t.ok((await type('config print --origin')).out.includes('rpc.port'))
  t.is((await type('node logs')).code, 2, 'the daemon writes no log file')
})

test('verbs - money in and out', async (t) => {
  t.is((await type('deposit WETH 1')).code, 0)
  t.is((await type('withdraw WETH 1')).code, 0)
  const { readyAt } = await read<{ readyAt: number }>('exit WBTC')
  const delayMs = venue.manifest.settlement.exitDelaySeconds * 1000
  t.ok(Math.abs(readyAt - Date.now() - delayMs) < START_MS, 'milliseconds, like every time')
  t.is((await type('exit WBTC --cancel')).code, 0)
})

test('verbs - joining a venue, and finding no daemon', async (t) => {
  const datadir = await t.tmp()
  const manifest = join(venue.traders[0].member.datadir, 'venue.json')
  const joined = await curb(['venue', 'join', manifest, '--datadir', datadir])
  t.is(joined.code, 0, joined.err)
  const nobody = await curb(['venue', 'status', '--datadir', datadir])
  t.is(nobody.code, 3)
})

test.hook('verbs - the venue goes down', { timeout: START_MS }, async () => venue.close())
