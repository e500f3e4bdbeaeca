// The checks of an order, in the rule book's order (docs/matching.md, section 4). They read the
// draft and give the code of the first reason that holds, or 0.

import type { Core } from './core.ts'
import { holdsSlot } from './orders.ts'
import * as layout from './orders.ts'
import {
  BELOW_FLOOR,
  EXIT_PENDING,
  EXPIRED,
  EXPIRY_AFTER_DELEGATION,
  EXPIRY_TOO_FAR,
  FEE_MAX_TOO_LOW,
  INVALID_COMBINATION,
  LEASE_LAPSED,
  NOTIONAL_TOO_SMALL,
  PRICE_BAND,
  PRICE_OUT_OF_RANGE,
  PROTECTED,
  QUANTITY_OUT_OF_RANGE,
  REPLACED,
  SLOT_BUSY,
  SLOT_NONCE,
  SLOT_OUT_OF_RANGE,
  TOO_MANY_ORDERS
} from './reasons.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { GTC, LEASED, POST_MASK, QUOTE, SELL, TIF_MASK, TRIGGER } = layout

/** Which of the checks an amend in place and an order of a mass-quote are spared. */
export const SPARE_REPLACED = 1
export const SPARE_BAND = 2

/** From `exit_pending` to `protected`. */
export function checkTerms(core: Core, spared: number): number {
  const d = core.draft
  const market = core.markets[d.market]
  const { flags, account } = d
  if (core.ledger.exiting(account, market.base) || core.ledger.exiting(account, market.quote)) {
    return EXIT_PENDING
  }
  if (d.nonce < core.accounts.floor[account]) return BELOW_FLOOR
  const isQuote = (flags & QUOTE) !== 0
  if (isQuote && core.quoted.size !== 0 && (spared & SPARE_REPLACED) === 0) {
    const quote = core.quoted.get(account * core.markets.length + d.market)
    if (quote !== undefined && d.entry < quote) return REPLACED
  }
  const shape = checkShape(core)
  if (shape !== 0) return shape
  if (core.seconds >= d.expiry) return EXPIRED
  // Both are whole seconds, so the part of a second that has passed does not matter.
  if (d.expiry > core.seconds + core.config.orderLifeMaxSeconds) return EXPIRY_TOO_FAR
  if (d.delegate !== -1 && d.expiry > d.delegateUntil) return EXPIRY_AFTER_DELEGATION
  const notional = d.quantity * d.price * market.tickValue
  if (notional < market.notionalMin) return NOTIONAL_TOO_SMALL
  d.notional = notional
  d.feeCeiling = market.feeCeiling(notional)
  if (d.feeMax < d.feeCeiling) return FEE_MAX_TOO_LOW
  const banded = (spared & SPARE_BAND) === 0 && (flags & TRIGGER) === 0
  if (banded && market.outsideBand((flags & SELL) !== 0, d.price)) return PRICE_BAND
  if ((flags & LEASED) !== 0) {
    const lane = core.accounts.lane[account]
    if (lane === -1 || core.lanes.list[lane].leaseUntil <= core.time) return LEASE_LAPSED
  }
  if (isQuote && core.protections.fired(account, d.market)) return PROTECTED
  return 0
}

function checkShape(core: Core): number {
  const d = core.draft
  const market = core.markets[d.market]
  const { flags } = d
  const hasTrigger = (flags & TRIGGER) !== 0
  if (d.price < 1 || d.price > market.priceMaxTicks) return PRICE_OUT_OF_RANGE
  if (hasTrigger && (d.triggerPrice < 1 || d.triggerPrice > market.priceMaxTicks)) {
    return PRICE_OUT_OF_RANGE
  }
  if (d.quantity < 1 || d.quantity > market.quantityMaxLots) return QUANTITY_OUT_OF_RANGE
  const immediate = (flags & TIF_MASK) !== GTC
  if (immediate && (flags & POST_MASK) !== 0) return INVALID_COMBINATION
  if ((flags & QUOTE) !== 0 && (immediate || hasTrigger)) return INVALID_COMBINATION
  if (d.slot !== 0 && immediate && !hasTrigger) return INVALID_COMBINATION
  return d.slot >= core.config.slotsMax ? SLOT_OUT_OF_RANGE : 0
}

/** `slot_busy` and `slot_nonce`; the slot of the order `old` counts as free. */
export function checkSlot(core: Core, old: number): number {
  const d = core.draft
  const at = core.accounts.slotAt(d.account, d.slot)
  const holder = core.holderOf(core.accounts.indexAt(at), d.account, d.slot)
  if (holder !== 0 && holder !== old) return SLOT_BUSY
  return core.accounts.isAbove(at, d.nonce) ? 0 : SLOT_NONCE
}

/** From `too_many_orders` to `slot_nonce`, for orders that can rest or wait; `old` (0 for none) is
 * an order that makes way. */
export function checkRoom(core: Core, old: number): number {
  const d = core.draft
  if (!holdsSlot(d.flags)) return 0
  const others = core.accounts.liveOrders(d.account) - (old === 0 ? 0 : 1)
  if (others >= core.config.liveOrdersMax) return TOO_MANY_ORDERS
  return checkSlot(core, old)
}

/** Whether the draft's account can reserve what lots of the draft can cost at a price. The terms
 * have been checked. */
export function canReserve(core: Core, lots: number, price: number): boolean {
  const d = core.draft
  if (!holdsSlot(d.flags)) return true
  const market = core.markets[d.market]
  const quote = core.ledger.available(d.account, market.quote)
  if ((d.flags & SELL) === 0) {
    const whole = lots === d.quantity && price === d.price
    return (whole ? d.notional + d.feeCeiling : market.enteringBuy(lots, price)) <= quote
  }
  const base = core.ledger.available(d.account, market.base)
  return lots * market.lotSize <= base && market.enteringSell(price) <= quote
}
