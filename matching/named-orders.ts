// The older orders that a block's cancels name. Where they are in memory is nowhere near each other, and a
// look-up that waits for one line after the other takes longer than the cancel. So what the cancels will
// read is read once before the first of them, in loops in which no step waits for the one before.

import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import type { NonceIndex } from './nonce-index.ts'
import * as layout from './order-layout.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { FLAGS, NEXT, ORDER, PREV } = layout

export class NamedOrders {
  readonly #core: Core
  readonly #nonces: NonceIndex
  #accounts = new Int32Array(1024)
  #named = new Float64Array(1024)
  #likely = new Int32Array(1024)
  #count = 0
  /** What was read, so that the reading is not optimised away. */
  read = 0

  constructor(core: Core, nonces: NonceIndex) {
    this.#core = core
    this.#nonces = nonces
  }

  startBlock(): void {
    this.#count = 0
  }

  /** Takes the nonces of a cancel; `look` will tell their orders. */
  add(entry: Entry, nonces: readonly number[]): void {
    entry.names = this.#count
    if (this.#count + nonces.length > this.#accounts.length) this.#grow(nonces.length)
    for (const nonce of nonces) {
      this.#accounts[this.#count] = entry.account
      this.#named[this.#count++] = nonce
    }
  }

  look(): void {
    const accounts = this.#accounts
    const named = this.#named
    const likely = this.#likely
    const { words } = this.#core.pool
    const count = this.#count
    let read = 0
    for (let i = 0; i < count; i++) read ^= this.#nonces.cellOf(accounts[i], named[i])
    for (let i = 0; i < count; i++) {
      const index = this.#nonces.likely(accounts[i], named[i])
      likely[i] = index
      read ^= words[index * ORDER + FLAGS]
    }
    for (let i = 0; i < count; i++) {
      const at = likely[i] * ORDER
      read ^= words[words[at | NEXT] * ORDER] ^ words[words[at | PREV] * ORDER]
    }
    this.read = read
  }

  /** Index of the live order that a nonce of a cancel names, by its place in the list; 0 for none. */
  find(entry: Entry, place: number): number {
    const at = entry.names + place
    return this.#nonces.findAt(this.#likely[at], this.#accounts[at], this.#named[at])
  }

  #grow(wanted: number): void {
    const room = (this.#count + wanted) * 2
    const accounts = new Int32Array(room)
    accounts.set(this.#accounts)
    this.#accounts = accounts
    const named = new Float64Array(room)
    named.set(this.#named)
    this.#named = named
    this.#likely = new Int32Array(room)
  }
}
