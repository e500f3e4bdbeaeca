// An order enters: it may be refused by the book, it trades, and what is left rests or goes
// (docs/matching.md, section 4).

import { fire } from './activation.ts'
import type { Core } from './core.ts'
import * as records from './event-writer.ts'
import { feeOf } from './fees.ts'
import { walkFok } from './fok.ts'
import type { Market } from './market.ts'
import { payable } from './payable.ts'
import { preventSelfTrade } from './self-trade.ts'
import { highWord, holdsSlot } from './orders.ts'
import * as layout from './orders.ts'
import { FILL_LIMIT, INSUFFICIENT_FUNDS, IOC_REST, WOULD_CROSS } from './reasons.ts'
import type { BookSide } from './book-side.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { TRADED } = records
const {
  FILLED,
  FLAGS,
  FOK,
  GTC,
  HIGH,
  ORDER,
  ID_LOW,
  IOC,
  OWNER,
  POST_MASK,
  PENDING,
  POST_SLIDE,
  PRICE,
  QUOTE,
  REMAINING,
  RESTING,
  SELL,
  SLID,
  STATE_MASK,
  TIF_MASK,
  TIGHT,
  TRIGGER
} = layout

/**
 * The price at which a post-only order would rest: its own, one tick behind the touch when it
 * slides, or 0 when it is refused.
 */
export function postOnlyPrice(market: Market, flags: number, price: number): number {
  if ((flags & SELL) === 0) {
    const touch = market.asks.best
    if (touch === 0 || touch > price) return price
    return (flags & POST_MASK) === POST_SLIDE ? touch - 1 : 0
  }
  const touch = market.bids.best
  if (touch === 0 || touch < price) return price
  return (flags & POST_MASK) === POST_SLIDE && touch < market.priceMaxTicks ? touch + 1 : 0
}

/** Whether an order at a price meets anybody. */
export function crosses(market: Market, flags: number, price: number): boolean {
  const touch = (flags & SELL) !== 0 ? market.bids.best : market.asks.best
  return touch !== 0 && ((flags & SELL) !== 0 ? touch >= price : touch <= price)
}

/** The draft's order, just accepted, meets nobody and rests: the shortest way, all from the draft. */
export function restDraft(core: Core, index: number, market: Market, price: number): void {
  const d = core.draft
  const lots = d.quantity
  const isSell = (d.flags & SELL) !== 0
  core.pool.words[index * ORDER + FLAGS] ^= PENDING ^ RESTING
  if (isSell) {
    core.ledger.addReserved(d.account, market.base, lots * market.lotSize)
    market.asks.append(index, price, lots)
  } else {
    const notional = price === d.price ? d.notional : lots * price * market.tickValue
    const fee = feeOf(notional, market.makerBps)
    core.ledger.addReserved(d.account, market.quote, notional + fee)
    market.bids.append(index, price, lots)
  }
  const head = (isSell ? 256 : 0) | (market.index << 16)
  const id = core.nextId - 1
  core.events.putRested(head, d.account, lots, price, id | 0, highWord(id))
  if ((d.flags & SLID) !== 0) noteTight(core, index, market, d.feeMax, 0)
}

/** A pending or fired order's turn: the book may refuse it, and then it is gone. */
export function enterWaiting(core: Core, index: number): void {
  const waiting = core.waiting.get(index)
  if (waiting === undefined) return
  const words = core.pool.words
  const at = index * ORDER
  const flags = words[at + FLAGS]
  const account = words[at + OWNER] >>> 8
  const market = core.markets[words[at + OWNER] & 0xff]
  const price = words[at + PRICE] >>> 0
  if ((flags & POST_MASK) !== 0) {
    const resting = postOnlyPrice(market, flags, price)
    if (resting === 0) {
      core.cancel(index, WOULD_CROSS)
      return
    }
    if (resting !== price) {
      const lots = words[at + REMAINING]
      core.reserveEntering(account, market, flags, lots, price, -1)
      core.reserveEntering(account, market, flags, lots, resting, 1)
      words[at + PRICE] = resting
      words[at + FLAGS] |= SLID
    }
  }
  if ((flags & TIF_MASK) === FOK) {
    const lots = words[at + REMAINING]
    const refusal = walkFok(core, account, market, flags, price, lots, waiting.feeMax)
    if (refusal !== 0) {
      core.cancel(index, refusal)
      return
    }
  }
  enter(core, index, waiting.nonce, waiting.feeMax, holdsSlot(flags))
}

/** Matches an accepted order; `reserved` tells whether it has reserved what it can cost. Afterwards
 * it rests or its record is gone. */
export function enter(
  core: Core,
  index: number,
  nonce: number,
  feeMax: number,
  reserved: boolean
): void {
  const pool = core.pool
  const at = index * ORDER
  const owner = pool.words[at + OWNER]
  const market = core.markets[owner & 0xff]
  const flags = pool.words[at + FLAGS]
  const price = pool.words[at + PRICE] >>> 0
  const entered = pool.words[at + REMAINING]
  const opposite = (flags & SELL) !== 0 ? market.bids : market.asks
  if (crosses(market, flags, price)) {
    const rests = match(core, index, nonce, feeMax, market, opposite, flags, price)
    if (reserved) core.reserveEntering(owner >>> 8, market, flags, entered, price, -1)
    if (rests) rest(core, index, market)
    else core.drop(index)
    return
  }
  if ((flags & TIF_MASK) === GTC) {
    if (reserved) core.reserveEntering(owner >>> 8, market, flags, entered, price, -1)
    rest(core, index, market)
    if ((flags & SLID) !== 0) noteTight(core, index, market, feeMax, 0)
    return
  }
  core.noteCancelled(index, IOC_REST)
  if (reserved) core.reserveEntering(owner >>> 8, market, flags, entered, price, -1)
  core.drop(index)
}

function rest(core: Core, index: number, market: Market): void {
  const words = core.pool.words
  const at = index * ORDER
  const account = words[at + OWNER] >>> 8
  const price = words[at + PRICE] >>> 0
  core.reserveResting(account, market, words[at + FLAGS], words[at + REMAINING], price, 1)
  putOnBook(core, index, market)
}

function putOnBook(core: Core, index: number, market: Market): void {
  const words = core.pool.words
  const at = index * ORDER
  const flags = words[at + FLAGS]
  const price = words[at + PRICE] >>> 0
  const lots = words[at + REMAINING]
  if (core.waiting.size !== 0) core.waiting.delete(index)
  words[at + FLAGS] = (flags & ~STATE_MASK) | RESTING
  const side = (flags & SELL) !== 0 ? market.asks : market.bids
  side.append(index, price, lots)
  const head = ((flags & SELL) << 8) | (market.index << 16)
  const idHigh = words[at + HIGH] >>> 16
  core.events.putRested(head, words[at + OWNER] >>> 8, lots, price, words[at + ID_LOW], idHigh)
}

/** The sweep. Gives whether what is left of the order rests; else its end is in the events. */
function match(
  core: Core,
  index: number,
  nonce: number,
  feeMax: number,
  market: Market,
  opposite: BookSide,
  flags: number,
  price: number
): boolean {
  const words = core.pool.words
  const at = index * ORDER
  const owner = words[at + OWNER]
  const account = owner >>> 8
  const isSell = (flags & SELL) !== 0
  const paysAsItGoes = (flags & (TIF_MASK | TRIGGER)) === IOC
  const fillsMax = core.fillsMax
  core.taker = index
  core.takerStop = 0
  core.takerGone = false
  let fills = 0
  let feeSum = 0
  while (words[at + REMAINING] !== 0 && fills < fillsMax) {
    const best = opposite.best
    if (best === 0 || (isSell ? best < price : best > price)) break
    const maker = opposite.first()
    if (words[maker * ORDER + OWNER] >>> 8 === account) {
      if (!preventSelfTrade(core, index, maker, market, opposite, best, flags)) break
      continue
    }
    const wanted = Math.min(words[at + REMAINING], words[maker * ORDER + REMAINING])
    let lots = wanted
    if (paysAsItGoes) {
      lots = payable(core, account, market, isSell, wanted, best, feeSum, feeMax)
      if (lots < wanted) core.takerStop = INSUFFICIENT_FUNDS
      if (lots === 0) break
    }
    feeSum += feeOf(lots * best * market.tickValue, market.takerBps)
    fills++
    trade(core, index, nonce, maker, market, opposite, lots, best, isSell)
    if (core.takerGone || lots < wanted) break
  }
  core.taker = 0
  if (fills > 0) charge(core, index, market, feeSum, feeMax)
  return settleRest(core, index, market, flags, fills, feeSum, feeMax)
}

/** What becomes of a taker after its sweep: whether it rests. */
function settleRest(
  core: Core,
  index: number,
  market: Market,
  flags: number,
  fills: number,
  feeSum: number,
  feeMax: number
): boolean {
  const words = core.pool.words
  const at = index * ORDER
  const remaining = words[at + REMAINING]
  if (core.takerGone || remaining === 0) return false
  let stop = core.takerStop
  if (stop === 0 && fills === core.fillsMax) stop = FILL_LIMIT
  if (stop === 0 && (flags & TIF_MASK) !== GTC) stop = IOC_REST
  if (stop !== 0) {
    core.noteCancelled(index, stop)
    return false
  }
  if (fills > 0) {
    const spent = Math.min(Math.max(feeSum, market.takerFeeMin), feeMax)
    noteTight(core, index, market, feeMax, spent)
  }
  return true
}

/** From now on an order pays as a maker out of what its feeMax has left in this batch: that is
 * remembered of the few orders for which it may not be enough. */
function noteTight(core: Core, index: number, market: Market, feeMax: number, spent: number): void {
  const words = core.pool.words
  const at = index * ORDER
  const notional = words[at + REMAINING] * (words[at + PRICE] >>> 0) * market.tickValue
  if (feeMax - spent >= feeOf(notional, market.makerBps)) return
  words[at + FLAGS] |= TIGHT
  core.tight.set(index, { feeMax, spent, batch: core.batches.open.index })
}

/** One trade at the resting order's price: balances, records, the book, what it sets off. */
function trade(
  core: Core,
  taker: number,
  takerNonce: number,
  maker: number,
  market: Market,
  opposite: BookSide,
  lots: number,
  price: number,
  takerSells: boolean
): void {
  const { pool } = core
  const words = pool.words
  const takerAt = taker * ORDER
  const makerAt = maker * ORDER
  const takerAccount = words[takerAt + OWNER] >>> 8
  const makerAccount = words[makerAt + OWNER] >>> 8
  const makerFlags = words[makerAt + FLAGS]
  const left = words[makerAt + REMAINING] - lots
  const notional = lots * price * market.tickValue
  const base = lots * market.lotSize
  // First, for it brings the next maker's record into the cache while the rest is done.
  if (left === 0) opposite.remove(maker, price, lots)
  else opposite.reduce(price, lots)
  const wholeFee = feeOf(notional, market.makerBps)
  const makerFee = (makerFlags & TIGHT) !== 0 ? tightFee(core, maker, wholeFee) : wholeFee
  // A maker's buy: what is left goes on reserving for itself.
  let released = base
  if (takerSells) {
    released =
      left === 0
        ? notional + wholeFee
        : market.restingBuy(left + lots, price) - market.restingBuy(left, price)
  }
  core.ledger.trade(
    makerAccount,
    takerAccount,
    market.base,
    market.quote,
    takerSells ? base : -base,
    takerSells ? -notional - makerFee : notional - makerFee,
    released,
    takerSells ? -base : base,
    takerSells ? notional : -notional
  )
  words[takerAt + REMAINING] -= lots
  words[takerAt + FILLED] += lots
  words[makerAt + FILLED] += lots
  const head = TRADED | ((takerSells ? 1 : 0) << 8) | (market.index << 16)
  core.events.put(
    head,
    makerAccount,
    lots,
    price,
    words[makerAt + ID_LOW],
    words[makerAt + HIGH] >>> 16,
    words[takerAt + ID_LOW],
    words[takerAt + HIGH] >>> 16
  )
  core.events.note(makerFee, takerAccount)
  if (core.settles) {
    core.batchGrew = true
    core.batches.recordFill(core, maker, taker, takerNonce, lots, price, makerFee)
  }
  words[makerAt + REMAINING] = left
  if (left === 0) core.drop(maker)
  market.lastPrice = price
  if (market.armed.size !== 0) fire(core, market, price)
  if ((makerFlags & QUOTE) !== 0) core.judgeProtection(makerAccount, market.index, lots)
  if ((words[takerAt + FLAGS] & QUOTE) !== 0) core.judgeProtection(takerAccount, market.index, lots)
}

/** A maker fee cut to what is left of the order's feeMax in the open batch. */
function tightFee(core: Core, maker: number, fee: number): number {
  const tight = core.tight.get(maker)
  if (tight === undefined) return fee
  if (tight.batch !== core.batches.open.index) {
    tight.batch = core.batches.open.index
    tight.spent = 0
  }
  const paid = Math.min(fee, tight.feeMax - tight.spent)
  tight.spent += paid
  return paid
}

/** The taking command's fee, once. */
function charge(core: Core, index: number, market: Market, feeSum: number, feeMax: number): void {
  const words = core.pool.words
  const at = index * ORDER
  const account = words[at + OWNER] >>> 8
  const whole = Math.max(feeSum, market.takerFeeMin)
  const fee = Math.min(whole, feeMax)
  core.ledger.addPending(account, market.quote, -fee)
  const idHigh = words[at + HIGH] >>> 16
  core.events.putCharged(market.index, account, words[at + ID_LOW], idHigh, fee, fee === whole)
  if (!core.settles) return
  core.batches.open.addTakerFee(core.pool.id(index), words[at + OWNER], fee)
}
