// What the trades of a batch come to, by account: a second look at the rows of its fills, once, when
// the batch is closed.

import * as rows from './batch-layout.ts'
import type { Batch } from './batch.ts'
import type { Market } from './market.ts'
import * as layout from './order-layout.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { FILL, FILL_OWNER, TAKE, TAKE_FEE } = rows
const { SELL } = layout
const HIGH_WORD = 4294967296

export type Nets = {
  /** Those with a trade in the batch, in the order of their first. */
  accounts: Int32Array
  /** Their net results by token, fees deducted, quanta: a row for each account. */
  deltas: Float64Array
  /** By token: what the sides paid. */
  fees: Float64Array
}

export class Netting {
  readonly #markets: readonly Market[]
  readonly #tokens: number
  /** Place of an account's row, from 1, while a batch is netted; else all are 0. */
  #places = new Int32Array(1024)

  constructor(markets: readonly Market[], tokens: number) {
    this.#markets = markets
    this.#tokens = tokens
  }

  /** Kept with a batch that is closed. */
  of(batch: Batch): Nets {
    const nets = batch.nets ?? this.#net(batch)
    if (batch.state !== 'open') batch.nets = nets
    return nets
  }

  #net(batch: Batch): Nets {
    const tokens = this.#tokens
    const accounts = this.#place(batch)
    const places = this.#places
    const deltas = new Float64Array(accounts.length * tokens)
    const paid = new Float64Array(tokens)
    const { fills, takes, takeCount } = batch
    let at = 0
    for (let command = 0; command < takeCount; command++) {
      const take = command * TAKE
      const owner = takes[take | 1]
      const { base, quote, lotSize, tickValue } = this.#markets[owner & 0xff]
      const taker = (places[owner >>> 8] - 1) * tokens
      const sign = (takes[take | 2] & SELL) === 0 ? 1 : -1
      let bought = 0
      let cost = 0
      for (const end = batch.fillsEnd(command) * FILL; at < end; at += FILL) {
        const maker = (places[fills[at | FILL_OWNER] >>> 8] - 1) * tokens
        const lots = sign * fills[at]
        const quanta = lots * lotSize
        const notional = lots * (fills[at | 1] >>> 0) * tickValue
        const fee = (fills[at | 3] >>> 8) * HIGH_WORD + (fills[at | 2] >>> 0)
        deltas[maker + base] -= quanta
        deltas[maker + quote] += notional - fee
        paid[quote] += fee
        bought += quanta
        cost += notional
      }
      const fee = (takes[take | (TAKE_FEE + 1)] >>> 0) * HIGH_WORD + (takes[take | TAKE_FEE] >>> 0)
      deltas[taker + base] += bought
      deltas[taker + quote] -= cost + fee
      paid[quote] += fee
    }
    for (const account of accounts) places[account] = 0
    return { accounts, deltas, fees: paid }
  }

  /** Gives each account of the batch its place. */
  #place({ fills, fillCount, takes, takeCount }: Batch): Int32Array {
    const accounts = new Int32Array(fillCount + takeCount)
    let count = 0
    const place = (owner: number): void => {
      const account = owner >>> 8
      if (account >= this.#places.length) this.#grow(account)
      if (this.#places[account] !== 0) return
      accounts[count++] = account
      this.#places[account] = count
    }
    for (let fill = 0; fill < fillCount; fill++) place(fills[fill * FILL + FILL_OWNER])
    for (let take = 0; take < takeCount; take++) place(takes[take * TAKE + 1])
    return accounts.slice(0, count)
  }

  #grow(account: number): void {
    let length = this.#places.length
    while (length <= account) length *= 2
    const places = new Int32Array(length)
    places.set(this.#places)
    this.#places = places
  }
}
