import { BookSide } from './book-side.ts'
import * as fees from './fees.ts'
import type { OrderPool } from './orders.ts'
import { ArmedOrders } from './triggers.ts'
import type { MarketConfig } from './types.ts'

const { feeOf } = fees

/** A market's terms, its book, its last price and the orders that wait for one. */
export class Market {
  readonly index: number
  readonly id: string
  readonly base: number
  readonly quote: number
  readonly lotSize: number
  readonly tickValue: number
  readonly priceMaxTicks: number
  readonly quantityMaxLots: number
  readonly notionalMin: number
  readonly bandBps: number
  readonly makerBps: number
  readonly takerBps: number
  readonly takerFeeMin: number
  /** The greater of the two rates. */
  readonly feeBpsMax: number
  /** Ticks, 0 before the first trade. */
  lastPrice = 0
  readonly bids: BookSide
  readonly asks: BookSide
  readonly armed = new ArmedOrders()

  constructor(index: number, config: MarketConfig, pool: OrderPool) {
    this.index = index
    this.id = config.id
    this.base = config.base
    this.quote = config.quote
    this.lotSize = config.lotSize
    this.tickValue = config.tickValue
    this.priceMaxTicks = config.priceMaxTicks
    this.quantityMaxLots = config.quantityMaxLots
    this.notionalMin = config.notionalMin
    this.bandBps = config.bandBps
    this.makerBps = config.makerBps
    this.takerBps = config.takerBps
    this.takerFeeMin = config.takerFeeMin
    this.feeBpsMax = Math.max(config.makerBps, config.takerBps)
    this.bids = new BookSide(true, config.priceMaxTicks, pool)
    this.asks = new BookSide(false, config.priceMaxTicks, pool)
  }

  /** The greatest fee that a notional can cost as one taking command or one resting order. */
  feeCeiling(notional: number): number {
    const fee = feeOf(notional, this.feeBpsMax)
    return Math.max(fee, this.takerFeeMin)
  }

  /** Quote quanta that a buy reserves while it rests. */
  restingBuy(lots: number, price: number): number {
    const notional = lots * price * this.tickValue
    return notional + feeOf(notional, this.makerBps)
  }

  /** Quote quanta that a buy reserves before it rests. */
  enteringBuy(lots: number, price: number): number {
    const notional = lots * price * this.tickValue
    return notional + this.feeCeiling(notional)
  }

  /** Quote quanta that a sell reserves before it rests: what the least fee may cost above the
   * proceeds of the smallest fill. */
  enteringSell(price: number): number {
    const short = this.takerFeeMin - price * this.tickValue
    return short > 0 ? short : 0
  }

  /** Whether a price is too far from the last trade for the side. */
  outsideBand(isSell: boolean, price: number): boolean {
    if (this.bandBps === 0 || this.lastPrice === 0) return false
    return isSell
      ? price * 10000 < this.lastPrice * (10000 - this.bandBps)
      : price * 10000 > this.lastPrice * (10000 + this.bandBps)
  }
}
