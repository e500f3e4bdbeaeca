// limit-order-book 1, as the benchmark uses it (a peer to beat). Amounts are decimal strings.
declare module 'limit-order-book' {
  type Side = 'bid' | 'ask'
  class LimitOrder {
    constructor(orderId: string, side: Side, price: string, size: string)
    readonly orderId: string
    readonly side: Side
    readonly price: string
    readonly size: string
    readonly sizeRemaining: string
    readonly filled: string
  }
  class MarketOrder {
    constructor(orderId: string, side: Side, size: string, funds: string)
    readonly orderId: string
    readonly sizeRemaining: string
  }
  type Result = {
    readonly taker: LimitOrder | MarketOrder
    readonly makers: LimitOrder[]
    readonly filled: string
    readonly filledValue: string
  }
  class LimitOrderBook {
    constructor(options?: { symbol?: string; priceStep?: string; sizeStep?: string })
    readonly orders: Readonly<Record<string, LimitOrder>>
    add(order: LimitOrder | MarketOrder): Result
    reduce(orderId: string, size: string): unknown
    remove(orderId: string): unknown
    clear(): void
  }
  const book: {
    LimitOrder: typeof LimitOrder
    MarketOrder: typeof MarketOrder
    LimitOrderBook: typeof LimitOrderBook
  }
  export default book
}
