// The orders of the hosted accounts as their owners know them: built from what was sent and from
// the engine's events, never from hope. Ended orders leave after `keepEnded`; the history has them.
import type { Event } from '../../matching/index.ts'
import { orderKey } from '../../protocol/order.ts'
import type { Address, Order } from '../../protocol/types.ts'
import type { Applied } from '../replica/types.ts'
import type { FillRecord, OrderRecord, TradingNode } from './types.ts'

export type RecordChange = { record: OrderRecord; fill: FillRecord | null; event: number }

export type RecordsDependencies = {
  node: TradingNode
  /** Finds the signed order of an accepted event that this desk did not send (signed elsewhere,
   * or sent before a restart). */
  find(applied: Applied, entry: number, ordinal: number): Order | null
  /** The order holds its slot no longer. */
  onended(record: OrderRecord): void
}

/** Ended orders that stay in memory, for callers that ask at once; the history has them all. */
const keepEnded = 4096

export class Records {
  readonly #dependencies: RecordsDependencies
  readonly #byNonce = new Map<string, OrderRecord>()
  readonly #byId = new Map<number, OrderRecord>()
  readonly #hosted = new Set<Address>()
  /** Numbers that the engine gave the hosted accounts. */
  readonly #accounts = new Map<number, Address>()
  #ended: OrderRecord[] = []
  #openBatch: number

  constructor(dependencies: RecordsDependencies) {
    this.#dependencies = dependencies
    this.#openBatch = dependencies.node.engine.batches().at(-1)?.index ?? 1
  }

  /** Keeps the orders of an account, whether the engine knows it yet or not. */
  watch(address: Address): void {
    this.#hosted.add(address)
    const account = this.#dependencies.node.engine.accountOf(address)
    if (account !== null) this.#accounts.set(account, address)
  }

  add(record: OrderRecord): void {
    this.#byNonce.set(orderKey(record.order.account, record.order.nonce), record)
    if (record.id !== null) this.#byId.set(record.id, record)
  }

  find(account: Address, nonce: number): OrderRecord | null {
    return this.#byNonce.get(orderKey(account, nonce)) ?? null
  }

  live(): OrderRecord[] {
    return [...this.#byNonce.values()].filter(({ state }) => isLive(state))
  }

  /** What the block changed, in the order of its events. */
  apply(applied: Applied): RecordChange[] {
    const changes: RecordChange[] = []
    let number = 0
    for (const event of applied.result.events) {
      this.#take(applied, event, number, changes)
      number++
    }
    return changes
  }

  /** An entry that the engine refused before it became an order. */
  reject(record: OrderRecord, reason: OrderRecord['reason'], index: number, time: number): void {
    if (record.state !== 'pending') return
    this.#end(record, 'rejected', reason)
    record.tapeIndex = index
    record.updatedAt = time
  }

  #take(applied: Applied, event: Event, number: number, changes: RecordChange[]): void {
    const change = (record: OrderRecord | undefined, fill: FillRecord | null = null) => {
      if (record === undefined) return
      record.tapeIndex = applied.index
      record.updatedAt = applied.cut.time
      changes.push({ record, fill, event: number })
    }
    switch (event.kind) {
      case 'linked':
      case 'deposited':
        this.#number(event.account)
        return
      case 'accepted':
        change(this.#accepted(applied, event))
        return
      case 'amended': {
        const old = this.#byId.get(event.oldOrder)
        if (old !== undefined) this.#end(old, 'cancelled', 'amended')
        change(old)
        change(this.#amended(applied, event, old))
        return
      }
      case 'rested': {
        const record = this.#byId.get(event.order)
        if (record !== undefined) {
          record.state = 'open'
          record.restingPrice = event.price
          record.remaining = event.remaining
        }
        change(record)
        return
      }
      case 'traded':
        this.#traded(applied, event, number, change)
        return
      case 'charged':
        this.#charged(event.order, event.fee)
        return
      case 'reduced': {
        const record = this.#byId.get(event.order)
        if (record !== undefined) record.remaining = event.remaining
        change(record)
        return
      }
      case 'triggered': {
        const record = this.#byId.get(event.order)
        if (record !== undefined) record.state = 'open'
        change(record)
        return
      }
      case 'cancelled':
      case 'expired': {
        const record = this.#byId.get(event.order)
        if (record === undefined) return
        this.#end(record, 'cancelled', event.kind === 'expired' ? 'expired' : event.reason)
        change(record)
        return
      }
      case 'batchClosed':
        this.#openBatch = event.batch + 1
        return
      case 'batchReverted':
        this.#openBatch = this.#dependencies.node.engine.batches().at(-1)?.index ?? event.batch + 1
        return
      default:
    }
  }

  /** The first event that names an account of ours tells its number. */
  #number(account: number): void {
    const address = this.#dependencies.node.engine.address(account)
    if (this.#accounts.has(account) || !this.#hosted.has(address)) return
    this.#accounts.set(account, address)
  }

  #accepted(
    applied: Applied,
    event: Extract<Event, { kind: 'accepted' }>
  ): OrderRecord | undefined {
    const address = this.#accounts.get(event.account)
    if (address === undefined) return undefined
    const record =
      this.find(address, event.nonce) ?? this.#found(applied, event.entry, event.ordinal)
    if (record === null) return undefined
    record.id = event.order
    record.remaining = event.lots
    record.state = record.order.trigger === null ? 'open' : 'untriggered'
    this.add(record)
    return record
  }

  #amended(
    applied: Applied,
    event: Extract<Event, { kind: 'amended' }>,
    old: OrderRecord | undefined
  ): OrderRecord | undefined {
    const address = this.#accounts.get(event.account)
    if (address === undefined) return undefined
    const record = this.find(address, event.nonce) ?? this.#found(applied, event.entry, 0)
    if (record === null) return undefined
    record.id = event.order
    record.remaining = event.remaining
    record.state = 'open'
    record.restingPrice = old?.restingPrice ?? record.order.price
    this.add(record)
    return record
  }

  #found(applied: Applied, entry: number, ordinal: number): OrderRecord | null {
    const order = this.#dependencies.find(applied, entry, ordinal)
    if (order === null) return null
    const digest = this.#dependencies.node.hasher.orderDigest(order)
    return newRecord(order, digest, { clientOrderId: null, type: 'limit', time: applied.cut.time })
  }

  #traded(
    applied: Applied,
    event: Extract<Event, { kind: 'traded' }>,
    number: number,
    change: (record: OrderRecord | undefined, fill: FillRecord) => void
  ): void {
    const { lots, price, makerFee } = event
    const common = { index: applied.index, event: number, time: applied.cut.time, lots, price }
    const maker = this.#byId.get(event.makerOrder)
    const taker = this.#byId.get(event.takerOrder)
    if (maker !== undefined) {
      const fill = { ...common, maker: true, fee: makerFee, batch: this.#openBatch }
      this.#fill(maker, fill)
      change(maker, fill)
    }
    if (taker !== undefined) {
      const fill = { ...common, maker: false, fee: 0, batch: this.#openBatch }
      this.#fill(taker, fill)
      change(taker, fill)
    }
  }

  #fill(record: OrderRecord, fill: FillRecord): void {
    const { tickValue } = this.#dependencies.node.manifest.markets[record.order.market]
    record.filled += fill.lots
    record.remaining -= fill.lots
    record.filledQuote += fill.lots * fill.price * tickValue
    record.fee += fill.fee
    record.fills.push(fill)
    if (record.remaining === 0) this.#end(record, 'filled', null)
  }

  #charged(order: number, fee: number): void {
    const record = this.#byId.get(order)
    const last = record?.fills.at(-1)
    if (record === undefined || last === undefined) return
    last.fee += fee
    record.fee += fee
  }

  #end(
    record: OrderRecord,
    state: 'filled' | 'cancelled' | 'rejected',
    reason: OrderRecord['reason']
  ): void {
    if (!isLive(record.state)) return
    record.state = state
    record.reason = reason
    this.#dependencies.onended(record)
    this.#ended.push(record)
    if (this.#ended.length < 2 * keepEnded) return
    for (const old of this.#ended.slice(0, keepEnded)) {
      this.#byNonce.delete(orderKey(old.order.account, old.order.nonce))
      if (old.id !== null) this.#byId.delete(old.id)
    }
    this.#ended = this.#ended.slice(keepEnded)
  }
}

export function isLive(state: OrderRecord['state']): boolean {
  return state === 'pending' || state === 'open' || state === 'untriggered'
}

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
    tapeIndex: null
  }
}
