// `book.{market}.{depth}`: a snapshot, then what changed in the best `depth` levels with each block
// of the tape that changed them. Every message carries the checksum of the book after it.
import { bookChecksum } from '../../../protocol/book-checksum.ts'
import type { RpcChannelData, RpcLevel, RpcLevelChange } from '../../../protocol/rpc.ts'
import type { Applied } from '../../replica/types.ts'
import type { RpcApi } from '../api.ts'
import { bookOf } from '../methods/market-data.ts'
import { touches, type Feed, type Publish } from './feed.ts'

type Side = { levels: RpcLevel[] }
type BookMessage = RpcChannelData['book']

export class BookFeed implements Feed {
  readonly #api: RpcApi
  readonly #market: number
  readonly #depth: number
  readonly #publish: Publish
  #changeId: number
  #bids: Side
  #asks: Side

  constructor(api: RpcApi, market: number, depth: number, publish: Publish) {
    this.#api = api
    this.#market = market
    this.#depth = depth
    this.#publish = publish
    const { bids, asks, changeId } = bookOf(api, market, depth)
    this.#changeId = changeId
    this.#bids = { levels: bids }
    this.#asks = { levels: asks }
  }

  /** The book as of the last change: later blocks have not touched it. */
  first(): BookMessage {
    const { format, node } = this.#api
    const [bids, asks] = [this.#bids.levels, this.#asks.levels]
    return {
      type: 'snapshot',
      market: format.symbol(this.#market),
      changeId: this.#changeId,
      time: Math.max(0, node.engine.time),
      bids,
      asks,
      checksum: bookChecksum(asks, bids)
    }
  }

  applied(applied: Applied): void {
    if (!touches(applied, this.#market)) return
    const { format, node } = this.#api
    const levels = node.engine.level2(this.#market, this.#depth)
    const bids = levels.bids.map((level) => format.level(this.#market, level))
    const asks = levels.asks.map((level) => format.level(this.#market, level))
    const bidChanges = changesOf(this.#bids.levels, bids)
    const askChanges = changesOf(this.#asks.levels, asks)
    if (bidChanges.length + askChanges.length === 0) return
    const prevChangeId = this.#changeId
    this.#changeId = applied.index
    this.#bids = { levels: bids }
    this.#asks = { levels: asks }
    const message: BookMessage = {
      type: 'change',
      market: format.symbol(this.#market),
      changeId: applied.index,
      prevChangeId,
      time: applied.cut.time,
      bids: bidChanges,
      asks: askChanges,
      checksum: bookChecksum(asks, bids)
    }
    this.#publish(message)
  }

  close(): void {}
}

/** From one list of levels to the next: deletes first, then what is new or changed. */
export function changesOf(
  before: readonly RpcLevel[],
  after: readonly RpcLevel[]
): RpcLevelChange[] {
  const old = new Map(before.map(([price, amount]) => [price, amount]))
  const changes: RpcLevelChange[] = []
  for (const [price, amount] of after) {
    const was = old.get(price)
    old.delete(price)
    if (was === undefined) changes.push(['new', price, amount])
    else if (was !== amount) changes.push(['change', price, amount])
  }
  const gone = [...old.keys()].map((price): RpcLevelChange => ['delete', price, '0'])
  return [...gone, ...changes]
}
