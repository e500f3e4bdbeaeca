// Every live order is a record of 48 bytes in one typed array: a fill or a cancel touches one cache
// line, or two that lie side by side. A record is found by its index; index 0 is never an order. The
// nonce is not here: the ring slot that the order holds has it (accounts.ts).

/** Words of a record. */
export const ORDER = 12
export const NEXT = 0
export const PREV = 1
export const REMAINING = 2
export const PRICE = 3
/** account << 8 | market */
export const OWNER = 4
/** slot << 16 | flags */
export const FLAGS = 5
export const ID_LOW = 6
/** id's high 16 bits | expiry's high 8 | tape index's high 8 */
export const HIGH = 7
export const EXPIRY_LOW = 8
export const FILLED = 9
export const TAPE_LOW = 10
/** entry << 8 | ordinal */
export const ENTRY = 11

export const SELL = 1
export const TIF_SHIFT = 1
export const TIF_MASK = 3 << TIF_SHIFT
export const GTC = 0
export const IOC = 1 << TIF_SHIFT
export const FOK = 2 << TIF_SHIFT
export const STP_SHIFT = 3
export const STP_MASK = 3 << STP_SHIFT
export const CANCEL_NEWEST = 0
export const CANCEL_OLDEST = 1 << STP_SHIFT
export const CANCEL_BOTH = 2 << STP_SHIFT
export const DECREMENT = 3 << STP_SHIFT
export const POST_MASK = 3 << 5
export const POST_REJECT = 1 << 5
export const POST_SLIDE = 2 << 5
export const QUOTE = 1 << 7
export const LEASED = 1 << 8
/** Signed by a delegate (named in Core.delegates). */
export const DELEGATED = 1 << 9
/** Rests at another price than its limit. */
export const SLID = 1 << 10
/** Its feeMax may bind while it rests (Core.tight has the figures). */
export const TIGHT = 1 << 11
export const STATE_MASK = 7 << 12
export const RESTING = 1 << 12
export const PENDING = 2 << 12
export const ARMED = 3 << 12
export const FIRED = 4 << 12
export const TRIGGER = 1 << 15

/** The most orders that can live at once: a ring slot keeps 24 bits of an index. */
export const ORDERS_LIMIT = 2 ** 24

const HIGH_WORD = 4294967296

/** Bits from 32 up of a safe integer that is not negative. Almost all are small: a comparison costs
 * less than a division. */
export function highWord(value: number): number {
  return value > 0x7fffffff ? Math.floor(value / HIGH_WORD) | 0 : 0
}

/** Whether an order of these flags holds a ring slot (so that its fills are marked on chain). */
export function holdsSlot(flags: number): boolean {
  return (flags & TIF_MASK) === GTC || (flags & TRIGGER) !== 0
}

export class OrderPool {
  words = new Int32Array(ORDER * 1024)
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
    const words = new Int32Array(capacity * ORDER)
    words.set(this.words)
    this.words = words
    this.#capacity = capacity
  }
}
