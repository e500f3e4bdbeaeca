// The other engines of the bench: the naive oracle and two books from npm.
import { OrderBook, Side, type LimitOrderOptions } from 'nodejs-order-book'
import limitOrderBook from 'limit-order-book'
import type { OrderInput } from '../matching/index.ts'
import { blake2b256Parts } from '../crypto/blake2b.ts'
import { place, type Turn, type EntryOf } from '../test/helpers/naive/intents.ts'
import type { Order } from '../test/helpers/naive/state.ts'
import { World } from '../test/helpers/naive/world.ts'
import { CANCEL, LIMIT, type Flow } from './flow.ts'
import { benchConfig } from './ours.ts'
import { Tally, type Contestant } from './tally.ts'

const SIDE_ACCOUNTS = 500
const START_SECONDS = 1_700_000_000

/** The oracle, below its phase layer, with the same rules on as ours. It hashes no events. */
export class Naive implements Contestant {
  readonly tally = new Tally()
  readonly #world = new World(benchConfig, blake2b256Parts)
  readonly #flow: Flow
  readonly #orders = new Map<number, Order>()
  readonly #rows = new Map<number, number>()
  readonly #turn: Turn<EntryOf<'place'>>
  readonly #addresses = Array.from(
    { length: 2 * SIDE_ACCOUNTS },
    (_, index) => '0x' + index.toString(16).padStart(40, '0')
  )
  #buys = 0
  #sells = 0
  #nonce = 0

  constructor(flow: Flow) {
    this.#flow = flow
    const world = this.#world
    world.time = START_SECONDS * 1000
    for (const address of this.#addresses) world.account(address).settled.fill(2 ** 43)
    const lane = { index: 0, key: '', begun: true, open: true, leaseUntil: 0 }
    const entry: EntryOf<'place'> = { kind: 'place', order: this.#order(0), signer: null }
    this.#turn = { lane, entry, number: 0, reason: null, accepted: false, pending: [] }
  }

  apply(row: number): void {
    const { types, targets } = this.#flow
    if (types[row] === CANCEL) {
      const order = this.#orders.get(targets[row])
      if (order && order.state !== 'gone') this.#world.cancel(order, 'requested')
    } else this.#place(row)
    this.#count()
  }

  #place(row: number): void {
    const order = this.#order(row)
    this.#turn.entry = { kind: 'place', order, signer: order.account }
    const id = this.#world.nextOrderId
    this.#rows.set(id, row)
    place(this.#world, [], this.#turn)
    const live = this.#world.live.get(id)
    if (live) this.#orders.set(row, live)
  }

  #order(row: number): OrderInput {
    const { types, sells, prices, quantities } = this.#flow
    const sell = sells[row] === 1
    const turn = sell
      ? SIDE_ACCOUNTS + (this.#sells++ % SIDE_ACCOUNTS)
      : this.#buys++ % SIDE_ACCOUNTS
    const waits = types[row] === LIMIT
    const nonce = ++this.#nonce
    return {
      market: 0,
      account: this.#addresses[turn],
      side: sell ? 'sell' : 'buy',
      price: prices[row],
      quantity: quantities[row],
      timeInForce: waits ? 'gtc' : 'ioc',
      postOnly: 'no',
      quote: false,
      leased: false,
      selfTradePrevention: 'cancelNewest',
      trigger: null,
      expiry: START_SECONDS + 1_000_000,
      feeMax: 2 ** 40,
      nonce,
      slot: waits ? nonce % 65_536 : 0
    }
  }

  #count(): void {
    const world = this.#world
    for (const { kind, b, c, x, y } of world.records) {
      if (kind === 'rejected') throw new Error('the oracle refused an order')
      if (kind !== 'traded') continue
      const idOf = (order: number): number => this.#flow.ids[this.#rows.get(order) ?? 0]
      this.tally.add(idOf(y), idOf(x), c, b)
    }
    world.records = []
    world.trades = []
    if (world.batches.length > 1) world.batches.splice(0, world.batches.length - 1)
  }

  flush(): void {}

  bestBid(): number {
    return this.#world.books[0].buy[0]?.price ?? 0
  }

  bestAsk(): number {
    return this.#world.books[0].sell[0]?.price ?? 0
  }

  resting(): number {
    return this.#world.live.size
  }
}

// The package declares this enum and does not export it.
type TimeInForce = NonNullable<LimitOrderOptions['timeInForce']>
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const goodTillCancelled = 'GTC' as TimeInForce
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const immediateOrCancel = 'IOC' as TimeInForce

/** Its results may hold stop orders, which have no price; none are placed here. */
function priceOf(order: object): number {
  return 'price' in order ? Number(order.price) : 0
}

/** nodejs-order-book 10.1.1. */
export class NodejsOrderBook implements Contestant {
  readonly tally = new Tally()
  readonly #book = new OrderBook()
  readonly #flow: Flow
  readonly #live = new Set<string>()

  constructor(flow: Flow) {
    this.#flow = flow
  }

  apply(row: number): void {
    const { types, sells, prices, quantities, targets, ids } = this.#flow
    if (types[row] === CANCEL) {
      const id = String(targets[row])
      if (this.#live.delete(id)) this.#book.cancel(id)
      return
    }
    const id = String(row)
    const result = this.#book.limit({
      side: sells[row] === 1 ? Side.SELL : Side.BUY,
      id,
      size: quantities[row],
      price: prices[row],
      timeInForce: types[row] === LIMIT ? goodTillCancelled : immediateOrCancel
    })
    if (result.err !== null) throw result.err
    for (const maker of result.done) {
      if (maker.id === id) continue
      this.#live.delete(maker.id)
      this.tally.add(ids[row], ids[Number(maker.id)], priceOf(maker), maker.size)
    }
    const { partial } = result
    if (partial !== null && partial.id !== id) {
      const maker = ids[Number(partial.id)]
      this.tally.add(ids[row], maker, priceOf(partial), result.partialQuantityProcessed)
    }
    if (types[row] === LIMIT && this.#book.order(id) !== undefined) this.#live.add(id)
  }

  flush(): void {}

  bestBid(): number {
    const bids = this.#book.depth()[1].map(([price]) => price)
    return bids.reduce((one, other) => Math.max(one, other), 0)
  }

  bestAsk(): number {
    const asks = this.#book.depth()[0].map(([price]) => price)
    return asks.length > 0 ? asks.reduce((one, other) => Math.min(one, other)) : 0
  }

  resting(): number {
    return this.#live.size
  }
}

/** limit-order-book 1.0.1. It has no limit ioc: the rest is removed. */
export class LimitOrderBook implements Contestant {
  readonly tally = new Tally()
  readonly #book = new limitOrderBook.LimitOrderBook()
  readonly #flow: Flow

  constructor(flow: Flow) {
    this.#flow = flow
  }

  apply(row: number): void {
    const { types, sells, prices, quantities, targets, ids } = this.#flow
    if (types[row] === CANCEL) {
      this.#book.remove(String(targets[row]))
      return
    }
    const side = sells[row] === 1 ? 'ask' : 'bid'
    const id = String(row)
    const order = new limitOrderBook.LimitOrder(
      id,
      side,
      String(prices[row]),
      String(quantities[row])
    )
    const { makers } = this.#book.add(order)
    for (const maker of makers) {
      const lots = Number(maker.filled)
      this.tally.add(ids[row], ids[Number(maker.orderId)], Number(maker.price), lots)
    }
    if (types[row] !== LIMIT && order.sizeRemaining !== '0') this.#book.remove(id)
  }

  flush(): void {}

  bestBid(): number {
    return this.#best('bid')
  }

  bestAsk(): number {
    return this.#best('ask')
  }

  #best(side: string): number {
    const prices = Object.values(this.#book.orders)
      .filter((order) => order.side === side)
      .map((order) => Number(order.price))
    if (prices.length === 0) return 0
    return prices.reduce((one, other) =>
      side === 'bid' ? Math.max(one, other) : Math.min(one, other)
    )
  }

  resting(): number {
    return Object.keys(this.#book.orders).length
  }
}
