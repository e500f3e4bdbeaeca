// From what a person or a bot wrote to the integers of an order, exactly or not at all.
import type { Engine } from '../../matching/index.ts'
import { Fault } from '../../protocol/faults.ts'
import type { Manifest, ManifestMarket } from '../../protocol/manifest.ts'
import { formatPrice, formatQuantity, parsePrice, parseQuantity } from '../../protocol/money.ts'
import type { RpcPlaceParams, RpcSide, RpcTrigger } from '../../protocol/rpc.ts'
import type { Order, Trigger } from '../../protocol/types.ts'
import { TradingFault } from './trading-fault.ts'

/** An order without what the desk gives it when it is sent. */
export type OrderForm = Omit<Order, 'account' | 'nonce' | 'slot'>

export type FormOptions = {
  /** How far a market order may go beyond the touch, ten-thousandths. */
  protectionBps: number
  /** Life of an order that names no expiry, seconds; the venue's maximum bounds it. */
  lifeSeconds: number
}

export class OrderForms {
  readonly #options: FormOptions
  readonly #manifest: Manifest

  constructor(options: FormOptions, { manifest }: { manifest: Manifest }) {
    this.#options = options
    this.#manifest = manifest
  }

  marketIndex(symbol: string): number {
    const index = this.#manifest.markets.findIndex((market) => market.symbol === symbol)
    if (index >= 0) return index
    const names = this.#manifest.markets.map((market) => market.symbol).join(', ')
    throw new TradingFault('unknown_market', `no market ${symbol}; there are ${names}`, 'market')
  }

  /** @throws TradingFault unknown_market, invalid_amount, empty_book */
  form(params: RpcPlaceParams, side: RpcSide, engine: Engine, nowMs: number): OrderForm {
    const market = this.marketIndex(params.market)
    const type = params.type ?? 'limit'
    const price =
      type === 'market'
        ? this.#worstPrice(market, side, engine, params)
        : this.#price(market, params.price)
    const quantity = this.quantity(market, params.amount)
    return this.complete({
      market,
      side,
      price,
      quantity,
      timeInForce: params.timeInForce ?? (type === 'market' ? 'ioc' : 'gtc'),
      postOnly: params.postOnly ?? 'no',
      quote: false,
      leased: params.leased ?? false,
      selfTradePrevention: params.selfTradePrevention ?? 'cancelNewest',
      trigger: this.#trigger(market, params.trigger),
      expiry: params.expiry ?? this.expiry(nowMs)
    })
  }

  /** The ceiling of the fees is what the engine asks for: the greater fee at the limit. */
  complete(order: Omit<OrderForm, 'feeMax'>): OrderForm {
    const { fees, tickValue } = this.#manifest.markets[order.market]
    const notional = order.quantity * order.price * tickValue
    const maker = feeOf(notional, fees.makerBps)
    const taker = feeOf(notional, fees.takerBps)
    return { ...order, feeMax: Math.max(maker, taker, fees.takerFeeMin) }
  }

  expiry(nowMs: number): number {
    const { orderLifeMaxSeconds } = this.#manifest.limits
    // A margin, since tape time may be a little behind the own clock.
    const life = Math.min(this.#options.lifeSeconds, orderLifeMaxSeconds - 60)
    return Math.floor(nowMs / 1000) + Math.max(1, life)
  }

  price(market: number, text: string): number {
    return this.#price(market, text)
  }

  /** Lots of an amount, whatever an order may have. @throws TradingFault invalid_amount */
  lots(market: number, text: string): number {
    const terms = this.#manifest.markets[market]
    return amount('amount', () => parseQuantity(text, terms, this.#manifest.tokens))
  }

  quantity(market: number, text: string): number {
    const terms = this.#manifest.markets[market]
    const lots = this.lots(market, text)
    const max = terms.limits.quantityMaxLots
    if (lots <= max) return lots
    throw overLimit('amount', terms, formatQuantity(max, terms, this.#manifest.tokens), terms.base)
  }

  #price(market: number, text: string | undefined): number {
    if (text === undefined) {
      throw new TradingFault('invalid_amount', 'a limit order needs a price', 'price')
    }
    const terms = this.#manifest.markets[market]
    const ticks = amount('price', () => parsePrice(text, terms, this.#manifest.tokens))
    const max = terms.limits.priceMaxTicks
    if (ticks <= max) return ticks
    throw overLimit('price', terms, formatPrice(max, terms, this.#manifest.tokens), terms.quote)
  }

  #trigger(market: number, trigger: RpcTrigger | undefined): Trigger | null {
    if (trigger === undefined) return null
    return { kind: trigger.kind, price: this.#price(market, trigger.price) }
  }

  /** The touch and a protection, rounded towards the touch, so that the order never goes further
   * than it was told. A market order may name a worst price of its own. */
  #worstPrice(market: number, side: RpcSide, engine: Engine, params: RpcPlaceParams): number {
    if (params.price !== undefined) return this.#price(market, params.price)
    const { bids, asks } = engine.level2(market, 1)
    const [touch] = side === 'buy' ? asks : bids
    if (touch === undefined) {
      const words = `nobody ${side === 'buy' ? 'sells' : 'buys'} in ${params.market}`
      throw new TradingFault('empty_book', `${words}; name a price`, 'price')
    }
    const { priceMaxTicks } = this.#manifest.markets[market].limits
    const room = Math.floor((touch.price * this.#options.protectionBps) / 10_000)
    const worst = side === 'buy' ? touch.price + room : touch.price - room
    return Math.min(priceMaxTicks, Math.max(1, worst))
  }
}

/** `floor(n * bps / 10000)` without passing 2^53, docs/matching.md section 2. */
export function feeOf(notional: number, bps: number): number {
  const whole = Math.floor(notional / 10_000)
  return whole * bps + Math.floor(((notional % 10_000) * bps) / 10_000)
}

function amount(param: string, parse: () => number): number {
  try {
    return parse()
  } catch (fault) {
    if (fault instanceof Fault) throw new TradingFault('invalid_amount', fault.message, param)
    throw fault
  }
}

function overLimit(
  param: string,
  { symbol }: ManifestMarket,
  limit: string,
  token: string
): TradingFault {
  const words = `the ${param} is over the limit of ${symbol}, ${limit} ${token}`
  return new TradingFault('invalid_amount', words, param)
}
