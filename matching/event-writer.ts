// The block's events as they are made, in units of 16 bytes (docs/matching.md, section 12): what is
// hashed, and beside each unit four doubles that readers want and the hash leaves out. The kinds
// that a busy book is full of (accepted, traded, cancelled) take one unit and leave out what follows
// from the records before them; the others take two. `rested` and `charged` mostly follow as a whole
// and are then a bit in the record before them (FOLDED). Readers get full records (event-list.ts).

import * as layout from './event-layout.ts'
import * as orders from './order-layout.ts'
import type { Hash256 } from './types.ts'
import { assert } from './stop.ts'

export * from './event-layout.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { ACCEPTED, CANCELLED, CHARGED, EXTRAS, FOLDED, NAMED, RESTED, TRADED, UNIT } = layout
const { highWord } = orders

export class EventWriter {
  /** Units written. */
  count = 0
  words = new Int32Array(UNIT * 1024)
  extras = new Float64Array(EXTRAS * 1024)
  hash: Uint8Array = new Uint8Array(32)
  /** Id of the order that was accepted last in this block. */
  lastAccepted = 0
  #capacity = 1024
  /** Units of the last `accepted` and the last `traded`. */
  #acceptance = -1
  #trade = 0
  readonly #hash: Hash256
  readonly #index = new Uint8Array(8)

  constructor(hash: Hash256) {
    this.#hash = hash
  }

  /**
   * Appends a record of two units from its words. `head` is kind | code << 8 | market << 16; ids,
   * nonces and quanta come as low and high words.
   */
  put(
    head: number,
    a: number,
    b: number,
    c: number,
    xLow: number,
    xHigh: number,
    yLow: number,
    yHigh: number
  ): void {
    const at = this.#room(2) * UNIT
    const words = this.words
    words[at] = head
    words[at + 1] = a
    words[at + 2] = b
    words[at + 3] = c
    words[at + 4] = xLow
    words[at + 5] = xHigh
    words[at + 6] = yLow
    words[at + 7] = yHigh
  }

  /** The same, with X and Y as safe integers. */
  add(head: number, a: number, b: number, c: number, x: number, y: number): void {
    this.put(head, a, b, c, x | 0, highWord(x), y | 0, highWord(y))
  }

  /** What belongs to the record of two units written last and is not hashed. */
  note(first: number, second: number): void {
    const at = (this.count - 2) * EXTRAS
    this.extras[at] = first
    this.extras[at + 1] = second
  }

  /** `code` is a side, with FOLDED or without; `owner` is account << 8 | market, `place` is entry
   * << 8 | ordinal. */
  accepted(
    code: number,
    owner: number,
    lots: number,
    price: number,
    id: number,
    nonce: number,
    place: number
  ): void {
    const unit = this.#room(1)
    const at = unit << 2
    const { words, extras } = this
    words[at] = ACCEPTED | code
    words[at | 1] = owner
    words[at | 2] = lots
    words[at | 3] = price
    extras[at] = id
    extras[at | 1] = nonce
    extras[at | 2] = place
    this.lastAccepted = id
    this.#acceptance = unit
  }

  /** `high` has the id's bits from 32 up in its upper half, as an order's record does. */
  cancelled(reason: number, idLow: number, high: number, lots: number, owner: number): void {
    const at = this.#room(1) << 2
    const { words } = this
    words[at] = CANCELLED | (reason << 8) | (high & ~0xffff)
    words[at | 1] = idLow
    words[at | 2] = lots
    words[at | 3] = owner
  }

  /** `code` is the taker's side, with NAMED or without; then `named` follows. */
  traded(
    code: number,
    makerLow: number,
    makerHigh: number,
    lots: number,
    price: number,
    makerOwner: number,
    makerFee: number
  ): void {
    const unit = this.#room(1)
    const at = unit << 2
    const { words, extras } = this
    words[at] = TRADED | code | (makerHigh & ~0xffff)
    words[at | 1] = makerLow
    words[at | 2] = lots
    words[at | 3] = price
    extras[at] = makerFee
    extras[at | 1] = makerOwner
    this.#trade = unit
  }

  /** The second unit of a trade whose taker is not the order that was accepted last. */
  named(takerLow: number, takerHigh: number, takerOwner: number): void {
    const unit = this.#room(1)
    const { words, extras } = this
    words[unit * UNIT] = takerLow
    words[unit * UNIT + 1] = takerHigh >>> 16
    words[unit * UNIT + 2] = 0
    words[unit * UNIT + 3] = 0
    extras[unit * EXTRAS] = takerOwner
  }

  /** An order came to rest. When that directly follows its acceptance it is a bit there. */
  rested(head: number, owner: number, lots: number, price: number, id: number): void {
    const last = this.count - 1
    const at = last * UNIT
    const { words } = this
    const justAccepted =
      this.#acceptance === last &&
      this.lastAccepted === id &&
      words[at + 2] === lots &&
      words[at + 3] === (price | 0)
    if (justAccepted) words[at] |= FOLDED
    else this.add(RESTED | head, owner >>> 8, lots, price, id, 0)
  }

  /** A taking command paid its fee; `whole` when no feeMax cut it. When that directly follows its last
   * trade it is a bit there. */
  charged(owner: number, id: number, fee: number, whole: boolean): void {
    const unit = this.#trade
    const end = unit + ((this.words[unit * UNIT] & NAMED) !== 0 ? 2 : 1)
    if (whole && end === this.count) {
      this.words[unit * UNIT] |= FOLDED
      this.extras[unit * EXTRAS + 2] = fee
    } else {
      this.add(CHARGED | ((owner & 0xff) << 16), owner >>> 8, 0, 0, id, fee)
    }
  }

  /** The records so far, as bytes; they stay valid until the next record. */
  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, 0, this.count * UNIT * 4)
  }

  /** h(i) = hash(h(i-1), i as u64, records); the records are kept until `clear`. */
  seal(index: number): void {
    const bytes = this.#index
    let rest = index
    for (let i = 0; i < 8; i++) {
      bytes[i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    const hash = this.#hash([this.hash, bytes, this.bytes()])
    assert(hash.length === 32, 'the injected hash does not give 32 bytes')
    this.hash = hash
  }

  clear(): void {
    this.count = 0
    this.lastAccepted = 0
    this.#acceptance = -1
  }

  /** Makes room for some units and gives the first. */
  #room(units: number): number {
    const unit = this.count
    const end = unit + units
    this.count = end
    if (end > this.#capacity) this.#grow()
    return unit
  }

  #grow(): void {
    const words = new Int32Array(this.words.length * 2)
    words.set(this.words)
    this.words = words
    const extras = new Float64Array(this.extras.length * 2)
    extras.set(this.extras)
    this.extras = extras
    this.#capacity *= 2
  }
}
