// The batches whose gas is measured: who trades with whom, over orders that are new to the chain
// or known to it, settled by signed orders or by co-signatures.
import { type Group, type SealedOrder, type Sweep, sweepsOf } from '../contracts/batch.ts'
import type { Order } from '../protocol/types.ts'
import {
  byAddress,
  type Key,
  keyOf,
  order,
  type Sealed,
  type VaultVenue
} from '../test/helpers/vault.ts'

/** Lots of a maker's order and of one fill, so that an order can be filled many times. */
const makerLots = 1000
const fillLots = 10
const price = 20_000
/** Lots * ticks * tick value of the venue's first market; base quanta of a fill. */
export const fillNotional = fillLots * price * 10
export const fillBase = fillLots * 1000

/** A trade's two orders; makers may be the same as in an earlier batch. */
export type Pair = { maker: Order; taker: Order }

export class GasCase {
  readonly keys: readonly Key[]
  readonly #venue: VaultVenue
  #nonce = 1_000_000

  constructor(venue: VaultVenue, name: string, accounts: number) {
    this.#venue = venue
    this.keys = Array.from({ length: accounts }, (_, index) => keyOf(`${name} ${index}`))
  }

  async fund(): Promise<void> {
    const accounts = this.keys.map(({ address }) => address)
    await this.#venue.fundAll(accounts, 0, 100_000_000)
    await this.#venue.fundAll(accounts, 1, 10_000_000_000)
  }

  /** A maker of account 2i for a taker of account 2i + 1, in pairs around the accounts. */
  pairs(trades: number, makers: readonly Order[] | null): Pair[] {
    return Array.from({ length: trades }, (_, index) => {
      const maker = makers === null ? this.#maker(2 * index, 0) : makers[index]
      return { maker, taker: this.#taker(2 * index + 1, fillLots) }
    })
  }

  /** As `pairs`, with the makers of one account in ring slots of their own. */
  ringPairs(trades: number): Pair[] {
    const slots = new Map<number, number>()
    return Array.from({ length: trades }, (_, index) => {
      const account = index % this.keys.length
      const slot = slots.get(account) ?? 0
      slots.set(account, slot + 1)
      return { maker: this.#maker(account, slot), taker: this.#taker(account + 1, fillLots) }
    })
  }

  /** Takers that sweep ten makers each, of the other accounts in turn. */
  sweeps(trades: number, makers: readonly Order[] | null): Pair[] {
    const slots = new Map<number, number>()
    let taker: Order | null = null
    return Array.from({ length: trades }, (_, index) => {
      const sweep = Math.floor(index / 10)
      const inSweep = Math.min(10, trades - sweep * 10)
      if (index % 10 === 0) taker = this.#taker(sweep, inSweep * fillLots)
      if (taker === null) throw new Error('a sweep starts with a taker')
      if (makers !== null) return { maker: makers[index], taker }
      const others = this.keys.length - 1
      const account = (sweep + 1 + (index % others)) % this.keys.length
      const slot = slots.get(account) ?? 0
      slots.set(account, slot + 1)
      return { maker: this.#maker(account, slot), taker }
    })
  }

  /** The batch in which the accounts of `cosigned` signed their net results, marking their resting
   * orders or (without marks) raising their floors, and the others are settled by their orders. */
  async seal(
    pairs: readonly Pair[],
    cosigned: (place: number) => boolean,
    marks: readonly number[] = []
  ): Promise<Sealed> {
    const { index, link } = await this.#venue.last()
    const orders = new Map<string, Order>()
    for (const { maker, taker } of pairs) {
      for (const each of [maker, taker]) orders.set(`${each.account}:${each.nonce}`, each)
    }
    const placeOf = new Map(this.keys.map(({ address }, place) => [address, place]))
    const isCosigned = (account: string): boolean => cosigned(placeOf.get(account) ?? -1)
    const groups: Group[] = []
    for (const key of [...this.keys].sort(byAddress)) {
      const own = [...orders.values()].filter(({ account }) => account === key.address)
      if (own.length === 0) continue
      if (isCosigned(key.address)) {
        const delta = {
          batch: index + 1,
          parent: link,
          account: key.address,
          deltas: netDeltas(pairs, key.address),
          sequence: 0,
          floor: marks.length === 0 ? this.#nonce : 0,
          marks: marks.map((slot) => ({ slot, nonce: this.#nonce + slot, filled: fillLots }))
        }
        groups.push({ kind: 'cosigned', delta, signature: this.#venue.signDelta(key, delta) })
      } else {
        own.sort((a, b) => a.nonce - b.nonce)
        const signed = own.map((each) => this.#signed(key, each))
        groups.push({ kind: 'orders', account: key.address, orders: signed })
      }
    }
    this.#nonce += 1000
    return this.#venue.seal({ groups, sweeps: sweepsOfPairs(pairs, isCosigned), withdrawals: [] })
  }

  #maker(account: number, slot: number): Order {
    const { address } = this.keys[account % this.keys.length]
    return order(address, {
      side: 'sell',
      price,
      quantity: makerLots,
      nonce: ++this.#nonce,
      slot,
      feeMax: 100_000,
      expiry: 1_999_999_999
    })
  }

  #taker(account: number, lots: number): Order {
    const { address } = this.keys[account % this.keys.length]
    return order(address, {
      side: 'buy',
      price: price + 100,
      quantity: lots,
      nonce: ++this.#nonce,
      timeInForce: 'ioc',
      feeMax: 100_000,
      expiry: 1_999_999_999
    })
  }

  #signed(key: Key, each: Order): SealedOrder {
    const signature = this.#venue.signOrder(key, each)
    return { order: each, restingPrice: each.price, proof: null, signature }
  }
}

function sweepsOfPairs(pairs: readonly Pair[], isCosigned: (account: string) => boolean): Sweep[] {
  return sweepsOf(
    pairs.map(({ maker, taker }) => ({ maker, taker, lots: fillLots, price })),
    isCosigned
  )
}

/** Deltas of the venue's first market for one account, fees deducted as the engine deducts them:
 * the maker's 2 and the taker's 5 basis points a fill. */
function netDeltas(pairs: readonly Pair[], account: string): number[] {
  let base = 0
  let quote = 0
  for (const { maker, taker } of pairs) {
    if (maker.account === account) {
      base -= fillBase
      quote += fillNotional - Math.floor((fillNotional * 2) / 10_000)
    }
    if (taker.account === account) {
      base += fillBase
      quote -= fillNotional + Math.floor((fillNotional * 5) / 10_000)
    }
  }
  return [base, quote]
}
