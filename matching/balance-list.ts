// What a block changed of the balances, for readers: packed figures, told as objects one by one.

import type { BalanceChange, BalanceList } from './results.ts'

/** Doubles of a change: settled, pending, reserved. */
export const FIGURES = 3

export class PackedBalances implements BalanceList {
  readonly length: number
  readonly #tokens: number
  /** account * tokens + token */
  readonly #cells: Int32Array
  readonly #figures: Float64Array

  /** The first `length` rows of each list. */
  constructor(tokens: number, cells: Int32Array, figures: Float64Array, length: number) {
    this.#tokens = tokens
    this.#cells = cells
    this.#figures = figures
    this.length = length
  }

  *[Symbol.iterator](): Iterator<BalanceChange> {
    for (let i = 0; i < this.length; i++) yield this.#at(i)
  }

  #at(position: number): BalanceChange {
    const cell = this.#cells[position]
    const token = cell % this.#tokens
    const settled = this.#figures[position * FIGURES]
    const pending = this.#figures[position * FIGURES + 1]
    const reserved = this.#figures[position * FIGURES + 2]
    return {
      account: (cell - token) / this.#tokens,
      token,
      settled,
      pending,
      reserved,
      available: settled + pending - reserved
    }
  }
}
