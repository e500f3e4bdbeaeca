import test, { type Assert } from 'brittle'
import { toHex } from '../../../protocol/bytes.ts'
import { decodeChainEvent } from '../../../protocol/chain-events.ts'
import type { ChainCursor, ChainEvent } from '../../../protocol/types.ts'
import type { ChainFollower } from '../../../daemon/chain/follower.ts'
import type { TransactionSender } from '../../../daemon/chain/transactions.ts'
import type { VaultAccount } from '../../../daemon/chain/vault-account.ts'
import { until } from '../../helpers/until.ts'
import { SettlementVenue } from '../settlement/venue.ts'
import { RpcProxy } from './rpc-proxy.ts'

type World = { venue: SettlementVenue; vault: VaultAccount; sender: TransactionSender }

/** A vault, and an owner with deposits in it. */
async function world(t: Assert, confirmations = 2): Promise<World> {
  const venue = await SettlementVenue.open(t, { confirmations })
  const wallet = await venue.wallet('owner')
  const sender = venue.sender(wallet)
  await sender.open()
  t.teardown(() => sender.close(), { order: 50 })
  const provider = venue.provider()
  t.teardown(() => provider.destroy(), { order: 60 })
  const vault = venue.vaultOf(wallet, sender, provider)
  for (const { address } of venue.manifest.tokens) {
    const [amount] = [(10n ** 24n).toString(16).padStart(64, '0')]
    const data = `0x40c10f19${wallet.address.slice(2).padStart(64, '0')}${amount}`
    await venue.anvil.mined(venue.anvil.signers[0].sendTransaction({ to: address, data }))
  }
  return { venue, vault, sender }
}

async function mine({ venue }: World, blocks: number): Promise<void> {
  for (let left = blocks; left > 0; left--) await venue.anvil.provider.send('evm_mine', [])
}

function opens(t: Assert, follower: ChainFollower): ChainFollower {
  t.teardown(() => follower.close(), { order: 50 })
  void follower.open()
  return follower
}

/** Everything from a cursor on, once the follower has so many events. */
async function takes(
  follower: ChainFollower,
  count: number,
  from: ChainCursor | null = null
): Promise<{ cursor: ChainCursor; events: Uint8Array[] }> {
  return until(() => {
    const step = follower.next(from)
    return step !== null && step.events.length >= count ? step : null
  }, `${count} events`)
}

function kinds(events: readonly Uint8Array[]): ChainEvent['kind'][] {
  return events.map((bytes) => decodeChainEvent(bytes).kind)
}

test('follower - gives confirmed events in order, and goes on from a cursor', async (t) => {
  const w = await world(t)
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await (
    await w.vault.deposit(1, 600)
  ).mined
  const follower = opens(t, w.venue.follower())
  t.is(follower.next(null), null, 'nothing is known at first')
  await mine(w, 2)
  const first = await takes(follower, 2)
  t.alike(kinds(first.events), ['deposited', 'deposited'])
  t.alike(
    first.events.map((bytes) => decodeChainEvent(bytes).sequence),
    [1, 2]
  )

  await (
    await w.vault.requestExit(0)
  ).mined
  await mine(w, 1)
  await until(() => follower.height.latest >= first.cursor.block + 2, 'the next blocks')
  const early = follower.next(first.cursor)
  t.is(early?.events.length ?? 0, 0, 'a block without its confirmations does not count')
  await mine(w, 1)
  const second = await takes(follower, 1, first.cursor)
  t.alike(kinds(second.events), ['exitRequested'])

  const fresh = opens(t, w.venue.follower())
  const again = await takes(fresh, 1, first.cursor)
  t.alike(again.events.map(toHex), second.events.map(toHex), 'the same from a restart at a cursor')
  const check = () => fresh.check(first.cursor, second.cursor, second.events)
  await until(() => check() !== 'unknown', 'the header')
  t.is(check(), 'yes')
  t.is(fresh.check(first.cursor, second.cursor, []), 'no', 'an event left out')
  const moved = { ...second.cursor, hash: new Uint8Array(32) }
  t.is(fresh.check(first.cursor, moved, second.events), 'no', 'another block')
  const late = { ...second.cursor, block: second.cursor.block + 50 }
  t.is(fresh.check(first.cursor, late, second.events), 'unknown', 'not that far')
})

test('follower - blocks with nothing for the vault are passed without asking for their logs', async (t) => {
  const w = await world(t)
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await mine(w, 2)
  const proxy = await RpcProxy.open(t, w.venue.anvil.url)
  const follower = opens(t, w.venue.follower(proxy.url))
  const first = await takes(follower, 1)
  proxy.calls.length = 0
  for (let block = 0; block < 5; block++) {
    const { confirmed } = follower.height
    await mine(w, 1)
    await until(() => follower.height.confirmed > confirmed, 'the block to be passed')
  }
  const asked = proxy.calls.map(({ method }) => method)
  t.absent(asked.includes('eth_getLogs'))
  t.ok(asked.includes('eth_call'), 'the vault says how many events there are')
  await (
    await w.vault.deposit(1, 600)
  ).mined
  await mine(w, 2)
  const second = await takes(follower, 1, first.cursor)
  t.alike(kinds(second.events), ['deposited'])
})

test('follower - an RPC that is down is waited for; what is known stays', async (t) => {
  const w = await world(t)
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await mine(w, 2)
  const proxy = await RpcProxy.open(t, w.venue.anvil.url)
  const follower = opens(t, w.venue.follower(proxy.url))
  const first = await takes(follower, 1)
  proxy.isDown = true
  await until(() => follower.problem?.startsWith('chain_unreachable'), 'the trouble')
  t.alike(follower.next(null)?.events.length, 1, 'what is known is still given')
  await (
    await w.vault.deposit(0, 7)
  ).mined
  await mine(w, 2)
  proxy.isDown = false
  const second = await takes(follower, 1, first.cursor)
  t.alike(kinds(second.events), ['deposited'])
  t.is(follower.problem, null)
})

test('follower - an RPC that hides an event is found out', async (t) => {
  const w = await world(t)
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await (
    await w.vault.deposit(0, 501)
  ).mined
  const proxy = await RpcProxy.open(t, w.venue.anvil.url)
  // First one in the middle, then the last one of all.
  let hidden = 1
  proxy.alter = ({ method }, result) => {
    if (method !== 'eth_getLogs' || !Array.isArray(result)) return result
    return result.filter((_log, place) => place !== result.length - 1 - hidden)
  }
  await mine(w, 2)
  const follower = opens(t, w.venue.follower(proxy.url))
  t.is(follower.next(null), null)
  await until(() => follower.code === 'chain_events_missing', 'a gap')
  t.is(follower.next(null), null, 'nothing is taken')
  hidden = 0
  const asked = proxy.calls.length
  await until(() => proxy.calls.length > asked + 12, 'more rounds')
  t.is(follower.code, 'chain_events_missing', 'the last one missing is a gap too')
  proxy.alter = (_call, result) => result
  t.is((await takes(follower, 2)).events.length, 2, 'an honest one is followed')
})

test('follower - one that begins after the first event is found out, with a cursor and without', async (t) => {
  const w = await world(t)
  const { anvil } = w.venue
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await mine(w, 2)
  const { cursor } = await takes(opens(t, w.venue.follower()), 1)
  for (const from of [null, cursor]) {
    const late = opens(t, w.venue.follower(anvil.url, 1_000_000_000))
    late.resume(from)
    await mine(w, 1)
    await until(() => late.code === 'chain_events_missing', `the gap from ${from?.block}`)
  }
  const [first] = await anvil.provider.getLogs({
    address: w.venue.manifest.chain?.vault,
    fromBlock: 0
  })
  const intime = opens(t, w.venue.follower(anvil.url, first.blockNumber))
  t.is((await takes(intime, 1)).events.length, 1)
})

test('follower - another chain, another contract, other terms', async (t) => {
  const w = await world(t)
  const { manifest } = w.venue
  const wrong = async (code: string, chain: object, settlement: object = {}) => {
    const other = Object.create(w.venue)
    const changed = {
      ...manifest,
      chain: { ...manifest.chain, ...chain },
      settlement: { ...manifest.settlement, ...settlement }
    }
    Object.defineProperty(other, 'manifest', { value: changed })
    const follower = opens(t, SettlementVenue.prototype.follower.call(other))
    follower.resume(null)
    await until(() => follower.problem !== null, 'a problem')
    t.is(follower.code, code, follower.problem ?? '')
  }
  await wrong('chain_wrong_id', { id: 5 })
  await wrong('chain_wrong_vault', { vault: manifest.tokens[0].address })
  await wrong('chain_wrong_vault', {}, { horizonSeconds: 599 })
})

test('follower - a reorg above the confirmations changes nothing, one below stops it', async (t) => {
  const w = await world(t, 3)
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await mine(w, 3)
  const follower = opens(t, w.venue.follower())
  const first = await takes(follower, 1)
  follower.resume(first.cursor)
  await w.venue.anvil.provider.send('anvil_reorg', [2, []])
  await mine(w, 3)
  await until(() => follower.height.confirmed >= first.cursor.block + 2, 'the chain to go on')
  t.is(follower.problem, null)

  await w.venue.anvil.provider.send('anvil_reorg', [8, []])
  await mine(w, 2)
  await until(() => follower.code === 'chain_reorganised', 'the alarm')
  t.is(follower.next(first.cursor), null, 'the cursor stays where it is')
  t.is(
    follower.check(first.cursor, { ...first.cursor, block: first.cursor.block + 1 }, []),
    'unknown'
  )
  t.ok(w.venue.said('chain_reorganised'), 'and it is said')
})

test('follower - a reorg between cursor and head is read again', async (t) => {
  const w = await world(t, 1)
  const follower = opens(t, w.venue.follower())
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await mine(w, 1)
  const first = await takes(follower, 1)
  follower.resume(first.cursor)
  await mine(w, 4)
  await until(() => follower.height.confirmed >= first.cursor.block + 3, 'the chain to go on')
  await w.venue.anvil.provider.send('anvil_reorg', [3, []])
  await (
    await w.vault.deposit(0, 8)
  ).mined
  await mine(w, 2)
  const second = await takes(follower, 1, first.cursor)
  t.alike(kinds(second.events), ['deposited'])
  t.is(follower.problem, null)
})

test('follower - a node that wants short ranges is asked for short ones', async (t) => {
  const w = await world(t)
  await (
    await w.vault.deposit(0, 500)
  ).mined
  await w.venue.anvil.provider.send('anvil_mine', ['0x80'])
  await (
    await w.vault.deposit(0, 501)
  ).mined
  await mine(w, 2)
  const proxy = await RpcProxy.open(t, w.venue.anvil.url)
  proxy.refuses = ({ method, params }) => {
    if (method !== 'eth_getLogs') return false
    const [range] = params as { fromBlock: string; toBlock: string }[]
    return Number(range.toBlock) - Number(range.fromBlock) > 20
  }
  const follower = opens(t, w.venue.follower(proxy.url))
  follower.resume(null)
  t.is((await takes(follower, 2)).events.length, 2)
  t.is(follower.problem, null)
})
