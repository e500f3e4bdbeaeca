// Section 2: what an order holds back.
import type { MarketConfig, OrderInput } from '../../../matching/types.ts'
import type { Order } from './state.ts'
import { feeOf, notionalOf, type World } from './world.ts'

/** Quanta of the market's base and of its quote token. */
export type Reservation = { base: number; quote: number }

export function canRestOrWait(input: OrderInput): boolean {
  return input.timeInForce === 'gtc' || input.trigger !== null
}

/** While pending, armed, fired or entering. */
export function enteringReservation(
  market: MarketConfig,
  input: OrderInput,
  lots: number,
  price: number
): Reservation {
  if (!canRestOrWait(input)) return { base: 0, quote: 0 }
  if (input.side === 'sell') {
    const shortfall = market.takerFeeMin - notionalOf(market, 1, price)
    return { base: lots * market.lotSize, quote: Math.max(0, shortfall) }
  }
  const n = notionalOf(market, lots, price)
  const fee = Math.max(feeOf(n, market.makerBps), feeOf(n, market.takerBps), market.takerFeeMin)
  return { base: 0, quote: n + fee }
}

/** While resting. */
export function restingReservation(
  market: MarketConfig,
  input: OrderInput,
  lots: number,
  price: number
): Reservation {
  if (input.side === 'sell') return { base: lots * market.lotSize, quote: 0 }
  const n = notionalOf(market, lots, price)
  return { base: 0, quote: n + feeOf(n, market.makerBps) }
}

export function reserveEntering(world: World, order: Order): void {
  const { base, quote } = enteringReservation(
    world.market(order),
    order.input,
    order.remaining,
    order.price
  )
  world.reserve(order, base, quote)
}

export function reserveResting(world: World, order: Order): void {
  const { base, quote } = restingReservation(
    world.market(order),
    order.input,
    order.remaining,
    order.price
  )
  world.reserve(order, base, quote)
}
