// Balances in quanta by (account, token): a cell of four doubles that hold safe integers. The
// fourth is the block in which the cell was last touched. What was told of a cell last is kept beside,
// so that the end of a block can tell which of the touched balances differ.

import * as balances from './balance-list.ts'
import * as layout from './cell-layout.ts'
import { CellSet } from './cell-set.ts'
import { lineAligned } from './lines.ts'
import type { BalanceList } from './results.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { CELL, PENDING, RESERVED, SETTLED, STAMP } = layout
const { FIGURES } = balances

export class Ledger {
  readonly tokens: number
  cells: Float64Array
  #exits: Uint8Array
  /** Number of the block, as the cells have it. */
  stamp = 1
  readonly #touched = new CellSet()
  #count = 0
  #told: Float64Array

  constructor(tokens: number) {
    this.tokens = tokens
    this.cells = cellsOf(tokens * 16)
    this.#told = new Float64Array(tokens * 16 * FIGURES)
    this.#touched.reserve(tokens * 16)
    this.#exits = new Uint8Array(tokens * 16)
  }

  /** Makes room for accounts below the count. */
  reserveAccounts(count: number): void {
    const wanted = count * this.tokens
    if (wanted <= this.#exits.length) return
    const room = Math.max(wanted, this.#exits.length * 2)
    const cells = cellsOf(room)
    cells.set(this.cells)
    this.cells = cells
    const told = new Float64Array(room * FIGURES)
    told.set(this.#told)
    this.#told = told
    this.#touched.reserve(room)
    const exits = new Uint8Array(room)
    exits.set(this.#exits)
    this.#exits = exits
  }

  settled(account: number, token: number): number {
    return this.cells[(account * this.tokens + token) * CELL + SETTLED]
  }

  pending(account: number, token: number): number {
    return this.cells[(account * this.tokens + token) * CELL + PENDING]
  }

  reserved(account: number, token: number): number {
    return this.cells[(account * this.tokens + token) * CELL + RESERVED]
  }

  available(account: number, token: number): number {
    const cells = this.cells
    const at = (account * this.tokens + token) * CELL
    return cells[at + SETTLED] + cells[at + PENDING] - cells[at + RESERVED]
  }

  addSettled(account: number, token: number, quanta: number): void {
    this.cells[this.change(account, token) + SETTLED] += quanta
  }

  addPending(account: number, token: number, quanta: number): void {
    this.cells[this.change(account, token) + PENDING] += quanta
  }

  addReserved(account: number, token: number, quanta: number): void {
    this.cells[this.change(account, token) + RESERVED] += quanta
  }

  /** Moves quanta, which may be negative, from pending to settled. Gives what is settled then. */
  settle(account: number, token: number, quanta: number): number {
    const at = this.change(account, token)
    this.cells[at + PENDING] -= quanta
    this.cells[at + SETTLED] += quanta
    return this.cells[at + SETTLED]
  }

  /** Where a cell begins that the caller is about to change. Good until an account is added. */
  change(account: number, token: number): number {
    const cell = account * this.tokens + token
    const at = cell * CELL
    if (this.cells[at | STAMP] !== this.stamp) this.touch(cell)
    return at
  }

  exiting(account: number, token: number): boolean {
    return this.#exits[account * this.tokens + token] !== 0
  }

  setExiting(account: number, token: number, exiting: boolean): void {
    this.#exits[account * this.tokens + token] = exiting ? 1 : 0
  }

  /** What differs from the end of the block before, by account and token; starts the next block. */
  takeChanges(): BalanceList {
    const touched = new Int32Array(this.#count)
    const figures = new Float64Array(this.#count * FIGURES)
    this.#touched.drain(touched)
    const cells = this.cells
    const told = this.#told
    let changes = 0
    for (const cell of touched) {
      const at = cell * CELL
      const was = cell * FIGURES
      const settled = cells[at | SETTLED]
      const pending = cells[at | PENDING]
      const reserved = cells[at | RESERVED]
      const same = settled === told[was] && pending === told[was + 1] && reserved === told[was + 2]
      if (same) continue
      const change = changes * FIGURES
      figures[change] = told[was] = settled
      figures[change + 1] = told[was + 1] = pending
      figures[change + 2] = told[was + 2] = reserved
      touched[changes++] = cell
    }
    this.#startBlock()
    return new balances.PackedBalances(this.tokens, touched, figures, changes)
  }

  /** What was touched so far is not told by the next `takeChanges` unless it is touched again. */
  forget(): void {
    this.#touched.clear()
    this.#startBlock()
  }

  #startBlock(): void {
    this.#count = 0
    this.stamp++
  }

  bytes(): number {
    return this.cells.byteLength + this.#told.byteLength + this.#exits.byteLength
  }

  /** A cell is about to be changed for the first time in this block. */
  touch(cell: number): void {
    this.#count++
    this.#touched.add(cell)
    this.cells[cell * CELL + STAMP] = this.stamp
  }
}

/** Two cells are a cache line: mostly an account's base and quote. */
function cellsOf(count: number): Float64Array {
  const words = lineAligned(count * CELL * 2)
  return new Float64Array(words.buffer, words.byteOffset)
}
