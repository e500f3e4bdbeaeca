// Accounts, numbered in the order in which they first appear, and their ring slots. A ring slot is
// two words: the low 32 bits of the highest nonce that it has held, then that nonce's high 8 bits
// over the 24 bits of the index of the order that took it last. While that order lives the nonce is
// its own; when it ends nothing is written here (one cache miss less for a cancel). Slots come in
// pages of 32, made when one of them is first used; each account has a directory of its pages.

import * as layout from './account-layout.ts'
import { lineAligned } from './lines.ts'
import * as orders from './order-layout.ts'
import { assert } from './stop.ts'
import type { Address } from './types.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { ACCOUNT_SHIFT, DIRECTORY, DIRECTORY_PAGES, LIVE, PAGE_AT, PAGE_NUMBER } = layout
const { highWord } = orders
const HIGH_WORD = 4294967296
/** A record keeps 24 bits of an account's number. */
const ACCOUNTS_LIMIT = 2 ** 24
const INDEX_MASK = 0xffffff
/** Slots of a page, as a shift, and its words. */
const PAGE_SHIFT = 5
const PAGE_MASK = 31
const PAGE = 64
/** Words of a chunk, as a shift. */
const CHUNK_SHIFT = 14
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1

export class Accounts {
  readonly addresses: Address[] = []
  readonly #numbers = new Map<Address, number>()
  /** Lane number, or -1. */
  lane = new Int32Array(16)
  lastNonce = new Float64Array(16)
  floor = new Float64Array(16)
  /** A row for each account (account-layout.ts). */
  rows = lineAligned(16 << ACCOUNT_SHIFT)
  /** The rows' doubles. Placements with a nonce below an account's gate are looked at closely: it is the
   * floor, or infinity while the account takes a token out of the venue. */
  gates = new Float64Array(this.rows.buffer, this.rows.byteOffset)
  #directories = new Int32Array(256)
  #directoriesEnd = 0
  /** Page 0 is never given out: a directory names it for "none". It stays empty. */
  readonly #chunks = [new Int32Array(1 << CHUNK_SHIFT)]
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

  liveOrders(account: number): number {
    return this.rows[(account << ACCOUNT_SHIFT) | LIVE]
  }

  addLive(account: number): void {
    this.rows[(account << ACCOUNT_SHIFT) | LIVE]++
  }

  /** Highest nonce that the slot has held, 0 for none. */
  slotNonce(account: number, slot: number): number {
    const at = this.slotAt(account, slot)
    const chunk = this.#chunks[at >>> CHUNK_SHIFT]
    const low = at & CHUNK_MASK
    return (chunk[low | 1] >>> 24) * HIGH_WORD + (chunk[low] >>> 0)
  }

  /** Whether a nonce is above all that a slot has held, the slot being known by its words. */
  isAbove(at: number, nonce: number): boolean {
    const chunk = this.#chunks[at >>> CHUNK_SHIFT]
    const low = at & CHUNK_MASK
    const high = highWord(nonce)
    const held = chunk[low | 1] >>> 24
    return high === held ? nonce >>> 0 > chunk[low] >>> 0 : high > held
  }

  /** Index of the order that took the slot last, 0 for none: `Core.slotHolder` tells whether it still
   * lives. */
  slotIndex(account: number, slot: number): number {
    return this.indexAt(this.slotAt(account, slot))
  }

  indexAt(at: number): number {
    return this.#chunks[at >>> CHUNK_SHIFT][(at & CHUNK_MASK) | 1] & INDEX_MASK
  }

  takeSlot(account: number, slot: number, nonce: number, index: number): void {
    this.takeSlotAt(this.slotAt(account, slot), account, slot, nonce, index)
  }

  /** The same, when the slot's words have been found. */
  takeSlotAt(found: number, account: number, slot: number, nonce: number, index: number): void {
    const at = found < PAGE ? this.#createPage(account, slot) : found
    const chunk = this.#chunks[at >>> CHUNK_SHIFT]
    const low = at & CHUNK_MASK
    chunk[low] = nonce | 0
    chunk[low | 1] = (highWord(nonce) << 24) | index
  }

  /** One above the highest slot that may have been used. */
  slotCount(account: number): number {
    return this.rows[(account << ACCOUNT_SHIFT) | DIRECTORY_PAGES] << PAGE_SHIFT
  }

  bytes(): number {
    const lists = [this.lane, this.lastNonce, this.floor, this.rows, this.#directories]
    return [...lists, ...this.#chunks].reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** Where the slot's words are; below PAGE while it has no page. Good until a slot is taken. */
  slotAt(account: number, slot: number): number {
    const row = account << ACCOUNT_SHIFT
    const number = slot >>> PAGE_SHIFT
    if (this.rows[row | PAGE_NUMBER] !== number) this.#turnTo(row, number)
    return this.rows[row | PAGE_AT] | ((slot & PAGE_MASK) << 1)
  }

  /** Looks a page up: an account mostly goes on with the same one. */
  #turnTo(row: number, number: number): void {
    const { rows } = this
    const isNamed = number < rows[row | DIRECTORY_PAGES]
    rows[row | PAGE_NUMBER] = number
    rows[row | PAGE_AT] = isNamed ? this.#directories[rows[row | DIRECTORY] + number] : 0
  }

  #createPage(account: number, slot: number): number {
    const { rows } = this
    const row = account << ACCOUNT_SHIFT
    const number = slot >>> PAGE_SHIFT
    if (number >= rows[row | DIRECTORY_PAGES]) this.#growDirectory(row, number + 1)
    if (this.#pagesEnd >>> CHUNK_SHIFT === this.#chunks.length) {
      this.#chunks.push(new Int32Array(1 << CHUNK_SHIFT))
    }
    const page = this.#pagesEnd
    this.#pagesEnd += PAGE
    this.#directories[rows[row | DIRECTORY] + number] = page
    this.#turnTo(row, number)
    return page + ((slot & PAGE_MASK) << 1)
  }

  /** The directory moves to the end; where it was is lost, a sixty-fourth of its slots' size. */
  #growDirectory(row: number, wanted: number): void {
    const { rows } = this
    const had = rows[row | DIRECTORY_PAGES]
    const pages = Math.max(wanted, had * 2)
    const start = this.#directoriesEnd
    if (start + pages > this.#directories.length) {
      const grown = new Int32Array(Math.max(start + pages, this.#directories.length * 2))
      grown.set(this.#directories)
      this.#directories = grown
    }
    const from = rows[row | DIRECTORY]
    this.#directories.copyWithin(start, from, from + had)
    rows[row | DIRECTORY] = start
    rows[row | DIRECTORY_PAGES] = pages
    this.#directoriesEnd = start + pages
  }

  #grow(): void {
    const room = this.lane.length * 2
    const lane = new Int32Array(room)
    lane.set(this.lane)
    this.lane = lane
    const lastNonce = new Float64Array(room)
    lastNonce.set(this.lastNonce)
    this.lastNonce = lastNonce
    const floor = new Float64Array(room)
    floor.set(this.floor)
    this.floor = floor
    const rows = lineAligned(room << ACCOUNT_SHIFT)
    rows.set(this.rows)
    this.rows = rows
    this.gates = new Float64Array(rows.buffer, rows.byteOffset)
  }
}
