// What the words of an order's record mean (orders.ts). Hot code takes these into constants of its own
// module (`const { ... } = layout`), which optimised code folds; it loads an import each time.

/** Words of a record. */
export const ORDER = 16
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
export const FILLED = 8
export const TAPE_LOW = 9
/** entry << 8 | ordinal */
export const ENTRY = 10
export const EXPIRY_LOW = 11
export const NONCE_LOW = 12
export const NONCE_HIGH = 13

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
  return value > 0x7fffffff ? divided(value) : 0
}

function divided(value: number): number {
  return Math.floor(value / HIGH_WORD) | 0
}

/** Whether an order of these flags holds a ring slot (so that its fills are marked on chain). */
export function holdsSlot(flags: number): boolean {
  return (flags & TIF_MASK) === GTC || (flags & TRIGGER) !== 0
}
