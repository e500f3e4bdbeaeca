// Every verb of the command line against a running venue, as its user types it.
import test, { type Assert } from 'brittle'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RpcBalance, RpcOrder, RpcOrderResult, RpcVenue } from '../../protocol/rpc.ts'
import { curb, type Ran } from '../helpers/curb.ts'
import { decimal } from '../helpers/ledger.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { until } from '../helpers/until.ts'

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

/** Each of the lines works, and its words for people say what they should. */
async function shows(t: Assert, lines: readonly [string, readonly RegExp[]][]): Promise<void> {
  await Promise.all(
    lines.map(async ([line, words]) => {
      const { code, out, err } = await type(line)
      t.is(code, 0, `${line}: ${err}`)
      for (const word of words) t.ok(word.test(out), `${line} says ${word}: ${out}`)
    })
  )
}

test.hook('verbs - the venue goes up', { timeout: START_MS }, async () => venue.open())

test('verbs - orders from first to last', async (t) => {
  const { order } = await read<RpcOrderResult>('order sell WETH/USDC 0.5 @ 2000 --client-id first')
  t.is(order.clientOrderId, 'first')
  const taken = await read<RpcOrderResult>('order buy WETH/USDC 0.1 --market', 1)
  t.is(taken.order.state, 'filled')
  const shown: [string, RegExp[]][] = [
    ['order list WETH/USDC', [/sell/, /\b2000\b/, /\b0\.4\b/]],
    [`order show ${order.orderId}`, [/open/, /\b2000\b/, /\b0\.1\b/, /first/]],
    [`order explain ${order.orderId}`, [/open/, new RegExp(order.account)]],
    ['fills', [/sell/, /\b2000\b/, /\b0\.1\b/, /maker/]],
    ['balance', [/WETH/, /USDC/, /WBTC/]],
    ['book WETH/USDC', [/\b2000\b/, /\b0\.4\b/]],
    ['trades WETH/USDC', [/buy/, /\b2000\b/, /\b0\.1\b/]],
    ['candles WETH/USDC', [/\b2000\b/, /\b0\.1\b/]],
    ['ticker WETH/USDC', [/\b2000\b/, /WETH\/USDC/]]
  ]
  await shows(t, shown)
  const edited = await read<RpcOrderResult>(`order edit ${order.orderId} --price 2001`)
  t.is(edited.order.price, '2001')
  t.is((await type(`order cancel ${edited.order.orderId}`)).code, 0)
  const gone = await read<RpcOrder>(`order show ${edited.order.orderId}`)
  t.is(gone.state, 'cancelled')
  await read<RpcOrderResult>('order buy WETH/USDC 0.1 @ 1000')
  t.is((await type('order cancel-all')).code, 0)
  t.alike(await read('order list'), [])
  const poor = await type('order buy WETH/USDC 9000 @ 9000')
  t.is(poor.code, 5)
  t.ok(poor.err.startsWith('curb: insufficient funds'), poor.err)
})

test('verbs - venue, node and batches', async (t) => {
  const [{ batch }] = await venue.traders[0].trades()
  const { validators, chain } = venue.manifest
  await shows(t, [
    ['venue info', [/WETH\/USDC/, new RegExp(chain?.vault ?? 'a vault')]],
    ['venue status', [/ready/]],
    ['node status', [/ready/]],
    ['node peers', [new RegExp(validators[0].peer.slice(0, 8))]],
    ['batch list', [new RegExp(`\\b${batch}\\b`)]]
  ])
  await venue.settles()
  t.ok((await type(`batch show ${batch}`)).out.includes('final'))
  const early = await type(`batch void ${batch}`)
  t.not(early.code, 0, 'it is settled')
})

test('verbs - what the venue deals in, and its limits', async (t) => {
  const { out } = await type('venue info')
  const { tokens, markets, limits } = venue.manifest
  for (const { symbol, address } of tokens) {
    t.ok(new RegExp(`^${symbol} .* ${address}$`, 'm').test(out), symbol)
  }
  const rows = out.split('\n').map((line) => line.trim().split(/ {2,}/))
  const [{ instruments }] = [await read<RpcVenue>('venue info')]
  t.is(instruments.length, markets.length)
  for (const { market, base, quote, minNotional, maxAmount, maxPrice } of instruments) {
    const limited = [
      market,
      `${minNotional} ${quote}`,
      `${maxAmount} ${base}`,
      `${maxPrice} ${quote}`
    ]
    t.ok(
      rows.some((row) => limited.every((cell, place) => row[place] === cell)),
      limited.join(', ')
    )
  }
  t.ok(
    rows.some(
      ([name, value]) => name === 'live orders' && value.startsWith(`${limits.liveOrdersMax} `)
    )
  )
  const [{ market, maxAmount, base }] = instruments
  const much = await type(`order sell ${market} ${maxAmount}0 @ 2000`)
  t.is(much.code, 5)
  t.ok(much.err.includes(`${maxAmount} ${base}`), much.err)
})

test('verbs - a lease, without which no leased order is taken', async (t) => {
  const line = 'order sell WETH/USDC 0.1 @ 3000 --leased'
  const refused = await type(line)
  t.is(refused.code, 5)
  t.ok(refused.err.includes('curb order lease SECONDS'), refused.err)
  t.is((await type('order lease 3600')).code, 0)
  const { order } = await read<RpcOrderResult>(line)
  t.is(order.state, 'open')
  t.is((await type('order lease 0')).code, 0)
  await until(async () => (await read<unknown[]>('order list')).length === 0, 'its cancel')
})

test('verbs - protection of a market maker, set and ended', async (t) => {
  t.is((await type('order protect WETH/USDC 1 --window 2')).out, 'set: 1 of WETH/USDC within 2 s\n')
  t.is((await type('order protect WETH/USDC 0')).code, 0)
  t.is((await type('order protect NO/SUCH 1')).code, 5)
})

test('verbs - what is checked by who believes nobody', async (t) => {
  for (const line of ['verify', 'venue audit']) {
    const { code, out, err } = await type(line)
    t.is(code, 0, err)
    t.ok(/^All is true: .* equal the vault's at block \d+\.$/m.test(out), out)
  }
  const { datadir } = venue.traders[0].member
  const without = (...words: string[]) => curb([...words, '--datadir', datadir])
  const alone = await without('verify', '--chain-url', '')
  t.is(alone.code, 0, alone.err)
  t.ok(alone.out.includes('balances NOT compared with the vault: chain.rpcUrl names no node'))
  const asked = await without('venue', 'audit', '--chain-url', '')
  t.is(asked.code, 2)
  t.ok(asked.err.includes('chain.rpcUrl names no node'), asked.err)
  const down = ['--chain-url', 'http://127.0.0.1:9']
  const draft = join(import.meta.dirname, '..', '..', 'config', 'venues', 'draft.json')
  const init = ['venue', 'init', draft, '--out', join(datadir, 'never.json'), '--password-file']
  for (const words of [
    ['verify'],
    ['venue', 'audit'],
    [...init, join(datadir, 'password'), '--account', venue.traders[0].account]
  ]) {
    const { code, out, err } = await without(...words, ...down)
    t.is(code, 1)
    t.is(out, '', 'nothing that is no result')
    t.ok(/^curb: the chain’s node at http:\/\/127.0.0.1:9 does not answer .*\n$/.test(err), err)
  }
})

test('verbs - accounts, tokens and configuration', async (t) => {
  const { datadir } = venue.traders[0].member
  const password = join(datadir, 'password')
  const made = await type(`account new --password-file ${password}`)
  const [address] = /0x[0-9a-f]{40}/i.exec(made.out) ?? []
  t.ok(address, made.err)
  const key = join(datadir, 'key.json')
  await writeFile(key, await venue.wallet(17).encrypt('devnet', undefined), { mode: 0o600 })
  const imported = await type(`account import ${key} --password-file ${password}`)
  t.ok(imported.out.includes(venue.wallet(17).address.toLowerCase()), imported.err)
  t.ok((await type('account list')).out.includes('unlocked'))
  t.ok((await type(`account link ${venue.traders[0].account}`)).out.includes('linked'))
  const end = Math.floor(Date.now() / 1000) + 86_400
  t.is((await type(`account delegate ${venue.wallet(16).address} --until ${end}`)).code, 0)

  const token = await type('token create bot --scope read')
  t.ok((await type('token list')).out.includes('bot'))
  const refused = await type(`order cancel-all --token ${token.out.trim()}`)
  t.is(refused.code, 4, 'a token that may only read')
  t.is((await type('token revoke bot')).code, 0)
  t.absent((await type('token list')).out.includes('bot'))
  t.is((await type(`balance --token ${token.out.trim()}`)).code, 4, 'it is gone')

  t.ok((await type('config path')).out.includes(datadir))
  t.ok((await type('config print --origin')).out.includes('rpc.port'))
  t.ok((await type('node logs')).out.includes('"level"'), 'kept by the devnet')
})

test('verbs - money in and out', async (t) => {
  const weth = async (): Promise<RpcBalance> => {
    const balances = await read<RpcBalance[]>('balance')
    const found = balances.find(({ token }) => token === 'WETH')
    if (found === undefined) throw new Error('no balance of WETH')
    return found
  }
  const one = decimal('1')
  const before = decimal((await weth()).settled)
  t.is((await type('deposit WETH 1')).code, 0)
  await until(async () => decimal((await weth()).settled) === before + one, 'the deposit', START_MS)
  const { account } = venue.traders[0]
  const outside = await venue.tokensOf(account, 'WETH')
  t.is((await type('withdraw WETH 1')).code, 0)
  await until(
    async () => (await venue.tokensOf(account, 'WETH')) - outside === 10n ** 18n,
    'the withdrawal to be paid',
    START_MS
  )
  await until(async () => decimal((await weth()).settled) === before, 'the tape to say so')

  const { readyAt } = await read<{ readyAt: number }>('exit WETH')
  const delayMs = venue.manifest.settlement.exitDelaySeconds * 1000
  t.ok(Math.abs(readyAt - Date.now() - delayMs) < START_MS, 'milliseconds, like every time')
  await until(async () => (await weth()).exiting, 'the exit to be on the tape')
  t.is((await type('order sell WETH/USDC 0.1 @ 2500')).code, 5, 'nothing is for sale meanwhile')
  t.is((await type('exit WETH --cancel')).code, 0)
  await until(async () => !(await weth()).exiting, 'the exit to be taken back')
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
