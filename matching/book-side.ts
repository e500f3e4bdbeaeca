// One side of a book: a radix tree over prices, six bits a step, whose leaves hold 64 levels each.
// A level is a queue through the orders' own links. Every node has a bitmap of its children, so the
// next best price is found by a few bit scans. Nodes exist only while something is in them; but the
// leaf that emptied last stays, for at the touch it is mostly the next one wanted. Bids are kept under
// the mirrored price, so that on both sides the best level has the smallest key.
// Nodes are numbered: number 0 of the inner ones is the root, number 0 of the leaves is never used.

import * as layout from './order-layout.ts'
import type { OrderPool } from './orders.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { ORDER, NEXT, PREV } = layout

/** Children of an inner node. */
const FAN = 64
/** Words of a leaf: per level its first and its last order, then its lots as a double. */
const LEAF = 256

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

export class BookSide {
  /** Best price, or 0 when the side is empty. */
  best = 0
  /** Where `levelAt` finds the best price; stale while the side is empty. */
  bestLevel = 0
  /** Where `levelAt` points: the first order of a level, then the last. */
  levels = new Int32Array(LEAF * 2)
  #lots = new Float64Array(this.levels.buffer)
  /** Two words a node: which of its levels, or of its children, are there. */
  #leafBits = new Int32Array(4)
  #innerBits = new Int32Array(8)
  #inner = new Int32Array(FAN * 4)
  #innerEnd = 1
  #innerFree = 0
  #leafEnd = 1
  #leafFree = 0
  /** The one leaf that stays though no level is in it, 0 for none, and a key of it. */
  #idle = 0
  #idleKey = 0
  /** Levels that are not empty. */
  #levelCount = 0
  /** What turns a price into a key, by exclusive or. */
  readonly #mirror: number
  readonly #topShift: number
  readonly #path = new Int32Array(7)
  readonly #pool: OrderPool

  constructor(isBids: boolean, priceMax: number, pool: OrderPool) {
    let shift = 6
    while (shift < 30 && priceMax >= 2 ** (shift + 6)) shift += 6
    this.#topShift = shift
    this.#mirror = isBids ? (shift === 30 ? -1 : (1 << (shift + 6)) - 1) : 0
    this.#pool = pool
  }

  /** Where a level is that is not empty; good until one is made or empties. */
  levelAt(price: number): number {
    const key = price ^ this.#mirror
    return (this.#find(key) << 8) | ((key & 63) << 2)
  }

  /** First order of a level, 0 when there is none. */
  head(price: number): number {
    return this.levels[this.levelAt(price)]
  }

  lotsAt(price: number): number {
    return this.#lots[(this.levelAt(price) >> 1) | 1]
  }

  append(index: number, price: number, lots: number): void {
    const words = this.#pool.words
    const key = price ^ this.#mirror
    let leaf = this.#find(key)
    if (leaf === 0) leaf = this.#createLeaf(key)
    const levels = this.levels
    const level = (leaf << 8) | ((key & 63) << 2)
    const tail = levels[level | 1]
    words[(index * ORDER) | NEXT] = 0
    words[(index * ORDER) | PREV] = tail
    levels[level | 1] = index | 0
    this.#lots[(level >> 1) | 1] += lots
    if (tail !== 0) {
      words[(tail * ORDER) | NEXT] = index | 0
      return
    }
    levels[level] = index | 0
    this.#leafBits[(leaf << 1) | ((key >>> 5) & 1)] |= 1 << (key & 31)
    this.#levelCount++
    if (leaf === this.#idle) this.#idle = 0
    const best = this.best
    if (best === 0 || (this.#mirror === 0 ? price < best : price > best)) {
      this.best = price
      this.bestLevel = level
    }
  }

  remove(index: number, price: number, lots: number): void {
    const words = this.#pool.words
    const levels = this.levels
    const next = words[(index * ORDER) | NEXT]
    const prev = words[(index * ORDER) | PREV]
    const level = this.levelAt(price)
    if (prev !== 0) words[(prev * ORDER) | NEXT] = next
    else levels[level] = next
    if (next !== 0) words[(next * ORDER) | PREV] = prev
    else levels[level | 1] = prev
    this.#lots[(level >> 1) | 1] -= lots
    if ((prev | next) === 0) this.#emptied(level >>> 8, price ^ this.#mirror, price)
  }

  /** Takes out the first order of a level. */
  removeFirst(level: number, index: number, price: number, lots: number): void {
    const words = this.#pool.words
    const next = words[(index * ORDER) | NEXT]
    this.levels[level] = next
    this.#lots[(level >> 1) | 1] -= lots
    if (next !== 0) {
      words[(next * ORDER) | PREV] = 0
      return
    }
    this.levels[level | 1] = 0
    this.#emptied(level >>> 8, price ^ this.#mirror, price)
  }

  /** An order of a level lost lots and stays in its place. */
  reduceAt(level: number, lots: number): void {
    this.#lots[(level >> 1) | 1] -= lots
  }

  reduce(price: number, lots: number): void {
    this.reduceAt(this.levelAt(price), lots)
  }

  /** The next price behind this one, or 0. */
  after(price: number): number {
    const key = price ^ this.#mirror
    return this.#next(this.#find(key), key)
  }

  bytes(): number {
    const leaves = this.levels.byteLength + this.#leafBits.byteLength
    return leaves + this.#inner.byteLength + this.#innerBits.byteLength
  }

  /** Number of the leaf that holds the key, or 0. */
  #find(key: number): number {
    const inner = this.#inner
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      node = inner[(node << 6) | ((key >>> shift) & 63)]
      if (node === 0) return 0
    }
    return inner[(node << 6) | ((key >>> 6) & 63)]
  }

  #createLeaf(key: number): number {
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      const digit = (key >>> shift) & 63
      let child = this.#inner[(node << 6) | digit]
      if (child === 0) {
        child = this.#allocateInner()
        this.#adopt(node, digit, child)
      }
      node = child
    }
    const leaf = this.#allocateLeaf()
    this.#adopt(node, (key >>> 6) & 63, leaf)
    return leaf
  }

  #adopt(node: number, digit: number, child: number): void {
    this.#inner[(node << 6) | digit] = child
    this.#innerBits[(node << 1) | (digit >> 5)] |= 1 << (digit & 31)
  }

  /** A level of a leaf has no order left. */
  #emptied(leaf: number, key: number, price: number): void {
    const bits = this.#leafBits
    bits[(leaf << 1) | ((key >>> 5) & 1)] &= ~(1 << (key & 31))
    const isBare = (bits[leaf << 1] | bits[(leaf << 1) | 1]) === 0
    this.#levelCount--
    if (price === this.best) {
      if (this.#levelCount === 0) {
        this.best = 0
      } else {
        this.best = isBare ? this.#nextLeaf(key) : this.#next(leaf, key)
        this.bestLevel = this.levelAt(this.best)
      }
    }
    if (!isBare) return
    if (this.#idle !== 0) this.#dropLeaf(this.#idleKey, this.#idle)
    this.#idle = leaf
    this.#idleKey = key
  }

  /** A leaf has no level left; nor may the nodes above it. */
  #dropLeaf(key: number, leaf: number): void {
    const path = this.#path
    const inner = this.#inner
    const bits = this.#innerBits
    let depth = 0
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      path[depth++] = node
      node = inner[(node << 6) | ((key >>> shift) & 63)]
    }
    this.levels[leaf << 8] = this.#leafFree
    this.#leafFree = leaf
    for (let shift = 6; ; shift += 6) {
      const digit = (key >>> shift) & 63
      inner[(node << 6) | digit] = 0
      bits[(node << 1) | (digit >> 5)] &= ~(1 << (digit & 31))
      if (depth === 0 || (bits[node << 1] | bits[(node << 1) | 1]) !== 0) return
      inner[node << 6] = this.#innerFree
      this.#innerFree = node
      node = path[--depth]
    }
  }

  /** Price of the smallest key above one of the leaf, or 0. */
  #next(leaf: number, key: number): number {
    const found = this.#above(this.#leafBits, leaf, key & 63)
    return found === -1 ? this.#nextLeaf(key) : (((key & ~63) | found) ^ this.#mirror) >>> 0
  }

  /** The same above the whole leaf of the key, to which the path must exist. */
  #nextLeaf(key: number): number {
    const path = this.#path
    const inner = this.#inner
    let depth = 0
    let node = 0
    for (let shift = this.#topShift; shift > 6; shift -= 6) {
      path[depth++] = node
      node = inner[(node << 6) | ((key >>> shift) & 63)]
    }
    for (let shift = 6; ; shift += 6) {
      const digit = this.#above(this.#innerBits, node, (key >>> shift) & 63)
      if (digit !== -1) return this.#least(node, digit, shift, key)
      if (depth === 0) return 0
      node = path[--depth]
    }
  }

  /** The smallest key under a child of a node, as a price; past the idle leaf, if it is there. */
  #least(start: number, startDigit: number, startShift: number, key: number): number {
    const inner = this.#inner
    let node = start
    let digit = startDigit
    // The digits above this node's are the key's; a shift by 36 would wrap round to 4.
    let found = startShift >= 30 ? 0 : (key >>> (startShift + 6)) << (startShift + 6)
    for (let shift = startShift; ; shift -= 6) {
      found |= digit << shift
      node = inner[(node << 6) | digit]
      if (shift === 6) break
      digit = this.#above(this.#innerBits, node, -1)
    }
    if (node === this.#idle) return this.#nextLeaf(this.#idleKey)
    found |= this.#above(this.#leafBits, node, -1)
    return (found ^ this.#mirror) >>> 0
  }

  /** The lowest set bit above a position in a node's bitmap, or -1. */
  #above(bits: Int32Array, node: number, position: number): number {
    const from = position + 1
    if (from < 32) {
      const low = bits[node << 1] & (-1 << from)
      if (low !== 0) return lowestBit(low)
    }
    if (from < 64) {
      const high = bits[(node << 1) | 1] & (from > 32 ? -1 << (from - 32) : -1)
      if (high !== 0) return 32 + lowestBit(high)
    }
    return -1
  }

  #allocateInner(): number {
    const reused = this.#innerFree
    if (reused !== 0) {
      this.#innerFree = this.#inner[reused << 6]
      this.#inner[reused << 6] = 0
      return reused
    }
    if (this.#innerEnd * FAN === this.#inner.length) {
      this.#inner = doubled(this.#inner)
      this.#innerBits = doubled(this.#innerBits)
    }
    return this.#innerEnd++
  }

  #allocateLeaf(): number {
    const reused = this.#leafFree
    if (reused !== 0) {
      this.#leafFree = this.levels[reused << 8]
      this.levels[reused << 8] = 0
      return reused
    }
    if (this.#leafEnd * LEAF === this.levels.length) {
      this.levels = doubled(this.levels)
      this.#lots = new Float64Array(this.levels.buffer)
      this.#leafBits = doubled(this.#leafBits)
    }
    return this.#leafEnd++
  }
}

function doubled(words: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(words.length * 2)
  grown.set(words)
  return grown
}
