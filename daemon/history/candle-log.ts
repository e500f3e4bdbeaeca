// Candles of each market and resolution, and the last 24 hours. A minute without a trade has none.
import type { RpcResolution } from '../../protocol/rpc.ts'
import { part, type Store } from './store.ts'
import type { CandleRecord, TradeRecord } from './types.ts'

const minuteMs = 60_000
export const resolutions: Record<RpcResolution, number> = {
  '1m': minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '1h': 60 * minuteMs,
  '4h': 240 * minuteMs,
  '1d': 1440 * minuteMs
}
const names: RpcResolution[] = ['1m', '5m', '15m', '1h', '4h', '1d']
const dayMinutes = 1440
const rangeMax = 1000

export class CandleLog {
  readonly #store: Store
  readonly #markets: number
  /** The newest candle by market and resolution. */
  readonly #current = new Map<string, CandleRecord>()
  /** One-minute candles of the last day, oldest first, by market. */
  readonly #day: CandleRecord[][]
  readonly #changed = new Set<string>()

  constructor({ store, markets }: { store: Store; markets: number }) {
    this.#store = store
    this.#markets = markets
    this.#day = Array.from({ length: markets }, () => [])
  }

  async load(): Promise<void> {
    for (let market = 0; market < this.#markets; market++) {
      for (const name of names) {
        const limit = name === '1m' ? dayMinutes : 1
        const found = await this.#range(market, name, limit)
        const newest = found.at(-1)
        if (newest !== undefined) this.#current.set(keyOf(market, name), newest)
        if (name === '1m') this.#day[market] = found
      }
    }
  }

  /** `value` is the trade's quote quanta. */
  take(trade: TradeRecord, value: number): void {
    const { market, time } = trade
    for (const name of names) {
      const key = keyOf(market, name)
      const from = time - (time % resolutions[name])
      const current = this.#current.get(key)
      this.#changed.add(key)
      if (current !== undefined && current.time === from) {
        current.high = Math.max(current.high, trade.price)
        current.low = Math.min(current.low, trade.price)
        current.close = trade.price
        current.lots += trade.lots
        current.quote += value
        continue
      }
      // The one before is complete: it is written now, since only the newest is kept here.
      if (current !== undefined) this.#put(key, current)
      const { price, lots } = trade
      const candle = {
        time: from,
        open: price,
        high: price,
        low: price,
        close: price,
        lots,
        quote: value
      }
      this.#current.set(key, candle)
      if (name === '1m') this.#day[market].push(candle)
    }
  }

  /** After a block. */
  blockEnd(): void {
    for (const key of this.#changed) {
      const candle = this.#current.get(key)
      if (candle !== undefined) this.#put(key, candle)
    }
    this.#changed.clear()
  }

  #put(key: string, candle: CandleRecord): void {
    this.#store.put(`${key}${part(candle.time)}`, candle)
  }

  /** The newest candle, or null. */
  current(market: number, name: RpcResolution): CandleRecord | null {
    return this.#current.get(keyOf(market, name)) ?? null
  }

  /** Oldest first, at most 1,000: the newest of those from `from` on and before `to`. */
  async range(
    market: number,
    name: RpcResolution,
    from: number | null,
    to: number | null
  ): Promise<CandleRecord[]> {
    const found = await this.#range(market, name, rangeMax, to)
    return from === null ? found : found.filter(({ time }) => time >= from)
  }

  async #range(
    market: number,
    name: RpcResolution,
    limit: number,
    to: number | null = null
  ): Promise<CandleRecord[]> {
    const bound = to === null ? {} : { below: part(to) }
    const prefix = keyOf(market, name)
    const found = await this.#store.range({ prefix, newestFirst: true, limit, ...bound })
    // Written by this program, in this version.
    return found.map(({ value }) => value as CandleRecord).reverse()
  }

  /** Extremes and volumes of the last 24 hours, by whole minutes; null without a trade. */
  day(market: number, nowMs: number): Omit<CandleRecord, 'time' | 'open' | 'close'> | null {
    const candles = this.#day[market]
    const from = nowMs - dayMinutes * minuteMs
    while (candles.length > 0 && candles[0].time < from) candles.shift()
    if (candles.length === 0) return null
    const sum = { high: 0, low: Number.MAX_SAFE_INTEGER, lots: 0, quote: 0 }
    for (const { high, low, lots, quote } of candles) {
      sum.high = Math.max(sum.high, high)
      sum.low = Math.min(sum.low, low)
      sum.lots += lots
      sum.quote += quote
    }
    return sum
  }
}

function keyOf(market: number, name: RpcResolution): string {
  return `c/${part(market)}/${name}/`
}
