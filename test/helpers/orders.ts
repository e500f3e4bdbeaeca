// Orders and markets with usual fields.
import type { MarketTerms } from '../../contracts/batch.ts'
import type { Address, Order } from '../../protocol/types.ts'

/** A market's terms, with usual fees. */
export function market(
  base: number,
  quote: number,
  terms: Partial<MarketTerms> & { lotSize: number; tickValue: number }
): MarketTerms {
  return { base, quote, makerBps: 2, takerBps: 5, takerFeeMin: 3, ...terms }
}

/** An order with usual fields. */
export function order(
  account: Address,
  fields: Partial<Order> & { side: Order['side']; price: number; quantity: number; nonce: number }
): Order {
  return {
    market: 0,
    account,
    timeInForce: 'gtc',
    postOnly: 'no',
    quote: false,
    leased: false,
    selfTradePrevention: 'cancelNewest',
    trigger: null,
    expiry: 4_000_000_000,
    feeMax: 1_000_000,
    slot: 0,
    ...fields
  }
}
