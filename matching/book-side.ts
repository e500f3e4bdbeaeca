// One side of a book: a radix tree over prices, six bits a step, whose leaves hold 64 levels each.
// A level is a queue through the orders' own links. Every node has a bitmap of its children, so the
// next best price is found by a few bit scans. Nodes exist only while something is in them. Bids
// are kept under the mirrored price, so that on both sides the best level has the smallest key.

import * as layout from './orders.ts'
import type { OrderPool } from './orders.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { ORDER, NEXT, PREV } = layout

/** Words: two of bitmap, then the children. */
const INNER = 66
/** Words: two of bitmap, then per level head, tail and the lots as a double. */
const LEAF = 258

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

export class BookSide {
  /** Best price, or 0 when the side is empty. */
  best = 0
  #inner = new Int32Array(INNER * 4)
  #innerEnd = INNER
  #innerFree = 0
  #leaves = new Int32Array(LEAF * 2)
  #lots = new Float64Array(this.#leaves.buffer)
  #leafEnd = LEAF
  #leafFree = 0
  /** What turns a price into a key, by exclusive or. */
  readonly #mirror: number
  readonly #topShift: number
  readonly #path = new Int32Array(7)
  readonly #pool: OrderPool

  constructor(isBids: boolean, priceMax: number, pool: OrderPool) {
    let shift = 6
    while (shift < 30 && priceMax >= 2 ** (shift + 6)) shift += 6
    this.#topShift = shift
    this.#mirror = isBids ? (shift === 30 ? -1 : 2 ** (shift + 6) - 1) : 0
    this.#pool = pool
  }

  /** First order of the best level; the side must not be empty. */
  first(): number {
    const key = this.best ^ this.#mirror
    return this.#leaves[this.#find(key) + 2 + (key & 63) * 4]
  }

  /** First order of a level, 0 when there is none. */
  head(price: number): number {
    const key = price ^ this.#mirror
    const leaf = this.#find(key)
    return leaf === 0 ? 0 : this.#leaves[leaf + 2 + (key & 63) * 4]
  }

  lotsAt(price: number): number {
    const key = price ^ this.#mirror
    const leaf = this.#find(key)
    return leaf === 0 ? 0 : this.#lots[(leaf + 4 + (key & 63) * 4) >> 1]
  }

  append(index: number, price: number, lots: number): void {
    const words = this.#pool.words
    const key = price ^ this.#mirror
    let leaf = this.#find(key)
    if (leaf === 0) leaf = this.#createLeaf(key)
    const leaves = this.#leaves
    const level = leaf + 2 + (key & 63) * 4
    const tail = leaves[level + 1]
    words[index * ORDER + NEXT] = 0
    words[index * ORDER + PREV] = tail
    leaves[level + 1] = index
    this.#lots[(level + 2) >> 1] += lots
    if (tail !== 0) {
      words[tail * ORDER + NEXT] = index
      return
    }
    leaves[level] = index
    leaves[leaf + ((key >>> 5) & 1)] |= 1 << (key & 31)
    const best = this.best
    if (best === 0 || (this.#mirror === 0 ? price < best : price > best)) this.best = price
  }

  remove(index: number, price: number, lots: number): void {
    const words = this.#pool.words
    const leaves = this.#leaves
    const key = price ^ this.#mirror
    const level = this.#find(key) + 2 + (key & 63) * 4
    const next = words[index * ORDER + NEXT]
    const prev = words[index * ORDER + PREV]
    if (prev !== 0) words[prev * ORDER + NEXT] = next
    else leaves[level] = next
    if (next !== 0) words[next * ORDER + PREV] = prev
    else leaves[level + 1] = prev
    this.#lots[(level + 2) >> 1] -= lots
    if ((prev | next) === 0) this.#emptied(key, price)
  }

  /** An order lost lots and stays in its place. */
  reduce(price: number, lots: number): void {
    const key = price ^ this.#mirror
    this.#lots[(this.#find(key) + 4 + (key & 63) * 4) >> 1] -= lots
  }

  /** The next price behind this one, or 0. */
  after(price: number): number {
    return this.#next(price ^ this.#mirror)
  }

  bytes(): number {
    return this.#inner.byteLength + this.#leaves.byteLength
  }

  /** Offset of the leaf that holds the key, or 0. */
  #find(key: number): number {
    const inner = this.#inner
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      node = inner[node + 2 + ((key >>> shift) & 63)]
      if (node === 0) return 0
    }
    return inner[node + 2 + ((key >>> 6) & 63)]
  }

  #createLeaf(key: number): number {
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      const digit = (key >>> shift) & 63
      let child = this.#inner[node + 2 + digit]
      if (child === 0) {
        child = this.#allocateInner()
        this.#inner[node + 2 + digit] = child
        this.#inner[node + (digit >> 5)] |= 1 << (digit & 31)
      }
      node = child
    }
    const digit = (key >>> 6) & 63
    const leaf = this.#allocateLeaf()
    this.#inner[node + 2 + digit] = leaf
    this.#inner[node + (digit >> 5)] |= 1 << (digit & 31)
    return leaf
  }

  #emptied(key: number, price: number): void {
    if (price === this.best) this.best = this.#next(key)
    const path = this.#path
    const inner = this.#inner
    let depth = 0
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      path[depth++] = node
      node = inner[node + 2 + ((key >>> shift) & 63)]
    }
    const leaf = inner[node + 2 + ((key >>> 6) & 63)]
    const leaves = this.#leaves
    leaves[leaf + ((key >>> 5) & 1)] &= ~(1 << (key & 31))
    if ((leaves[leaf] | leaves[leaf + 1]) !== 0) return
    leaves[leaf + 2] = this.#leafFree
    this.#leafFree = leaf
    for (let shift = 6; ; shift += 6) {
      const digit = (key >>> shift) & 63
      inner[node + 2 + digit] = 0
      inner[node + (digit >> 5)] &= ~(1 << (digit & 31))
      if (depth === 0 || (inner[node] | inner[node + 1]) !== 0) return
      inner[node + 2] = this.#innerFree
      this.#innerFree = node
      node = path[--depth]
    }
  }

  /** Price of the smallest key above this one, or 0. The path to the key must exist. */
  #next(key: number): number {
    const path = this.#path
    const inner = this.#inner
    let depth = 0
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      path[depth++] = node
      node = inner[node + 2 + ((key >>> shift) & 63)]
    }
    const leaf = inner[node + 2 + ((key >>> 6) & 63)]
    const found = this.#above(this.#leaves, leaf, key & 63)
    if (found !== -1) return (((key & ~63) | found) ^ this.#mirror) >>> 0
    for (let shift = 6; ; shift += 6) {
      const digit = this.#above(inner, node, (key >>> shift) & 63)
      if (digit !== -1) return this.#least(node, digit, shift, key)
      if (depth === 0) return 0
      node = path[--depth]
    }
  }

  /** The smallest key under a child of a node, as a price. */
  #least(start: number, startDigit: number, startShift: number, key: number): number {
    const inner = this.#inner
    let node = start
    let digit = startDigit
    // The digits above this node's are the key's; a shift by 36 would wrap round to 4.
    let found = startShift >= 30 ? 0 : (key >>> (startShift + 6)) << (startShift + 6)
    for (let shift = startShift; ; shift -= 6) {
      found |= digit << shift
      node = inner[node + 2 + digit]
      if (shift === 6) break
      digit = this.#above(inner, node, -1)
    }
    found |= this.#above(this.#leaves, node, -1)
    return (found ^ this.#mirror) >>> 0
  }

  /** The lowest set bit above a position in a node's bitmap, or -1. */
  #above(nodes: Int32Array, node: number, position: number): number {
    const from = position + 1
    if (from < 32) {
      const low = nodes[node] & (-1 << from)
      if (low !== 0) return lowestBit(low)
    }
    if (from < 64) {
      const high = nodes[node + 1] & (from > 32 ? -1 << (from - 32) : -1)
      if (high !== 0) return 32 + lowestBit(high)
    }
    return -1
  }

  #allocateInner(): number {
    const reused = this.#innerFree
    if (reused !== 0) {
      this.#innerFree = this.#inner[reused + 2]
      this.#inner[reused + 2] = 0
      return reused
    }
    if (this.#innerEnd === this.#inner.length) {
      const grown = new Int32Array(this.#inner.length * 2)
      grown.set(this.#inner)
      this.#inner = grown
    }
    const node = this.#innerEnd
    this.#innerEnd += INNER
    return node
  }

  #allocateLeaf(): number {
    const reused = this.#leafFree
    if (reused !== 0) {
      this.#leafFree = this.#leaves[reused + 2]
      this.#leaves[reused + 2] = 0
      return reused
    }
    if (this.#leafEnd === this.#leaves.length) {
      const grown = new Int32Array(this.#leaves.length * 2)
      grown.set(this.#leaves)
      this.#leaves = grown
      this.#lots = new Float64Array(grown.buffer)
    }
    const leaf = this.#leafEnd
    this.#leafEnd += LEAF
    return leaf
  }
}
