import type { BookSide } from './book-side.ts'
import type { Core } from './core.ts'
import { FLAGS, ORDER, NEXT, OWNER, PREV, REMAINING, RESTING, STATE_MASK } from './orders.ts'
import type { BookLevels, BookOrders, Level2, Level3 } from './results.ts'

export function bookLevels(core: Core, market: number, depth: number): BookLevels {
  const { bids, asks } = core.markets[market]
  return { bids: levels(bids, depth), asks: levels(asks, depth) }
}

function levels(side: BookSide, depth: number): Level2[] {
  const found: Level2[] = []
  for (let price = side.best; price !== 0 && found.length < depth; price = side.after(price)) {
    found.push({ price, lots: side.lotsAt(price) })
  }
  return found
}

/** The first `most` orders of each side. */
export function bookOrders(core: Core, market: number, most: number): BookOrders {
  const { bids, asks } = core.markets[market]
  return { bids: queues(core, bids, most), asks: queues(core, asks, most) }
}

function queues(core: Core, side: BookSide, most: number): Level3[] {
  const { pool } = core
  const found: Level3[] = []
  for (let price = side.best; price !== 0 && found.length < most; price = side.after(price)) {
    let lotsAhead = 0
    let position = 0
    for (let index = side.head(price); index !== 0; index = pool.words[index * ORDER + NEXT]) {
      if (found.length >= most) break
      const at = index * ORDER
      const lots = pool.words[at + REMAINING]
      const account = pool.words[at + OWNER] >>> 8
      const id = pool.id(index)
      found.push({ id, account, nonce: core.pool.nonce(index), price, lots, position, lotsAhead })
      position++
      lotsAhead += lots
    }
  }
  return found
}

/** Lots before a resting order in its level's queue; null when it does not rest. */
export function lotsAhead(core: Core, index: number): number | null {
  const { words } = core.pool
  if (index === 0 || (words[index * ORDER + FLAGS] & STATE_MASK) !== RESTING) return null
  let lots = 0
  for (let at = words[index * ORDER + PREV]; at !== 0; at = words[at * ORDER + PREV]) {
    lots += words[at * ORDER + REMAINING]
  }
  return lots
}
