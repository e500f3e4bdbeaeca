// Random orders, amends, quotes and cancels, mostly good, drawn from what the engine has live.
import type { Address, EntryInput, OrderInput } from '../../../matching/types.ts'
import type { Random } from '../../../daemon/clock.ts'
import { between, pick } from '../../helpers/random.ts'
import type { Account, Order } from '../../helpers/naive/state.ts'
import { feeOf, notionalOf, type World } from '../../helpers/naive/world.ts'
import type { Venue } from './venue.ts'

export class OrderMaker {
  readonly #random: Random
  readonly #venue: Venue
  readonly #world: World
  readonly #nextNonces = new Map<Address, number>()
  readonly #middles: number[]
  /** Of the block that is being made: nonces given and slots taken. */
  #blockNonces = new Map<Address, number[]>()
  #blockSlots = new Map<Address, number[]>()
  #time = 0

  constructor(random: Random, venue: Venue, world: World) {
    this.#random = random
    this.#venue = venue
    this.#world = world
    this.#middles = venue.config.markets.map(() => 100)
  }

  /** @param time tape time of the block, milliseconds */
  beginBlock(time: number): void {
    this.#time = time
    this.#blockNonces = new Map()
    this.#blockSlots = new Map()
    this.#middles.forEach((middle, market) => {
      if (this.chance(0.3)) {
        const step = between(this.#random, -2, 2)
        this.#middles[market] = Math.min(126, Math.max(80, middle + step))
      }
    })
  }

  chance(probability: number): boolean {
    return this.#random() < probability
  }

  nonce(account: Address): number {
    if (this.chance(0.02)) return between(this.#random, 0, this.#nextNonces.get(account) ?? 1)
    const nonce = (this.#nextNonces.get(account) ?? 1) + (this.chance(0.2) ? 1 : 0)
    this.#nextNonces.set(account, nonce + 1)
    this.#blockNonces.set(account, [...(this.#blockNonces.get(account) ?? []), nonce])
    return nonce
  }

  expiry(): number {
    const now = Math.floor(this.#time / 1000)
    const kind = this.#random()
    if (kind < 0.02) return now - between(this.#random, 0, 3)
    if (kind < 0.04) return now + 400
    return now + between(this.#random, 1, kind < 0.3 ? 8 : 280)
  }

  signer(account: Address): Address | null {
    const kind = this.#random()
    if (kind < 0.01) return null
    if (kind < 0.02) return this.#venue.stranger
    if (kind < 0.04) return pick(this.#random, this.#venue.delegates)
    const granted = this.#world.grants.filter((grant) => grant.account === account)
    return granted.length > 0 && kind < 0.2 ? pick(this.#random, granted).delegate : account
  }

  order(account: Address): OrderInput {
    const random = this.#random
    const { markets } = this.#venue.config
    const market = this.chance(0.005) ? markets.length : between(random, 0, markets.length - 1)
    const timeInForce = pick(random, ['gtc', 'gtc', 'gtc', 'ioc', 'fok'] as const)
    const trigger = this.chance(0.12)
    const quote = this.chance(timeInForce === 'gtc' && !trigger ? 0.25 : 0.01)
    const postOnly =
      this.chance(0.3) && (timeInForce === 'gtc' || this.chance(0.05))
        ? pick(random, ['reject', 'slide'] as const)
        : 'no'
    const side = pick(random, ['buy', 'sell'] as const)
    const middle = this.#middles[Math.min(market, markets.length - 1)]
    const towards = between(random, -4, 3) * (side === 'buy' ? 1 : -1)
    const order: OrderInput = {
      market,
      account,
      side,
      price: this.chance(0.01) ? pick(random, [0, 131, 1, 130]) : middle + towards,
      quantity: this.#lots(),
      timeInForce,
      postOnly,
      quote,
      leased: this.chance(0.1),
      selfTradePrevention: pick(random, [
        'cancelNewest',
        'cancelOldest',
        'cancelBoth',
        'decrement'
      ] as const),
      trigger: trigger
        ? {
            kind: pick(random, ['stop', 'takeProfit'] as const),
            price: this.chance(0.02) ? 131 : middle + between(random, -3, 3)
          }
        : null,
      expiry: this.expiry(),
      feeMax: 0,
      nonce: this.nonce(account),
      slot: 0
    }
    order.feeMax = this.#feeMax(order)
    order.slot = this.#slot(order, account)
    return order
  }

  #lots(): number {
    const kind = this.#random()
    if (kind < 0.01) return pick(this.#random, [0, 41, 1])
    return between(this.#random, 2, kind < 0.1 ? 40 : 12)
  }

  /** Often exactly what the order may cost, so that a second fee in one batch is cut. */
  #feeMax(order: OrderInput): number {
    const market = this.#venue.config.markets[order.market]
    if (!market) return 1000
    const n = notionalOf(market, order.quantity, order.price)
    const least = Math.max(feeOf(n, market.makerBps), feeOf(n, market.takerBps), market.takerFeeMin)
    const kind = this.#random()
    if (kind < 0.02) return Math.max(0, least - 1)
    return kind < 0.5 ? least : least + between(this.#random, 1, 500)
  }

  #slot(order: OrderInput, account: Address): number {
    if (order.timeInForce !== 'gtc' && order.trigger === null) return this.chance(0.02) ? 1 : 0
    const { slotsMax } = this.#venue.config
    if (this.chance(0.05)) return between(this.#random, 0, slotsMax)
    const busy = [
      ...(this.#blockSlots.get(account) ?? []),
      ...(this.#account(account)?.live ?? []).map((live) => live.input.slot)
    ]
    let slot = 0
    while (slot < slotsMax - 1 && busy.includes(slot)) slot++
    this.#blockSlots.set(account, [...(this.#blockSlots.get(account) ?? []), slot])
    return slot
  }

  place(account: Address): EntryInput {
    return { kind: 'place', order: this.order(account), signer: this.signer(account) }
  }

  amend(account: Address): EntryInput {
    const old = this.#liveOrder(account)
    const order = this.order(account)
    const lateNonces = this.#blockNonces.get(account) ?? []
    let oldNonce = old?.input.nonce ?? between(this.#random, 0, order.nonce)
    let filledSeen = old?.filled ?? 0
    if (old) {
      if (this.chance(0.95))
        Object.assign(order, { market: old.input.market, side: old.input.side })
      if (this.chance(0.6)) {
        order.price = old.price
        order.quantity = Math.max(1, old.remaining - between(this.#random, -1, 3))
        if (this.chance(0.8)) {
          Object.assign(order, { timeInForce: 'gtc', trigger: null, feeMax: 5000 })
        }
      }
      if (this.chance(0.7)) order.slot = old.input.slot
      if (this.chance(0.1)) filledSeen = between(this.#random, 0, old.filled + 1)
      if (filledSeen < old.filled && this.chance(0.5)) order.quantity = 1
    }
    if (lateNonces.length > 1 && this.chance(0.25)) {
      oldNonce = pick(this.#random, lateNonces)
      filledSeen = 0
    }
    return { kind: 'amend', oldNonce, filledSeen, order, signer: this.signer(account) }
  }

  quote(account: Address): EntryInput {
    const { random, market } = { random: this.#random, market: between(this.#random, 0, 2) }
    const signer = this.signer(account)
    const taken: number[] = (this.#account(account)?.live ?? [])
      .filter((live) => !live.input.quote || live.input.market !== market)
      .map((live) => live.input.slot)
    const orders = Array.from({ length: between(random, 1, 4) }, () => {
      const order = this.order(account)
      Object.assign(order, { market, quote: true, timeInForce: 'gtc', trigger: null })
      order.price = this.#middles[market] + between(random, 0, 4) * (order.side === 'buy' ? -1 : 1)
      if (this.chance(0.5)) order.postOnly = pick(random, ['no', 'reject', 'slide'] as const)
      if (order.price > 130) order.price = 130
      order.feeMax = this.chance(0.99) ? this.#feeMax(order) + 20 : 0
      let slot = 0
      while (taken.includes(slot)) slot++
      order.slot = this.chance(0.98) ? slot : 0
      taken.push(order.slot)
      if (this.chance(0.01)) order.quote = false
      return order
    })
    const named = this.chance(0.005) ? this.#venue.config.markets.length : market
    return { kind: 'quote', account, market: named, orders, signer }
  }

  cancel(account: Address): EntryInput {
    const nonces = Array.from({ length: between(this.#random, 1, 3) }, () => {
      const lateNonces = this.#blockNonces.get(account) ?? []
      if (lateNonces.length > 0 && this.chance(0.25)) return pick(this.#random, lateNonces)
      return this.#liveOrder(account)?.input.nonce ?? between(this.#random, 0, 50)
    })
    return { kind: 'cancel', account, nonces, expiry: this.#cancelExpiry() }
  }

  cancelAll(account: Address): EntryInput {
    const random = this.#random
    return {
      kind: 'cancelAll',
      account,
      market: this.chance(0.5) ? null : between(random, 0, this.chance(0.1) ? 3 : 2),
      side: pick(random, [null, 'buy', 'sell'] as const),
      expiry: this.#cancelExpiry()
    }
  }

  #cancelExpiry(): number {
    return this.chance(0.8) ? 0 : this.expiry()
  }

  #account(address: Address): Account | undefined {
    return this.#world.find(address)
  }

  #liveOrder(address: Address): Order | undefined {
    const live = this.#account(address)?.live ?? []
    return live.length > 0 ? pick(this.#random, live) : undefined
  }
}
