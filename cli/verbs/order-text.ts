// Orders and fills as a person reads them.
import type { RpcMyTrade, RpcOrder } from '../../protocol/rpc.ts'
import { facts, table, timeText } from '../output.ts'

export function orderText(order: RpcOrder): string {
  const why = order.reason === null ? '' : ` (${order.reason})`
  return facts([
    ['order', order.orderId],
    ['state', order.state + why],
    ['order is', `${order.side} ${order.amount} ${order.market} @ ${order.price}`],
    [
      'filled',
      `${order.filledAmount}${order.averagePrice === null ? '' : ` at ${order.averagePrice}`}`
    ],
    ['to go', order.remainingAmount],
    ['fee', order.fee],
    ['client id', order.clientOrderId ?? '-'],
    ['expires', timeText(order.expiry * 1000)]
  ])
}

export function ordersTable(orders: RpcOrder[]): string {
  return table(
    [
      { title: 'order' },
      { title: 'market' },
      { title: 'side' },
      { title: 'price', right: true },
      { title: 'to go', right: true },
      { title: 'filled', right: true },
      { title: 'state' },
      { title: 'client id' }
    ],
    orders.map((order) => [
      order.orderId,
      order.market,
      order.side,
      order.price,
      order.remainingAmount,
      order.filledAmount,
      order.reason === null ? order.state : `${order.state} (${order.reason})`,
      order.clientOrderId ?? ''
    ]),
    'no orders'
  )
}

export function tradesTable(trades: RpcMyTrade[]): string {
  return table(
    [
      { title: 'time' },
      { title: 'market' },
      { title: 'side' },
      { title: 'amount', right: true },
      { title: 'price', right: true },
      { title: 'fee', right: true },
      { title: 'as' },
      { title: 'batch', right: true },
      { title: 'state' }
    ],
    trades.map((trade) => [
      timeText(trade.time),
      trade.market,
      trade.mySide,
      trade.amount,
      trade.price,
      trade.fee,
      trade.liquidity,
      String(trade.batch),
      trade.state
    ]),
    'no fills'
  )
}
