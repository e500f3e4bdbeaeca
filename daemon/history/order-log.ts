// Orders and fills of the hosted accounts, and the names that clients gave to their orders.
import { fromHex, toHex } from '../../protocol/bytes.ts'
import { orderKey } from '../../protocol/order.ts'
import type { Address } from '../../protocol/types.ts'
import type { ClientOrder, ClientOrders, EditedOrder } from '../trading/placing.ts'
import { isLive, type RecordChange } from '../trading/records.ts'
import type { OrderRecord } from '../trading/types.ts'
import { HistoryFault } from './history-fault.ts'
import { part, type Store } from './store.ts'
import type { MyFill } from './types.ts'

export type PageQuery = { market: number | null; count: number; before: number | null }

export type SincePage = { orders: OrderRecord[]; fills: MyFill[]; through: number | null }

type Found = { key: string; value: unknown }

/** Names of orders that a start looks through, by account, for orders that were under way. */
const namesAtStart = 5000
/** Records that a filtered page looks through at most. */
const scanMax = 20_000

export class OrderLog implements ClientOrders {
  readonly #store: Store
  /** Names that may not be on disk yet. */
  #recent = new Map<string, ClientOrder>()
  #before = new Map<string, ClientOrder>()
  /** clientOrderId by account and nonce, of orders that were under way when the daemon ended. */
  readonly #names = new Map<string, string>()
  readonly #onkeep: (order: ClientOrder) => void
  /** Names that came since the last sync began. */
  #unsynced: ClientOrder[] = []

  constructor({ store, onkeep }: { store: Store; onkeep: (order: ClientOrder) => void }) {
    this.#store = store
    this.#onkeep = onkeep
  }

  /** The orders that were live when the daemon ended. */
  async load(): Promise<OrderRecord[]> {
    const live = await this.#store.range({ prefix: 'l/', limit: Number.MAX_SAFE_INTEGER })
    const records: OrderRecord[] = []
    for (const { key } of live) {
      const record = readRecord(await this.#store.get(`o/${key}`))
      if (record !== null) records.push(record)
    }
    return records
  }

  async loadNames(accounts: readonly Address[]): Promise<void> {
    for (const account of accounts) {
      const prefix = `n/${account}/`
      const range = { prefix, newestFirst: true, limit: namesAtStart }
      for (const { key, value } of await this.#store.range(range)) {
        if (typeof value === 'string') this.#names.set(orderKey(account, Number(key)), value)
      }
    }
  }

  take(changes: readonly RecordChange[], index: number): void {
    const records = new Set(changes.map(({ record }) => record))
    for (const record of records) this.#write(record, index)
    for (const { record, fill } of changes) {
      if (fill === null) continue
      const { account, nonce, market, side } = record.order
      const mine: MyFill = {
        account,
        nonce,
        market,
        side,
        clientOrderId: record.clientOrderId,
        fill
      }
      const place = `${part(fill.index)}/${part(fill.event)}/${fill.maker ? 'm' : 't'}`
      this.#store.put(`f/${account}/${place}`, mine)
      this.#store.put(`y/${part(fill.batch)}/${account}/${place}`, mine)
    }
  }

  #write(record: OrderRecord, index: number): void {
    const { account, nonce } = record.order
    const key = `${account}/${part(nonce)}`
    this.#store.put(`o/${key}`, { ...record, digest: toHex(record.digest), fills: [] })
    this.#store.put(`u/${account}/${part(index)}/${part(nonce)}`, 0)
    if (isLive(record.state)) this.#store.put(`l/${key}`, 0)
    else this.#store.delete(`l/${key}`)
    // The name goes over to what an edit made of the order.
    const { clientOrderId, replaces, state } = record
    if (clientOrderId === null || replaces === null || state === 'rejected') return
    const edited: EditedOrder = { nonce, digest: toHex(record.digest) }
    this.#store.put(`e/${account}/${clientOrderId}`, edited)
  }

  async get(account: Address, nonce: number): Promise<OrderRecord | null> {
    return readRecord(await this.#store.get(`o/${account}/${part(nonce)}`))
  }

  /** Newest nonce first. */
  async ended(account: Address, { market, count, before }: PageQuery): Promise<OrderRecord[]> {
    return this.#page(`o/${account}/`, count, before, (value) => {
      const record = readRecord(value)
      if (record === null || isLive(record.state)) return null
      return market === null || record.order.market === market ? record : null
    })
  }

  /** Newest first; `before` is a tape index. */
  async fills(account: Address, { market, count, before }: PageQuery): Promise<MyFill[]> {
    return this.#page(`f/${account}/`, count, before, (value) => {
      // Written by this program, in this version.
      const fill = value as MyFill
      return market === null || fill.market === market ? fill : null
    })
  }

  async #page<T>(
    prefix: string,
    count: number,
    before: number | null,
    pick: (value: unknown) => T | null
  ): Promise<T[]> {
    const found: T[] = []
    let below = before === null ? null : part(before)
    for (let scanned = 0; found.length < count && scanned < scanMax;) {
      const bound = below === null ? {} : { below }
      const limit = Math.max(64, count)
      const page = await this.#store.range({ prefix, newestFirst: true, limit, ...bound })
      for (const { value } of page) {
        const picked = pick(value)
        if (picked !== null && found.length < count) found.push(picked)
      }
      if (page.length < limit) break
      scanned += page.length
      below = page[page.length - 1].key
    }
    return found
  }

  /** What changed after a block of the tape: all of the next blocks, as many as have about `count`
   * changes. `through` is the last of them; null when that was everything. */
  async since(account: Address, index: number, count: number): Promise<SincePage> {
    const changes = await this.#after(`u/${account}/`, index, count)
    const fills = await this.#after(`f/${account}/`, index, count)
    const ends = [changes.through, fills.through].filter((end) => end !== null)
    const through = ends.length === 0 ? null : Math.min(...ends)
    const isIn = ({ key }: Found): boolean => through === null || indexOf(key) <= through
    const changed = changes.found.filter(isIn)
    const nonces = [...new Set(changed.map(({ key }) => Number(key.split('/')[1])))]
    const orders: OrderRecord[] = []
    for (const nonce of nonces.sort((a, b) => a - b)) {
      const record = await this.get(account, nonce)
      if (record !== null) orders.push(record)
    }
    // Written by this program, in this version.
    return { orders, fills: fills.found.filter(isIn).map(({ value }) => value as MyFill), through }
  }

  /** Keys of whole blocks, from the one after `index` on. */
  async #after(
    prefix: string,
    index: number,
    count: number
  ): Promise<{ found: Found[]; through: number | null }> {
    // The key of a block's first change is its index: everything from there on.
    const above = part(index + 1)
    const page = await this.#store.range({ prefix, above, limit: count + 1 })
    if (page.length <= count) return { found: page, through: null }
    const [first, last] = [indexOf(page[0].key), indexOf(page[count].key)]
    if (last > first) {
      return { found: page.filter(({ key }) => indexOf(key) < last), through: last - 1 }
    }
    // One block has more than a page: it is told whole.
    const block = { prefix, above, below: part(first + 1), limit: Number.MAX_SAFE_INTEGER }
    return { found: await this.#store.range(block), through: first }
  }

  /** Fills of the hosted accounts in a batch. */
  async fillsOfBatch(batch: number): Promise<MyFill[]> {
    const prefix = `y/${part(batch)}/`
    const found = await this.#store.range({ prefix, limit: Number.MAX_SAFE_INTEGER })
    return found.map(({ value }) => value as MyFill)
  }

  // Names

  recent(account: Address, clientOrderId: string): ClientOrder | null {
    const key = `${account}/${clientOrderId}`
    return this.#recent.get(key) ?? this.#before.get(key) ?? null
  }

  async find(account: Address, clientOrderId: string): Promise<ClientOrder | null> {
    // Written by this program, in this version.
    return (await this.#store.get(`i/${account}/${clientOrderId}`)) as ClientOrder | null
  }

  async edited(account: Address, clientOrderId: string): Promise<EditedOrder | null> {
    // Written by this program, in this version.
    return (await this.#store.get(`e/${account}/${clientOrderId}`)) as EditedOrder | null
  }

  keep(order: ClientOrder): void {
    this.#onkeep(order)
    this.restoreName(order)
  }

  /** A name out of the journal, or a new one. */
  restoreName(order: ClientOrder): void {
    const { account, clientOrderId, nonce } = order
    this.#unsynced.push(order)
    this.#recent.set(`${account}/${clientOrderId}`, order)
    this.#store.put(`i/${account}/${clientOrderId}`, order)
    this.#store.put(`n/${account}/${part(nonce)}`, clientOrderId)
    if (this.#recent.size < 1024) return
    // What was recent a thousand names ago is on its way to disk, where reads find it.
    this.#before = this.#recent
    this.#recent = new Map()
  }

  /** Names that only the journal is sure to have. */
  get unsynced(): readonly ClientOrder[] {
    return this.#unsynced
  }

  /** Brings all names until now to the disk itself. */
  async sync(): Promise<void> {
    const before = this.#unsynced
    this.#unsynced = []
    try {
      await this.#store.sync()
    } catch (fault) {
      this.#unsynced = [...before, ...this.#unsynced]
      throw fault
    }
  }

  clientOrderIdOf(account: Address, nonce: number): string | null {
    return this.#names.get(orderKey(account, nonce)) ?? null
  }

  /** An order that was under way when the daemon ended. */
  nameAfterRestart({ account, nonce, clientOrderId }: ClientOrder): void {
    this.#names.set(orderKey(account, nonce), clientOrderId)
  }
}

/** Of a key that begins with a tape index. */
function indexOf(key: string): number {
  return Number(key.split('/', 1)[0])
}

/** Records of earlier versions lack `replaces`. */
type StoredRecord = Omit<OrderRecord, 'digest' | 'replaces'> & {
  digest: string
  replaces?: number | null
}

function readRecord(value: unknown): OrderRecord | null {
  if (value === null) return null
  // Written by this program, in this version.
  const stored = value as StoredRecord
  const digest = fromHex(stored.digest)
  if (digest === null) throw new HistoryFault('history_unreadable', 'an order without its digest')
  return { ...stored, digest, replaces: stored.replaces ?? null }
}
