// Random flow of one trader: orders of all kinds around a price, changes and cancels of what rests.
// A call whose connection went is made again with the same clientOrderId, as a careful bot does.
import { randomUUID } from 'node:crypto'
import { RpcFault } from '../../client/fault.ts'
import type { Random } from '../../daemon/clock.ts'
import type { RpcOrder, RpcSide } from '../../protocol/rpc.ts'
import { isRefusal, MARKET, type ProcessTrader, type Terms } from './process-trader.ts'
import { between, pick } from './random.ts'
import { until } from './until.ts'

/** Longer than the start of a daemon takes on a machine that has much else to do. */
const PATIENCE_MS = 60_000
const MIDDLE_CENTS = 200_000
const SPREAD_CENTS = 300
const LOTS_MAX = 500
const LOTS_PER_UNIT = 1000
const RESTING_MAX = 20

export class Flow {
  readonly #trader: ProcessTrader
  readonly #random: Random
  #resting: RpcOrder[] = []
  /** Steps that were done, and answers that were refusals. */
  steps = 0
  refusals = 0
  withdrawals = 0

  constructor(trader: ProcessTrader, random: Random) {
    this.#trader = trader
    this.#random = random
  }

  /** So many steps, or until `isOver`. */
  async run(steps: number, isOver: () => boolean = () => false): Promise<void> {
    for (let step = 0; step < steps && !isOver(); step++) {
      await this.#step()
      this.steps++
    }
  }

  async #step(): Promise<void> {
    const chance = this.#random()
    const order = this.#resting.length === 0 ? null : pick(this.#random, this.#resting)
    if (order !== null && (chance < 0.2 || this.#resting.length > RESTING_MAX)) {
      await this.#cancel(order)
    } else if (order !== null && chance < 0.3) await this.#edit(order)
    else if (chance < 0.35) await this.#quote()
    else if (chance < 0.355) await this.#withdraw()
    else await this.#place()
  }

  async #place(): Promise<void> {
    const side = pick<RpcSide>(this.#random, ['buy', 'sell'])
    const terms = pick<Terms>(this.#random, [
      {},
      {},
      { timeInForce: 'ioc' },
      { timeInForce: 'fok' },
      { postOnly: 'reject' },
      { postOnly: 'slide' }
    ])
    const sent = {
      account: this.#trader.account,
      clientOrderId: randomUUID(),
      market: MARKET,
      side,
      amount: this.#amount(),
      price: this.#price(side)
    }
    await this.#insist(async () => {
      const { order } = await this.#trader.sends(sent, terms)
      if (order.state === 'open') this.#resting.push(order)
    })
  }

  async #quote(): Promise<void> {
    const quotes = (['buy', 'sell'] as const).map((side) => ({
      side,
      price: this.#price(side),
      amount: this.#amount(),
      postOnly: 'slide' as const
    }))
    await this.#once(() => this.#trader.quotes(quotes))
  }

  /** A little: the flow must not run dry. */
  async #withdraw(): Promise<void> {
    const token = pick(this.#random, ['WETH', 'USDC'])
    await this.#once(() => this.#trader.withdraws(token, '0.01'))
    this.withdrawals++
  }

  async #cancel(order: RpcOrder): Promise<void> {
    this.#resting = this.#resting.filter((each) => each !== order)
    await this.#insist(() => this.#trader.cancels(order.orderId))
  }

  async #edit(order: RpcOrder): Promise<void> {
    this.#resting = this.#resting.filter((each) => each !== order)
    const change = this.#random() < 0.5 ? { price: this.#price(order.side) } : { amount: '0.001' }
    await this.#once(async () => {
      const changed = await this.#trader.edits(order, change)
      if (changed.state === 'open') this.#resting.push(changed)
    })
  }

  /** Makes the call until it has an answer; a refusal is one. */
  async #insist(call: () => Promise<unknown>): Promise<void> {
    await until(() => this.#answers(call), `an answer of ${this.#trader.name}`, PATIENCE_MS)
  }

  /** Makes the call once: one that has no name of its own cannot be made again blindly. */
  async #once(call: () => Promise<unknown>): Promise<void> {
    await this.#answers(call)
  }

  /** @returns whether there was an answer */
  async #answers(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call()
      return true
    } catch (fault) {
      if (!(fault instanceof RpcFault)) throw fault
      if (fault.retryable || !isRefusal(fault)) return false
      this.refusals++
      return true
    }
  }

  #amount(): string {
    return decimalOf(between(this.#random, 1, LOTS_MAX), LOTS_PER_UNIT)
  }

  /** Buyers a little below the middle and sellers above, with an overlap in which they meet. */
  #price(side: RpcSide): string {
    const off = between(this.#random, -SPREAD_CENTS, SPREAD_CENTS)
    const lean = side === 'buy' ? -SPREAD_CENTS / 3 : SPREAD_CENTS / 3
    return decimalOf(MIDDLE_CENTS + off + lean, 100)
  }
}

function decimalOf(count: number, perUnit: number): string {
  const places = String(perUnit).length - 1
  const fraction = String(count % perUnit).padStart(places, '0')
  return `${Math.floor(count / perUnit)}.${fraction}`
}
