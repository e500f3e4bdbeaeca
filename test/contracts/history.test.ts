// Random histories: honest batches, and batches that a quorum of thieves composes out of every
// signature that was ever published (orders filled, cancelled, expired, replaced; co-signatures of
// other batches; withdrawals of long ago). Vault and model must agree on each: the same verdict,
// the same balances, and no order ever filled beyond its quantity.
import test from 'brittle'
import type {
  BatchContent,
  Group,
  SealedFill,
  SealedOrder,
  SealedWithdrawal,
  Sweep
} from '../../contracts/batch.ts'
import { type Key, keyOf, order, VaultVenue } from '../helpers/vault.ts'
import { randomFrom, type RandomInt } from './random.ts'
import { content } from './scene.ts'
import { fee, key, VaultModel } from './model.ts'

const rounds = process.env.CURB_TEST_LONG === undefined ? 100 : 10_000
const seed = Number(process.env.CURB_SEED ?? 1)
const start = 1_000_000

type Pool = { orders: SealedOrder[]; deltas: Group[]; withdrawals: SealedWithdrawal[] }

test(`vault - agrees with the model, seed ${seed}`, { timeout: 3_600_000 }, async (t) => {
  const venue = await VaultVenue.open({ validators: 1 })
  t.teardown(() => venue.close())
  const random = randomFrom(seed)
  const keys = ['a', 'b', 'c', 'd', 'e'].map((name) => keyOf(name))
  const model0 = new VaultModel({ markets: venue.markets, tokens: 3, grace: venue.terms.grace })
  for (let token = 0; token < 3; token++) {
    await venue.fundAll(
      keys.map(({ address }) => address),
      token,
      start
    )
    for (const { address } of keys) model0.account(address).balances[token] = start
  }
  let model = model0
  const pool: Pool = { orders: [], deltas: [], withdrawals: [] }
  const submitter = venue.anvil.wallets[0].address.toLowerCase()
  const nonces = new Map(keys.map(({ address }) => [address, 0]))
  let [accepted, refused] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const time = await venue.anvil.time()
    for (const each of keys) publish(venue, pool, each, nonces, random, time)
    const batch = await compose(venue, model, pool, keys, random)
    const after = model.clone()
    // A call is executed in the next block, a second later at the most.
    const sealed = await venue.seal(batch)
    const expected = after.apply(batch, submitter, time, sealed.index)
    const actual = await venue.refusal(sealed)
    if ((actual === null) !== (expected === null)) {
      t.fail(`round ${round} of seed ${seed}: vault ${actual}, model ${expected}`)
      return
    }
    if (actual !== null) {
      refused++
      continue
    }
    accepted++
    await venue.settle(sealed)
    model = after
    if (!(await agrees(venue, model))) {
      t.fail(`round ${round} of seed ${seed}: balances or marks differ`)
      return
    }
    const { quantityOf } = index(pool)
    for (const [order, lots] of model.settledLots) {
      if (lots > quantityOf(order)) {
        t.fail(`round ${round} of seed ${seed}: ${order} filled ${lots}`)
        return
      }
    }
  }
  t.comment(`${accepted} batches settled, ${refused} refused by both`)
  t.ok(accepted > rounds / 10 && refused > rounds / 10, 'both kinds came about')
})

function publish(
  venue: VaultVenue,
  pool: Pool,
  { address, key }: Key,
  nonces: Map<string, number>,
  random: RandomInt,
  time: number
): void {
  const nonce = (nonces.get(address) ?? 0) + 1 + random(2)
  nonces.set(address, nonce)
  const buys = random(2) === 0
  const tif = (['gtc', 'gtc', 'ioc', 'fok'] as const)[random(4)]
  const trigger = random(8) === 0 ? { kind: 'stop' as const, price: 200 } : null
  const postOnly = tif === 'gtc' ? (['no', 'no', 'reject', 'slide'] as const)[random(4)] : 'no'
  const signed = order(address, {
    side: buys ? 'buy' : 'sell',
    price: buys ? 200 + random(10) : 200 - random(10),
    market: random(2),
    quantity: 1 + random(20),
    nonce,
    timeInForce: tif,
    postOnly,
    trigger,
    slot: tif === 'gtc' || trigger !== null ? random(5) : 0,
    feeMax: random(3) === 0 ? random(20) : 100_000,
    expiry: time + (random(10) === 0 ? -8000 : 4000)
  })
  const slid = postOnly === 'slide' ? (buys ? -1 : 1) * random(3) : 0
  pool.orders.push({
    order: signed,
    restingPrice: signed.price + slid,
    proof: null,
    signature: venue.signOrder({ address, key }, signed)
  })
  if (random(6) !== 0) return
  const withdrawal = {
    account: address,
    token: random(3),
    quanta: random(3000),
    nonce,
    expiry: time + 4000
  }
  const signature = venue.signWithdrawal({ address, key }, withdrawal)
  pool.withdrawals.push({ ...withdrawal, signature })
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
    const fresh: Group = {
      kind: 'cosigned',
      delta: whole,
      signature: venue.signDelta(owner, whole)
    }
    pool.deltas.push(fresh)
    groups.push(fresh)
  }
  // A co-signature of another batch; of this one too, if its first batch was refused.
  const old = pool.deltas[random(pool.deltas.length + 1)]
  if (old !== undefined && old.kind === 'cosigned' && random(6) === 0) {
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

function index(pool: Pool): { quantityOf(order: string): number } {
  const quantities = new Map(pool.orders.map(({ order }) => [key(order), order.quantity]))
  return { quantityOf: (order) => quantities.get(order) ?? 0 }
}
