// The same picture order by order: every resting order in its queue, kept by the changes of
// `book.{market}.raw` and checked by change ids and checksum at every step.
import { checksumDepth, ordersChecksum } from '../protocol/book-checksum.ts'
import type { RpcChannelData, RpcRawChange, RpcSide } from '../protocol/rpc.ts'
import { follow, type BookProblem } from './book.ts'
import { addDecimals, placeOf } from './decimals.ts'
import type { SocketClient } from './socket.ts'

type Message = RpcChannelData['rawBook']

export type QueuedOrder = { sequence: number; side: RpcSide; price: string; amount: string }

/** Orders of a level, in the order in which they trade. */
type Level = { price: string; orders: QueuedOrder[] }

export class LocalOrders {
  /** Best first. */
  readonly #levels: Record<RpcSide, Level[]> = { buy: [], sell: [] }
  readonly #orders = new Map<number, QueuedOrder>()
  /** Tape index that this is a picture of; null before the first snapshot. */
  changeId: number | null = null

  /** What is wrong, or null. After a problem only a snapshot mends it. */
  apply(message: Message): BookProblem | null {
    if (message.type === 'snapshot') {
      this.#begin(message.orders)
    } else {
      if (this.changeId === null) return 'no_snapshot'
      if (message.prevChangeId !== this.changeId) return this.#lose('gap')
      for (const change of message.changes) {
        // A change of an order that is not here: something was missed.
        if (!this.#change(change)) return this.#lose('gap')
      }
    }
    this.changeId = message.changeId
    const first = (side: RpcSide) => this.first(side, checksumDepth)
    const checksum = ordersChecksum(first('sell'), first('buy'))
    return checksum === message.checksum ? null : this.#lose('checksum')
  }

  /** The first orders of a side, in the order in which they would trade. */
  first(side: RpcSide, count: number): QueuedOrder[] {
    const found: QueuedOrder[] = []
    for (const { orders } of this.#levels[side]) {
      if (found.length >= count) break
      found.push(...orders.slice(0, count - found.length))
    }
    return found
  }

  find(sequence: number): QueuedOrder | null {
    return this.#orders.get(sequence) ?? null
  }

  /** Where an order stands at its price: orders before it, and what they are for; null when it does
   * not rest. */
  position(sequence: number): { position: number; amountAhead: string } | null {
    const order = this.#orders.get(sequence)
    if (order === undefined) return null
    const { orders } = this.#levels[order.side][this.#placeOf(order)]
    const position = orders.indexOf(order)
    const ahead = orders.slice(0, position)
    return { position, amountAhead: addDecimals(ahead.map(({ amount }) => amount)) }
  }

  get size(): number {
    return this.#orders.size
  }

  #begin(orders: readonly QueuedOrder[]): void {
    this.#levels.buy = []
    this.#levels.sell = []
    this.#orders.clear()
    for (const { sequence, side, price, amount } of orders) {
      this.#add({ sequence, side, price, amount })
    }
  }

  #change(change: RpcRawChange): boolean {
    if (change[0] === 'new') {
      const [, sequence, side, price, amount] = change
      this.#add({ sequence, side, price, amount })
      return true
    }
    const order = this.#orders.get(change[0] === 'replace' ? change[2] : change[1])
    if (order === undefined) return false
    if (change[0] === 'delete') this.#remove(order)
    else if (change[0] === 'change') order.amount = change[2]
    else {
      // In the old one's place in the queue.
      this.#orders.delete(order.sequence)
      order.sequence = change[1]
      order.amount = change[3]
      this.#orders.set(order.sequence, order)
    }
    return true
  }

  /** Last at its price. */
  #add(order: QueuedOrder): void {
    const levels = this.#levels[order.side]
    const at = this.#placeOf(order)
    if (levels[at]?.price === order.price) levels[at].orders.push(order)
    else levels.splice(at, 0, { price: order.price, orders: [order] })
    this.#orders.set(order.sequence, order)
  }

  #remove(order: QueuedOrder): void {
    const levels = this.#levels[order.side]
    const at = this.#placeOf(order)
    const { orders } = levels[at]
    orders.splice(orders.indexOf(order), 1)
    if (orders.length === 0) levels.splice(at, 1)
    this.#orders.delete(order.sequence)
  }

  #placeOf({ side, price }: QueuedOrder): number {
    return placeOf(this.#levels[side], price, (level) => level.price, side === 'buy')
  }

  #lose(problem: BookProblem): BookProblem {
    this.changeId = null
    return problem
  }
}

/** Follows a market's orders one by one; a gap or a wrong checksum subscribes again. */
export async function followOrders(
  client: SocketClient,
  market: string,
  onChange: (book: LocalOrders) => void,
  onProblem: (problem: BookProblem) => void = () => {}
): Promise<LocalOrders> {
  const book = new LocalOrders()
  await follow(client, `book.${market}.raw`, {
    // The channel's own shape, by its name.
    take: (data) => book.apply(data as Message),
    onChange: () => onChange(book),
    onProblem
  })
  return book
}
