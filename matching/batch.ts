// What one settlement batch holds. Fills are rows of words, copied from the makers' records, so that
// a trade costs no object; a taking command has one row for all its fills. Everything else follows
// from the rows when it is asked for.

import type {
  BatchAccount,
  BatchCosign,
  BatchFill,
  BatchOrder,
  BatchState,
  BatchWithdrawal,
  FillSide
} from './results.ts'
import * as layout from './batch-layout.ts'
import type { Nets } from './nets.ts'
import { holdsSlot, SELL } from './orders.ts'

export * from './batch-layout.ts'

const { FILL, FILL_OWNER, TAKE, TAKE_FEE } = layout

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
  takes: Int32Array
  takeCount = 0
  withdrawals: BatchWithdrawal[] = []
  cosigns: BatchCosign[] = []
  /** What each validator attested, by its number. */
  contentVotes: (string | null)[]
  voidVotes: (string | null)[]
  voidDecided = false
  /** Kept once the batch is closed (nets.ts). */
  nets: Nets | null = null
  #accounts: Map<number, BatchAccount> | null = null

  /** Takes over the rows of a batch that is gone, or makes room for as many fills and charges as the
   * batch before had. */
  constructor(index: number, validators: number, before: Batch | null, gone: Batch | null) {
    this.index = index
    const fills = before === null ? FILL * 16 : before.fills.length
    const takes = before === null ? TAKE * 16 : before.takes.length
    this.fills = gone === null ? new Int32Array(fills) : gone.fills
    this.takes = gone === null ? new Int32Array(takes) : gone.takes
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

  /** Makes room for one more taking command and gives its first word. */
  nextTake(): number {
    const at = this.takeCount * TAKE
    if (at === this.takes.length) {
      const grown = new Int32Array(this.takes.length * 2)
      grown.set(this.takes)
      this.takes = grown
    }
    this.takeCount++
    return at
  }

  /** Position behind the last fill of a taking command. */
  fillsEnd(command: number): number {
    return command + 1 < this.takeCount ? this.takes[(command + 1) * TAKE] : this.fillCount
  }

  /** In the order in which they were made. */
  *eachFill(): Generator<BatchFill> {
    for (let command = 0; command < this.takeCount; command++) {
      const end = this.fillsEnd(command)
      const taker = this.#taker(command * TAKE)
      for (let position = this.takes[command * TAKE]; position < end; position++) {
        const at = position * FILL
        taker.filled += this.fills[at]
        yield {
          market: this.fills[at + FILL_OWNER] & 0xff,
          takerSide: (this.takes[command * TAKE + 2] & SELL) !== 0 ? 'sell' : 'buy',
          quantity: this.fills[at],
          price: this.fills[at + 1] >>> 0,
          makerFee: this.#makerFee(at),
          maker: this.#maker(at),
          taker: { ...taker }
        }
      }
    }
  }

  /** One for each taking command. */
  takerFees(): TakerFee[] {
    const fees: TakerFee[] = []
    for (let at = 0; at < this.takeCount * TAKE; at += TAKE) {
      const owner = this.takes[at + 1]
      const low = this.takes[at + TAKE_FEE] >>> 0
      const fee = (this.takes[at + TAKE_FEE + 1] >>> 0) * HIGH_WORD + low
      const order = (this.takes[at + 4] >>> 16) * HIGH_WORD + (this.takes[at + 3] >>> 0)
      fees.push({ order, account: owner >>> 8, market: owner & 0xff, fee })
    }
    return fees
  }

  /** Net results and filled orders by account. Kept once the batch is closed. */
  accounts({ accounts, deltas }: Nets): Map<number, BatchAccount> {
    if (this.#accounts !== null) return this.#accounts
    const tokens = deltas.length / accounts.length
    const parts = new Map<number, BatchAccount>()
    accounts.forEach((account, place) => {
      const own = Array.from(deltas.subarray(place * tokens, (place + 1) * tokens))
      parts.set(account, { account, deltas: own, orders: [] })
    })
    for (const order of this.#orders().values()) parts.get(order.account)?.orders.push(order)
    for (const part of parts.values()) part.orders.sort((a, b) => a.order - b.order)
    if (this.state !== 'open') this.#accounts = parts
    return parts
  }

  /** The orders that were filled, by id, as of the end of the batch. */
  #orders(): Map<number, BatchOrder> {
    const orders = new Map<number, BatchOrder>()
    for (let command = 0; command < this.takeCount; command++) {
      const end = this.fillsEnd(command)
      const taker = this.#taker(command * TAKE)
      for (let position = this.takes[command * TAKE]; position < end; position++) {
        const at = position * FILL
        taker.filled += this.fills[at]
        const maker = this.#maker(at)
        orders.set(maker.order, { ...maker, market: this.fills[at + FILL_OWNER] & 0xff })
      }
      orders.set(taker.order, { ...taker, market: this.takes[command * TAKE + 1] & 0xff })
    }
    return orders
  }

  /** Whether a fill of the account is of an order with a nonce below the floor, or of one without a
   * ring slot with a nonce at or below the sequence. */
  fillsReached(account: number, floor: number, sequence: number): boolean {
    const reached = ({ nonce, marked }: FillSide): boolean =>
      nonce < floor || (!marked && nonce <= sequence)
    for (let at = 0; at < this.fillCount * FILL; at += FILL) {
      if (this.fills[at + FILL_OWNER] >>> 8 === account && reached(this.#maker(at))) return true
    }
    for (let at = 0; at < this.takeCount * TAKE; at += TAKE) {
      if (this.takes[at + 1] >>> 8 === account && reached(this.#taker(at))) return true
    }
    return false
  }

  #makerFee(at: number): number {
    return (this.fills[at + 3] >>> 8) * HIGH_WORD + (this.fills[at + 2] >>> 0)
  }

  #maker(at: number): FillSide {
    const nonceHigh = this.fills[at + 3] & 0xff
    const nonce = nonceHigh * HIGH_WORD + (this.fills[at + 11] >>> 0)
    return sideAt(this.fills, at + FILL_OWNER, nonce)
  }

  #taker(at: number): FillSide {
    const nonce = (this.takes[at + 9] >>> 0) * HIGH_WORD + (this.takes[at + 8] >>> 0)
    return sideAt(this.takes, at + 1, nonce)
  }
}

/** The order of which seven words stand in a row. */
function sideAt(row: Int32Array, at: number, nonce: number): FillSide {
  const flags = row[at + 1]
  const high = row[at + 3]
  const entry = row[at + 5] >>> 0
  return {
    account: row[at] >>> 8,
    order: (high >>> 16) * HIGH_WORD + (row[at + 2] >>> 0),
    nonce,
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
