// Accounts, numbered in the order in which they first appear, and their ring slots. A ring slot is
// two words: the low 32 bits of the highest nonce that it has held, then that nonce's high 8 bits
// over the 24 bits of the live order's index (0 when the slot is free). While the order lives the
// nonce is the order's own.

import type { Address } from './types.ts'

const HIGH_WORD = 4294967296
const INDEX_MASK = 0xffffff

export class Accounts {
  readonly addresses: Address[] = []
  readonly #numbers = new Map<Address, number>()
  /** Lane number, or -1. */
  lane = new Int32Array(16)
  liveOrders = new Int32Array(16)
  lastNonce = new Float64Array(16)
  floor = new Float64Array(16)
  readonly #slots: Int32Array[] = []

  get count(): number {
    return this.addresses.length
  }

  /** The account's number, or -1. */
  find(address: Address): number {
    return this.#numbers.get(address) ?? -1
  }

  add(address: Address): number {
    const account = this.addresses.length
    if (account === this.lane.length) this.#grow()
    this.addresses.push(address)
    this.#numbers.set(address, account)
    this.#slots.push(new Int32Array(8))
    this.lane[account] = -1
    return account
  }

  /** Highest nonce that the slot has held, 0 for none. */
  slotNonce(account: number, slot: number): number {
    const slots = this.#slots[account]
    const at = slot * 2
    if (at >= slots.length) return 0
    return (slots[at + 1] >>> 24) * HIGH_WORD + (slots[at] >>> 0)
  }

  /** Index of the live order that holds the slot, 0 for none. */
  slotOrder(account: number, slot: number): number {
    const slots = this.#slots[account]
    const at = slot * 2
    return at < slots.length ? slots[at + 1] & INDEX_MASK : 0
  }

  takeSlot(account: number, slot: number, nonce: number, index: number): void {
    let slots = this.#slots[account]
    const at = slot * 2
    if (at >= slots.length) slots = this.#growSlots(account, slot)
    slots[at] = nonce | 0
    slots[at + 1] = (((nonce / HIGH_WORD) | 0) << 24) | index
  }

  freeSlot(account: number, slot: number): void {
    this.#slots[account][slot * 2 + 1] &= ~INDEX_MASK
  }

  /** One above the highest slot that may have been used. */
  slotCount(account: number): number {
    return this.#slots[account].length >> 1
  }

  bytes(): number {
    let bytes = this.lane.length * 24
    for (const slots of this.#slots) bytes += slots.byteLength
    return bytes
  }

  #growSlots(account: number, slot: number): Int32Array {
    const slots = this.#slots[account]
    // A quarter to spare: a slot word is a sixth of what a resting order costs.
    const wanted = Math.max(slot + 1, (slots.length >> 1) + (slots.length >> 3))
    const grown = new Int32Array(wanted * 2)
    grown.set(slots)
    this.#slots[account] = grown
    return grown
  }

  #grow(): void {
    const room = this.lane.length * 2
    const lane = new Int32Array(room)
    lane.set(this.lane)
    this.lane = lane
    const liveOrders = new Int32Array(room)
    liveOrders.set(this.liveOrders)
    this.liveOrders = liveOrders
    const lastNonce = new Float64Array(room)
    lastNonce.set(this.lastNonce)
    this.lastNonce = lastNonce
    const floor = new Float64Array(room)
    floor.set(this.floor)
    this.floor = floor
  }
}
