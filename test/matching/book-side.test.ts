import test from 'brittle'
import { BookSide } from '../../matching/book-side.ts'
import { NEXT, ORDER, OrderPool } from '../../matching/orders.ts'
import { between, seededRandom } from '../helpers/random.ts'

type Level = { price: number; orders: { index: number; lots: number }[] }

/** A side, and beside it the obvious one: levels in a list, best first. */
class Pair {
  readonly pool = new OrderPool()
  readonly side: BookSide
  readonly #isBids: boolean
  #levels: Level[] = []

  constructor(isBids: boolean, priceMax: number) {
    this.#isBids = isBids
    this.side = new BookSide(isBids, priceMax, this.pool)
  }

  get levels(): readonly Level[] {
    return this.#levels
  }

  append(price: number, lots: number): void {
    const index = this.pool.allocate()
    this.side.append(index, price, lots)
    const level = this.#levels.find((other) => other.price === price)
    if (level !== undefined) level.orders.push({ index, lots })
    else this.#levels.push({ price, orders: [{ index, lots }] })
    this.#levels.sort((a, b) => (this.#isBids ? b.price - a.price : a.price - b.price))
  }

  /** Takes out one order, by the way for the first of the best level or by that for any. */
  remove(level: Level, position: number, asFirst: boolean): void {
    const { side, pool } = this
    const { price } = level
    const [{ index, lots }] = level.orders.splice(position, 1)
    if (asFirst) side.removeFirst(side.levelAt(price), index, price, lots)
    else side.remove(index, price, lots)
    pool.release(index)
    this.#levels = this.#levels.filter(({ orders }) => orders.length > 0)
  }

  /** What the side says of itself, as levels. */
  told(): Level[] {
    const { side, pool } = this
    const told: Level[] = []
    for (let price = side.best; price !== 0; price = side.after(price)) {
      const orders: Level['orders'] = []
      let sum = 0
      for (let at = side.head(price); at !== 0; at = pool.words[at * ORDER + NEXT]) {
        const lots = this.#lotsOf(at)
        orders.push({ index: at, lots })
        sum += lots
      }
      if (sum !== side.lotsAt(price)) throw new Error(`the lots of ${price} do not add up`)
      told.push({ price, orders })
    }
    return told
  }

  #lotsOf(index: number): number {
    const all = this.#levels.flatMap(({ orders }) => orders)
    return all.find((order) => order.index === index)?.lots ?? 0
  }
}

for (const isBids of [true, false]) {
  for (const priceMax of [60, 4000, 65_534, 2 ** 24, 2 ** 32 - 1]) {
    const name = `${isBids ? 'bids' : 'asks'} up to ${priceMax}`
    test(`book side - ${name} keep their levels while these come and go`, (t) => {
      const random = seededRandom(priceMax + (isBids ? 1 : 0))
      const pair = new Pair(isBids, priceMax)
      let good = true
      // Prices near a few that lie far apart: leaves and the nodes above them come and go.
      const centres = Array.from({ length: 4 }, () => between(random, 1, priceMax))
      for (let step = 0; step < 3000; step++) {
        // The book grows, then shrinks to nothing, over and over.
        const grows = random() < (step % 300 < 150 ? 0.7 : 0.3)
        const { levels } = pair
        if (grows || levels.length === 0) {
          const near = centres[between(random, 0, centres.length - 1)] + between(random, -70, 70)
          pair.append(Math.min(priceMax, Math.max(1, near)), between(random, 1, 9))
        } else if (random() < 0.5) {
          pair.remove(levels[0], 0, true)
        } else {
          const level = levels[between(random, 0, levels.length - 1)]
          pair.remove(level, between(random, 0, level.orders.length - 1), false)
        }
        if (step % 10 === 0 || pair.levels.length < 3) {
          good &&= JSON.stringify(pair.told()) === JSON.stringify(pair.levels)
        }
        good &&= pair.side.best === (pair.levels[0]?.price ?? 0)
      }
      t.ok(good, 'levels, queues and lots')
    })
  }
}
