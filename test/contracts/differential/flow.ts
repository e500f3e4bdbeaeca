// Random intents of traders, drawn from what the engine has live: mostly good, made to collide.
import type { OrderView } from '../../../matching/index.ts'
import { treeHeight, treeProofs, treeRoot } from '../../../protocol/bulk.ts'
import type { Address, Entry, Order } from '../../../protocol/types.ts'
import type { Random } from '../../../daemon/clock.ts'
import { between, pick } from '../../helpers/random.ts'
import type { DifferentialWorld, Member, Signed } from './world.ts'

export class Flow {
  readonly #world: DifferentialWorld
  readonly #random: Random
  readonly #nonces = new Map<Address, number>()
  readonly #middles = [100, 100, 100]
  /** Slots given in the block that is being made. */
  #slots = new Map<Address, Set<number>>()

  constructor(world: DifferentialWorld, random: Random) {
    this.#world = world
    this.#random = random
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  /** Opens the lanes and links the traders. */
  first(): Signed[][] {
    const { traders, lanes, unsigned } = this.#world
    return lanes.map((_, lane): Signed[] => {
      const links = traders
        .filter(({ address }) => this.#world.laneOf(address) === lane)
        .map((by): Signed => {
          const account = by.address
          const nonce = this.#nonce(account)
          const expiry = this.#seconds + 600
          return { entry: { kind: 'link', account, nonce, expiry, signature: unsigned }, by }
        })
      const zero = new Uint8Array(32)
      const open: Entry = { kind: 'open', venue: zero, daemon: zero, incarnation: 0, laneKey: zero }
      return [{ entry: open, by: null }, ...links]
    })
  }

  /** Entries of each lane for the next block. */
  next(): Signed[][] {
    this.#slots = new Map()
    this.#middles.forEach((middle, market) => {
      const moved = middle + between(this.#random, -2, 2)
      if (this.#chance(0.2)) this.#middles[market] = Math.min(120, Math.max(80, moved))
    })
    return this.#world.lanes.map((_, lane) => {
      const mine = this.#world.traders.filter(({ address }) => this.#world.laneOf(address) === lane)
      const count = between(this.#random, 0, 5)
      return Array.from({ length: count }, () => this.#entries(pick(this.#random, mine))).flat()
    })
  }

  #entries(trader: Member): Signed[] {
    const account = trader.address
    const kind = this.#random()
    if (kind < 0.03) return [{ entry: { kind: 'lease', ttlMs: 5000 }, by: null }]
    if (kind < 0.05) return [this.#protect(account)]
    if (kind < 0.08) return [this.#withdraw(trader)]
    if (kind < 0.14) return [this.#cancel(account)]
    if (kind < 0.15) {
      const entry: Entry = { kind: 'cancelAll', account, market: null, side: null, expiry: 0 }
      return [{ entry, by: null }]
    }
    if (kind < 0.27) return this.#amend(trader)
    if (kind < 0.37) return this.#quote(trader)
    if (kind < 0.42) return this.#bulk(trader)
    const order = this.#order(account)
    return [this.#place(order, this.#signer(trader, order.market))]
  }

  #place(order: Order, by: Member): Signed {
    const { unsigned } = this.#world
    return { entry: { kind: 'place', order, proof: null, signature: unsigned }, by }
  }

  #protect(account: Address): Signed {
    const market = between(this.#random, 0, 2)
    const lots = this.#chance(0.3) ? 0 : between(this.#random, 8, 40)
    return { entry: { kind: 'protect', account, market, lots, windowMs: 1000 }, by: null }
  }

  #withdraw(by: Member): Signed {
    const account = by.address
    const token = between(this.#random, 0, 2)
    const available = this.#world.engine.balances(account)[token]?.available ?? 0
    const quanta = this.#chance(0.2) ? available : between(this.#random, 1, 3000)
    const entry: Entry = {
      kind: 'withdraw',
      account,
      token,
      quanta: Math.max(1, quanta),
      nonce: this.#nonce(account),
      expiry: this.#seconds + 3000,
      signature: this.#world.unsigned
    }
    return { entry, by }
  }

  #cancel(account: Address): Signed {
    const live = this.#world.engine.liveOrders(account)
    const nonce = live.length > 0 ? pick(this.#random, live).nonce : 1
    return { entry: { kind: 'cancel', account, nonces: [nonce], expiry: 0 }, by: null }
  }

  #amend(trader: Member): Signed[] {
    const account = trader.address
    const live = this.#world.engine.liveOrders(account)
    if (live.length === 0) return []
    const old = pick(this.#random, live)
    const order = this.#amended(old, this.#order(account))
    const filledSeen = this.#chance(0.8) ? old.filled : between(this.#random, 0, old.filled)
    const { unsigned } = this.#world
    const by = this.#signer(trader, order.market)
    const { nonce: oldNonce } = old
    return [
      {
        entry: { kind: 'amend', oldNonce, filledSeen, order, proof: null, signature: unsigned },
        by
      }
    ]
  }

  /** Often one that keeps its place: same price, no more lots. */
  #amended(old: OrderView, drawn: Order): Order {
    const order = { ...drawn, market: old.market, side: old.side, feeMax: 2000 }
    if (this.#chance(0.8)) order.slot = old.slot
    if (!this.#chance(0.6)) return order
    const quantity = Math.max(1, old.remaining - between(this.#random, 0, 3))
    const plain = { timeInForce: 'gtc' as const, trigger: null, postOnly: 'no' as const }
    return { ...order, ...plain, price: old.price, quantity }
  }

  #quote(trader: Member): Signed[] {
    const account = trader.address
    const market = between(this.#random, 0, 2)
    const live = this.#world.engine.liveOrders(account)
    const busy = new Set(
      live.filter((order) => !order.quote || order.market !== market).map(({ slot }) => slot)
    )
    const orders = Array.from({ length: between(this.#random, 1, 4) }, () => {
      const order = this.#order(account)
      let slot = 0
      while (busy.has(slot)) slot++
      busy.add(slot)
      const away = between(this.#random, -1, 3) * (order.side === 'buy' ? -1 : 1)
      const postOnly = pick(this.#random, ['no', 'slide', 'slide', 'reject'] as const)
      const price = this.#middles[market] + away
      const plain = { quote: true, trigger: null, timeInForce: 'gtc' as const }
      return { ...order, ...plain, market, price, slot, postOnly, feeMax: 1000 }
    })
    const signature = this.#world.unsigned
    const by = this.#signer(trader, market)
    return [{ entry: { kind: 'quote', account, market, orders, signature }, by }]
  }

  /** Orders under one signature, each placed with its proof. */
  #bulk(trader: Member): Signed[] {
    const { crypto, hasher } = this.#world
    const orders = Array.from({ length: between(this.#random, 1, 5) }, () =>
      this.#order(trader.address)
    )
    const by = this.#signer(trader, orders[0].market)
    const leaves = orders.map((order) => hasher.orderStruct(order))
    const root = treeRoot(leaves, crypto.keccak)
    const digest = hasher.bulkDigest(treeHeight(orders.length), root)
    const signature = crypto.sign(digest, by.key)
    const proofs = treeProofs(leaves, crypto.keccak)
    return orders.map((order, place): Signed => {
      return { entry: { kind: 'place', order, proof: proofs[place], signature }, by }
    })
  }

  /** The owner, or now and then a delegate (who has the right, or not). */
  #signer(trader: Member, _market: number): Member {
    return this.#chance(0.15) ? pick(this.#random, this.#world.delegates) : trader
  }

  #order(account: Address): Order {
    const random = this.#random
    const market = between(random, 0, 2)
    const timeInForce = pick(random, ['gtc', 'gtc', 'gtc', 'ioc', 'ioc', 'fok'] as const)
    const isTriggered = this.#chance(0.12)
    const canRest = timeInForce === 'gtc' || isTriggered
    const side = pick(random, ['buy', 'sell'] as const)
    const middle = this.#middles[market]
    const towards = between(random, -4, 3) * (side === 'buy' ? 1 : -1)
    const price = middle + towards
    const quantity = between(random, 1, this.#chance(0.1) ? 60 : 14)
    return {
      market,
      account,
      side,
      price,
      quantity,
      timeInForce,
      postOnly:
        timeInForce === 'gtc' && this.#chance(0.35) ? pick(random, ['reject', 'slide']) : 'no',
      quote: false,
      leased: this.#chance(0.1),
      selfTradePrevention: pick(random, [
        'cancelNewest',
        'cancelOldest',
        'cancelBoth',
        'decrement'
      ]),
      trigger: isTriggered
        ? { kind: pick(random, ['stop', 'takeProfit']), price: middle + between(random, -3, 3) }
        : null,
      expiry: this.#seconds + between(random, 5, this.#chance(0.3) ? 8000 : 300),
      feeMax: this.#feeMax(market, quantity * price * 2),
      nonce: this.#nonce(account),
      slot: canRest ? this.#slot(account) : 0
    }
  }

  /** Often no more than one fee of the whole, so that a second fee in a batch is cut. */
  #feeMax(market: number, notional: number): number {
    const { makerBps, takerBps, takerFeeMin } = this.#world.manifest.markets[market].fees
    const bps = Math.max(makerBps, takerBps)
    const least = Math.max(Math.floor((notional * bps) / 10_000), takerFeeMin)
    return this.#chance(0.5) ? least : least + between(this.#random, 1, 200)
  }

  #slot(account: Address): number {
    const given = this.#slots.get(account) ?? new Set<number>()
    this.#slots.set(account, given)
    for (const { slot } of this.#world.engine.liveOrders(account)) given.add(slot)
    const { slotsMax } = this.#world.manifest.limits
    let slot = this.#chance(0.2) ? between(this.#random, 0, slotsMax - 1) : 0
    while (given.has(slot) && slot < slotsMax - 1) slot++
    given.add(slot)
    return slot
  }

  #nonce(account: Address): number {
    const nonce = (this.#nonces.get(account) ?? 0) + (this.#chance(0.1) ? 2 : 1)
    this.#nonces.set(account, nonce)
    return nonce
  }

  get #seconds(): number {
    return Math.floor(this.#world.time / 1000)
  }
}
