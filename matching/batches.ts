// The chain of unsettled batches, oldest first; the last one is open (docs/matching.md, section 7).

import { Batch, FILL, MAKER_MARKED, TAKER_MARKED, TAKER_SELLS } from './batch.ts'
import { COLD, ENTRY, FILLED, FLAGS, HOT, OWNER, SELL, TIF_MASK, TRIGGER, GTC } from './orders.ts'
import type { OrderPool } from './orders.ts'
import type { SettlementConfig } from './types.ts'

/** The parent of the first batch. */
export const NO_PARENT = '0'.repeat(48)

/** Whether an order of these flags holds a ring slot (so that its fills are marked on chain). */
export function holdsSlot(flags: number): boolean {
  return (flags & TIF_MASK) === GTC || (flags & TRIGGER) !== 0
}

export class Batches {
  readonly settlement: SettlementConfig | null
  readonly #validators: number
  list: Batch[]
  open: Batch

  constructor(settlement: SettlementConfig | null, validators: number) {
    this.settlement = settlement
    this.#validators = validators
    this.open = new Batch(1, validators)
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
      terms.gasOrder * batch.takerFees.length +
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

  isAged(time: number): boolean {
    const terms = this.settlement
    if (terms === null || !this.open.hasContent) return false
    return time - this.open.openedAt >= terms.batchAgeMs
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
    this.open = new Batch(index, this.#validators)
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

  /** All from the first on are gone; the child of a void opens. */
  dropAll(index: number, link: string, time: number): void {
    this.list = []
    const child = this.start(index + 1)
    child.parent = link
    child.parentKnownAt = time
  }

  /** Writes a fill; both records still show the orders after it. */
  recordFill(
    pool: OrderPool,
    time: number,
    maker: number,
    makerNonce: number,
    taker: number,
    takerNonce: number,
    lots: number,
    price: number,
    makerFee: number
  ): void {
    const batch = this.open
    if (!batch.hasContent) batch.openedAt = time
    const at = batch.nextFill()
    const row = batch.fills
    const makerFlags = pool.hot[maker * HOT + FLAGS]
    const takerFlags = pool.hot[taker * HOT + FLAGS]
    row[at] = pool.hot[maker * HOT + OWNER] & 0xff
    row[at + 1] =
      ((takerFlags & SELL) !== 0 ? TAKER_SELLS : 0) |
      (holdsSlot(makerFlags) ? MAKER_MARKED : 0) |
      (holdsSlot(takerFlags) ? TAKER_MARKED : 0)
    row[at + 2] = lots
    row[at + 3] = price
    row[at + 4] = makerFee
    this.#writeSide(pool, row, at + 5, maker, makerNonce)
    this.#writeSide(pool, row, at + 12, taker, takerNonce)
  }

  bytes(): number {
    return this.list.reduce((sum, batch) => sum + batch.fillCount * FILL * 8, 0)
  }

  #writeSide(pool: OrderPool, row: Float64Array, at: number, index: number, nonce: number): void {
    row[at] = pool.hot[index * HOT + OWNER] >>> 8
    row[at + 1] = pool.id(index)
    row[at + 2] = nonce
    row[at + 3] = pool.hot[index * HOT + FLAGS] >>> 16
    row[at + 4] = pool.tape(index)
    row[at + 5] = pool.cold[index * COLD + ENTRY] >>> 0
    row[at + 6] = pool.cold[index * COLD + FILLED]
  }
}
