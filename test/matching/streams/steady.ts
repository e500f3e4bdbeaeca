// A steady book under unending traffic: as many orders rest at the end as at the beginning, so
// whatever memory grows is lost.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  BUY_FLAG,
  CommandCore,
  GTC_FLAG,
  IOC_FLAG,
  SELL_FLAG
} from '../../../matching/command-core.ts'
import { benchConfig } from '../../../bench/ours.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import type { Random } from '../../../daemon/clock.ts'
import { between, seededRandom } from '../../helpers/random.ts'

const SIDE_ACCOUNTS = 50
const SLOTS = 100
const MIDDLE = 30_000
const BLOCK_COMMANDS = 512
const SECONDS = 1_700_000_000

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes in use after a collection, array buffers included. */
export function usedBytes(): number {
  if (typeof collect === 'function') collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

export class SteadyTraffic {
  readonly #random: Random
  readonly #core = new CommandCore(benchConfig, { hash: blake2b256Parts })
  /** Index and id of what was placed last, by account and slot. */
  readonly #indexes = new Int32Array(2 * SIDE_ACCOUNTS * SLOTS)
  readonly #ids = new Int32Array(2 * SIDE_ACCOUNTS * SLOTS)
  readonly #nonces = new Int32Array(2 * SIDE_ACCOUNTS)
  #block = 0
  #commands = 0
  trades = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    for (let index = 0; index < 2 * SIDE_ACCOUNTS; index++) {
      const account = this.#core.account('0x' + index.toString(16).padStart(40, '0'))
      this.#core.credit(account, 0, 2 ** 45)
      this.#core.credit(account, 1, 2 ** 45)
    }
    this.#begin()
  }

  get resting(): number {
    return this.#core.resting
  }

  /** One in twenty commands takes; the others replace the order of a random slot. */
  run(commands: number): void {
    for (let done = 0; done < commands;) {
      const account = between(this.#random, 0, 2 * SIDE_ACCOUNTS - 1)
      const side = account < SIDE_ACCOUNTS ? BUY_FLAG : SELL_FLAG
      if (this.#random() < 0.05) {
        const price = side === BUY_FLAG ? MIDDLE + 5 : MIDDLE - 5
        this.#place(account, side | IOC_FLAG, price, between(this.#random, 1, 30), 0)
        done++
        continue
      }
      const slot = between(this.#random, 0, SLOTS - 1)
      const at = account * SLOTS + slot
      if (this.#core.cancel(this.#indexes[at], this.#ids[at])) done++
      const distance = between(this.#random, 1, 200)
      const price = side === BUY_FLAG ? MIDDLE - distance : MIDDLE + distance
      this.#indexes[at] = this.#place(account, side | GTC_FLAG, price, 10, slot)
      this.#ids[at] = this.#core.lastId
      done++
    }
  }

  #place(account: number, flags: number, price: number, lots: number, slot: number): number {
    const core = this.#core
    const nonce = ++this.#nonces[account]
    const expiry = SECONDS + 1_000_000
    const index = core.place(0, account, flags, price, lots, expiry, 2 ** 40, nonce, slot)
    if (core.refusal !== 0) throw new Error(`refused: reason ${core.refusal}`)
    if (++this.#commands % BLOCK_COMMANDS === 0) this.#end()
    return index
  }

  #end(): void {
    const core = this.#core
    core.eachTrade(() => this.trades++)
    core.end()
    // What a settled batch does to the engine's memory: it goes.
    const { batches } = core.core
    if (batches.list.length > 1) batches.list.splice(0, batches.list.length - 1)
    this.#begin()
  }

  #begin(): void {
    this.#core.begin(this.#block, SECONDS * 1000 + this.#block)
    this.#block++
  }
}
