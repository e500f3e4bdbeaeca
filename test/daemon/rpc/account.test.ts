// Accounts, orders signed outside, leases, the past, proofs and tokens, over the real JSON-RPC.
import test from 'brittle'
import { getAddress } from 'ethers'
import { z } from 'zod'
import { HttpClient } from '../../../client/http.ts'
import { fromHex } from '../../../protocol/bytes.ts'
import { decodeCut } from '../../../protocol/tape-block.ts'
import { until } from '../../helpers/until.ts'
import { walletLink, walletSign } from '../../helpers/wallet.ts'
import { MARKET, METHODS, RpcWorld } from './world.ts'

test('account - a wallet outside links, signs and trades; its key is never here', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('carol')
  const asked = await world.call('private/link_account', { account: getAddress(account) })
  t.absent(asked.linked)
  const { nonce, expiry } = await walletLink('carol', asked.typedData)
  const bad = { account, signature: `0x${'11'.repeat(64)}1b`, nonce, expiry }
  await t.exception(world.call('private/link_account', bad), /bad_signature/)
  const again = await world.call('private/link_account', { account })
  const terms = await walletLink('carol', again.typedData)
  const linked = await world.call('private/link_account', { account, ...terms })
  t.ok(linked.linked)
  const accounts = await world.call('private/get_accounts', {})
  const carol = accounts.find((each) => each.account === account)
  t.alike([carol?.unlocked, carol?.linked], [false, true])

  const form = { account, market: MARKET, amount: '0.000002', price: '1000', side: 'sell' } as const
  const { side: _side, ...unsigned } = form
  await t.exception(world.call('private/sell', unsigned), /account_locked/)
  const prepared = await world.call('private/prepare_order', form)
  const signed = await walletSign('carol', prepared.typedData)
  t.is(signed.digest, prepared.digest, 'the digest is the wallet’s own')
  const submit = { order: signed.message, signature: signed.signature, clientOrderId: 'wallet-1' }
  const placed = await world.call('private/submit_signed_order', submit)
  t.is(placed.order.state, 'open')
  t.is(placed.order.hash, prepared.digest)
  const twice = await world.call('private/submit_signed_order', submit)
  t.is(twice.order.orderId, placed.order.orderId)
  const { clientOrderId: _, ...unnamed } = submit
  await t.exception(world.call('private/submit_signed_order', unnamed), /nonce_used/)
  const forged = { ...submit, clientOrderId: 'wallet-2', order: { ...signed.message, price: 1 } }
  await t.exception(world.call('private/submit_signed_order', forged), /rejected|nonce_used/)
  const nonsense = { ...submit, clientOrderId: 'wallet-3', order: { price: 'much' } }
  await t.exception(world.call('private/submit_signed_order', nonsense), /invalid_params/)

  const explained = await world.call('private/explain_order', { orderId: placed.order.orderId })
  t.is(explained.signer, account)
  t.is(explained.digest, prepared.digest)
  t.ok(explained.tape !== null && explained.lane !== null)
  const exposure = await world.call('private/get_exposure', { account })
  t.alike(
    exposure.map(({ orderId, state, amount }) => [orderId, state, amount]),
    [[placed.order.orderId, 'open', '0.000002']]
  )
  await world.call('private/cancel', { orderId: placed.order.orderId })
  const after = await world.call('private/get_exposure', { account })
  t.is(after[0].state, 'cancelled', 'a cancelled order is still a signed one')
})

test('account - a lease keeps leased orders alive, and its end cancels them', async (t) => {
  const world = await RpcWorld.create(t)
  await world.call('private/set_lease', { ttlMs: 60_000 })
  await world.order('alice', 'buy', '0.000001', '900', { leased: true })
  await world.order('alice', 'buy', '0.000001', '890')
  await world.call('private/set_lease', { ttlMs: 0 })
  await until(async () => {
    const open = await world.call('private/get_open_orders', {})
    return open.length === 1 && open[0].price === '890'
  }, 'the leased order to go')
  const past = await world.call('private/get_order_history', { account: world.address('alice') })
  t.is(past[0].reason, 'lease_lapsed')
})

test('account - the history outlives the daemon and tells what was missed', async (t) => {
  const world = await RpcWorld.create(t)
  const account = world.address('alice')
  await world.order('alice', 'sell', '0.000005', '1000')
  const before = await world.call('private/get_since', { account, tapeIndex: -1 })
  t.is(before.completeFrom, 0)
  t.is(before.orders.length, 1)
  const mark = before.tapeIndex
  await world.order('bob', 'buy', '0.000002', '1000')
  await world.order('alice', 'buy', '0.000001', '800')
  const fetched = async () => ({
    since: await world.call('private/get_since', { account, tapeIndex: mark }),
    trades: await world.call('private/get_my_trades', { account }),
    last: await world.call('public/get_last_trades', { market: MARKET }),
    candles: await world.call('public/get_candles', { market: MARKET, resolution: '1h' }),
    open: await world.call('private/get_open_orders', { account }),
    balances: await world.call('private/get_balances', { account }),
    batches: await world.call('public/get_batches', {})
  })
  const first = await fetched()
  t.alike(
    first.since.orders.map(({ state, filledAmount }) => [state, filledAmount]),
    [
      ['open', '0.000002'],
      ['open', '0']
    ]
  )
  t.is(first.since.trades.length, 1)
  t.is(first.batches[0].fills, 1)

  await world.stop()
  await world.start()
  const second = await fetched()
  t.alike(
    { ...second, since: { ...second.since, tapeIndex: 0 } },
    { ...first, since: { ...first.since, tapeIndex: 0 } }
  )
  await world.order('bob', 'buy', '0.000003', '1000')
  const trades = await world.call('private/get_my_trades', { account })
  t.alike(
    trades.map(({ amount }) => amount),
    ['0.000003', '0.000002']
  )
  const [done] = await world.call('private/get_order_history', { account, count: 1 })
  t.alike([done.state, done.filledAmount, done.averagePrice], ['filled', '0.000005', '1000'])
  const older = { account, before: trades[0].tradeId.split('.').map(Number)[0] }
  t.is((await world.call('private/get_my_trades', older)).length, 1)
})

test('account - proofs, the venue, batches and transfers of a venue without a chain', async (t) => {
  const world = await RpcWorld.create(t)
  const { order } = await world.order('alice', 'sell', '0.000001', '1000')
  const proof = await world.call('public/get_proof', { tapeIndex: order.tapeIndex ?? -1 })
  const cut = decodeCut(fromHex(proof.cut.slice(2)) ?? new Uint8Array(0))
  t.is(cut.index, order.tapeIndex)
  t.ok(proof.signedLength > cut.index)
  await t.exception(world.call('public/get_proof', { tapeIndex: 1_000_000 }), /not_found/)
  const venue = await world.call('public/get_venue', {})
  t.is(venue.tokens.length, 2)
  t.is(venue.chainId, null)
  const one = await world.call('public/get_instrument', { market: MARKET })
  t.alike(one, (await world.call('public/get_instruments', {}))[0])
  const batch = await world.call('public/get_batch', { index: 1 }).catch(() => null)
  t.is(batch, null, 'nothing was traded')
  await world.order('bob', 'buy', '0.000001', '1000')
  t.is((await world.call('public/get_batch', { index: 1 })).trades.length, 1)
  const account = world.address('alice')
  const money = { account, token: 'QUOTE', amount: '1' }
  await t.exception(world.call('private/withdraw', money), /no_chain/)
  await t.exception(world.call('private/deposit', money), /chain_unavailable/)
  await t.exception(world.call('private/exit', { account, token: 'QUOTE' }), /chain_unavailable/)
  await t.exception(world.call('private/withdraw', { ...money, token: 'NONE' }), /unknown_token/)
  const grant = { account, delegate: world.address('bob'), until: 0 }
  await t.exception(world.call('private/set_delegate', grant), /chain_unavailable/)
  await t.exception(world.call('admin/void_batch', { index: 1 }), /chain_unavailable/)
  t.alike(await world.call('private/get_transfers', { account }), [])
  t.is(await world.call('admin/block_peers', { peers: [] }), 'ok')
  const now = await world.call('public/get_time', {})
  t.ok(Math.abs(now - Date.now()) < 60_000)
  t.ok((await world.call('public/test', {})).version.length > 0)
  const metrics = await (await fetch(`${world.url}/metrics`)).text()
  t.ok(/^curb_cuts_total [1-9]/m.test(metrics))
  t.ok(metrics.includes('curb_rpc_calls_total{method="private/buy",outcome="ok"} 1'))
})

test('account - tokens have scopes, and end when they are revoked', async (t) => {
  const world = await RpcWorld.create(t)
  const { token } = await world.call('admin/create_token', { name: 'reader', scope: 'read' })
  const reader = new HttpClient({ url: world.url, token })
  t.teardown(() => reader.close())
  t.is((await reader.call('private/get_open_orders', {})).length, 0)
  const order = { account: world.address('alice'), market: MARKET, amount: '1', price: '1' }
  await t.exception(reader.call('private/buy', order), /forbidden/)
  await t.exception(world.call('admin/create_token', { name: 'reader', scope: 'read' }), /exists/)
  t.alike(
    (await world.call('admin/list_tokens', {})).map(({ name, scope }) => [name, scope]),
    [['reader', 'read']]
  )
  t.ok(await world.call('admin/revoke_token', { name: 'reader' }))
  t.absent(await world.call('admin/revoke_token', { name: 'reader' }))
  await t.exception(reader.call('private/get_open_orders', {}), /unauthorized/)
})

test('account - hostile parameters are refused, each by name, and the daemon stays well', async (t) => {
  const world = await RpcWorld.create(t)
  const values: unknown[] = [
    null,
    -1,
    1e308,
    Number.MAX_SAFE_INTEGER,
    '',
    'x'.repeat(10_000),
    '\u0000',
    [],
    {},
    { toString: 'x' },
    '1e9',
    '-1',
    '0',
    '0.0000000000000000000000000000000000000000000000000000001',
    '99999999999999999999999999',
    ['__proto__'],
    true
  ]
  const names = new Set<string>()
  for (const { name, params, scope } of METHODS) {
    if (name === 'admin/block_peers') continue
    for (const key of Object.keys(params.shape)) {
      const batch = values.map((value, id) => ({
        jsonrpc: '2.0',
        id,
        method: name,
        params: { [key]: value }
      }))
      const response = await fetch(world.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${world.token}` },
        body: JSON.stringify(batch)
      })
      const answers = z
        .array(z.object({ error: z.object({ message: z.string() }).optional() }))
        .parse(await response.json())
      t.is(answers.length, values.length, `${name} ${key} (${scope})`)
      for (const { error } of answers) {
        if (error !== undefined) names.add(error.message)
        if (error?.message === 'internal_error') t.fail(`${name} ${key}`)
      }
    }
  }
  t.ok(names.has('invalid_params'))
  const { order } = await world.order('alice', 'sell', '0.000001', '1000')
  t.is(order.state, 'open')
})
