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
const BLOCK_COMMANDS = 512
/** Words of a command, and what they are. */
const COMMAND = 8
const FLAGS = 0
const ACCOUNT = 1
const PRICE = 2
const LOTS = 3
const NONCE = 4
const NAME = 5
/** Number of the order's first cancel, 0 for none. */
const CANCELS = 6
/** In place of an order's flags. */
const IS_CANCEL = -1
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
  /** Each row as its sender would send it, COMMAND words. */
  readonly #commands: Int32Array
  /** Index and id of the order that each cancel names, as its sender would send it. */
  readonly #names: Int32Array
  /** What the trade hash calls an order, by the engine's id. */
  readonly #ids: Int32Array
  #pending = 0
  #block = 0

  constructor(flow: Flow, capacity: number) {
    this.#commands = commandsOf(flow, capacity)
    this.#names = new Int32Array(flow.count * 2 + 2)
    this.#ids = new Int32Array(capacity + 1)
    for (let index = 0; index < ACCOUNTS; index++) {
      const account = this.core.account('0x' + index.toString(16).padStart(40, '0'))
      this.core.credit(account, 0, FUNDS)
      this.core.credit(account, 1, FUNDS)
    }
    this.core.begin(0, START_SECONDS * 1000)
  }

  apply(row: number): void {
    const { core } = this
    const commands = this.#commands
    const at = row * COMMAND
    const flags = commands[at | FLAGS]
    if (flags === IS_CANCEL) {
      const name = commands[at | CANCELS] * 2
      core.cancel(this.#names[name], this.#names[name | 1])
    } else {
      const nonce = commands[at | NONCE]
      const index = core.place(
        0,
        commands[at | ACCOUNT],
        flags,
        commands[at | PRICE],
        commands[at | LOTS],
        START_SECONDS + 1_000_000,
        FEE_MAX,
        nonce,
        (flags & IOC_FLAG) !== 0 ? 0 : nonce & (SLOTS - 1)
      )
      if (core.refusal !== 0) throw new Error(`row ${row} was refused: reason ${core.refusal}`)
      const id = core.lastId
      this.#ids[id] = commands[at | NAME]
      const name = commands[at | CANCELS] * 2
      if (name !== 0) {
        this.#names[name] = index
        this.#names[name | 1] = id
      }
    }
    if (++this.#pending === BLOCK_COMMANDS) this.flush()
  }

  /** Counts the trades of the block, hashes its events, and begins the next block. */
  flush(): void {
    const { core, tally } = this
    const ids = this.#ids
    core.eachTrade((taker, maker, price, lots) => tally.add(ids[taker], ids[maker], price, lots))
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

/** Buys by accounts 0 to 499 in turn, sells by 500 to 999; nonces count from 1. The cancels that name
 * an order first are numbered; any other finds its order gone. */
function commandsOf(flow: Flow, capacity: number): Int32Array {
  const commands = new Int32Array(capacity * COMMAND)
  const turns = [0, 0]
  let cancels = 0
  const nonces = new Int32Array(ACCOUNTS)
  for (let row = 0; row < flow.count; row++) {
    const at = row * COMMAND
    const sell = flow.sells[row]
    if (flow.types[row] === CANCEL) {
      commands[at | FLAGS] = IS_CANCEL
      const target = flow.targets[row]
      if (target < 0) continue
      const order = (target * COMMAND) | CANCELS
      if (commands[order] === 0) commands[order] = commands[at | CANCELS] = ++cancels
      continue
    }
    const account = sell * SIDE_ACCOUNTS + (turns[sell]++ % SIDE_ACCOUNTS)
    const waits = flow.types[row] === LIMIT
    commands[at | FLAGS] = (sell === 1 ? SELL_FLAG : BUY_FLAG) | (waits ? GTC_FLAG : IOC_FLAG)
    commands[at | ACCOUNT] = account
    commands[at | PRICE] = flow.prices[row]
    commands[at | LOTS] = flow.quantities[row]
    commands[at | NONCE] = ++nonces[account]
    commands[at | NAME] = flow.ids[row]
  }
  return commands
}
