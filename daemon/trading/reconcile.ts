// Brings the records in line with the engine after a start: the history may have begun later than
// the engine's orders, or have ended earlier.
import type { OrderView } from '../../matching/index.ts'
import type { Address } from '../../protocol/types.ts'
import { orderInBlock } from './node.ts'
import { newRecord, type Records } from './records.ts'
import type { OrderRecord, TradingNode } from './types.ts'

export async function reconcile(
  node: TradingNode,
  records: Records,
  addresses: readonly Address[]
): Promise<void> {
  for (const address of addresses) {
    const views = node.engine.liveOrders(address)
    end(node, records, address, views)
    for (const view of views) {
      if (records.find(address, view.nonce) !== null) continue
      const record = await recordOf(node, view)
      // Events may have brought it, or ended it, while the block was read.
      const gone = node.engine.findOrder(address, view.nonce) === null
      if (record !== null && !gone && records.find(address, view.nonce) === null) {
        records.add(record)
      }
    }
  }
}

function end(
  { engine }: TradingNode,
  records: Records,
  address: Address,
  views: readonly OrderView[]
): void {
  const live = new Set(views.map(({ nonce }) => nonce))
  for (const record of records.live(address)) {
    const { tapeIndex, order } = record
    // What the records know from later blocks, the engine is about to replay.
    const known = tapeIndex !== null && tapeIndex <= engine.index
    if (known && !live.has(order.nonce)) records.lost(record, engine.index, engine.time)
  }
}

async function recordOf(node: TradingNode, view: OrderView): Promise<OrderRecord | null> {
  const { place } = view
  const block = await node.readBlock(place.index)
  const order = block && orderInBlock(block, place.entry, place.ordinal)
  if (block === null || order === null) return null
  const digest = node.hasher.orderDigest(order)
  const { time } = block.cut
  return {
    ...newRecord(order, digest, { clientOrderId: null, type: 'limit', time }),
    id: view.id,
    state: view.state === 'armed' ? 'untriggered' : 'open',
    restingPrice: view.state === 'resting' ? view.price : null,
    remaining: view.remaining,
    filled: view.filled,
    tapeIndex: place.index,
    place: { index: place.index, entry: place.entry }
  }
}
