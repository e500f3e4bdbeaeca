// The whole state of the naive engine and the few things that all its parts do with it. Written
// from docs/matching.md alone; obvious rather than fast.
import type { Address, EngineConfig, Hash256, MarketConfig, Side } from '../../../matching/types.ts'
import { kinds, reasonCode } from './reasons.ts'
import type { Account, Batch, Grant, Lane, Order, Trade } from './state.ts'

export const nobody = 0xffffffff

/** The fields of a record of section 12; what is left out is 0. */
export type Fields = {
  code?: number
  market?: number
  a?: number
  b?: number
  c?: number
  x?: number
  y?: number
  /** Of a charge: feeMax did not cut it. */
  whole?: boolean
}

export type Record32 = { kind: string } & Required<Fields>

export class World {
  readonly config: EngineConfig
  readonly hash: Hash256
  accounts: Account[] = []
  lanes: Lane[] = []
  /** All live orders by ascending id. */
  live = new Map<number, Order>()
  nextOrderId = 1
  /** Resting orders by market and side, the best price first, the oldest of a price first. */
  books: Record<Side, Order[]>[]
  lastPrices: number[]
  fired: Order[] = []
  grants: Grant[] = []
  /** Unsettled batches, oldest first; the last one is open. */
  batches: Batch[]
  /** The link of the batch before the oldest unsettled one, and when it was attested or voided. */
  base = { link: '00'.repeat(24), moment: 0 }
  /** Fees that belong to nobody yet, per token: those of the unsettled batches. */
  index = -1
  time = 0
  cursorTime: number | null = null
  stopped = 0
  eventHash: Uint8Array = new Uint8Array(32)
  /** Of this block. */
  records: Record32[] = []
  trades: Trade[] = []
  firstOrderId = 1

  constructor(config: EngineConfig, hash: Hash256) {
    this.config = config
    this.hash = hash
    this.books = config.markets.map(() => ({ buy: [], sell: [] }))
    this.lastPrices = config.markets.map(() => 0)
    this.batches = [newBatch(1)]
    for (const { account, token, quanta } of config.endow) {
      this.account(account).settled[token] += quanta
    }
  }

  emit(kind: string, fields: Fields): void {
    if (kinds[kind] === undefined) throw new Error(`no such event: ${kind}`)
    this.records.push({
      kind,
      code: 0,
      market: 0,
      a: 0,
      b: 0,
      c: 0,
      x: 0,
      y: 0,
      whole: false,
      ...fields
    })
  }

  reject(reason: string, entry: number, address: Address | null, nonce: number): void {
    const account = address === null ? undefined : this.find(address)
    const code = reasonCode(reason)
    this.emit('rejected', { code, a: account ? account.index : nobody, b: entry, x: nonce })
  }

  find(address: Address): Account | undefined {
    return this.accounts.find((account) => account.address === address)
  }

  /** The account of an address, numbered now if it is new. */
  account(address: Address): Account {
    const known = this.find(address)
    if (known) return known
    const zeros = (): number[] => Array.from({ length: this.config.tokens }, () => 0)
    const account: Account = {
      index: this.accounts.length,
      address,
      lane: null,
      lastNonce: 0,
      nonceBefore: 0,
      floor: 0,
      settled: zeros(),
      pending: zeros(),
      reserved: zeros(),
      exit: zeros().map(() => false),
      live: [],
      slotNonces: new Map(),
      protections: new Map(),
      counted: 0
    }
    this.accounts.push(account)
    return account
  }

  available(account: Account, token: number): number {
    return account.settled[token] + account.pending[token] - account.reserved[token]
  }

  market(order: Order): MarketConfig {
    return this.config.markets[order.input.market]
  }

  /** Sets what the order holds back, in place of what it held before. */
  reserve(order: Order, base: number, quote: number): void {
    const market = this.market(order)
    order.account.reserved[market.base] += base - order.reservedBase
    order.account.reserved[market.quote] += quote - order.reservedQuote
    order.reservedBase = base
    order.reservedQuote = quote
  }

  /** A live order's end, by whatever cause: out of every list, and its reservation with it. */
  remove(order: Order): void {
    const without = (list: Order[]): Order[] => list.filter((other) => other !== order)
    if (order.state === 'resting') {
      const book = this.books[order.input.market]
      book[order.input.side] = without(book[order.input.side])
    }
    if (order.state === 'fired') this.fired = without(this.fired)
    order.account.live = without(order.account.live)
    this.live.delete(order.id)
    this.reserve(order, 0, 0)
    order.state = 'gone'
  }

  /** Removes a live order and says so. */
  cancel(order: Order, reason: string): void {
    this.remove(order)
    this.sayCancelled(order, reason)
  }

  sayCancelled(order: Order, reason: string): void {
    this.emit('cancelled', {
      code: reasonCode(reason),
      market: order.input.market,
      a: order.account.index,
      b: order.remaining,
      x: order.id
    })
  }

  get openBatch(): Batch {
    return this.batches[this.batches.length - 1]
  }
}

export function newBatch(index: number): Batch {
  return {
    index,
    state: 'open',
    openedAt: 0,
    closedAt: 0,
    sealedAt: 0,
    attestedAt: 0,
    link: null,
    fills: [],
    takerFees: [],
    withdrawals: [],
    cosigned: [],
    votes: []
  }
}

/** `fee(n, bps)` of section 2; rounds down. */
export function feeOf(notional: number, bps: number): number {
  return Math.floor(notional / 10000) * bps + Math.floor(((notional % 10000) * bps) / 10000)
}

/** `n(L, P)`: quote quanta of `lots` at `price`. */
export function notionalOf(market: MarketConfig, lots: number, price: number): number {
  return lots * price * market.tickValue
}

export function opposite(side: Side): Side {
  return side === 'buy' ? 'sell' : 'buy'
}

/** Whether an order of this side and limit trades at `price`. */
export function crosses(side: Side, limit: number, price: number): boolean {
  return side === 'buy' ? price <= limit : price >= limit
}
