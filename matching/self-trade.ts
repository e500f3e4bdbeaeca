import type { BookSide } from './book-side.ts'
import type { Core } from './core.ts'
import { REDUCED } from './event-writer.ts'
import type { Market } from './market.ts'
import {
  CANCEL_BOTH,
  CANCEL_NEWEST,
  CANCEL_OLDEST,
  FLAGS,
  ORDER,
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
  const words = core.pool.words
  const by = Math.min(words[index * ORDER + REMAINING], words[maker * ORDER + REMAINING])
  const makerFlags = words[maker * ORDER + FLAGS]
  const account = words[maker * ORDER + OWNER] >>> 8
  const left = words[maker * ORDER + REMAINING] - by
  core.reserveResting(account, market, makerFlags, left + by, price, -1)
  core.reserveResting(account, market, makerFlags, left, price, 1)
  opposite.reduce(price, by)
  words[maker * ORDER + REMAINING] = left
  words[index * ORDER + REMAINING] -= by
  noteReduced(core, maker, by)
  noteReduced(core, index, by)
  if (left === 0) core.cancel(maker, SELF_TRADE)
  if (words[index * ORDER + REMAINING] === 0) core.noteCancelled(index, SELF_TRADE)
  return true
}

function noteReduced(core: Core, index: number, by: number): void {
  const words = core.pool.words
  const at = index * ORDER
  const head = REDUCED | ((words[at + OWNER] & 0xff) << 16)
  const account = words[at + OWNER] >>> 8
  core.events.add(head, account, words[at + REMAINING], by, core.pool.id(index), 0)
}
