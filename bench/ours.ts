// The engine that ships, below its phase layer: fees, funds, slots, limits, self-trade prevention,
// batches, events and their hash are all on. A thousand accounts trade, the first half buys.
import { CommandCore, BUY_FLAG, GTC_FLAG, IOC_FLAG, SELL_FLAG } from '../matching/command-core.ts'
import type { EngineConfig } from '../matching/index.ts'
import { blake2b256Parts } from '../crypto/blake2b.ts'
import { CANCEL, LIMIT, type Flow } from './flow.ts'
import { Tally, type Contestant } from './tally.ts'

const SIDE_ACCOUNTS = 500
const ACCOUNTS = 2 * SIDE_ACCOUNTS
/** Of each token; a thousand times this is below 2^53. */
const FUNDS = 2 ** 43
const SLOTS = 65_536
/** Kind of a trade's record (docs/matching.md, section 12). */
const TRADED_KIND = 4
const BLOCK_COMMANDS = 512
const START_SECONDS = 1_700_000_000
const FEE_MAX = 2 ** 40

/** Everything on, and no limit so low that it would change what trades. */
export const benchConfig: EngineConfig = {
  tokens: 2,
  markets: [
    {
      id: '11'.repeat(32),
      base: 0,
      quote: 1,
      lotSize: 1,
      tickValue: 1,
      priceMaxTicks: 65_534,
      quantityMaxLots: 2 ** 30 - 1,
      notionalMin: 1,
      bandBps: 0,
      makerBps: 2,
      takerBps: 5,
      takerFeeMin: 3
    }
  ],
  validators: ['0x' + '5'.repeat(40)],
  quorum: 1,
  slotsMax: SLOTS,
  liveOrdersMax: 2 ** 30,
  accountsMax: 1000,
  orderLifeMaxSeconds: 2 ** 31,
  fillsPerCommandMax: 2 ** 30,
  triggersPerCutMax: 100,
  bond: null,
  admission: null,
  settlement: {
    batchFillsMax: 1000,
    batchAgeMs: 2 ** 40,
    cosignMs: 1000,
    horizonSeconds: 2 ** 30,
    chainStaleMaxMs: 2 ** 40,
    unsettledMaxMs: 2 ** 40,
    unsettledGasMax: Number.MAX_SAFE_INTEGER,
    batchGasMax: Number.MAX_SAFE_INTEGER,
    gasBase: 0,
    gasOrder: 0,
    gasFill: 0,
    gasWithdrawal: 0
  },
  endow: []
}

export class Ours implements Contestant {
  readonly tally = new Tally()
  readonly core = new CommandCore(benchConfig, { hash: blake2b256Parts })
  readonly #flow: Flow
  /** Of a cancel's row the engine's handle of the order that it names, as the command would bring it;
   * of an order's row the row of its first cancel (another one finds it gone), or 0. */
  readonly #handles: Float64Array
  readonly #cancels: Int32Array
  /** The row of an engine's order id. */
  readonly #rows: Int32Array
  readonly #nonces = new Int32Array(ACCOUNTS)
  #buys = 0
  #sells = 0
  #pending = 0
  #block = 0

  constructor(flow: Flow, capacity: number) {
    this.#flow = flow
    this.#handles = new Float64Array(capacity)
    this.#cancels = cancelRows(flow, capacity)
    this.#rows = new Int32Array(capacity + 1)
    for (let index = 0; index < ACCOUNTS; index++) {
      const account = this.core.account('0x' + index.toString(16).padStart(40, '0'))
      this.core.credit(account, 0, FUNDS)
      this.core.credit(account, 1, FUNDS)
    }
    this.core.begin(0, START_SECONDS * 1000)
  }

  apply(row: number): void {
    const { types, sells, prices, quantities } = this.#flow
    if (types[row] === CANCEL) {
      if (this.#handles[row] !== 0) this.core.cancel(this.#handles[row])
    } else this.#place(row, types[row], sells[row], prices[row], quantities[row])
    if (++this.#pending === BLOCK_COMMANDS) this.flush()
  }

  #place(row: number, type: number, sell: number, price: number, quantity: number): void {
    const { core } = this
    const account =
      sell === 1 ? SIDE_ACCOUNTS + (this.#sells++ % SIDE_ACCOUNTS) : this.#buys++ % SIDE_ACCOUNTS
    const nonce = ++this.#nonces[account]
    const waits = type === LIMIT
    const handle = core.place(
      0,
      account,
      (sell === 1 ? SELL_FLAG : BUY_FLAG) | (waits ? GTC_FLAG : IOC_FLAG),
      price,
      quantity,
      START_SECONDS + 1_000_000,
      FEE_MAX,
      nonce,
      waits ? nonce & (SLOTS - 1) : 0
    )
    if (core.refusal !== 0) throw new Error(`row ${row} was refused: reason ${core.refusal}`)
    const cancel = this.#cancels[row]
    if (cancel !== 0) this.#handles[cancel] = handle
    this.#rows[core.lastId] = row
  }

  /** Counts the trades of the block from its events, hashes them, and begins the next block. */
  flush(): void {
    const { core, tally } = this
    const { ids } = this.#flow
    const words = core.eventWords
    const end = core.eventCount * 8
    for (let at = 0; at < end; at += 8) {
      if ((words[at] & 0xff) !== TRADED_KIND) continue
      const maker = ids[this.#rows[words[at + 4]]]
      const taker = ids[this.#rows[words[at + 6]]]
      tally.add(taker, maker, words[at + 3], words[at + 2])
    }
    core.end()
    // What a settled batch does to the engine's memory: it goes.
    const { batches } = core.core
    while (batches.list.length > 1) batches.dropSettled()
    this.#pending = 0
    this.#block++
    core.begin(this.#block, START_SECONDS * 1000 + this.#block)
  }

  bestBid(): number {
    return this.core.bestBid(0)
  }

  bestAsk(): number {
    return this.core.bestAsk(0)
  }

  resting(): number {
    return this.core.resting
  }
}

/** The row of each order's first cancel, 0 for none. Found before the clock starts: a client that
 * cancels sends the handle that it was given, and the engine has nothing to look up. */
function cancelRows(flow: Flow, capacity: number): Int32Array {
  const rows = new Int32Array(capacity)
  for (let row = 0; row < flow.count; row++) {
    const target = flow.targets[row]
    if (flow.types[row] === CANCEL && target >= 0 && rows[target] === 0) rows[target] = row
  }
  return rows
}
