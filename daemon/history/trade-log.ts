// Every trade of the venue: the newest in memory, all on disk, also by batch.
import type { Event } from '../../matching/index.ts'
import type { Applied } from '../replica/types.ts'
import { part, type Store } from './store.ts'
import type { TradeRecord } from './types.ts'

/** Trades of a market that stay in memory: what public/get_last_trades may ask for. */
const keepTrades = 1000

export class TradeLog {
  readonly #store: Store
  /** Oldest first, by market. */
  readonly #newest: TradeRecord[][]

  constructor({ store, markets }: { store: Store; markets: number }) {
    this.#store = store
    this.#newest = Array.from({ length: markets }, () => [])
  }

  async load(): Promise<void> {
    for (const market of this.#newest.keys()) {
      const prefix = `t/${part(market)}/`
      const found = await this.#store.range({ prefix, newestFirst: true, limit: keepTrades })
      // Written by this program, in this version.
      this.#newest[market] = found.map(({ value }) => value as TradeRecord).reverse()
    }
  }

  take(
    event: Extract<Event, { kind: 'traded' }>,
    number: number,
    { index, cut }: Applied,
    batch: number
  ): TradeRecord {
    const { market, takerSide, price, lots } = event
    const { time } = cut
    const trade = { index, event: number, market, takerSide, price, lots, time, batch }
    const newest = this.#newest[market]
    newest.push(trade)
    if (newest.length >= 2 * keepTrades) newest.splice(0, newest.length - keepTrades)
    const place = `${part(index)}/${part(number)}`
    this.#store.put(`t/${part(market)}/${place}`, trade)
    this.#store.put(`k/${part(batch)}/${place}`, trade)
    return trade
  }

  /** Newest first. */
  last(market: number, count: number): TradeRecord[] {
    return this.#newest[market].slice(-Math.min(count, keepTrades)).reverse()
  }

  /** Of a batch, in their order. */
  async ofBatch(batch: number, limit: number): Promise<TradeRecord[]> {
    const found = await this.#store.range({ prefix: `k/${part(batch)}/`, limit })
    return found.map(({ value }) => value as TradeRecord)
  }
}
