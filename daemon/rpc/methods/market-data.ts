// What anyone may know of the markets.
import { z } from 'zod'
import { bookChecksum, checksumDepth, ordersChecksum } from '../../../protocol/book-checksum.ts'
import type { RpcBook, RpcFullBook, RpcTicker } from '../../../protocol/rpc.ts'
import type { RpcApi } from '../api.ts'
import { RpcError } from '../errors.ts'
import type { AnyMethod } from '../registry.ts'
import * as schema from '../schemas.ts'
import { define } from './define.ts'

const depthMax = 1000
const depthDefault = 20
const tradesDefault = 50

export function marketDataMethods(api: RpcApi): AnyMethod[] {
  const { forms, format, manifest, history } = api
  return [
    define({
      name: 'public/get_instruments',
      doc: 'Every market: tick, lot, limits, fees.',
      scope: 'read',
      bucket: 'reads',
      params: schema.none,
      result: z.array(schema.instrument),
      handle: () => manifest.markets.map((_, market) => format.instrument(market))
    }),
    define({
      name: 'public/get_instrument',
      doc: 'One market.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ market: schema.marketSymbol }),
      result: schema.instrument,
      handle: ({ market }) => format.instrument(forms.marketIndex(market))
    }),
    define({
      name: 'public/get_order_book',
      doc: 'The book: `level` 2 gives prices and amounts (`depth` levels a side, 20 unless told), 3 every order with its place in the queue (`depth` orders a side, all unless told).',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({
        market: schema.marketSymbol,
        depth: z.number().int().min(1).max(depthMax).exactOptional(),
        level: z.union([z.literal(2), z.literal(3)]).exactOptional()
      }),
      result: z.union([schema.book, schema.fullBook]),
      handle: ({ market, depth, level = 2 }) => {
        const index = forms.marketIndex(market)
        if (level === 3) return fullBookOf(api, index, depth)
        return bookOf(api, index, depth ?? depthDefault)
      }
    }),
    define({
      name: 'public/get_last_trades',
      doc: 'The newest trades of a market, newest first.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ market: schema.marketSymbol, count: schema.count.exactOptional() }),
      result: z.array(schema.trade),
      handle: ({ market, count = tradesDefault }) => {
        const index = forms.marketIndex(market)
        return history.trades
          .last(index, count)
          .map((trade) => format.trade(trade, history.batches.stateOf(trade.batch, trade.index)))
      }
    }),
    define({
      name: 'public/get_candles',
      doc: 'Candles of a market, oldest first, at most 1,000: the newest, or those between `from` and `to` (milliseconds). `completeFrom` is the time from which the history has every trade.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({
        market: schema.marketSymbol,
        resolution: schema.resolution,
        from: schema.timestamp.exactOptional(),
        to: schema.timestamp.exactOptional()
      }),
      result: z.strictObject({ candles: z.array(schema.candle), completeFrom: schema.timestamp }),
      handle: async ({ market, resolution, from, to }) => {
        const index = forms.marketIndex(market)
        const found = await history.candles.range(index, resolution, from ?? null, to ?? null)
        return {
          candles: found.map((candle) => format.candle(index, candle)),
          completeFrom: history.completeFromTime
        }
      }
    }),
    define({
      name: 'public/ticker',
      doc: 'Best prices, last trade, and the last 24 hours.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ market: schema.marketSymbol }),
      result: schema.ticker,
      handle: ({ market }) => tickerOf(api, forms.marketIndex(market))
    })
  ]
}

export function bookOf({ node, format }: RpcApi, market: number, depth: number): RpcBook {
  const { engine } = node
  const levels = engine.level2(market, depth)
  const bids = levels.bids.map((level) => format.level(market, level))
  const asks = levels.asks.map((level) => format.level(market, level))
  return {
    market: format.symbol(market),
    changeId: engine.index,
    time: Math.max(0, engine.time),
    bids,
    asks,
    checksum: bookChecksum(asks, bids)
  }
}

/** `most`: orders a side; all unless told. */
export function fullBookOf(api: RpcApi, market: number, most?: number): RpcFullBook {
  const { node, format, desk } = api
  const { engine } = node
  const { bids, asks } = engine.level3(market, most)
  const own = new Set(desk.accounts().map(({ address }) => engine.accountOf(address)))
  const orderOf = (side: 'buy' | 'sell') => (order: (typeof bids)[number]) => ({
    sequence: order.id,
    side,
    price: format.price(market, order.price),
    amount: format.amount(market, order.lots),
    position: order.position,
    amountAhead: format.amount(market, order.lotsAhead),
    own: own.has(order.account)
  })
  return {
    market: format.symbol(market),
    changeId: engine.index,
    time: Math.max(0, engine.time),
    orders: [...bids.map(orderOf('buy')), ...asks.map(orderOf('sell'))],
    checksum: fullBookChecksum(api, market)
  }
}

/** Of the book as it is now, order by order. */
export function fullBookChecksum({ node, format }: RpcApi, market: number): number {
  const { bids, asks } = node.engine.level3(market, checksumDepth)
  const queued = ({ id, price, lots }: (typeof bids)[number]) => ({
    sequence: id,
    price: format.price(market, price),
    amount: format.amount(market, lots)
  })
  return ordersChecksum(asks.map(queued), bids.map(queued))
}

export function tickerOf({ node, format, history, clock }: RpcApi, market: number): RpcTicker {
  const { engine } = node
  const { bids, asks } = engine.level2(market, 1)
  const last = engine.lastPrice(market)
  const day = history.candles.day(market, clock.now())
  return {
    market: format.symbol(market),
    time: Math.max(0, engine.time),
    bestBid: bids.length === 0 ? null : format.level(market, bids[0]),
    bestAsk: asks.length === 0 ? null : format.level(market, asks[0]),
    last: last === 0 ? null : format.price(market, last),
    high24h: day === null ? null : format.price(market, day.high),
    low24h: day === null ? null : format.price(market, day.low),
    volume24h: format.amount(market, day?.lots ?? 0),
    quoteVolume24h: format.quote(market, day?.quote ?? 0)
  }
}

/** @throws RpcError unknown_token */
export function tokenIndex({ manifest }: Pick<RpcApi, 'manifest'>, symbol: string): number {
  const index = manifest.tokens.findIndex((token) => token.symbol === symbol)
  if (index >= 0) return index
  const names = manifest.tokens.map((token) => token.symbol).join(', ')
  throw new RpcError('unknown_token', `no token ${symbol}; there are ${names}`, 'token')
}
