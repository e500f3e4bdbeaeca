// Every live order is a record of one cache line in one typed array: whatever a cancel or a fill
// wants to know of it comes with one miss. A record is found by its index; index 0 is never an order.

import { lineAligned } from './lines.ts'
import * as layout from './order-layout.ts'

export * from './order-layout.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const {
  ENTRY,
  EXPIRY_LOW,
  FLAGS,
  HIGH,
  ID_LOW,
  NEXT,
  NONCE_HIGH,
  NONCE_LOW,
  ORDER,
  ORDERS_LIMIT,
  STATE_MASK,
  TAPE_LOW,
  highWord
} = layout

const HIGH_WORD = 4294967296

export class OrderPool {
  words = lineAligned(ORDER * 1024)
  /** One above the highest index that was ever used. */
  end = 1
  live = 0
  #free = 0
  #capacity = 1024

  /** A record whose words are stale: the caller writes them all. */
  allocate(): number {
    this.live++
    const reused = this.#free
    if (reused !== 0) {
      this.#free = this.words[reused * ORDER + NEXT]
      return reused
    }
    if (this.end === this.#capacity) this.#grow()
    return this.end++
  }

  release(index: number): void {
    this.live--
    this.words[index * ORDER + FLAGS] = 0
    this.words[index * ORDER + NEXT] = this.#free
    this.#free = index
  }

  isLive(index: number): boolean {
    return index > 0 && index < this.end && (this.words[index * ORDER + FLAGS] & STATE_MASK) !== 0
  }

  id(index: number): number {
    const at = index * ORDER
    return (this.words[at + HIGH] >>> 16) * HIGH_WORD + (this.words[at + ID_LOW] >>> 0)
  }

  setId(index: number, id: number): void {
    const at = index * ORDER
    this.words[at + ID_LOW] = id | 0
    this.words[at + HIGH] = (this.words[at + HIGH] & 0xffff) | (((id / HIGH_WORD) | 0) << 16)
  }

  nonce(index: number): number {
    const at = index * ORDER
    return (this.words[at + NONCE_HIGH] >>> 0) * HIGH_WORD + (this.words[at + NONCE_LOW] >>> 0)
  }

  setNonce(index: number, nonce: number): void {
    this.words[index * ORDER + NONCE_LOW] = nonce | 0
    this.words[index * ORDER + NONCE_HIGH] = highWord(nonce)
  }

  /** Whole seconds. */
  expiry(index: number): number {
    const high = (this.words[index * ORDER + HIGH] >>> 8) & 0xff
    return high * HIGH_WORD + (this.words[index * ORDER + EXPIRY_LOW] >>> 0)
  }

  setExpiry(index: number, expiry: number): void {
    const at = index * ORDER + HIGH
    this.words[index * ORDER + EXPIRY_LOW] = expiry | 0
    this.words[at] = (this.words[at] & ~0xff00) | ((((expiry / HIGH_WORD) | 0) & 0xff) << 8)
  }

  /** Index of the tape block that holds the signed bytes. */
  tape(index: number): number {
    const high = this.words[index * ORDER + HIGH] & 0xff
    return high * HIGH_WORD + (this.words[index * ORDER + TAPE_LOW] >>> 0)
  }

  setPlace(index: number, tape: number, entry: number, ordinal: number): void {
    const at = index * ORDER + HIGH
    this.words[index * ORDER + TAPE_LOW] = tape | 0
    this.words[at] = (this.words[at] & ~0xff) | (((tape / HIGH_WORD) | 0) & 0xff)
    this.words[index * ORDER + ENTRY] = (entry << 8) | ordinal
  }

  bytes(): number {
    return this.words.byteLength
  }

  #grow(): void {
    const capacity = Math.min(this.#capacity + (this.#capacity >> 1), ORDERS_LIMIT)
    if (capacity === this.#capacity) throw new RangeError('more live orders than the pool can name')
    const words = lineAligned(capacity * ORDER)
    words.set(this.words)
    this.words = words
    this.#capacity = capacity
  }
}
