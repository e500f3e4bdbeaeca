// The engine below its phase layer, for order flow that comes as integers: what bench/ drives, and
// what a simulator may. All rules of a placement hold (limits, slots, funds, fees, self-trade
// prevention, protection, events and their hash); what the phase layer adds is signatures, nonces
// in log order, and the order of the entries in a block.

import { Core } from './core.ts'
import { eachTrade } from './event-list.ts'
import { REJECTED } from './event-writer.ts'
import * as layout from './orders.ts'
import { place } from './place.ts'
import { REQUESTED } from './reasons.ts'
import type { Address, EngineConfig, Hash256 } from './types.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { FLAGS, GTC, ID_LOW, IOC, ORDER, SELL, STATE_MASK } = layout

export const BUY_FLAG = 0
export const SELL_FLAG = SELL
export const GTC_FLAG = GTC
export const IOC_FLAG = IOC

export class CommandCore {
  readonly core: Core
  /** Reason code of the last refusal (place in `reasons`, from 1), 0 after an acceptance. */
  refusal = 0

  constructor(config: EngineConfig, dependencies: { hash: Hash256 }) {
    this.core = new Core(config, dependencies.hash)
  }

  /** Number of the account, new or known. */
  account(address: Address): number {
    return this.core.account(address)
  }

  /** Adds settled quanta, as a deposit does. */
  credit(account: number, token: number, quanta: number): void {
    this.core.ledger.addSettled(account, token, quanta)
  }

  /** Starts block `index` at a tape time in milliseconds. */
  begin(index: number, time: number): void {
    this.core.index = index
    this.core.time = time
    this.core.seconds = Math.floor(time / 1000)
  }

  /** Hashes the events since the last call as those of the block, and drops them. */
  end(): Uint8Array {
    this.core.events.seal(this.core.index)
    this.core.events.clear()
    this.core.ledger.forget()
    return this.core.events.hash
  }

  /**
   * A limit order; `flags` is a side, a time in force and a self-trade prevention, or-ed. Gives the
   * index of what rests, or 0; with `lastId` it names the order. `refusal` tells a rejection. Prices in
   * ticks, quantity in lots, expiry in whole seconds, feeMax in quote quanta.
   */
  place(
    market: number,
    account: number,
    flags: number,
    price: number,
    quantity: number,
    expiry: number,
    feeMax: number,
    nonce: number,
    slot: number
  ): number {
    const core = this.core
    const d = core.draft
    d.market = market
    d.account = account
    d.flags = flags
    d.price = price
    d.quantity = quantity
    d.expiry = expiry
    d.feeMax = feeMax
    d.nonce = nonce
    d.slot = slot
    const refusal = place(core)
    this.refusal = refusal
    if (refusal !== 0) {
      core.events.add(REJECTED | (refusal << 8), account, 0, 0, nonce, 0)
      return 0
    }
    return (core.pool.words[core.placed * ORDER + FLAGS] & STATE_MASK) === 0 ? 0 : core.placed
  }

  /** Cancels the order of an index and an id (of which the low 32 bits count); false when it is no
   * longer live. */
  cancel(index: number, id: number): boolean {
    const { pool } = this.core
    const at = index * ORDER
    const names =
      index > 0 &&
      index < pool.end &&
      pool.words[at + ID_LOW] === (id | 0) &&
      (pool.words[at + FLAGS] & STATE_MASK) !== 0
    if (names) this.core.cancel(index, REQUESTED)
    return names
  }

  /** Id that the last accepted order got. Ids count from 1. */
  get lastId(): number {
    return this.core.nextId - 1
  }

  /** Best prices, 0 for none. */
  bestBid(market: number): number {
    return this.core.markets[market].bids.best
  }

  bestAsk(market: number): number {
    return this.core.markets[market].asks.best
  }

  /** Live orders. */
  get resting(): number {
    return this.core.pool.live
  }

  /** Tells each trade since the last `end`, in sequence: ids of taker and maker, ticks, lots. */
  eachTrade(tell: (taker: number, maker: number, price: number, lots: number) => void): void {
    eachTrade(this.core.events, tell)
  }
}
