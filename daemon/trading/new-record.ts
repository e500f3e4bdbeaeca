// An order of which nothing is known yet but what it says.
import type { Order } from '../../protocol/types.ts'
import type { OrderRecord } from './types.ts'

export function newRecord(
  order: Order,
  digest: Uint8Array,
  { clientOrderId, type, time }: Pick<OrderRecord, 'clientOrderId' | 'type'> & { time: number }
): OrderRecord {
  return {
    order,
    digest,
    clientOrderId,
    type,
    state: 'pending',
    reason: null,
    id: null,
    restingPrice: null,
    remaining: order.quantity,
    filled: 0,
    filledQuote: 0,
    fee: 0,
    fills: [],
    createdAt: time,
    updatedAt: time,
    tapeIndex: null,
    replaces: null,
    list: order.nonce,
    laneBlock: null,
    place: null
  }
}
