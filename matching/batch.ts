// What one settlement batch holds. Fills are rows of doubles (safe integers), so that a trade costs
// no object; everything else follows from them when it is asked for.

import type {
  BatchAccount,
  BatchCosign,
  BatchFill,
  BatchOrder,
  BatchState,
  BatchWithdrawal,
  FillSide
} from './results.ts'
import type { Market } from './market.ts'

/** Doubles of a fill: market, flags, lots, price, maker fee, then maker and taker. */
export const FILL = 19
const MAKER = 5
const TAKER = 12
/** Flags of a fill. */
export const TAKER_SELLS = 1
export const MAKER_MARKED = 2
export const TAKER_MARKED = 4

export type TakerFee = { order: number; account: number; market: number; fee: number }

export class Batch {
  readonly index: number
  state: BatchState = 'open'
  parent: string | null = null
  /** Tape time at which the parent was attested or voided. */
  parentKnownAt = 0
  openedAt = 0
  closedAt = 0
  sealedAt = 0
  link: string | null = null
  fills = new Float64Array(FILL * 16)
  fillCount = 0
  takerFees: TakerFee[] = []
  withdrawals: BatchWithdrawal[] = []
  cosigns: BatchCosign[] = []
  /** What each validator attested, by its number. */
  contentVotes: (string | null)[]
  voidVotes: (string | null)[]
  voidDecided = false
  #accounts: Map<number, BatchAccount> | null = null

  constructor(index: number, validators: number) {
    this.index = index
    this.contentVotes = new Array<string | null>(validators).fill(null)
    this.voidVotes = new Array<string | null>(validators).fill(null)
  }

  get hasContent(): boolean {
    return this.fillCount > 0 || this.withdrawals.length > 0
  }

  /** Makes room for one more fill and gives its first double. */
  nextFill(): number {
    const at = this.fillCount * FILL
    if (at === this.fills.length) {
      const grown = new Float64Array(this.fills.length * 2)
      grown.set(this.fills)
      this.fills = grown
    }
    this.fillCount++
    return at
  }

  fill(position: number): BatchFill {
    const row = this.fills
    const at = position * FILL
    const flags = row[at + 1]
    return {
      market: row[at],
      takerSide: (flags & TAKER_SELLS) !== 0 ? 'sell' : 'buy',
      quantity: row[at + 2],
      price: row[at + 3],
      makerFee: row[at + 4],
      maker: this.#side(at + MAKER, (flags & MAKER_MARKED) !== 0),
      taker: this.#side(at + TAKER, (flags & TAKER_MARKED) !== 0)
    }
  }

  /** Net results and filled orders by account. Kept once the batch is closed. */
  accounts(markets: readonly Market[], tokens: number): Map<number, BatchAccount> {
    if (this.#accounts !== null) return this.#accounts
    const accounts = new Map<number, BatchAccount>()
    const orders = new Map<number, BatchOrder>()
    for (let i = 0; i < this.fillCount; i++) {
      const fill = this.fill(i)
      const market = markets[fill.market]
      const base = fill.quantity * market.lotSize
      const quote = fill.quantity * fill.price * market.tickValue
      const sign = fill.takerSide === 'buy' ? 1 : -1
      const maker = this.#part(accounts, fill.maker.account, tokens)
      const taker = this.#part(accounts, fill.taker.account, tokens)
      taker.deltas[market.base] += sign * base
      taker.deltas[market.quote] -= sign * quote
      maker.deltas[market.base] -= sign * base
      maker.deltas[market.quote] += sign * quote - fill.makerFee
      this.#noteOrder(orders, maker, fill.maker, fill.market)
      this.#noteOrder(orders, taker, fill.taker, fill.market)
    }
    for (const charge of this.takerFees) {
      this.#part(accounts, charge.account, tokens).deltas[markets[charge.market].quote] -=
        charge.fee
    }
    for (const part of accounts.values()) part.orders.sort((a, b) => a.order - b.order)
    if (this.state !== 'open') this.#accounts = accounts
    return accounts
  }

  /** By token: what the sides paid. */
  fees(markets: readonly Market[], tokens: number): number[] {
    const fees = new Array<number>(tokens).fill(0)
    for (let i = 0; i < this.fillCount; i++) {
      fees[markets[this.fills[i * FILL]].quote] += this.fills[i * FILL + 4]
    }
    for (const charge of this.takerFees) fees[markets[charge.market].quote] += charge.fee
    return fees
  }

  #side(at: number, marked: boolean): FillSide {
    const row = this.fills
    const entry = Math.floor(row[at + 5] / 256)
    return {
      account: row[at],
      order: row[at + 1],
      nonce: row[at + 2],
      slot: row[at + 3],
      place: { index: row[at + 4], entry, ordinal: row[at + 5] - entry * 256 },
      filled: row[at + 6],
      marked
    }
  }

  #part(accounts: Map<number, BatchAccount>, account: number, tokens: number): BatchAccount {
    let part = accounts.get(account)
    if (part === undefined) {
      part = { account, deltas: new Array<number>(tokens).fill(0), orders: [] }
      accounts.set(account, part)
    }
    return part
  }

  #noteOrder(
    orders: Map<number, BatchOrder>,
    part: BatchAccount,
    side: FillSide,
    market: number
  ): void {
    const known = orders.get(side.order)
    if (known !== undefined) {
      known.filled = side.filled
      return
    }
    const order = { ...side, market }
    orders.set(side.order, order)
    part.orders.push(order)
  }
}
