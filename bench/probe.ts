// A yardstick: what limit, ioc and cancel cost in typed arrays when nothing else is done. No funds,
// no fees, no self-trade prevention, no events, no hash. Records of 32 bytes, intrusive queues,
// levels found by tick, a bitmap of three levels for the best price.
import { CANCEL, LIMIT, type Flow } from './flow.ts'
import { Tally, type Contestant } from './tally.ts'

const WORDS = 8
const PRICE = 0
const LOTS = 1
const NEXT = 2
const PREVIOUS = 3
const SELL = 4
const TICKS = 65_536

class Side {
  readonly heads = new Int32Array(TICKS).fill(-1)
  readonly tails = new Int32Array(TICKS).fill(-1)
  readonly #bits = new Int32Array(TICKS >>> 5)
  readonly #words = new Int32Array(TICKS >>> 10)
  readonly #tops = new Int32Array(TICKS >>> 15)

  mark(tick: number): void {
    this.#bits[tick >>> 5] |= 1 << (tick & 31)
    this.#words[tick >>> 10] |= 1 << ((tick >>> 5) & 31)
    this.#tops[tick >>> 15] |= 1 << ((tick >>> 10) & 31)
  }

  unmark(tick: number): void {
    if ((this.#bits[tick >>> 5] &= ~(1 << (tick & 31))) !== 0) return
    if ((this.#words[tick >>> 10] &= ~(1 << ((tick >>> 5) & 31))) !== 0) return
    this.#tops[tick >>> 15] &= ~(1 << ((tick >>> 10) & 31))
  }

  /** Tick 0 stands for none. */
  lowest(): number {
    const top = this.#tops[0] !== 0 ? 0 : 1
    if (this.#tops[top] === 0) return 0
    const word = top * 32 + lowBit(this.#tops[top])
    const bit = word * 32 + lowBit(this.#words[word])
    return bit * 32 + lowBit(this.#bits[bit])
  }

  highest(): number {
    const top = this.#tops[1] !== 0 ? 1 : 0
    if (this.#tops[top] === 0) return 0
    const word = top * 32 + 31 - Math.clz32(this.#tops[top])
    const bit = word * 32 + 31 - Math.clz32(this.#words[word])
    return bit * 32 + 31 - Math.clz32(this.#bits[bit])
  }
}

function lowBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

export class Probe implements Contestant {
  readonly tally = new Tally()
  readonly #flow: Flow
  readonly #orders: Int32Array
  readonly #bids = new Side()
  readonly #asks = new Side()
  #bestBid = 0
  #bestAsk = 0
  #resting = 0

  /** @param capacity rows that will be applied at most */
  constructor(flow: Flow, capacity: number) {
    this.#flow = flow
    this.#orders = new Int32Array(capacity * WORDS)
  }

  apply(row: number): void {
    const { types, sells, prices, quantities, targets } = this.#flow
    const type = types[row]
    if (type === CANCEL) this.cancel(targets[row])
    else this.#place(row, sells[row], prices[row], quantities[row], type === LIMIT)
  }

  flush(): void {}

  bestBid(): number {
    return this.#bestBid
  }

  bestAsk(): number {
    return this.#bestAsk
  }

  resting(): number {
    return this.#resting
  }

  /** Lots of an order that still rest. */
  lotsOf(row: number): number {
    return this.#orders[row * WORDS + LOTS]
  }

  cancel(row: number): void {
    if (row < 0 || this.#orders[row * WORDS + LOTS] === 0) return
    this.#remove(row)
  }

  #place(row: number, sell: number, price: number, quantity: number, rests: boolean): void {
    let left = quantity
    const orders = this.#orders
    const opposite = sell === 1 ? this.#bids : this.#asks
    while (left > 0) {
      const best = sell === 1 ? this.#bestBid : this.#bestAsk
      if (best === 0 || (sell === 1 ? best < price : best > price)) break
      const maker = opposite.heads[best]
      const at = maker * WORDS
      const lots = orders[at + LOTS] < left ? orders[at + LOTS] : left
      this.tally.add(this.#flow.ids[row], this.#flow.ids[maker], best, lots)
      left -= lots
      if (orders[at + LOTS] === lots) this.#remove(maker)
      else orders[at + LOTS] -= lots
    }
    if (left > 0 && rests) this.#rest(row, sell, price, left)
  }

  #rest(row: number, sell: number, price: number, lots: number): void {
    const orders = this.#orders
    const side = sell === 1 ? this.#asks : this.#bids
    const at = row * WORDS
    const tail = side.tails[price]
    orders[at + PRICE] = price
    orders[at + LOTS] = lots
    orders[at + NEXT] = -1
    orders[at + PREVIOUS] = tail
    orders[at + SELL] = sell
    if (tail >= 0) orders[tail * WORDS + NEXT] = row
    else {
      side.heads[price] = row
      side.mark(price)
      if (sell === 1) {
        if (this.#bestAsk === 0 || price < this.#bestAsk) this.#bestAsk = price
      } else if (price > this.#bestBid) this.#bestBid = price
    }
    side.tails[price] = row
    this.#resting++
  }

  #remove(row: number): void {
    const orders = this.#orders
    const at = row * WORDS
    const price = orders[at + PRICE]
    const sell = orders[at + SELL]
    const side = sell === 1 ? this.#asks : this.#bids
    const next = orders[at + NEXT]
    const previous = orders[at + PREVIOUS]
    orders[at + LOTS] = 0
    if (next >= 0) orders[next * WORDS + PREVIOUS] = previous
    else side.tails[price] = previous
    if (previous >= 0) orders[previous * WORDS + NEXT] = next
    else side.heads[price] = next
    this.#resting--
    if (next >= 0 || previous >= 0) return
    side.unmark(price)
    if (sell === 1) {
      if (price === this.#bestAsk) this.#bestAsk = side.lowest()
    } else if (price === this.#bestBid) this.#bestBid = side.highest()
  }
}
