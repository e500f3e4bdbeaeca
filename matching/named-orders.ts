// The older orders that a block's cancels name, looked up all at once, before the first of them is
// cancelled: one by one each look-up would wait for memory, in a row many are under way together.

import type { Entry } from './entry.ts'
import type { NonceIndex } from './nonce-index.ts'

export class NamedOrders {
  readonly #nonces: NonceIndex
  #accounts = new Int32Array(1024)
  #named = new Float64Array(1024)
  #indexes = new Int32Array(1024)
  #count = 0

  constructor(nonces: NonceIndex) {
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
    const indexes = this.#indexes
    for (let i = 0; i < this.#count; i++) indexes[i] = this.#nonces.find(accounts[i], named[i])
  }

  /** Index of the live order that an older nonce of a cancel names, by its place in the list: 0 for
   * none, or none any more. */
  find(entry: Entry, place: number): number {
    const at = entry.names + place
    return this.#nonces.again(this.#indexes[at], this.#accounts[at], this.#named[at])
  }

  #grow(wanted: number): void {
    const room = (this.#count + wanted) * 2
    const accounts = new Int32Array(room)
    accounts.set(this.#accounts)
    this.#accounts = accounts
    const named = new Float64Array(room)
    named.set(this.#named)
    this.#named = named
    this.#indexes = new Int32Array(room)
  }
}
