// An order enters: it may be refused by the book, it trades, and what is left rests or goes
// (docs/matching.md, section 4).

import type { Core } from './core.ts'
import { walkFok } from './fok.ts'
import type { Market } from './market.ts'
import { holdsSlot } from './orders.ts'
import * as layout from './orders.ts'
import { IOC_REST, WOULD_CROSS } from './reasons.ts'
import { noteTight, sweep } from './sweep.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const {
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
  TIF_MASK
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
  let rests = (flags & TIF_MASK) === GTC
  if (crosses(market, flags, price)) {
    rests = sweep(core, index, nonce, feeMax, market)
  } else if (!rests) {
    core.noteCancelled(index, IOC_REST)
  } else if ((flags & SLID) !== 0) {
    noteTight(core, index, market, feeMax, 0)
  }
  if (reserved) core.reserveEntering(owner >>> 8, market, flags, entered, price, -1)
  if (rests) rest(core, index, market)
  else core.drop(index)
}

function rest(core: Core, index: number, market: Market): void {
  const words = core.pool.words
  const at = index * ORDER
  const flags = words[at + FLAGS]
  const owner = words[at + OWNER]
  const price = words[at + PRICE] >>> 0
  const lots = words[at + REMAINING]
  core.reserveResting(owner >>> 8, market, flags, lots, price, 1)
  if (core.waiting.size !== 0) core.waiting.delete(index)
  words[at + FLAGS] = (flags & ~STATE_MASK) | RESTING
  const side = (flags & SELL) !== 0 ? market.asks : market.bids
  side.append(index, price, lots)
  core.events.rested(
    ((flags & SELL) << 8) | (market.index << 16),
    owner,
    lots,
    price,
    core.pool.id(index)
  )
}
