// The block's events as they are made: 32-byte records (docs/matching.md, section 12), written as
// eight words each, and beside each record three doubles that readers want and the hash leaves out.
// Two kinds that mostly follow from the record before them are a bit in it (FOLDED): fewer bytes to
// write and to hash. Readers get them back as records (event-list.ts).

import { highWord } from './orders.ts'
import type { Hash256 } from './types.ts'
import { assert } from './stop.ts'

/** Words of a record. */
export const RECORD = 8
/** Doubles beside a record. */
export const EXTRAS = 3
/** In the head of `accepted`: its order rested at once, whole and at its limit. In that of `traded`:
 * its taker was charged right after it, by its trades alone. */
export const FOLDED = 2 << 8

export const ACCEPTED = 1
export const REJECTED = 2
export const RESTED = 3
export const TRADED = 4
export const CHARGED = 5
export const REDUCED = 6
export const CANCELLED = 7
export const EXPIRED_EVENT = 8
export const TRIGGERED = 9
export const AMENDED_EVENT = 10
export const WITHDRAWN = 11
export const LINKED = 12
export const LEASE_RENEWED = 13
export const PROTECT_SET = 14
export const PROTECTION_FIRED = 15
export const OPENED = 16
export const DEPOSITED = 20
export const EXIT_REQUESTED_EVENT = 21
export const EXIT_CANCELLED = 22
export const EXIT_CLAIMED = 23
export const FLOOR_RAISED = 24
export const DELEGATE_SET = 25
export const CLAIMED = 26
export const BATCH_CLOSED = 30
export const BATCH_SEALED = 31
export const COSIGNED = 32
export const ATTESTED = 33
export const BATCH_ATTESTED = 34
export const VOID_ATTESTED = 35
export const BATCH_SETTLED = 36
export const BATCH_REVERTED = 37
export const STOPPED = 38
export const RESUMED = 39

export class EventWriter {
  count = 0
  words = new Int32Array(RECORD * 1024)
  extras = new Float64Array(EXTRAS * 1024)
  hash: Uint8Array = new Uint8Array(32)
  readonly #hash: Hash256
  readonly #index = new Uint8Array(8)

  constructor(hash: Hash256) {
    this.#hash = hash
  }

  /**
   * Appends a record from its words. `head` is kind | code << 8 | market << 16; ids, nonces and
   * quanta come as low and high words.
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
    const at = this.count * RECORD
    if (at === this.words.length) this.#grow()
    const words = this.words
    words[at] = head
    words[at + 1] = a
    words[at + 2] = b
    words[at + 3] = c
    words[at + 4] = xLow
    words[at + 5] = xHigh
    words[at + 6] = yLow
    words[at + 7] = yHigh
    this.count++
  }

  /** The same, with X and Y as safe integers. */
  add(head: number, a: number, b: number, c: number, x: number, y: number): void {
    this.put(head, a, b, c, x | 0, highWord(x), y | 0, highWord(y))
  }

  /** What belongs to the record written last and is not hashed. */
  note(first: number, second: number): void {
    const at = (this.count - 1) * EXTRAS
    this.extras[at] = first
    this.extras[at + 1] = second
  }

  /** An order came to rest. */
  putRested(
    sideAndMarket: number,
    account: number,
    lots: number,
    price: number,
    idLow: number,
    idHigh: number
  ): void {
    const { words } = this
    const last = (this.count - 1) * RECORD
    const justAccepted =
      last >= 0 &&
      (words[last] & 0xff) === ACCEPTED &&
      words[last + 4] === idLow &&
      words[last + 5] === idHigh &&
      words[last + 2] === lots &&
      words[last + 3] === (price | 0)
    if (justAccepted) words[last] |= FOLDED
    else this.put(RESTED | sideAndMarket, account, lots, price, idLow, idHigh, 0, 0)
  }

  /** A taking command paid its fee: `whole` when no feeMax cut it. */
  putCharged(
    market: number,
    account: number,
    idLow: number,
    idHigh: number,
    fee: number,
    whole: boolean
  ): void {
    const { words } = this
    const last = (this.count - 1) * RECORD
    const justTraded = (words[last] & 0xff) === TRADED && words[last + 6] === idLow
    if (whole && justTraded && words[last + 7] === idHigh) {
      words[last] |= FOLDED
      this.extras[(this.count - 1) * EXTRAS + 2] = fee
      return
    }
    const head = CHARGED | (market << 16)
    this.put(head, account, 0, 0, idLow, idHigh, fee | 0, highWord(fee))
  }

  /** The records so far, as bytes; they stay valid until the next record. */
  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, 0, this.count * RECORD * 4)
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
  }

  #grow(): void {
    const words = new Int32Array(this.words.length * 2)
    words.set(this.words)
    this.words = words
    const extras = new Float64Array(this.extras.length * 2)
    extras.set(this.extras)
    this.extras = extras
  }
}
