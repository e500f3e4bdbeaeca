// Brings the records in line with the engine after a start, or a snapshot that passed over blocks:
// the history may have begun later than the engine's orders, or have ended earlier.
import type { OrderView } from '../../matching/index.ts'
import type { Address, Entry, Order } from '../../protocol/types.ts'
import type { Accounts } from './accounts.ts'
import { entryInBlock, orderOfEntry, ordersOf } from './node.ts'
import { newRecord } from './new-record.ts'
import type { Records } from './records.ts'
import type { OrderRecord, TradingNode } from './types.ts'

type Remembered = { clientOrderId: string | null; type: OrderRecord['type'] }

export type ReconcilerDependencies = {
  node: TradingNode
  records: Records
  accounts: Accounts
  /** A record of an order that is under way. */
  remember(order: Order, options: Remembered): OrderRecord
  oncorrected(records: readonly OrderRecord[]): void
}

export class Reconciler {
  readonly #deps: ReconcilerDependencies

  constructor(dependencies: ReconcilerDependencies) {
    this.#deps = dependencies
  }

  /** At a start: with what waits in the own lane. */
  async start(): Promise<void> {
    this.know()
    for (const entry of this.#deps.node.waitingEntries()) this.#waits(entry)
    await this.#correct()
  }

  /** The engine may be beyond what the records have seen. */
  async restored(): Promise<void> {
    this.know()
    await this.#correct()
  }

  /** What the engine knows of the accounts. */
  know(): void {
    const { node, records, accounts } = this.#deps
    records.number()
    accounts.relink(node)
    accounts.consume(node.engine)
  }

  /** An entry of a lane block that the tape has not taken yet. */
  #waits(entry: Entry): void {
    const { records, accounts, remember } = this.#deps
    if (entry.kind === 'link' || entry.kind === 'withdraw') {
      accounts.find(entry.account)?.consumed(entry.nonce)
    }
    const amended = entry.kind === 'amend' ? entry.oldNonce : null
    const orders = ordersOf(entry)
    for (const order of orders) {
      const account = accounts.find(order.account)
      if (account === null) continue
      account.consumed(order.nonce)
      if (records.find(order.account, order.nonce) !== null) continue
      const old = amended === null ? null : records.find(order.account, amended)
      const clientOrderId = records.nameOf(order, amended)
      const record = remember(order, { clientOrderId, type: old?.type ?? 'limit' })
      record.replaces = amended
      record.list = orders[0].nonce
    }
  }

  async #correct(): Promise<void> {
    const addresses = this.#deps.accounts.all().map(({ address }) => address)
    const changed = align(this.#deps, addresses)
    if (changed.length > 0) this.#deps.oncorrected(changed)
    await adopt(this.#deps, addresses)
  }
}

type ReconcileDependencies = Pick<ReconcilerDependencies, 'node' | 'records'>

/** Corrects what is known of the orders at once, and returns those that it changed. */
function align(
  { node, records }: ReconcileDependencies,
  addresses: readonly Address[]
): OrderRecord[] {
  const { engine } = node
  const changed: OrderRecord[] = []
  const waiting = new Set(
    node
      .waitingEntries()
      .flatMap((entry) => ordersOf(entry).map(({ account, nonce }) => `${account}:${nonce}`))
  )
  for (const address of addresses) {
    const views = new Map(engine.liveOrders(address).map((view) => [view.nonce, view]))
    for (const record of records.live(address)) {
      const { order, state, tapeIndex } = record
      // What the records know from later blocks, the engine is about to replay.
      if (tapeIndex !== null && tapeIndex > engine.index) continue
      const view = views.get(order.nonce)
      if (view === undefined) {
        if (state === 'pending' && waiting.has(`${address}:${order.nonce}`)) continue
        records.lost(record, engine.index, engine.time)
        changed.push(record)
      } else if (isOther(record, view)) {
        Object.assign(record, factsOf(view), { tapeIndex: engine.index, updatedAt: engine.time })
        records.add(record)
        changed.push(record)
      }
    }
  }
  return changed
}

/** Finds the engine's orders that no record tells of, in the blocks that they came in. */
async function adopt(
  dependencies: ReconcileDependencies,
  addresses: readonly Address[]
): Promise<void> {
  const { node, records } = dependencies
  for (const address of addresses) {
    for (const view of node.engine.liveOrders(address)) {
      if (records.find(address, view.nonce) !== null) continue
      const record = await recordOf(dependencies, view)
      // Events may have brought it, or ended it, while the block was read.
      const gone = node.engine.findOrder(address, view.nonce) === null
      if (record !== null && !gone && records.find(address, view.nonce) === null) {
        records.add(record)
      }
    }
  }
}

type Facts = Pick<OrderRecord, 'id' | 'state' | 'restingPrice' | 'remaining' | 'filled' | 'place'>

function factsOf({ id, state, price, remaining, filled, place }: OrderView): Facts {
  return {
    id,
    state: state === 'armed' ? 'untriggered' : 'open',
    restingPrice: state === 'resting' ? price : null,
    remaining,
    filled,
    place: { index: place.index, entry: place.entry }
  }
}

function isOther(record: OrderRecord, view: OrderView): boolean {
  const { id, state, remaining, filled } = factsOf(view)
  return (
    record.id !== id ||
    record.state !== state ||
    record.remaining !== remaining ||
    record.filled !== filled
  )
}

async function recordOf(
  { node, records }: ReconcileDependencies,
  view: OrderView
): Promise<OrderRecord | null> {
  const { place } = view
  // A block that cannot be read is as good as one that is not here.
  const block = await node.readBlock(place.index).catch(() => null)
  const entry = block && entryInBlock(block, place.entry)
  const order = orderOfEntry(entry, place.ordinal)
  if (block === null || order === null) return null
  const clientOrderId = records.nameOf(order, entry?.kind === 'amend' ? entry.oldNonce : null)
  const digest = node.hasher.orderDigest(order)
  const { time } = block.cut
  return {
    ...newRecord(order, digest, { clientOrderId, type: 'limit', time }),
    ...factsOf(view),
    tapeIndex: place.index
  }
}
