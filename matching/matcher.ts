// An order enters: it may be refused by the book, it trades, and what is left rests or goes
// (docs/matching.md, section 4).

import type { Core } from './core.ts'
import * as fees from './fees.ts'
import { walkFok } from './fok.ts'
import type { Market } from './market.ts'
import { holdsSlot } from './orders.ts'
import * as layout from './orders.ts'
import { IOC_REST, WOULD_CROSS } from './reasons.ts'
import { sweep } from './sweep.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { feeOf } = fees
const {
  FILLED,
  FLAGS,
  FOK,
  GTC,
  ORDER,
  OWNER,
  POST_MASK,
  POST_SLIDE,
  PRICE,
  REMAINING,
  RESTING,
  SELL,
  SLID,
  STATE_MASK,
  TIF_MASK,
  TIGHT
} = layout

type Terms = { nonce: number; feeMax: number }

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
  enter(core, index, waiting, holdsSlot(flags))
}

/** Matches an accepted order that has a record; `reserved` tells whether it has reserved what it can
 * cost. Afterwards it rests or its record is gone. */
export function enter(core: Core, index: number, waiting: Terms, reserved: boolean): void {
  const { pool, taker } = core
  taker.load(pool, index, waiting)
  const { flags, owner, price } = taker
  const entered = taker.left
  const market = core.markets[owner & 0xff]
  const rests = trade(core, market)
  if (reserved) core.reserveEntering(owner >>> 8, market, flags, entered, price, -1)
  if (rests) rest(core, index, market)
  else core.drop(index)
}

/** Trades the taker if it meets anybody. Gives whether what is left of it rests. */
export function trade(core: Core, market: Market): boolean {
  const { taker } = core
  if (crosses(market, taker.flags, taker.price)) return sweep(core, market)
  if ((taker.flags & TIF_MASK) === GTC) return true
  core.noteTakerCancelled(IOC_REST)
  return false
}

/** What is left of the taker comes to rest, in its record. */
export function rest(core: Core, index: number, market: Market): void {
  const { taker } = core
  const { words } = core.pool
  const at = index * ORDER
  const { flags, left, owner, price } = taker
  words[at + REMAINING] = left
  words[at + FILLED] = taker.filled + taker.took
  words[at + FLAGS] = (flags & ~STATE_MASK) | RESTING
  noteTight(core, index, market)
  core.reserveResting(owner >>> 8, market, flags, left, price, 1)
  if (core.waiting.size !== 0) core.waiting.delete(index)
  const isSell = (flags & SELL) !== 0
  const side = isSell ? market.asks : market.bids
  side.append(index, price, left)
  core.events.rested(((isSell ? 1 : 0) << 8) | (market.index << 16), owner, left, price, taker.id)
}

/** From now on an order pays as a maker out of what its feeMax has left in this batch: that is
 * remembered of the few orders for which it may not be enough. */
function noteTight(core: Core, index: number, market: Market): void {
  const { feeMax, left, price, spent } = core.taker
  if (feeMax - spent >= feeOf(left * price * market.tickValue, market.makerBps)) return
  core.pool.words[index * ORDER + FLAGS] |= TIGHT
  core.tight.set(index, { feeMax, spent, batch: core.batches.open.index })
}
