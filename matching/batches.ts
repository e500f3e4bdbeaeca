// The chain of unsettled batches, oldest first; the last one is open (docs/matching.md, section 7).

import * as rows from './batch-layout.ts'
import { Batch } from './batch.ts'
import * as layout from './order-layout.ts'
import type { OrderPool } from './orders.ts'
import type { Taker } from './taker.ts'
import type { SettlementConfig } from './types.ts'

/** The parent of the first batch. */
export const NO_PARENT = '0'.repeat(48)

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const {
  NONCE_HIGH,
  NONCE_LOW,
  ORDER,
  OWNER,
  FLAGS,
  ID_LOW,
  HIGH,
  TAPE_LOW,
  ENTRY,
  FILLED,
  highWord
} = layout
const { FILL, FILL_OWNER, TAKE, TAKE_FEE } = rows

/** What a fill is written from. */
export type FillState = { time: number; pool: OrderPool }

export class Batches {
  readonly settlement: SettlementConfig | null
  readonly #validators: number
  list: Batch[]
  /** Settled: its rows are written anew by a batch to come. */
  #gone: Batch | null = null
  open: Batch

  constructor(settlement: SettlementConfig | null, validators: number) {
    this.settlement = settlement
    this.#validators = validators
    this.open = new Batch(1, validators, null, null)
    this.open.parent = NO_PARENT
    this.list = [this.open]
  }

  /** The unsettled batch of an index. */
  find(index: number): Batch | undefined {
    return this.list.find((batch) => batch.index === index)
  }

  /** Worst-case gas of a batch. */
  gas(batch: Batch): number {
    const terms = this.settlement
    if (terms === null) return 0
    return (
      terms.gasBase +
      terms.gasFill * batch.fillCount +
      terms.gasOrder * batch.takeCount +
      terms.gasWithdrawal * batch.withdrawals.length
    )
  }

  /** Whether the open batch has no room for another command at its worst. */
  isFull(fillsPerCommandMax: number): boolean {
    const terms = this.settlement
    if (terms === null || !this.open.hasContent) return false
    if (this.open.fillCount >= terms.batchFillsMax) return true
    const worst = terms.gasOrder + fillsPerCommandMax * terms.gasFill
    return this.gas(this.open) + worst > terms.batchGasMax
  }

  /** A batch that waits for its seal keeps the next one open: a venue that settles slowly makes
   * larger batches, not a longer queue of them. */
  isAged(time: number): boolean {
    const terms = this.settlement
    if (terms === null || !this.open.hasContent) return false
    if (this.list.some(({ state }) => state === 'closed')) return false
    return time - this.open.openedAt >= terms.batchAgeMs
  }

  /** Tape time from which on the next block closes or seals a batch, whatever is in it: Infinity
   * while something else has to come first. */
  dueAt(): number {
    const terms = this.settlement
    if (terms === null) return Infinity
    const waiting = this.oldestUnsealed()
    if (waiting === undefined) {
      return this.open.hasContent ? this.open.openedAt + terms.batchAgeMs : Infinity
    }
    if (waiting.parent === null) return Infinity
    return Math.max(waiting.closedAt, waiting.parentKnownAt) + terms.cosignMs
  }

  /** Closes the open batch and opens the next. */
  close(time: number): Batch {
    const closed = this.open
    closed.state = 'closed'
    closed.closedAt = time
    this.start(closed.index + 1)
    return closed
  }

  start(index: number): Batch {
    this.open = new Batch(index, this.#validators, this.open, this.#gone)
    this.#gone = null
    this.list.push(this.open)
    return this.open
  }

  /** The oldest batch that is closed and not sealed. */
  oldestUnsealed(): Batch | undefined {
    return this.list.find((batch) => batch.state === 'closed')
  }

  /** The batch's link is known: its child may seal. */
  linkKnown(batch: Batch, link: string, time: number): void {
    const child = this.list[this.list.indexOf(batch) + 1]
    child.parent = link
    child.parentKnownAt = time
  }

  /** The oldest batch is settled and goes, and what it held with it. */
  dropSettled(): void {
    this.#gone = this.list.shift() ?? null
  }

  /** All from the first on are gone; the child of a void opens. */
  dropAll(index: number, link: string, time: number): void {
    this.list = []
    const child = this.start(index + 1)
    child.parent = link
    child.parentKnownAt = time
  }

  /** Writes a fill of the command that trades, when the maker's filled lots are counted. */
  recordFill(state: FillState, maker: number, lots: number, price: number, fee: number): void {
    const batch = this.open
    if (!batch.hasContent) batch.openedAt = state.time
    const at = batch.nextFill()
    const row = batch.fills
    const { words } = state.pool
    const from = maker * ORDER
    row[at] = lots | 0
    row[at | 1] = price | 0
    row[at | 2] = fee | 0
    row[at | 3] = (highWord(fee) << 8) | words[from | NONCE_HIGH]
    row[at | FILL_OWNER] = words[from | OWNER]
    row[at | (FILL_OWNER + 1)] = words[from | FLAGS]
    row[at | (FILL_OWNER + 2)] = words[from | ID_LOW]
    row[at | (FILL_OWNER + 3)] = words[from | HIGH]
    row[at | (FILL_OWNER + 4)] = words[from | TAPE_LOW]
    row[at | (FILL_OWNER + 5)] = words[from | ENTRY]
    row[at | (FILL_OWNER + 6)] = words[from | FILLED]
    row[at | (FILL_OWNER + 7)] = words[from | NONCE_LOW]
  }

  /** Writes the command that made the last fills, and its fee. */
  recordTake(taker: Taker, fills: number, fee: number): void {
    const batch = this.open
    const at = batch.nextTake()
    const row = batch.takes
    row[at] = (batch.fillCount - fills) | 0
    row[at | 1] = taker.owner
    row[at | 2] = taker.flags
    row[at | 3] = taker.id | 0
    row[at | 4] = taker.high
    row[at | 5] = taker.tapeLow
    row[at | 6] = taker.entry
    row[at | 7] = taker.filled
    row[at | 8] = taker.nonce | 0
    row[at | 9] = highWord(taker.nonce)
    row[at | TAKE_FEE] = fee | 0
    row[at | (TAKE_FEE + 1)] = highWord(fee)
  }

  bytes(): number {
    return this.list.reduce(
      (sum, batch) => sum + batch.fillCount * FILL * 4 + batch.takeCount * TAKE * 4,
      0
    )
  }
}
