// What one settlement batch holds. Fills are rows of words, copied from the orders' records, so that
// a trade costs no object; everything else follows from them when it is asked for.

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
import { holdsSlot, SELL } from './orders.ts'

/** Words of a fill: lots, price, maker fee (low, high), then of maker and of taker nine each: owner,
 * flags, id (low, high with the expiry's and the place's high bits), tape index, entry, filled lots,
 * nonce (low, high). */
export const FILL = 22
export const MAKER = 4
export const TAKER = 13

const HIGH_WORD = 4294967296

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
  fills: Int32Array
  fillCount = 0
  #feeRows: Float64Array
  feeCount = 0
  withdrawals: BatchWithdrawal[] = []
  cosigns: BatchCosign[] = []
  /** What each validator attested, by its number. */
  contentVotes: (string | null)[]
  voidVotes: (string | null)[]
  voidDecided = false
  #accounts: Map<number, BatchAccount> | null = null

  /** Takes over the rows of a batch that is gone, or makes room for as many fills and charges as the
   * batch before had. */
  constructor(index: number, validators: number, before: Batch | null, gone: Batch | null) {
    this.index = index
    const fills = before === null ? FILL * 16 : before.fills.length
    const charges = before === null ? 3 * 16 : before.#feeRows.length
    this.fills = gone === null ? new Int32Array(fills) : gone.fills
    this.#feeRows = gone === null ? new Float64Array(charges) : gone.#feeRows
    this.contentVotes = new Array<string | null>(validators).fill(null)
    this.voidVotes = new Array<string | null>(validators).fill(null)
  }

  get hasContent(): boolean {
    return this.fillCount > 0 || this.withdrawals.length > 0
  }

  /** Makes room for one more fill and gives its first word. */
  nextFill(): number {
    const at = this.fillCount * FILL
    if (at === this.fills.length) {
      const grown = new Int32Array(this.fills.length * 2)
      grown.set(this.fills)
      this.fills = grown
    }
    this.fillCount++
    return at
  }

  fill(position: number): BatchFill {
    const row = this.fills
    const at = position * FILL
    return {
      market: row[at + MAKER] & 0xff,
      takerSide: (row[at + TAKER + 1] & SELL) !== 0 ? 'sell' : 'buy',
      quantity: row[at],
      price: row[at + 1] >>> 0,
      makerFee: this.#makerFee(position),
      maker: this.#side(at + MAKER),
      taker: this.#side(at + TAKER)
    }
  }

  /** A taking command's fee, quote quanta; `owner` is account << 8 | market. */
  addTakerFee(order: number, owner: number, fee: number): void {
    const at = this.feeCount * 3
    if (at === this.#feeRows.length) {
      const grown = new Float64Array(this.#feeRows.length * 2)
      grown.set(this.#feeRows)
      this.#feeRows = grown
    }
    this.#feeRows[at] = order
    this.#feeRows[at + 1] = owner
    this.#feeRows[at + 2] = fee
    this.feeCount++
  }

  takerFees(): TakerFee[] {
    const fees: TakerFee[] = []
    for (let at = 0; at < this.feeCount * 3; at += 3) {
      const owner = this.#feeRows[at + 1]
      const fee = this.#feeRows[at + 2]
      fees.push({ order: this.#feeRows[at], account: owner >>> 8, market: owner & 0xff, fee })
    }
    return fees
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
    for (const charge of this.takerFees()) {
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
      fees[markets[this.fills[i * FILL + MAKER] & 0xff].quote] += this.#makerFee(i)
    }
    for (const charge of this.takerFees()) fees[markets[charge.market].quote] += charge.fee
    return fees
  }

  /** Whether a fill of the account is of an order with a nonce below the floor, or of one without a
   * ring slot with a nonce at or below the sequence. */
  fillsReached(account: number, floor: number, sequence: number): boolean {
    const row = this.fills
    for (let at = 0; at < this.fillCount * FILL; at += FILL) {
      for (const side of [at + MAKER, at + TAKER]) {
        if (row[side] >>> 8 !== account) continue
        const nonce = nonceAt(row, side)
        if (nonce < floor) return true
        if (!holdsSlot(row[side + 1]) && nonce <= sequence) return true
      }
    }
    return false
  }

  #makerFee(position: number): number {
    const at = position * FILL
    return (this.fills[at + 3] >>> 0) * HIGH_WORD + (this.fills[at + 2] >>> 0)
  }

  #side(at: number): FillSide {
    const row = this.fills
    const flags = row[at + 1]
    const high = row[at + 3]
    const entry = row[at + 5] >>> 0
    return {
      account: row[at] >>> 8,
      order: (high >>> 16) * HIGH_WORD + (row[at + 2] >>> 0),
      nonce: nonceAt(row, at),
      slot: flags >>> 16,
      place: {
        index: (high & 0xff) * HIGH_WORD + (row[at + 4] >>> 0),
        entry: entry >>> 8,
        ordinal: entry & 0xff
      },
      filled: row[at + 6],
      marked: holdsSlot(flags)
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

function nonceAt(row: Int32Array, side: number): number {
  return (row[side + 8] >>> 0) * HIGH_WORD + (row[side + 7] >>> 0)
}
