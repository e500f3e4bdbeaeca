// Finds an account's live order by its nonce: open addressing over order indexes. Nothing is taken
// out when an order ends; an entry counts only if the record that it names is live and has the
// account and nonce that are looked for, and the dead are left behind when the table is rebuilt.
// Sixteen nonces in a row begin at one cache line: an account's nonces count up, so what it places
// next is looked up where it was last.

import type { Core } from './core.ts'
import * as layout from './orders.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { FLAGS, NONCE_HIGH, NONCE_LOW, ORDER, OWNER, STATE_MASK, highWord } = layout

/** From a cell to the next one to try: odd, so that all are tried; and another line, since the rest of
 * this one is for the nonces beside. */
const STEP = 17

export class NonceIndex {
  readonly #core: Core
  #table = new Int32Array(1024)
  #used = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** Index of the live order, 0 for none. */
  find(account: number, nonce: number): number {
    const table = this.#table
    const mask = table.length - 1
    for (let at = placeOf(account, nonce) & mask; ; at = (at + STEP) & mask) {
      const index = table[at]
      if (index === 0 || this.#isOf(index, account, nonce)) return index
    }
  }

  add(account: number, nonce: number, index: number): void {
    if (this.#used * 2 >= this.#table.length) this.#rebuild()
    const { pool } = this.#core
    const table = this.#table
    const mask = table.length - 1
    let at = placeOf(account, nonce) & mask
    while (table[at] !== 0 && table[at] !== index && pool.isLive(table[at])) at = (at + STEP) & mask
    if (table[at] === 0) this.#used++
    table[at] = index
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
    const mask = length - 1
    for (let index = 1; index < pool.end; index++) {
      if (!pool.isLive(index)) continue
      const account = pool.words[index * ORDER + OWNER] >>> 8
      let at = placeOf(account, pool.nonce(index)) & mask
      while (this.#table[at] !== 0) at = (at + STEP) & mask
      this.#table[at] = index
      this.#used++
    }
  }
}

/** A line by the account and the nonce's upper bits, the place in it by the lower ones. */
function placeOf(account: number, nonce: number): number {
  const low = nonce | 0
  const mixed =
    Math.imul(account ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul((low >>> 4) ^ highWord(nonce), 0xc2b2ae35)
  return (Math.imul(mixed ^ (mixed >>> 15), 0x27d4eb2f) & ~15) | (low & 15)
}
