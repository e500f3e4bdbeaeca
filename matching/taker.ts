import * as layout from './order-layout.ts'
import type { OrderPool } from './orders.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { ENTRY, FILLED, FLAGS, HIGH, ORDER, OWNER, PRICE, REMAINING, TAPE_LOW } = layout

/** The order that trades at present, as integers. One is kept and overwritten. It may do without a
 * record: most takers are gone when their command ends, and only what comes to rest needs one. */
export class Taker {
  /** Index of its record, 0 for none. The record's lots are those from before it traded. */
  index = 0
  id = 0
  /** As a record has it: the high bits of id, expiry and tape index. */
  high = 0
  /** account << 8 | market */
  owner = 0
  /** slot << 16 | flags */
  flags = 0
  price = 0
  /** Low 32 bits of the tape index. */
  tapeLow = 0
  /** entry << 8 | ordinal */
  entry = 0
  nonce = 0
  feeMax = 0
  /** Lots to go, and lots filled before this command. */
  left = 0
  filled = 0
  /** Lots that this command filled, and the fee that it paid for them. */
  took = 0
  spent = 0
  /** Code of the reason why it stops, 0 for none. */
  stop = 0
  /** Cancelled while it traded. */
  gone = false

  /** Becomes an order that has a record; `waiting` is what is kept beside that. */
  load(pool: OrderPool, index: number, waiting: { nonce: number; feeMax: number }): void {
    const { words } = pool
    const at = index * ORDER
    this.index = index
    this.id = pool.id(index)
    this.high = words[at | HIGH]
    this.owner = words[at | OWNER]
    this.flags = words[at | FLAGS]
    this.price = words[at | PRICE] >>> 0
    this.tapeLow = words[at | TAPE_LOW]
    this.entry = words[at | ENTRY]
    this.nonce = waiting.nonce
    this.feeMax = waiting.feeMax
    this.left = words[at | REMAINING]
    this.filled = words[at | FILLED]
    this.took = 0
    this.spent = 0
    this.stop = 0
    this.gone = false
  }
}
