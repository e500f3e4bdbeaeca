// `book.{market}.raw`: every order of the book, then what each block of the tape did to them. A new
// order stands last at its price; one that is replaced keeps its place in the queue.
import type { Event } from '../../../matching/index.ts'
import type { RpcChannelData, RpcRawChange } from '../../../protocol/rpc.ts'
import type { Applied } from '../../replica/types.ts'
import type { RpcApi } from '../api.ts'
import { fullBookChecksum, fullBookOf } from '../methods/market-data.ts'
import { touches, type Feed, type Publish } from './feed.ts'

type RawMessage = RpcChannelData['rawBook']

export class RawBookFeed implements Feed {
  readonly #api: RpcApi
  readonly #market: number
  readonly #publish: Publish
  /** Lots of each resting order, by its number. */
  readonly #lots = new Map<number, number>()
  #changeId: number

  constructor(api: RpcApi, market: number, publish: Publish) {
    this.#api = api
    this.#market = market
    this.#publish = publish
    const { engine } = api.node
    const { bids, asks } = engine.level3(market)
    for (const { id, lots } of [...bids, ...asks]) this.#lots.set(id, lots)
    this.#changeId = engine.index
  }

  first(): RawMessage {
    // The book has not changed since the change with this id.
    const changeId = this.#changeId
    return { type: 'snapshot', ...fullBookOf(this.#api, this.#market), changeId }
  }

  applied(applied: Applied): void {
    if (!touches(applied, this.#market)) return
    const changes: RpcRawChange[] = []
    for (const event of applied.result.events) {
      if ('market' in event && event.market === this.#market) this.#take(event, changes)
    }
    if (changes.length === 0) return
    const prevChangeId = this.#changeId
    this.#changeId = applied.index
    const message: RawMessage = {
      type: 'change',
      market: this.#api.format.symbol(this.#market),
      changeId: applied.index,
      prevChangeId,
      time: applied.cut.time,
      changes,
      checksum: fullBookChecksum(this.#api, this.#market)
    }
    this.#publish(message)
  }

  #take(event: Event, changes: RpcRawChange[]): void {
    const { format } = this.#api
    switch (event.kind) {
      case 'rested': {
        const { order, side, price, remaining, market } = event
        this.#lots.set(order, remaining)
        const [limit, amount] = [format.price(market, price), format.amount(market, remaining)]
        changes.push(['new', order, side, limit, amount])
        return
      }
      case 'traded': {
        const lots = this.#lots.get(event.makerOrder)
        if (lots === undefined) return
        this.#left(event.makerOrder, lots - event.lots, changes)
        return
      }
      case 'reduced':
        if (this.#lots.has(event.order)) this.#left(event.order, event.remaining, changes)
        return
      case 'amended': {
        if (!this.#lots.delete(event.oldOrder)) return
        this.#lots.set(event.order, event.remaining)
        const amount = format.amount(event.market, event.remaining)
        changes.push(['replace', event.order, event.oldOrder, amount])
        return
      }
      case 'cancelled':
      case 'expired':
        if (this.#lots.delete(event.order)) changes.push(['delete', event.order])
        return
      default:
    }
  }

  #left(order: number, lots: number, changes: RpcRawChange[]): void {
    if (lots === 0) {
      this.#lots.delete(order)
      changes.push(['delete', order])
      return
    }
    this.#lots.set(order, lots)
    changes.push(['change', order, this.#api.format.amount(this.#market, lots)])
  }

  close(): void {}
}
