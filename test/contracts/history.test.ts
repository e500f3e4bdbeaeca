// Random histories: honest batches, and batches that a quorum of thieves composes out of every
// signature that was ever published (orders filled, cancelled, expired, replaced, alone or of a tree,
// by owners or by delegates whose right has ended; co-signatures of other batches and of other
// parents; withdrawals and voids of long ago). In between owners grant, revoke, leave and raise
// floors, and batches are voided. Vault and model must agree on each: the same verdict, the same
// balances, and no order ever filled beyond its quantity.
import test from 'brittle'
import {
  type BatchContent,
  type Group,
  type SealedFill,
  type SealedOrder,
  type Sweep
} from '../../contracts/batch.ts'
import { type Key, keyOf, VaultVenue } from '../helpers/vault.ts'
import { randomFrom, type RandomInt } from './random.ts'
import { content } from './scene.ts'
import { Owners } from './history/owners.ts'
import { Pool } from './history/pool.ts'
import { fee, key, VaultModel } from './model.ts'

const rounds = process.env.TEST_LONG === undefined ? 150 : 10_000
const seed = Number(process.env.CURB_SEED ?? 1)
const start = 1_000_000

test(`vault - agrees with the model, seed ${seed}`, { timeout: 3_600_000 }, async (t) => {
  const venue = await VaultVenue.open({ validators: 1 })
  t.teardown(() => venue.close())
  const random = randomFrom(seed)
  const keys = ['a', 'b', 'c', 'd', 'e'].map((name) => keyOf(name))
  const delegates = ['x', 'y'].map((name) => keyOf(name))
  const pool = new Pool(venue, delegates, random)
  const owners = new Owners(venue, keys, delegates, random)
  const { grace, exitDelay } = venue.terms
  let model = new VaultModel({
    markets: venue.markets,
    tokens: 3,
    grace,
    exitDelay,
    signerOf: (signed) => pool.signerOf(signed)
  })
  await owners.open(model)
  for (let token = 0; token < 3; token++) {
    await venue.fundAll(
      keys.map(({ address }) => address),
      token,
      start
    )
    for (const { address } of keys) model.account(address).balances[token] = start
  }
  const submitter = venue.anvil.wallets[0].address.toLowerCase()
  let [accepted, refused, bulk, delegated] = [0, 0, 0, 0]
  for (let round = 0; round < rounds; round++) {
    if (random(6) === 0) await owners.act(model)
    if (random(15) === 0 && !(await voids(venue, pool))) {
      t.fail(`round ${round} of seed ${seed}: a void of another batch is accepted`)
      return
    }
    const time = await venue.anvil.time()
    for (const each of keys) pool.publish(each, time)
    const batch = await compose(venue, model, pool, keys, random)
    const after = model.clone()
    // A call is executed in the next block, a second later at the most.
    const sealed = await venue.seal(batch)
    const expected = after.apply(batch, submitter, time, sealed)
    const actual = await venue.refusal(sealed)
    if ((actual === null) !== (expected === null)) {
      t.fail(`round ${round} of seed ${seed}: vault ${actual}, model ${expected}`)
      return
    }
    if (actual !== null) {
      refused++
      // What somebody may have signed upon it, had it been mined.
      const parent = venue.linkOf(sealed)
      const upon = { batch: sealed.index + 1, parent, account: keys[0].address, deltas: [] }
      pool.cosign(keys[0], { ...upon, sequence: 0, floor: 0, marks: [] })
      continue
    }
    accepted++
    for (const group of batch.groups) {
      for (const signed of group.kind === 'orders' ? group.orders : [group]) {
        if ('proof' in signed && signed.proof !== null) bulk++
        if (pool.signerOf(signed) !== addressOf(group)) delegated++
      }
    }
    await venue.settle(sealed)
    model = after
    if (!(await agrees(venue, model))) {
      t.fail(`round ${round} of seed ${seed}: balances or marks differ`)
      return
    }
    for (const [order, lots] of model.settledLots) {
      if (lots > pool.quantityOf(order)) {
        t.fail(`round ${round} of seed ${seed}: ${order} filled ${lots}`)
        return
      }
    }
  }
  const deeds = JSON.stringify(Object.fromEntries(owners.done))
  t.comment(`${accepted} batches settled, ${refused} refused by both, ${pool.voids.length} voided`)
  t.comment(deeds)
  t.ok(accepted > rounds / 10 && refused > rounds / 10, 'both kinds came about')
  t.comment(`${bulk} settled of trees, ${delegated} signed by delegates`)
  t.ok(bulk > 0 && delegated > 0, 'trees and delegates settled')
  t.ok(owners.done.size === 5 && pool.voids.length > 0, 'every deed came about')
})

/** Voids a batch that was sealed long ago and never mined.
 * @returns false when the vault takes a void of an earlier batch instead. */
async function voids(venue: VaultVenue, pool: Pool): Promise<boolean> {
  const { anvil, vault, terms } = venue
  const { index: last, link: parent } = await venue.last()
  const index = last + 1
  for (const { sealedAt, attestations } of pool.voids.slice(-5)) {
    const refusal = await venue.refusalOf('voidBatch', [index, sealedAt, attestations])
    if (refusal !== 'BadAttestation') return false
  }
  const sealedAt = (await anvil.time()) - terms.horizon - 10
  const attestations = venue.attestVoid({ index, parent, sealedAt }, [0])
  await anvil.mined(vault.voidBatch(index, sealedAt, attestations))
  pool.voids.push({ sealedAt, attestations })
  return true
}

/** A batch of a few sweeps over any orders ever published, some accounts co-signed. */
async function compose(
  venue: VaultVenue,
  model: VaultModel,
  pool: Pool,
  keys: readonly Key[],
  random: RandomInt
): Promise<BatchContent> {
  const cosigned = new Set(keys.filter(() => random(4) === 0).map(({ address }) => address))
  const listed = new Map<string, SealedOrder>()
  const deltas = new Map([...cosigned].map((address) => [address, [0, 0, 0]]))
  const sweeps: Sweep[] = []
  // Mostly of late, sometimes of ever.
  const pick = (): SealedOrder => {
    const { length } = pool.orders
    return pool.orders[random(4) === 0 ? random(length) : Math.max(0, length - 1 - random(15))]
  }
  for (let count = 1 + random(3); count > 0; count--) {
    const taker = pick()
    const fills: SealedFill[] = []
    for (let tries = 0; tries < 8; tries++) {
      const maker = pick()
      if (!plausible(maker, taker, random)) continue
      const makerSide = cosigned.has(maker.order.account) ? null : maker.order
      const lots = amount(model, maker, taker, random)
      if (makerSide === null && cosigned.has(taker.order.account)) continue
      if (makerSide !== null) listed.set(key(maker.order), maker)
      addDelta(venue, deltas, maker, maker.restingPrice, lots, 'makerBps')
      addDelta(venue, deltas, taker, maker.restingPrice, lots, 'takerBps')
      fills.push({ maker: makerSide, lots, price: maker.restingPrice })
    }
    if (fills.length === 0) continue
    const takerSide = cosigned.has(taker.order.account) ? null : taker.order
    if (takerSide !== null) listed.set(key(taker.order), taker)
    sweeps.push({ taker: takerSide, fills })
  }
  const groups: Group[] = []
  const { index, link } = await venue.last()
  for (const owner of keys) {
    const { address } = owner
    const orders = [...listed.values()].filter((signed) => signed.order.account === address)
    orders.sort((a, b) => a.order.nonce - b.order.nonce)
    if (orders.length > 0) groups.push({ kind: 'orders', account: address, orders })
    const quanta = deltas.get(address)
    if (quanta === undefined) continue
    while (quanta.at(-1) === 0) quanta.pop()
    const floor = random(4) === 0 ? model.account(address).floor + random(3) : 0
    const delta = { batch: index + 1, parent: link, account: address, deltas: quanta, floor }
    const whole = {
      ...delta,
      sequence: random(20),
      marks: [{ slot: random(5), nonce: 1 + random(30), filled: random(9) }]
    }
    groups.push(pool.cosign(owner, whole))
  }
  // A co-signature of another batch; of this one too, if its first batch was refused.
  const old = pool.deltas[random(pool.deltas.length + 1)]
  if (old !== undefined && random(6) === 0) {
    const { account } = old.delta
    const taken = groups.some((group) => addressOf(group) === account)
    if (!taken) groups.push(old)
  }
  const withdrawals =
    pool.withdrawals.length > 0 && random(5) === 0
      ? [pool.withdrawals[random(pool.withdrawals.length)]]
      : []
  return content(groups, sweeps, withdrawals)
}

function plausible(maker: SealedOrder, taker: SealedOrder, random: RandomInt): boolean {
  if (random(40) === 0) return maker.order.account !== taker.order.account
  const [a, b] = [maker.order, taker.order]
  return (
    a.market === b.market &&
    a.side !== b.side &&
    a.account !== b.account &&
    a.timeInForce === 'gtc' &&
    b.postOnly === 'no'
  )
}

function amount(
  model: VaultModel,
  maker: SealedOrder,
  taker: SealedOrder,
  random: RandomInt
): number {
  const left = [maker, taker].map(
    ({ order }) => order.quantity - (model.settledLots.get(key(order)) ?? 0)
  )
  const most = Math.max(1, Math.min(...left))
  return random(12) === 0 ? most + random(3) : 1 + random(most)
}

function addDelta(
  venue: VaultVenue,
  deltas: ReadonlyMap<string, number[]>,
  { order }: SealedOrder,
  price: number,
  lots: number,
  rate: 'makerBps' | 'takerBps'
): void {
  const delta = deltas.get(order.account)
  if (delta === undefined) return
  const terms = venue.markets[order.market]
  const quote = lots * price * terms.tickValue
  const way = order.side === 'buy' ? 1 : -1
  delta[terms.base] += way * lots * terms.lotSize
  delta[terms.quote] -= way * quote + fee(quote, terms[rate])
}

function addressOf(group: Group): string {
  return group.kind === 'cosigned' ? group.delta.account : group.account
}

async function agrees(venue: VaultVenue, model: VaultModel): Promise<boolean> {
  const same = [...model.accounts].map(async ([address, account]) => {
    const { vault } = venue
    const [word, ...rest] = await Promise.all([
      vault.accountOf(address),
      ...account.balances.flatMap((_, token) => [
        vault.balanceOf(address, token),
        vault.claimableOf(address, token)
      ]),
      ...[...account.marks.keys()].map((slot) => vault.markOf(address, slot))
    ])
    const expected = [
      ...account.balances.flatMap((quanta, token) => [
        quanta,
        account.claimable[token],
        account.withdrawn[token]
      ]),
      ...[...account.marks.values()].flatMap(({ nonce, filled }) => [nonce, filled])
    ]
    const actual = rest.flat(2).map(Number)
    return (
      Number(word.sequence) === account.sequence &&
      Number(word.floor) === account.floor &&
      actual.length === expected.length &&
      actual.every((value, place) => value === expected[place])
    )
  })
  return (await Promise.all(same)).every(Boolean)
}
