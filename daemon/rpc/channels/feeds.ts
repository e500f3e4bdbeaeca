// All channels: their names, who may listen, and the feeds of those that someone listens to.
import type { RpcResolution } from '../../../protocol/rpc.ts'
import type { Applied } from '../../replica/types.ts'
import type { RecordChange } from '../../trading/records.ts'
import type { RpcApi } from '../api.ts'
import type { ChannelSource } from '../hub.ts'
import type { Scope } from '../registry.ts'
import { BookFeed } from './book-feed.ts'
import type { Feed, Publish } from './feed.ts'
import { CandlesFeed, TickerFeed, TradesFeed } from './market-feeds.ts'
import { RawBookFeed } from './raw-book-feed.ts'
import { StatusFeed, UserBalancesFeed, UserOrdersFeed, UserTradesFeed } from './user-feeds.ts'

/** For docs/rpc.md: name, what comes first, what follows. */
export const channelTable = [
  [
    'book.{market}.{depth}',
    'The best `depth` levels (1 to 1,000) of each side.',
    'What changed in them, `[new, change or delete, price, amount]`, with `changeId`, `prevChangeId` and checksum.'
  ],
  [
    'book.{market}.raw',
    'Every order with its place in the queue.',
    '`[new, sequence, side, price, amount]` (last at its price), `[change, sequence, amount]`, `[replace, sequence, old sequence, amount]` (in the old one’s place), `[delete, sequence]`.'
  ],
  ['trades.{market}', '', 'The trades of each block of the tape, oldest first.'],
  [
    'candles.{market}.{resolution}',
    'The candle as it is.',
    'The candle after each block that traded.'
  ],
  ['ticker.{market}', 'The ticker.', 'The ticker when it changed.'],
  ['user.orders', '', 'Each order of a hosted account that a block changed, as it is then.'],
  [
    'user.trades',
    '',
    'Each fill when it happened, and again whenever its settlement has got further, up to `final`.'
  ],
  ['user.balances', '', 'Balances that a block changed.'],
  ['venue.status', 'The status, as `public/status` gives it.', 'The same every second.']
] as const

const depthMax = 1000
const resolutions: RpcResolution[] = ['1m', '5m', '15m', '1h', '4h', '1d']

type Make = (publish: Publish) => Feed

export type FeedsDependencies = {
  api: RpcApi
  publish(channel: string, data: unknown): void
  onfault(fault: unknown): void
}

export class Feeds implements ChannelSource {
  readonly #dependencies: FeedsDependencies
  readonly #feeds = new Map<string, Feed>()

  constructor(dependencies: FeedsDependencies) {
    this.#dependencies = dependencies
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close()
    this.#feeds.clear()
  }

  /** After history and records have taken the block in. */
  applied(applied: Applied, changes: readonly RecordChange[]): void {
    for (const feed of this.#feeds.values()) {
      try {
        feed.applied(applied, changes)
      } catch (fault) {
        // A channel must not keep the daemon from its next block.
        this.#dependencies.onfault(fault)
      }
    }
  }

  /** The engine began anew: what the feeds had gathered from its events is of another book. Each
   * begins anew too, and who listens is sent what comes first once more. */
  restored(): void {
    // The names as they are now: each feed leaves the map and comes back.
    const channels = Array.from(this.#feeds.keys())
    for (const channel of channels) {
      try {
        this.closed(channel)
        this.opened(channel)
        const first = this.first(channel)
        if (first !== undefined) this.#dependencies.publish(channel, first)
      } catch (fault) {
        this.#dependencies.onfault(fault)
      }
    }
  }

  scopeOf(channel: string): Scope | null {
    return this.#maker(channel) === null ? null : 'read'
  }

  opened(channel: string): void {
    const make = this.#maker(channel)
    if (make === null) return
    const { publish } = this.#dependencies
    this.#feeds.set(
      channel,
      make((data) => publish(channel, data))
    )
  }

  closed(channel: string): void {
    this.#feeds.get(channel)?.close()
    this.#feeds.delete(channel)
  }

  first(channel: string): unknown {
    return this.#feeds.get(channel)?.first()
  }

  #maker(channel: string): Make | null {
    const { api, onfault } = this.#dependencies
    switch (channel) {
      case 'user.orders':
        return (publish) => new UserOrdersFeed(api, publish)
      case 'user.trades':
        return (publish) => new UserTradesFeed(api, publish, onfault)
      case 'user.balances':
        return (publish) => new UserBalancesFeed(api, publish)
      case 'venue.status':
        return (publish) => new StatusFeed(api, publish)
      default:
        return this.#marketMaker(channel)
    }
  }

  /** A market's symbol may have dots in it: the kind ends at the first, the detail begins at the
   * last. */
  #marketMaker(channel: string): Make | null {
    const { api } = this.#dependencies
    const [kind] = channel.split('.', 1)
    const rest = channel.slice(kind.length + 1)
    const marketOf = (symbol: string): number =>
      api.manifest.markets.findIndex((market) => market.symbol === symbol)
    if (kind === 'trades' || kind === 'ticker') {
      const market = marketOf(rest)
      if (market < 0) return null
      return kind === 'trades'
        ? (publish) => new TradesFeed(api, market, publish)
        : (publish) => new TickerFeed(api, market, publish)
    }
    const dot = rest.lastIndexOf('.')
    const market = marketOf(rest.slice(0, dot))
    const detail = rest.slice(dot + 1)
    if (dot < 0 || market < 0) return null
    if (kind === 'candles') {
      const resolution = resolutions.find((name) => name === detail)
      if (resolution === undefined) return null
      return (publish) => new CandlesFeed(api, market, resolution, publish)
    }
    if (kind !== 'book') return null
    if (detail === 'raw') return (publish) => new RawBookFeed(api, market, publish)
    const depth = /^[1-9]\d{0,3}$/.test(detail) ? Number(detail) : 0
    if (depth < 1 || depth > depthMax) return null
    return (publish) => new BookFeed(api, market, depth, publish)
  }
}
