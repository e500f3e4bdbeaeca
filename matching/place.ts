// An order is placed: checks, acceptance, entry (docs/matching.md, section 4).

import * as accountLayout from './account-layout.ts'
import { arm } from './activation.ts'
import { canReserve, checkRoom, checkTerms } from './checks.ts'
import type { Core } from './core.ts'
import * as cellLayout from './cell-layout.ts'
import * as fees from './fees.ts'
import { walkFok } from './fok.ts'
import * as records from './event-layout.ts'
import type { Market } from './market.ts'
import { enter, postOnlyPrice, rest, trade } from './matcher.ts'
import * as layout from './order-layout.ts'
import { INSUFFICIENT_FUNDS, SETTLEMENT_LAGGING, WOULD_CROSS } from './reasons.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { ACCOUNT_SHIFT, GATE_SHIFT, LIVE } = accountLayout
const { FOLDED } = records
const { DELEGATED, FOK, GTC, LEASED, POST_MASK, QUOTE, RESTING, SELL, SLID, TIF_MASK, TRIGGER } =
  layout
const WAITING = layout.PENDING
const { PENDING, RESERVED, SETTLED } = cellLayout
const { feeOf } = fees

/** What the short way does not know. */
const UNUSUAL = FOK | LEASED | QUOTE | TRIGGER

/**
 * Places the draft. Gives the reason of a refusal or 0; then `core.placed` is the order's index, or
 * one that is not live when it traded or went at once.
 *
 * Almost every order is a plain gtc or ioc that nothing speaks against. For those this is all checks
 * in one pass, with no order among them and no reason to name: whatever is unusual or fails goes the
 * long way, which does it all again, by the rule book's list.
 */
export function place(core: Core): number {
  const d = core.draft
  const { account, expiry, feeMax, flags, nonce, price } = d
  const { accounts, ledger } = core
  const lots = d.quantity
  const market = core.markets[d.market]
  const notional = lots * price * market.tickValue
  const whole = feeOf(notional, market.feeBpsMax)
  const feeCeiling = whole > market.takerFeeMin ? whole : market.takerFeeMin
  const isPlain =
    (flags & UNUSUAL) === 0 &&
    core.stopCode === 0 &&
    nonce >= accounts.gates[account << GATE_SHIFT] &&
    price >= 1 &&
    price <= market.priceMaxTicks &&
    lots >= 1 &&
    lots <= market.quantityMaxLots &&
    expiry > core.seconds &&
    expiry <= core.seconds + core.config.orderLifeMaxSeconds &&
    (d.delegate === -1 || expiry <= d.delegateUntil) &&
    notional >= market.notionalMin &&
    feeMax >= feeCeiling &&
    !market.outsideBand((flags & SELL) !== 0, price)
  if (!isPlain) return placeCarefully(core)

  const isSell = (flags & SELL) !== 0
  const touch = isSell ? market.bids.best : market.asks.best
  const crosses = touch !== 0 && (isSell ? touch >= price : touch <= price)
  if ((flags & TIF_MASK) !== GTC) {
    if (d.slot !== 0 || (flags & POST_MASK) !== 0) return placeCarefully(core)
    take(core, market)
    return 0
  }

  // It can rest: its slot, and what it costs at its limit.
  const slot = accounts.slotAt(account, d.slot)
  const hasRoom =
    d.slot < core.config.slotsMax &&
    accounts.rows[(account << ACCOUNT_SHIFT) | LIVE] < core.config.liveOrdersMax &&
    accounts.isAbove(slot, nonce) &&
    core.holderOf(accounts.indexAt(slot), account, d.slot) === 0
  const { cells } = ledger
  const cell = ledger.change(account, isSell ? market.base : market.quote)
  const available = cells[cell | SETTLED] + cells[cell | PENDING] - cells[cell | RESERVED]
  const cost = isSell ? lots * market.lotSize : notional + feeCeiling
  const pays = cost <= available && (!isSell || market.enteringSell(price) === 0)
  if (!hasRoom || !pays) return placeCarefully(core)
  if (crosses) {
    if ((flags & POST_MASK) !== 0) return placeCarefully(core)
    accounts.takeSlotAt(slot, account, d.slot, nonce, 0)
    take(core, market)
    return 0
  }
  const index = restWhole(core, lots, price)
  accounts.takeSlotAt(slot, account, d.slot, nonce, index)
  cells[cell | RESERVED] += isSell ? cost : notional + feeOf(notional, market.makerBps)
  const side = isSell ? market.asks : market.bids
  side.append(index, price, lots)
  return 0
}

/** Accepts the draft's order, which meets nobody. Its place on the book is the caller's. */
function restWhole(core: Core, lots: number, price: number): number {
  const index = core.record(core.announce(lots, FOLDED), lots, price, RESTING)
  core.placed = index
  return index
}

/** The draft's order trades at once. It gets a record only when something of it comes to rest. */
function take(core: Core, market: Market): void {
  const { draft: d, taker } = core
  const { account, delegate, nonce, price, slot } = d
  const lots = d.quantity
  const id = core.announce(lots, 0)
  taker.index = 0
  taker.id = id
  taker.high = core.highOf(id)
  taker.owner = (account << 8) | d.market
  taker.flags = (slot << 16) | d.flags | WAITING | (delegate === -1 ? 0 : DELEGATED)
  taker.price = price
  taker.tapeLow = core.index | 0
  taker.entry = (d.entry << 8) | d.ordinal
  taker.nonce = nonce
  taker.feeMax = d.feeMax
  taker.left = lots
  taker.filled = 0
  taker.took = 0
  taker.spent = 0
  taker.stop = 0
  taker.gone = false
  core.placed = 0
  if (trade(core, market)) {
    const index = core.record(id, taker.left, price, RESTING)
    core.placed = index
    core.accounts.takeSlot(account, slot, nonce, index)
    rest(core, index, market)
  }
  core.closeIfFull()
}

/** The same for any order. */
function placeCarefully(core: Core): number {
  const d = core.draft
  if (core.stopCode !== 0) return SETTLEMENT_LAGGING
  const refusal = checkTerms(core, 0) || checkRoom(core, 0)
  if (refusal !== 0) return refusal
  const market = core.markets[d.market]
  const hasTrigger = (d.flags & TRIGGER) !== 0
  let price = d.price
  if (!hasTrigger && (d.flags & POST_MASK) !== 0) {
    price = postOnlyPrice(market, d.flags, d.price)
    if (price === 0) return WOULD_CROSS
    if (price !== d.price) d.flags |= SLID
  }
  if (!hasTrigger && (d.flags & TIF_MASK) === FOK) {
    const reason = walkFok(core, d.account, market, d.flags, d.price, d.quantity, d.feeMax)
    if (reason !== 0) return reason
  }
  if (!canReserve(core, d.quantity, price)) return INSUFFICIENT_FUNDS
  const index = core.accept(d.quantity, price)
  core.placed = index
  if (hasTrigger) {
    arm(core, index)
  } else {
    enter(core, index, d, false)
    core.closeIfFull()
  }
  return 0
}
