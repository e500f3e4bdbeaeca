// The orders of the hosted accounts as their owners know them: built from what was sent and from
// the engine's events, never from hope. Ended orders leave after `keepEnded`; the history has them.
import type { Event } from '../../matching/index.ts'
import { orderKey } from '../../protocol/order.ts'
import type { Address, Entry, Order } from '../../protocol/types.ts'
import type { Applied } from '../replica/types.ts'
import { newRecord } from './new-record.ts'
import { orderOfEntry, ordersOf, ownEntries } from './node.ts'
import type { FillRecord, OrderRecord, TradingNode } from './types.ts'

/** `event` is the number of the event in its block. */
export type RecordChange = { record: OrderRecord; fill: FillRecord | null; event: number }

export type RecordsDependencies = {
  node: TradingNode
  /** Finds the entry of an accepted event that this desk did not send (signed elsewhere, or sent
   * before a restart). */
  find(applied: Applied, entry: number): Entry | null
  /** The clientOrderId that went with an order before a restart. */
  clientOrderIdOf(account: Address, nonce: number): string | null
  /** The order holds its slot. */
  onlive(record: OrderRecord): void
  /** The order holds its slot no longer. */
  onended(record: OrderRecord): void
}

/** Ended orders that stay in memory, for callers that ask at once; the history has them all. */
const keepEnded = 4096

export class Records {
  readonly #dependencies: RecordsDependencies
  readonly #byNonce = new Map<string, OrderRecord>()
  readonly #byId = new Map<number, OrderRecord>()
  readonly #live = new Map<Address, Set<OrderRecord>>()
  /** Numbers that the engine gave the hosted accounts. */
  readonly #accounts = new Map<number, Address>()
  #ended: OrderRecord[] = []
  /** Null until the first block. */
  #openBatch: number | null = null
  /** Blocks up to here are in the records that were restored. */
  #through = -1

  constructor(dependencies: RecordsDependencies) {
    this.#dependencies = dependencies
  }

  /** Takes back the live orders as they were after block `through`. */
  restore(records: Iterable<OrderRecord>, through: number): void {
    this.#through = through
    for (const record of records) if (isLive(record.state)) this.add(record)
  }

  /** Keeps the orders of an account, whether the engine knows it yet or not. */
  watch(address: Address): void {
    if (!this.#live.has(address)) this.#live.set(address, new Set())
  }

  /** Once the engine can be read. */
  number(): void {
    for (const address of this.#live.keys()) {
      const account = this.#dependencies.node.engine.accountOf(address)
      if (account !== null) this.#accounts.set(account, address)
    }
  }

  add(record: OrderRecord): void {
    const key = orderKey(record.order.account, record.order.nonce)
    const known = this.#byNonce.has(key)
    this.#byNonce.set(key, record)
    if (record.id !== null) this.#byId.set(record.id, record)
    if (known || !isLive(record.state)) return
    this.#live.get(record.order.account)?.add(record)
    this.#dependencies.onlive(record)
  }

  find(account: Address, nonce: number): OrderRecord | null {
    return this.#byNonce.get(orderKey(account, nonce)) ?? null
  }

  /** Live orders with this name: while an edit is under way, the old one and the new. */
  named(account: Address, clientOrderId: string): OrderRecord[] {
    return this.live(account).filter((record) => record.clientOrderId === clientOrderId)
  }

  /** Live orders of an account, or of all, in the order in which they came. */
  live(account: Address | null = null): OrderRecord[] {
    if (account !== null) return [...(this.#live.get(account) ?? [])]
    return [...this.#live.values()].flatMap((all) => [...all])
  }

  /** What the block changed, in the order of its events. */
  apply(applied: Applied): RecordChange[] {
    this.#openBatch ??= this.#firstBatch(applied)
    const changes: RecordChange[] = []
    const own = ownEntries(applied, this.#dependencies.node.lane.key)
    const { events } = applied.result
    for (let number = 0; number < events.length; number++) {
      this.#take(applied, events.at(number), number, own, changes)
    }
    return changes
  }

  /** An order of which it is certain that it never became one. */
  reject(record: OrderRecord, reason: OrderRecord['reason'], index: number, time: number): void {
    if (record.state !== 'pending') return
    this.#end(record, 'rejected', reason)
    record.tapeIndex = index
    record.updatedAt = time
  }

  /** Orders that nobody has said anything of. */
  pending(): OrderRecord[] {
    return this.live().filter(({ state }) => state === 'pending')
  }

  /** An order that the engine no longer has, though its end was not seen: it may have been filled. */
  lost(record: OrderRecord, index: number, time: number): void {
    this.#end(record, 'unknown', null)
    record.tapeIndex = index
    record.updatedAt = time
  }

  /** The batch that was open before this block. */
  #firstBatch({ result }: Applied): number {
    const open = this.#dependencies.node.engine.batches().at(-1)?.index ?? 1
    const closed = [...result.events].filter(({ kind }) => kind === 'batchClosed').length
    return open - closed
  }

  #take(
    applied: Applied,
    event: Event,
    number: number,
    own: { from: number; to: number },
    changes: RecordChange[]
  ): void {
    if (event.kind === 'linked' || event.kind === 'deposited') this.#met(event.account)
    if (event.kind === 'batchClosed') this.#openBatch = event.batch + 1
    if (event.kind === 'batchReverted') {
      this.#openBatch = this.#dependencies.node.engine.batches().at(-1)?.index ?? event.batch + 1
    }
    if (applied.index <= this.#through) return
    const change = (record: OrderRecord | undefined, fill: FillRecord | null = null) => {
      if (record === undefined) return
      record.tapeIndex = applied.index
      record.updatedAt = applied.cut.time
      changes.push({ record, fill, event: number })
    }
    switch (event.kind) {
      case 'rejected':
        // Another lane may name our account and nonce: what it is told is not about our order.
        if (event.entry >= own.from && event.entry < own.to) {
          for (const record of this.#rejected(applied, event)) change(record)
        }
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
      default:
    }
  }

  /** The first event that names an account of ours tells its number. */
  #met(account: number): void {
    if (this.#accounts.has(account)) return
    const address = this.#dependencies.node.engine.address(account)
    if (this.#live.has(address)) this.#accounts.set(account, address)
  }

  /** Of a list, the engine names the first order; the whole list went with it. */
  #rejected(applied: Applied, event: Extract<Event, { kind: 'rejected' }>): OrderRecord[] {
    const address = event.account === null ? undefined : this.#accounts.get(event.account)
    if (address === undefined) return []
    const first = this.find(address, event.nonce) ?? this.#unheard(applied, event)
    if (first?.state !== 'pending') return []
    const list = [first]
    const isOfList = (next: OrderRecord | null): next is OrderRecord =>
      next?.state === 'pending' && next.order.quote && next.list === first.list
    if (first.order.quote) {
      for (let nonce = event.nonce + 1; ; nonce++) {
        const next = this.find(address, nonce)
        if (!isOfList(next)) break
        list.push(next)
      }
    }
    for (const record of list) this.#end(record, 'rejected', event.reason)
    return list
  }

  /** Refused in a block that the history had not got when the daemon ended: its orders, pending. */
  #unheard(
    applied: Applied,
    { entry, nonce, reason }: Extract<Event, { kind: 'rejected' }>
  ): OrderRecord | null {
    // Another order has had that nonce, and the history knows it.
    if (reason === 'nonce_used') return null
    const found = this.#dependencies.find(applied, entry)
    const orders = found === null ? [] : ordersOf(found)
    if (orders.length === 0 || orders[0].nonce !== nonce) return null
    for (const ordinal of orders.keys()) {
      const record = this.#found(applied, entry, ordinal)
      if (record !== null) this.add({ ...record, list: nonce })
    }
    return this.find(orders[0].account, nonce)
  }

  #accepted(
    applied: Applied,
    event: Extract<Event, { kind: 'accepted' }>
  ): OrderRecord | undefined {
    const record = this.#recordOf(applied, event, event.ordinal)
    if (record === null) return undefined
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
    const record = this.#recordOf(applied, event, 0)
    if (record === null) return undefined
    // One that this desk did not send, or not in this process, is the same order all the same.
    record.clientOrderId ??= old?.clientOrderId ?? null
    record.replaces = old?.order.nonce ?? record.replaces
    record.remaining = event.remaining
    record.state = 'open'
    record.restingPrice = old?.restingPrice ?? record.order.price
    this.add(record)
    return record
  }

  #recordOf(
    applied: Applied,
    event: { account: number; nonce: number; order: number; entry: number },
    ordinal: number
  ): OrderRecord | null {
    const address = this.#accounts.get(event.account)
    if (address === undefined) return null
    const record = this.find(address, event.nonce) ?? this.#found(applied, event.entry, ordinal)
    if (record === null) return null
    record.id = event.order
    record.place = { index: applied.index, entry: event.entry }
    return record
  }

  #found(applied: Applied, entry: number, ordinal: number): OrderRecord | null {
    const found = this.#dependencies.find(applied, entry)
    const order = orderOfEntry(found, ordinal)
    if (order === null) return null
    const amended = found?.kind === 'amend' ? found.oldNonce : null
    return newRecord(order, this.#dependencies.node.hasher.orderDigest(order), {
      clientOrderId: this.nameOf(order, amended),
      type: 'limit',
      time: applied.cut.time
    })
  }

  /** The name that an order has, or has from the one that it amends. */
  nameOf({ account, nonce }: Order, amended: number | null): string | null {
    const { clientOrderIdOf } = this.#dependencies
    if (amended === null) return clientOrderIdOf(account, nonce)
    const old = this.find(account, amended)
    return (
      old?.clientOrderId ?? clientOrderIdOf(account, amended) ?? clientOrderIdOf(account, nonce)
    )
  }

  #traded(
    applied: Applied,
    event: Extract<Event, { kind: 'traded' }>,
    number: number,
    change: (record: OrderRecord | undefined, fill: FillRecord) => void
  ): void {
    const { lots, price, makerFee } = event
    const batch = this.#openBatch ?? 1
    const common = { index: applied.index, event: number, time: applied.cut.time, lots, price }
    const maker = this.#byId.get(event.makerOrder)
    const taker = this.#byId.get(event.takerOrder)
    if (maker !== undefined) {
      const fill = { ...common, maker: true, fee: makerFee, batch }
      this.#fill(maker, fill)
      change(maker, fill)
    }
    if (taker !== undefined) {
      const fill = { ...common, maker: false, fee: 0, batch }
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
    state: Exclude<OrderRecord['state'], 'pending' | 'open' | 'untriggered'>,
    reason: OrderRecord['reason']
  ): void {
    if (!isLive(record.state)) return
    record.state = state
    record.reason = reason
    this.#live.get(record.order.account)?.delete(record)
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
