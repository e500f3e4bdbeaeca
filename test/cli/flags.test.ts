// Flags exist for everything that the RPC can be asked, and none is without effect.
import test from 'brittle'
import { z } from 'zod'
import { RpcError } from '../../daemon/rpc/errors.ts'
import { method } from '../../daemon/rpc/registry.ts'
import { curb } from '../helpers/curb.ts'
import { anything, loose } from '../helpers/rpc-methods.ts'
import { startRpc } from '../helpers/rpc-server.ts'

const account = `0x${'1'.repeat(40)}`
const orderId = `${account}:7`
const signature = `0x${'2'.repeat(130)}`

/** What a person types, and what the RPC is asked with it. */
const asked: [string, string, Record<string, unknown>][] = [
  [
    `account link ${account} --signature ${signature} --nonce 5 --expiry 1800000000`,
    'private/link_account',
    { account, signature, nonce: 5, expiry: 1_800_000_000 }
  ],
  [
    `account delegate ${account} --from 1700000000 --until 1800000000`,
    'private/set_delegate',
    { delegate: account, from: 1_700_000_000, until: 1_800_000_000 }
  ],
  ['account floor 12', 'private/raise_floor', { action: 'request', nonce: 12 }],
  [
    `order edit ${orderId} --price 5 --no-wait`,
    'private/edit',
    { orderId, price: '5', wait: false }
  ],
  [`order cancel ${orderId} --no-wait`, 'private/cancel', { orderId, wait: false }],
  [
    'order cancel mine --no-wait',
    'private/cancel_by_client_id',
    { clientOrderId: 'mine', wait: false }
  ],
  ['order cancel-all --side buy --no-wait', 'private/cancel_all', { side: 'buy', wait: false }],
  [
    'order protect M 0.5 --window 3',
    'private/set_market_maker_protection',
    { market: 'M', amount: '0.5', windowMs: 3000 }
  ],
  ['order lease 10', 'private/set_lease', { ttlMs: 10_000 }],
  [
    'order list M --history --count 3 --before 9',
    'private/get_order_history',
    { market: 'M', count: 3, before: 9 }
  ],
  ['order list M', 'private/get_open_orders', { market: 'M' }],
  ['fills --count 3 --before 9', 'private/get_my_trades', { count: 3, before: 9 }],
  ['withdraw WETH 1 --no-wait', 'private/withdraw', { token: 'WETH', amount: '1', wait: false }],
  ['batch list --count 3 --before 9', 'public/get_batches', { count: 3, before: 9 }],
  [
    'candles M --from 2026-11-22T20:00Z --to 1800000000',
    'public/get_candles',
    {
      market: 'M',
      resolution: '5m',
      from: Date.UTC(2026, 10, 22, 20),
      to: 1_800_000_000_000
    }
  ]
]

test('flags - flags say whatever the RPC can be asked', async (t) => {
  const got = new Map<string, unknown>()
  const methods = asked.map(([, name]) =>
    method({
      ...loose,
      name,
      scope: 'open',
      params: anything,
      handle: (params) => {
        got.set(name, params)
        // The answer's text is another test's.
        throw new RpcError('busy')
      }
    })
  )
  const { datadir } = await startRpc(t, () => methods)
  await Promise.all(
    asked.map(async ([line, name, params]) => {
      const { err } = await curb([...line.split(' '), '--datadir', datadir])
      t.ok(err.startsWith('curb: busy'), `${line}: ${err}`)
      t.alike(got.get(name), params, line)
    })
  )
  const start = Math.floor(Date.now() / 1000)
  await curb(['order', 'edit', orderId, '--expires', '60', '--datadir', datadir])
  const { expiry } = z.object({ expiry: z.number() }).parse(got.get('private/edit'))
  t.ok(expiry >= start + 60 && expiry <= Date.now() / 1000 + 60, 'seconds from now')
})

test('flags - no flag is without effect: what does not go together is refused', async (t) => {
  const datadir = await t.tmp()
  const wrong = [
    'fills --watch --count 3',
    'fills --watch --before 3',
    'trades M --watch --count 3',
    'candles M --watch --from 3',
    'order list --count 3',
    'order list --before 3',
    `account link ${account} --nonce 5`,
    `account delegate ${account} --revoke --from 5`,
    'account floor many',
    'order lease soon',
    'candles M --from yesterday',
    'candles M --from 2026-11-22T20:00'
  ]
  await Promise.all(
    wrong.map(async (line) => {
      const { code, err } = await curb([...line.split(' '), '--datadir', datadir])
      t.is(code, 2, line)
      t.ok(err.trim().length > 0, err)
    })
  )
})

test('flags - an account that is not linked is told how to be, and the exit code says no', async (t) => {
  const typedData = { message: { nonce: '5' } }
  let linked = false
  const { datadir } = await startRpc(t, () => [
    method({
      ...loose,
      name: 'private/link_account',
      scope: 'open',
      params: anything,
      handle: () => ({ account, linked, typedData: linked ? null : typedData })
    })
  ])
  const line = ['account', 'link', account, '--datadir', datadir]
  const first = await curb(line)
  t.is(first.code, 5)
  t.alike(JSON.parse(first.out), typedData, 'for the wallet')
  for (const way of ['keys.unlock', 'keys.passwordFile', '--signature'])
    t.ok(first.err.includes(way))
  const program = await curb([...line, '--json'])
  t.is(program.code, 5)
  t.alike(JSON.parse(program.out), { account, linked: false, typedData })
  linked = true
  const second = await curb(line)
  t.alike([second.code, second.out], [0, 'linked\n'])
})
