// Armed orders of a market: one heap of those that fire at or above a price (stop buys, take-profit
// sells), one of those that fire at or below it. An order that was cancelled stays in its heap
// until it comes up or until the dead outnumber the living; it is known by its id.
//
// Each trade judges them at once. That is the same as judging all trades of a block after phase 5,
// as the rule book says it: an order that is cancelled in between never gets its turn either way.

export type Armed = { price: number; id: number; index: number }

class ArmedHeap {
  readonly #items: Armed[] = []
  /** 1 when the smallest price comes first, -1 when the greatest does. */
  readonly #sign: number

  constructor(sign: number) {
    this.#sign = sign
  }

  get size(): number {
    return this.#items.length
  }

  peek(): Armed | undefined {
    return this.#items[0]
  }

  push(item: Armed): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(item, items[parent])) break
      items[at] = items[parent]
      at = parent
    }
    items[at] = item
  }

  pop(): void {
    const items = this.#items
    const last = items.pop()
    if (last === undefined || items.length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#before(items[child + 1], items[child])) child++
      if (!this.#before(items[child], last)) break
      items[at] = items[child]
      at = child
    }
    items[at] = last
  }

  /** Keeps what is still armed. */
  sweep(isArmed: (item: Armed) => boolean): void {
    const kept = this.#items.filter(isArmed)
    this.#items.length = 0
    for (const item of kept) this.push(item)
  }

  #before(a: Armed, b: Armed): boolean {
    const difference = (a.price - b.price) * this.#sign
    return difference !== 0 ? difference < 0 : a.id < b.id
  }
}

export class ArmedOrders {
  readonly #rising = new ArmedHeap(1)
  readonly #falling = new ArmedHeap(-1)
  #sweepAt = 1024
  /** Orders in the heaps, the dead among them too. */
  size = 0

  add(item: Armed, firesRising: boolean, isArmed: (item: Armed) => boolean): void {
    const heap = firesRising ? this.#rising : this.#falling
    heap.push(item)
    this.size++
    if (this.size < this.#sweepAt) return
    this.#rising.sweep(isArmed)
    this.#falling.sweep(isArmed)
    this.size = this.#rising.size + this.#falling.size
    this.#sweepAt = Math.max(1024, this.size * 2)
  }

  /** Takes out what a trade at the price fires, in order of id (the dead among them too). */
  take(price: number): Armed[] {
    const fired: Armed[] = []
    for (let top = this.#rising.peek(); top !== undefined && top.price <= price;) {
      fired.push(top)
      this.#rising.pop()
      top = this.#rising.peek()
    }
    for (let top = this.#falling.peek(); top !== undefined && top.price >= price;) {
      fired.push(top)
      this.#falling.pop()
      top = this.#falling.peek()
    }
    this.size -= fired.length
    return fired.sort((a, b) => a.id - b.id)
  }
}
