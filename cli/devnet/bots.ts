// Flow for a devnet: a market maker that re-quotes around a drifting price, and takers that hit
// it. Both are ordinary bots: they know the JSON-RPC and nothing else.
import { RpcFault } from '../../client/fault.ts'
import type { SocketClient } from '../../client/socket.ts'
import type { RpcInstrument, RpcSide } from '../../protocol/rpc.ts'

export type BotDependencies = {
  random: () => number
  after(delayMs: number, fn: () => void): () => void
  /** What a bot was refused, for the screen's last line. */
  onFault(bot: string, fault: RpcFault): void
}

/** Integers behind the decimals of one market, so that bots never add floats. */
export class Grid {
  readonly #tick: { unit: bigint; scale: number }
  readonly #lot: { unit: bigint; scale: number }

  constructor(instrument: Pick<RpcInstrument, 'tickSize' | 'lotSize'>) {
    this.#tick = parse(instrument.tickSize)
    this.#lot = parse(instrument.lotSize)
  }

  price(ticks: number): string {
    return format(this.#tick, ticks)
  }

  amount(lots: number): string {
    return format(this.#lot, lots)
  }

  /** Ticks of a price, rounded down. */
  ticks(price: string): number {
    const { unit, scale } = parse(price)
    const common = Math.max(scale, this.#tick.scale)
    return Number(
      (unit * 10n ** BigInt(common - scale)) /
        (this.#tick.unit * 10n ** BigInt(common - this.#tick.scale))
    )
  }
}

abstract class Bot {
  readonly name: string
  protected readonly client: SocketClient
  protected readonly random: () => number
  readonly #dependencies: BotDependencies
  #stopTimer = () => {}
  #running = false

  constructor(name: string, client: SocketClient, dependencies: BotDependencies) {
    this.name = name
    this.client = client
    this.random = dependencies.random
    this.#dependencies = dependencies
  }

  /** Begins after a wait: takers let the makers go first. */
  open(waitMs = 0): void {
    if (this.#running) return
    this.#running = true
    this.#next(waitMs)
  }

  close(): void {
    this.#running = false
    this.#stopTimer()
  }

  /** One step; answers the milliseconds until the next. */
  protected abstract step(): Promise<number>

  #next(delayMs: number): void {
    if (!this.#running) return
    this.#stopTimer = this.#dependencies.after(delayMs, () => {
      this.step().then(
        (wait) => this.#next(wait),
        (fault: RpcFault) => {
          this.#dependencies.onFault(this.name, fault)
          this.#next(1000)
        }
      )
    })
  }
}

export type MakerOptions = {
  market: string
  /** Where the middle starts. */
  startPrice: string
  levels: number
  /** Lots of the best level; further ones are larger. */
  lots: number
  everyMs: number
}

/** Quotes a ladder on both sides; the middle walks at random and is drawn back to its start. */
export class MakerBot extends Bot {
  readonly #options: MakerOptions
  readonly #grid: Grid
  readonly #home: number
  #middle: number

  constructor(
    options: MakerOptions,
    instrument: RpcInstrument,
    client: SocketClient,
    dependencies: BotDependencies
  ) {
    super(`maker ${options.market}`, client, dependencies)
    this.#options = options
    this.#grid = new Grid(instrument)
    this.#home = this.#grid.ticks(options.startPrice)
    this.#middle = this.#home
  }

  protected async step(): Promise<number> {
    const { market, levels, lots, everyMs } = this.#options
    const spread = Math.max(1, Math.floor(this.#home / 4000))
    const walk = Math.floor((this.random() - 0.5) * 4 * spread)
    this.#middle += walk + Math.sign(this.#home - this.#middle)
    const quotes = Array.from({ length: levels }, (_, level) => {
      const distance = spread * (level + 1) + Math.floor(this.random() * spread)
      const amount = this.#grid.amount(lots * (level + 1))
      const quote = (side: RpcSide, ticks: number) => ({
        side,
        price: this.#grid.price(ticks),
        amount,
        postOnly: 'slide' as const
      })
      return [quote('buy', this.#middle - distance), quote('sell', this.#middle + distance)]
    })
    await this.client.call('private/mass_quote', { market, quotes: quotes.flat() })
    return everyMs
  }
}

export type TakerOptions = { market: string; lotsMax: number; everyMs: number }

/** Sends market orders of random side and size, and now and then a resting limit order. */
export class TakerBot extends Bot {
  readonly #options: TakerOptions
  readonly #grid: Grid

  constructor(
    options: TakerOptions,
    instrument: RpcInstrument,
    client: SocketClient,
    dependencies: BotDependencies
  ) {
    super(`taker ${options.market}`, client, dependencies)
    this.#options = options
    this.#grid = new Grid(instrument)
  }

  protected async step(): Promise<number> {
    const { market, lotsMax, everyMs } = this.#options
    const side = this.random() < 0.5 ? 'private/buy' : 'private/sell'
    const amount = this.#grid.amount(1 + Math.floor(this.random() * lotsMax))
    try {
      await this.client.call(side, { market, amount, type: 'market' })
    } catch (fault) {
      // A sweep may leave a side empty until the maker quotes again: no fault of anybody.
      if (!(fault instanceof RpcFault && fault.rpcName === 'empty_book')) throw fault
    }
    return Math.floor(everyMs / 2 + this.random() * everyMs)
  }
}

function parse(decimal: string): { unit: bigint; scale: number } {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return { unit: BigInt(whole + fraction), scale: fraction.length }
}

function format({ unit, scale }: { unit: bigint; scale: number }, count: number): string {
  const digits = (unit * BigInt(count)).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
