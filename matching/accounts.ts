// Accounts, numbered in the order in which they first appear, and their ring slots. A ring slot is
// two words: the low 32 bits of the highest nonce that it has held, then that nonce's high 8 bits
// over the 24 bits of the index of the order that took it last. While that order lives the nonce is
// its own; when it ends nothing is written here (one cache miss less for a cancel). Slots come in
// pages of 32, made when one of them is first used; each account has a directory of its pages.

import * as orders from './order-layout.ts'
import { assert } from './stop.ts'
import type { Address } from './types.ts'

const { highWord } = orders
const HIGH_WORD = 4294967296
/** A record keeps 24 bits of an account's number. */
const ACCOUNTS_LIMIT = 2 ** 24
const INDEX_MASK = 0xffffff
/** Slots of a page, as a shift, and its words. */
const PAGE_SHIFT = 5
const PAGE_MASK = 31
const PAGE = 64

export class Accounts {
  readonly addresses: Address[] = []
  readonly #numbers = new Map<Address, number>()
  /** Lane number, or -1. */
  lane = new Int32Array(16)
  liveOrders = new Int32Array(16)
  lastNonce = new Float64Array(16)
  floor = new Float64Array(16)
  /** Placements with a nonce below it are looked at closely: the floor, or infinity while the account
   * takes a token out of the venue. */
  gate = new Float64Array(16)
  /** By account two words: where its directory begins and how many pages it can name. */
  #directory = new Int32Array(32)
  #directories = new Int32Array(256)
  #directoriesEnd = 0
  /** Page 0 is never given out: a directory names it for "none". It stays empty. */
  #pages = new Int32Array(PAGE * 16)
  #pagesEnd = PAGE

  get count(): number {
    return this.addresses.length
  }

  /** The account's number, or -1. */
  find(address: Address): number {
    return this.#numbers.get(address) ?? -1
  }

  add(address: Address): number {
    const account = this.addresses.length
    assert(account < ACCOUNTS_LIMIT, 'more accounts than a record can name')
    if (account === this.lane.length) this.#grow()
    this.addresses.push(address)
    this.#numbers.set(address, account)
    this.lane[account] = -1
    return account
  }

  /** Highest nonce that the slot has held, 0 for none. */
  slotNonce(account: number, slot: number): number {
    return this.nonceAt(this.slotAt(account, slot))
  }

  /** The same of a slot by its words. */
  nonceAt(at: number): number {
    return (this.#pages[at | 1] >>> 24) * HIGH_WORD + (this.#pages[at] >>> 0)
  }

  /** Index of the order that took the slot last, 0 for none: `Core.slotHolder` tells whether it still
   * lives. */
  slotIndex(account: number, slot: number): number {
    return this.indexAt(this.slotAt(account, slot))
  }

  indexAt(at: number): number {
    return this.#pages[at | 1] & INDEX_MASK
  }

  takeSlot(account: number, slot: number, nonce: number, index: number): void {
    this.takeSlotAt(this.slotAt(account, slot), account, slot, nonce, index)
  }

  /** The same, when the slot's words have been found. */
  takeSlotAt(found: number, account: number, slot: number, nonce: number, index: number): void {
    const at = found < PAGE ? this.#createPage(account, slot) : found
    this.#pages[at] = nonce | 0
    this.#pages[at | 1] = (highWord(nonce) << 24) | index
  }

  /** One above the highest slot that may have been used. */
  slotCount(account: number): number {
    return this.#directory[account * 2 + 1] << PAGE_SHIFT
  }

  bytes(): number {
    return this.lane.length * 32 + this.#directories.byteLength + this.#pages.byteLength
  }

  /** Where the slot's words are; below PAGE while it has no page. Good until a slot is taken. */
  slotAt(account: number, slot: number): number {
    const number = slot >>> PAGE_SHIFT
    const directory = this.#directory
    if (number >= directory[(account << 1) | 1]) return 0
    return this.#directories[directory[account << 1] + number] | ((slot & PAGE_MASK) << 1)
  }

  #createPage(account: number, slot: number): number {
    const number = slot >>> PAGE_SHIFT
    if (number >= this.#directory[account * 2 + 1]) this.#growDirectory(account, number + 1)
    if (this.#pagesEnd === this.#pages.length) {
      const grown = new Int32Array(this.#pages.length + PAGE * ((this.#pages.length / PAGE) >> 2))
      grown.set(this.#pages)
      this.#pages = grown
    }
    const page = this.#pagesEnd
    this.#pagesEnd += PAGE
    this.#directories[this.#directory[account * 2] + number] = page
    return page + ((slot & PAGE_MASK) << 1)
  }

  /** The directory moves to the end; where it was is lost, a sixty-fourth of its slots' size. */
  #growDirectory(account: number, wanted: number): void {
    const had = this.#directory[account * 2 + 1]
    const pages = Math.max(wanted, had * 2)
    const start = this.#directoriesEnd
    if (start + pages > this.#directories.length) {
      const grown = new Int32Array(Math.max(start + pages, this.#directories.length * 2))
      grown.set(this.#directories)
      this.#directories = grown
    }
    const from = this.#directory[account * 2]
    this.#directories.copyWithin(start, from, from + had)
    this.#directory[account * 2] = start
    this.#directory[account * 2 + 1] = pages
    this.#directoriesEnd = start + pages
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
    const gate = new Float64Array(room)
    gate.set(this.gate)
    this.gate = gate
    const directory = new Int32Array(room * 2)
    directory.set(this.#directory)
    this.#directory = directory
  }
}
