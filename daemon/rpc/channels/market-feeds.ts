// `trades.{market}`, `candles.{market}.{resolution}`, `ticker.{market}`: what a block brought.
import type { RpcChannelData, RpcResolution } from '../../../protocol/rpc.ts'
import type { Applied } from '../../replica/types.ts'
import type { RpcApi } from '../api.ts'
import { tickerOf } from '../methods/market-data.ts'
import { eachTrade, touches, type Feed, type Publish } from './feed.ts'

export class TradesFeed implements Feed {
  readonly #api: RpcApi
  readonly #market: number
  readonly #publish: Publish

  constructor(api: RpcApi, market: number, publish: Publish) {
    this.#api = api
    this.#market = market
    this.#publish = publish
  }

  first(): undefined {
    return undefined
  }

  applied(applied: Applied): void {
    let count = 0
    eachTrade(applied, ({ market }) => {
      if (market === this.#market) count++
    })
    if (count === 0) return
    const { history, format } = this.#api
    // The history has taken the block in: its newest are the block's.
    const trades = history.trades
      .last(this.#market, count)
      .filter(({ index }) => index === applied.index)
    const data: RpcChannelData['trades'] = trades.reverse().map((trade) => ({
      ...format.trade(trade, history.batches.stateOf(trade.batch, trade.index)),
      sequence: [trade.index, trade.event]
    }))
    this.#publish(data)
  }

  close(): void {}
}

export class CandlesFeed implements Feed {
  readonly #api: RpcApi
  readonly #market: number
  readonly #resolution: RpcResolution
  readonly #publish: Publish

  constructor(api: RpcApi, market: number, resolution: RpcResolution, publish: Publish) {
    this.#api = api
    this.#market = market
    this.#resolution = resolution
    this.#publish = publish
  }

  /** The candle as it is; undefined before the first trade. */
  first(): RpcChannelData['candles'] | undefined {
    const { history, format } = this.#api
    const candle = history.candles.current(this.#market, this.#resolution)
    if (candle === null) return undefined
    return {
      market: format.symbol(this.#market),
      resolution: this.#resolution,
      candle: format.candle(this.#market, candle)
    }
  }

  applied(applied: Applied): void {
    let traded = false
    eachTrade(applied, ({ market }) => {
      if (market === this.#market) traded = true
    })
    if (traded) this.#publish(this.first())
  }

  close(): void {}
}

export class TickerFeed implements Feed {
  readonly #api: RpcApi
  readonly #market: number
  readonly #publish: Publish
  #told = ''

  constructor(api: RpcApi, market: number, publish: Publish) {
    this.#api = api
    this.#market = market
    this.#publish = publish
  }

  first(): RpcChannelData['ticker'] {
    return tickerOf(this.#api, this.#market)
  }

  applied(applied: Applied): void {
    if (!touches(applied, this.#market)) return
    const ticker = tickerOf(this.#api, this.#market)
    // Time alone is no news.
    const text = JSON.stringify({ ...ticker, time: 0 })
    if (text === this.#told) return
    this.#told = text
    this.#publish(ticker)
  }

  close(): void {}
}
