// Watches a stream's events alone, as a suspicious trader would: it rebuilds the books from what
// was told and checks each trade against them. It shares no code with either engine.
import type {
  BlockInput,
  BlockResult,
  EngineConfig,
  Event,
  OrderInput
} from '../../../matching/index.ts'

type Told = {
  id: number
  account: number
  market: number
  side: 'buy' | 'sell'
  limit: number
  /** Lots that may still trade. */
  left: number
  price: number
}

type Traded = Extract<Event, { kind: 'traded' }>

export class Auditor {
  readonly #orders = new Map<number, Told>()
  /** Ids of resting orders by market and side: best price first, then as they came. */
  readonly #books: { buy: number[]; sell: number[] }[]
  /** What the accounts' orders said, by order id. */
  readonly #limits = new Map<number, OrderInput>()
  readonly #quoteTokens: number[]
  trades = 0
  /** All fees that were told, quanta by token. */
  readonly fees: number[]

  constructor(config: EngineConfig) {
    this.#quoteTokens = config.markets.map((market) => market.quote)
    this.fees = Array.from({ length: config.tokens }, () => 0)
    this.#books = config.markets.map(() => ({ buy: [], sell: [] }))
  }

  /** @throws Error naming the event that broke a rule */
  block(block: BlockInput, result: BlockResult): void {
    const entries = block.lanes.flatMap((slice) => slice.entries)
    for (const event of result.events) {
      const signed = signedOrder(entries, event)
      if (signed) this.#limits.set(orderOf(event), signed)
      this.#event(event)
    }
  }

  #event(event: Event): void {
    switch (event.kind) {
      case 'accepted': {
        const { order: id, account, market, side, price: limit, lots: left } = event
        this.#orders.set(id, { id, account, market, side, limit, left, price: limit })
        return
      }
      case 'rested':
        return this.#rested(event)
      case 'amended':
        return this.#amended(event)
      case 'charged':
        this.fees[this.#quoteTokens[event.market]] += event.fee
        return
      case 'traded':
        this.fees[this.#quoteTokens[event.market]] += event.makerFee
        return this.#traded(event)
      case 'reduced': {
        const order = this.#known(event.order)
        order.left -= event.by
        must(order.left === event.remaining && order.left >= 0, 'a reduction that adds up', event)
        return
      }
      case 'cancelled':
      case 'expired': {
        const order = this.#known(event.order)
        must(order.left === event.remaining, 'what was left of the order', event)
        return this.#leave(order)
      }
      default:
    }
  }

  #known(id: number): Told {
    const order = this.#orders.get(id)
    if (!order) throw new Error(`order ${id} was never accepted, or is gone`)
    return order
  }

  #leave(order: Told): void {
    this.#orders.delete(order.id)
    this.#limits.delete(order.id)
    const book = this.#books[order.market]
    book[order.side] = book[order.side].filter((id) => id !== order.id)
  }

  #rested(event: Extract<Event, { kind: 'rested' }>): void {
    const order = this.#known(event.order)
    order.price = event.price
    must(order.left === event.remaining, 'what was left of the order', event)
    must(!worse(order.side, order.limit, order.price), 'to rest within its limit', event)
    const book = this.#books[order.market]
    const queue = book[order.side]
    const behind = queue.findIndex((id) => better(order.side, order.price, this.#known(id).price))
    queue.splice(behind < 0 ? queue.length : behind, 0, order.id)
    if (book.buy.length === 0 || book.sell.length === 0) return
    const [bid, ask] = [this.#known(book.buy[0]), this.#known(book.sell[0])]
    must(bid.price < ask.price, 'a book that is not crossed', event)
  }

  #amended(event: Extract<Event, { kind: 'amended' }>): void {
    const old = this.#known(event.oldOrder)
    must(event.remaining <= old.left, 'an amend in place that takes away only', event)
    const queue = this.#books[old.market][old.side]
    queue[queue.indexOf(old.id)] = event.order
    this.#orders.delete(old.id)
    this.#orders.set(event.order, { ...old, id: event.order, left: event.remaining })
  }

  #traded(event: Traded): void {
    this.trades++
    const maker = this.#known(event.makerOrder)
    const taker = this.#known(event.takerOrder)
    const { side } = maker
    must(this.#books[maker.market][side][0] === maker.id, 'price-time priority', event)
    must(event.price === maker.price, 'a trade at the resting price', event)
    must(taker.side !== side && taker.market === maker.market, 'two sides of one market', event)
    must(!worse(taker.side, taker.limit, event.price), "the taker's limit to hold", event)
    must(!worse(side, maker.limit, event.price), "the maker's limit to hold", event)
    must(maker.account !== taker.account, 'no trade of an account with itself', event)
    must(this.#limits.get(taker.id)?.postOnly === 'no', 'a post-only order never to take', event)
    for (const order of [maker, taker]) {
      order.left -= event.lots
      must(order.left >= 0, 'no order to trade beyond its quantity', event)
    }
    if (maker.left === 0) this.#leave(maker)
  }
}

/** The signed order that an `accepted` or `amended` event is about. */
function signedOrder(entries: BlockInput['lanes'][0]['entries'], event: Event): OrderInput | null {
  if (event.kind !== 'accepted' && event.kind !== 'amended') return null
  const entry = entries[event.entry]
  if (entry.kind === 'place' || entry.kind === 'amend') return entry.order
  if (entry.kind !== 'quote' || event.kind !== 'accepted') return null
  return entry.orders[event.ordinal]
}

function orderOf(event: Event): number {
  return event.kind === 'accepted' || event.kind === 'amended' ? event.order : 0
}

/** Whether `price` is worse for the side than its limit. */
function worse(side: 'buy' | 'sell', limit: number, price: number): boolean {
  return side === 'buy' ? price > limit : price < limit
}

/** Whether `price` goes before `other` in the side's queue. */
function better(side: 'buy' | 'sell', price: number, other: number): boolean {
  return side === 'buy' ? price > other : price < other
}

function must(held: boolean, rule: string, event: Event): void {
  if (!held) throw new Error(`expected ${rule}: ${JSON.stringify(event)}`)
}
