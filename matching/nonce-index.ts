// Finds an account's live order by its nonce: open addressing over order indexes. Nothing is taken
// out when an order ends; an entry counts only if the record that it names is live and has the
// account and nonce that are looked for, and the dead are left behind when the table is rebuilt.

import type { Core } from './core.ts'
import { ORDER, OWNER } from './orders.ts'

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
    for (let at = hashOf(account, nonce) & mask; ; at = (at + 1) & mask) {
      const index = table[at]
      if (index === 0) return 0
      if (this.#matches(index, account, nonce)) return index
    }
  }

  add(account: number, nonce: number, index: number): void {
    if (this.#used * 2 >= this.#table.length) this.#rebuild()
    const table = this.#table
    const mask = table.length - 1
    let at = hashOf(account, nonce) & mask
    while (table[at] !== 0 && table[at] !== index && this.#core.pool.isLive(table[at])) {
      at = (at + 1) & mask
    }
    if (table[at] === 0) this.#used++
    table[at] = index
  }

  bytes(): number {
    return this.#table.byteLength
  }

  #matches(index: number, account: number, nonce: number): boolean {
    const { pool } = this.#core
    if (!pool.isLive(index)) return false
    return (
      pool.words[index * ORDER + OWNER] >>> 8 === account && this.#core.pool.nonce(index) === nonce
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
      let at = hashOf(account, this.#core.pool.nonce(index)) & mask
      while (this.#table[at] !== 0) at = (at + 1) & mask
      this.#table[at] = index
      this.#used++
    }
  }
}

function hashOf(account: number, nonce: number): number {
  const mixed =
    Math.imul(account ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(nonce ^ Math.floor(nonce / 4294967296), 0xc2b2ae35)
  return mixed ^ (mixed >>> 15)
}
