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
  maker: number,
  market: Market,
  opposite: BookSide,
  price: number
): boolean {
  const { taker } = core
  const mode = taker.flags & STP_MASK
  if (mode === CANCEL_NEWEST) {
    taker.stop = SELF_TRADE
    return false
  }
  if (mode === CANCEL_OLDEST || mode === CANCEL_BOTH) {
    core.cancel(maker, SELF_TRADE)
    if (mode === CANCEL_BOTH) taker.stop = SELF_TRADE
    return mode === CANCEL_OLDEST
  }
  const { words } = core.pool
  const at = maker * ORDER
  const offered = words[at + REMAINING]
  const by = Math.min(taker.left, offered)
  const left = offered - by
  const account = words[at + OWNER] >>> 8
  core.reserveResting(account, market, words[at + FLAGS], offered, price, -1)
  core.reserveResting(account, market, words[at + FLAGS], left, price, 1)
  opposite.reduce(price, by)
  words[at + REMAINING] = left
  taker.left -= by
  noteReduced(core, words[at + OWNER], left, by, core.pool.id(maker))
  noteReduced(core, taker.owner, taker.left, by, taker.id)
  if (left === 0) core.cancel(maker, SELF_TRADE)
  if (taker.left === 0) core.noteTakerCancelled(SELF_TRADE)
  return true
}

function noteReduced(core: Core, owner: number, left: number, by: number, id: number): void {
  core.events.add(REDUCED | ((owner & 0xff) << 16), owner >>> 8, left, by, id, 0)
}
