import type { BookSide } from './book-side.ts'
import type { Core } from './core.ts'
import { REDUCED } from './event-writer.ts'
import type { Market } from './market.ts'
import {
  CANCEL_BOTH,
  CANCEL_NEWEST,
  CANCEL_OLDEST,
  FLAGS,
  HOT,
  OWNER,
  REMAINING,
  STP_MASK
} from './orders.ts'
import { SELF_TRADE } from './reasons.ts'

/** The best opposite order is the taker's own. Whether the taker goes on. */
export function preventSelfTrade(
  core: Core,
  index: number,
  maker: number,
  market: Market,
  opposite: BookSide,
  price: number,
  flags: number
): boolean {
  const mode = flags & STP_MASK
  if (mode === CANCEL_NEWEST) {
    core.takerStop = SELF_TRADE
    return false
  }
  if (mode === CANCEL_OLDEST || mode === CANCEL_BOTH) {
    core.cancel(maker, SELF_TRADE)
    if (mode === CANCEL_BOTH) core.takerStop = SELF_TRADE
    return mode === CANCEL_OLDEST
  }
  const hot = core.pool.hot
  const by = Math.min(hot[index * HOT + REMAINING], hot[maker * HOT + REMAINING])
  const makerFlags = hot[maker * HOT + FLAGS]
  const account = hot[maker * HOT + OWNER] >>> 8
  const left = hot[maker * HOT + REMAINING] - by
  core.reserveResting(account, market, makerFlags, left + by, price, -1)
  core.reserveResting(account, market, makerFlags, left, price, 1)
  opposite.reduce(price, by)
  hot[maker * HOT + REMAINING] = left
  hot[index * HOT + REMAINING] -= by
  noteReduced(core, maker, by)
  noteReduced(core, index, by)
  if (left === 0) core.cancel(maker, SELF_TRADE)
  if (hot[index * HOT + REMAINING] === 0) core.noteCancelled(index, SELF_TRADE)
  return true
}

function noteReduced(core: Core, index: number, by: number): void {
  const hot = core.pool.hot
  const at = index * HOT
  const head = REDUCED | ((hot[at + OWNER] & 0xff) << 16)
  const account = hot[at + OWNER] >>> 8
  core.events.add(head, account, hot[at + REMAINING], by, core.pool.id(index), 0)
}
