// Integers to the decimal strings of the edge.
import type { Balance } from '../../matching/index.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { Fault } from '../../protocol/faults.ts'
import { lotDecimal, quantumDecimal, tickDecimal } from '../../protocol/money.ts'
import type {
  RpcBalance,
  RpcCandle,
  RpcInstrument,
  RpcLevel,
  RpcMyTrade,
  RpcOrder,
  RpcTrade,
  RpcTradeState
} from '../../protocol/rpc.ts'
import type { Address, Bytes32 } from '../../protocol/types.ts'
import type { BatchWay } from '../history/batch-log.ts'
import type { CandleRecord, MyFill, TradeRecord } from '../history/types.ts'
import { Grid } from './grid.ts'
import type { OrderRecord } from '../trading/types.ts'

export class Format {
  readonly #manifest: Manifest
  readonly #marketHashes: readonly Bytes32[]
  /** By market. */
  readonly #ticks: Grid[]
  readonly #lots: Grid[]
  /** By token. */
  readonly #quanta: Grid[]
  /** Index of each market's quote token. */
  readonly #quoteTokens: number[]

  /** @throws Fault manifest_invalid when the manifest was not checked */
  constructor(manifest: Manifest, marketHashes: readonly Bytes32[]) {
    const { markets, tokens } = manifest
    this.#manifest = manifest
    this.#marketHashes = marketHashes
    this.#ticks = markets.map((market) => {
      const tick = tickDecimal(market, tokens)
      if (tick !== null) return new Grid(tick)
      throw new Fault('manifest_invalid', `the tick of ${market.symbol} has no decimal form`)
    })
    this.#lots = markets.map((market) => new Grid(lotDecimal(market, tokens)))
    this.#quanta = tokens.map((token) => new Grid(quantumDecimal(token)))
    this.#quoteTokens = markets.map(({ quote }) => {
      return tokens.findIndex(({ symbol }) => symbol === quote)
    })
  }

  symbol(market: number): string {
    return this.#manifest.markets[market].symbol
  }

  token(token: number): string {
    return this.#manifest.tokens[token].symbol
  }

  price(market: number, ticks: number): string {
    return this.#ticks[market].text(ticks)
  }

  amount(market: number, lots: number): string {
    return this.#lots[market].text(lots)
  }

  level(market: number, { price, lots }: { price: number; lots: number }): RpcLevel {
    return [this.price(market, price), this.amount(market, lots)]
  }

  /** Quanta of a token by index; `pending` balances may be negative. */
  quanta(token: number, quanta: number): string {
    const sign = quanta < 0 ? '-' : ''
    return sign + this.#quanta[token].text(Math.abs(quanta))
  }

  /** Quanta of a market's quote token. */
  quote(market: number, quanta: number): string {
    return this.quanta(this.#quoteTokens[market], quanta)
  }

  instrument(market: number): RpcInstrument {
    const terms = this.#manifest.markets[market]
    const { limits, fees } = terms
    return {
      market: terms.symbol,
      base: terms.base,
      quote: terms.quote,
      tickSize: this.price(market, 1),
      lotSize: this.amount(market, 1),
      minNotional: this.quote(market, limits.notionalMin),
      maxAmount: this.amount(market, limits.quantityMaxLots),
      maxPrice: this.price(market, limits.priceMaxTicks),
      bandBps: limits.bandBps,
      makerFeeBps: fees.makerBps,
      takerFeeBps: fees.takerBps,
      minTakerFee: this.quote(market, fees.takerFeeMin),
      marketHash: `0x${toHex(this.#marketHashes[market])}`
    }
  }

  order(record: OrderRecord): RpcOrder {
    const { order, filled, remaining } = record
    const { market, trigger } = order
    return {
      orderId: orderIdOf(order),
      clientOrderId: record.clientOrderId,
      account: order.account,
      market: this.symbol(market),
      side: order.side,
      type: record.type,
      state: record.state,
      reason: record.reason,
      price: this.price(market, order.price),
      restingPrice: record.restingPrice === null ? null : this.price(market, record.restingPrice),
      amount: this.amount(market, order.quantity),
      filledAmount: this.amount(market, filled),
      remainingAmount: this.amount(market, remaining),
      averagePrice: filled === 0 ? null : this.#average(record),
      fee: this.quote(market, record.fee),
      timeInForce: order.timeInForce,
      postOnly: order.postOnly,
      quote: order.quote,
      leased: order.leased,
      selfTradePrevention: order.selfTradePrevention,
      trigger: trigger && { kind: trigger.kind, price: this.price(market, trigger.price) },
      expiry: order.expiry,
      nonce: order.nonce,
      hash: `0x${toHex(record.digest)}`,
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
      tapeIndex: record.tapeIndex,
      bookSequence: record.id
    }
  }

  trade(trade: TradeRecord, state: RpcTradeState): RpcTrade {
    const { market, takerSide, price, lots, time, batch } = trade
    return {
      tradeId: tradeIdOf(trade),
      market: this.symbol(market),
      side: takerSide,
      price: this.price(market, price),
      amount: this.amount(market, lots),
      time,
      batch,
      state
    }
  }

  myTrade(mine: MyFill, way: BatchWay): RpcMyTrade {
    const { account, market, side, clientOrderId, fill } = mine
    const other = side === 'buy' ? 'sell' : 'buy'
    return {
      tradeId: tradeIdOf(fill),
      market: this.symbol(market),
      side: fill.maker ? other : side,
      price: this.price(market, fill.price),
      amount: this.amount(market, fill.lots),
      time: fill.time,
      batch: fill.batch,
      state: way.state,
      orderId: orderIdOf(mine),
      clientOrderId,
      account,
      mySide: side,
      liquidity: fill.maker ? 'maker' : 'taker',
      fee: this.quote(market, fill.fee),
      transaction: way.transaction
    }
  }

  candle(market: number, candle: CandleRecord): RpcCandle {
    const price = (ticks: number): string => this.price(market, ticks)
    const { time, open, high, low, close, lots } = candle
    return [time, price(open), price(high), price(low), price(close), this.amount(market, lots)]
  }

  balance(account: Address, token: number, balance: Balance, exiting: boolean): RpcBalance {
    return {
      account,
      token: this.#manifest.tokens[token].symbol,
      settled: this.quanta(token, balance.settled),
      pending: this.quanta(token, balance.pending),
      reserved: this.quanta(token, balance.reserved),
      available: this.quanta(token, balance.available),
      exiting
    }
  }

  /** Quote over base of all fills, to eighteen digits after the point, rounded down. */
  #average({ order, filled, filledQuote }: OrderRecord): string {
    const { tokens, markets } = this.#manifest
    const quantum = quantumDecimal(tokens[this.#quoteTokens[order.market]])
    const lot = lotDecimal(markets[order.market], tokens)
    const digits = 18
    const quote = BigInt(filledQuote) * quantum.unit * 10n ** BigInt(lot.scale + digits)
    const base = BigInt(filled) * lot.unit * 10n ** BigInt(quantum.scale)
    return decimalText(quote / base, digits)
  }
}

export function orderIdOf({ account, nonce }: { account: Address; nonce: number }): string {
  return `${account}:${nonce}`
}

export function tradeIdOf({ index, event }: { index: number; event: number }): string {
  return `${index}.${event}`
}

function decimalText(units: bigint, digits: number): string {
  const text = units.toString().padStart(digits + 1, '0')
  const fraction = text.slice(-digits).replace(/0+$/, '')
  const whole = text.slice(0, -digits)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
