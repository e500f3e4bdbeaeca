// Finds an account's live order by its nonce: open addressing over cells with an order's index and eight
// bits of what it is looked up by. Nothing is taken out when an order ends; a cell counts only if the
// record that it names is live and has the account and nonce that are looked for, and the dead are left
// behind when the table is rebuilt. Sixteen nonces in a row begin at one cache line: an account's nonces
// count up, so what it places next is looked up where it was last.

import type { Core } from './core.ts'
import * as layout from './orders.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { FLAGS, NONCE_HIGH, NONCE_LOW, ORDER, OWNER, STATE_MASK, highWord } = layout

/** From a cell to the next one to try: odd, so that all are tried; and another line, since the rest of
 * this one is for the nonces beside. */
const STEP = 17
/** A cell: bits of the hash that are in no cell's place (they spare most looks at other orders' records)
 * over the index. */
const INDEX_MASK = 0xffffff
/** Cells that an order passes before it looks for one that nobody needs any more: hardly any passes so
 * many, but for a trader who chooses nonces that all begin at one cell. */
const PASSED = 8

export class NonceIndex {
  readonly #core: Pick<Core, 'pool'>
  #table = new Int32Array(1024)
  #used = 0

  constructor(core: Pick<Core, 'pool'>) {
    this.#core = core
  }

  /** Index of the live order, 0 for none. */
  find(account: number, nonce: number): number {
    const table = this.#table
    const mask = table.length - 1
    const hash = hashOf(account, nonce)
    for (let at = placeOf(hash, nonce) & mask; ; at = (at + STEP) & mask) {
      const cell = table[at]
      if (cell === 0) return 0
      const index = cell & INDEX_MASK
      if (((cell ^ hash) & ~INDEX_MASK) === 0 && this.#isOf(index, account, nonce)) return index
    }
  }

  /** The first cell that `find` looks at: reading it early brings its line into the cache. */
  cellOf(account: number, nonce: number): number {
    const table = this.#table
    return table[placeOf(hashOf(account, nonce), nonce) & (table.length - 1)]
  }

  /** The order that its cell alone makes the likely one, 0 for none: no record is read. */
  likely(account: number, nonce: number): number {
    const table = this.#table
    const mask = table.length - 1
    const hash = hashOf(account, nonce)
    for (let at = placeOf(hash, nonce) & mask; ; at = (at + STEP) & mask) {
      const cell = table[at]
      if (cell === 0 || ((cell ^ hash) & ~INDEX_MASK) === 0) return cell & INDEX_MASK
    }
  }

  /** Index of the live order, 0 for none, when there is a likely one. */
  findAt(likely: number, account: number, nonce: number): number {
    return likely !== 0 && this.#isOf(likely, account, nonce) ? likely : this.find(account, nonce)
  }

  add(account: number, nonce: number, index: number): void {
    if (this.#used * 2 >= this.#table.length) this.#rebuild()
    this.#put(account, nonce, index)
  }

  #put(account: number, nonce: number, index: number): void {
    const table = this.#table
    const mask = table.length - 1
    const hash = hashOf(account, nonce)
    let at = placeOf(hash, nonce) & mask
    for (let passed = 0; table[at] !== 0; passed++, at = (at + STEP) & mask) {
      if (passed >= PASSED && this.#isStale(table[at])) break
    }
    if (table[at] === 0) this.#used++
    table[at] = (hash & ~INDEX_MASK) | index
  }

  /** No look-up can end at the cell: its order is gone, or its record is another's by now. */
  #isStale(cell: number): boolean {
    const { pool } = this.#core
    const index = cell & INDEX_MASK
    if (!pool.isLive(index)) return true
    const hash = hashOf(pool.words[index * ORDER + OWNER] >>> 8, pool.nonce(index))
    return ((cell ^ hash) & ~INDEX_MASK) !== 0
  }

  /** Cells that are not free: an order that came and went leaves one until the next rebuild. */
  get used(): number {
    return this.#used
  }

  bytes(): number {
    return this.#table.byteLength
  }

  #isOf(index: number, account: number, nonce: number): boolean {
    const { words } = this.#core.pool
    const at = index * ORDER
    return (
      words[at | NONCE_LOW] === (nonce | 0) &&
      words[at | OWNER] >>> 8 === account &&
      words[at | NONCE_HIGH] === highWord(nonce) &&
      (words[at | FLAGS] & STATE_MASK) !== 0
    )
  }

  #rebuild(): void {
    const { pool } = this.#core
    let length = 1024
    while (length < pool.live * 4) length *= 2
    this.#table = new Int32Array(length)
    this.#used = 0
    for (let index = 1; index < pool.end; index++) {
      if (!pool.isLive(index)) continue
      this.#put(pool.words[index * ORDER + OWNER] >>> 8, pool.nonce(index), index)
    }
  }
}

/** The same for sixteen nonces in a row. */
function hashOf(account: number, nonce: number): number {
  const mixed =
    Math.imul(account ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(((nonce | 0) >>> 4) ^ highWord(nonce), 0xc2b2ae35)
  const spread = Math.imul(mixed ^ (mixed >>> 15), 0x27d4eb2f)
  return spread ^ (spread >>> 13)
}

/** A line by the hash, the place in it by the nonce. */
function placeOf(hash: number, nonce: number): number {
  return (hash << 4) | (nonce & 15)
}
