import type { Core } from './core.ts'
import { feeOf } from './fees.ts'
import type { Market } from './market.ts'

/** The lots that an ioc can pay at a price, at most `wanted`. */
export function payable(
  core: Core,
  account: number,
  market: Market,
  isSell: boolean,
  wanted: number,
  price: number,
  feeSum: number,
  feeMax: number
): number {
  const quote = core.ledger.available(account, market.quote)
  const value = price * market.tickValue
  if (isSell) {
    const held = Math.floor(core.ledger.available(account, market.base) / market.lotSize)
    const lots = Math.min(wanted, held)
    if (lots <= 0) return 0
    const fee = feeSum + feeOf(lots * value, market.takerBps)
    const due = Math.min(Math.max(fee, market.takerFeeMin), feeMax)
    return quote + lots * value < due ? 0 : lots
  }
  if (buyCost(market, wanted, value, feeSum, feeMax) <= quote) return wanted
  // The cost grows with the lots: bisect between what can be paid and what cannot.
  let low = 0
  let high = wanted
  while (high - low > 1) {
    const middle = low + ((high - low) >> 1)
    if (buyCost(market, middle, value, feeSum, feeMax) <= quote) low = middle
    else high = middle
  }
  return low
}

/** What lots at a value each cost a buying command that has fees to pay already. */
function buyCost(
  market: Market,
  lots: number,
  value: number,
  feeSum: number,
  feeMax: number
): number {
  const fee = feeSum + feeOf(lots * value, market.takerBps)
  return lots * value + Math.min(Math.max(fee, market.takerFeeMin), feeMax)
}
