import type { Core } from './core.ts'
import {
  ARMED,
  COLD,
  ENTRY,
  FILLED,
  FIRED,
  FLAGS,
  HOT,
  LEASED,
  OWNER,
  PRICE,
  QUOTE,
  REMAINING,
  SELL,
  SLID,
  STATE_MASK,
  TRIGGER
} from './orders.ts'
import type { OrderView } from './results.ts'

/** Index of a live order, 0 for none. */
export function liveOrder(core: Core, id: number): number {
  const { pool } = core
  for (let index = 1; index < pool.end; index++) {
    if (pool.id(index) === id && pool.isLive(index)) return index
  }
  return 0
}

export function orderView(core: Core, index: number): OrderView {
  const { pool } = core
  const at = index * HOT
  const flags = pool.hot[at + FLAGS]
  const waiting = core.waiting.get(index)
  const state = flags & STATE_MASK
  const place = pool.cold[index * COLD + ENTRY] >>> 0
  return {
    id: pool.id(index),
    state: state === ARMED ? 'armed' : state === FIRED ? 'fired' : 'resting',
    account: pool.hot[at + OWNER] >>> 8,
    nonce: core.nonceOf(index),
    slot: flags >>> 16,
    market: pool.hot[at + OWNER] & 0xff,
    side: (flags & SELL) !== 0 ? 'sell' : 'buy',
    price: pool.hot[at + PRICE] >>> 0,
    slid: (flags & SLID) !== 0,
    remaining: pool.hot[at + REMAINING],
    filled: pool.cold[index * COLD + FILLED],
    quote: (flags & QUOTE) !== 0,
    leased: (flags & LEASED) !== 0,
    expiry: pool.expiry(index),
    trigger:
      (flags & TRIGGER) === 0 || waiting === undefined
        ? null
        : {
            kind: waiting.triggerKind === 1 ? 'stop' : 'takeProfit',
            price: waiting.triggerPrice
          },
    place: { index: pool.tape(index), entry: place >>> 8, ordinal: place & 0xff }
  }
}
