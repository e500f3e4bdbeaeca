import type { Core } from './core.ts'
import {
  ARMED,
  ENTRY,
  FILLED,
  FIRED,
  FLAGS,
  ORDER,
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
  const at = index * ORDER
  const flags = pool.words[at + FLAGS]
  const waiting = core.waiting.get(index)
  const state = flags & STATE_MASK
  const place = pool.words[index * ORDER + ENTRY] >>> 0
  return {
    id: pool.id(index),
    state: state === ARMED ? 'armed' : state === FIRED ? 'fired' : 'resting',
    account: pool.words[at + OWNER] >>> 8,
    nonce: core.pool.nonce(index),
    slot: flags >>> 16,
    market: pool.words[at + OWNER] & 0xff,
    side: (flags & SELL) !== 0 ? 'sell' : 'buy',
    price: pool.words[at + PRICE] >>> 0,
    slid: (flags & SLID) !== 0,
    remaining: pool.words[at + REMAINING],
    filled: pool.words[index * ORDER + FILLED],
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
