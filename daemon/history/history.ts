// What was: orders, trades, candles, batches and transfers, in an index on disk beside the engine.
// It follows the tape block by block and knows which block it has last, so a daemon that replays
// from an older snapshot writes nothing twice. It is complete from the first block that this
// daemon applied; to have it from block 0, begin with an empty data directory and replay
// (`tuning.snapshotLeadBlocks` null), as `archive` daemons may.
//
// Keys (numbers padded to 16 digits): meta; a/account (hosted by request); b/batch;
// c/market/resolution/time; e/account/clientOrderId (what the last edit made of it);
// f/account/index/event/role (fills); g/account/nonce (named withdrawals that may have been taken in
// blocks that were passed over); i/account/clientOrderId; k/batch/index/event (trades);
// l/account/nonce (live); n/account/nonce (names); o/account/nonce (orders);
// q/account/clientRequestId (withdrawals); r/batch (tape index before which its trades are reverted);
// t/market/index/event (trades); u/account/index/nonce (changes); w/account/nonce (named withdrawals
// under way); x/account/index/event (transfers); y/batch/account/index/event/role (fills);
// z/account/nonce (ends of named withdrawals).
import { type Engine, eventMask, eventsOf } from '../../matching/index.ts'
import { equalBytes, fromHex, toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { Address, Bytes32 } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { SeenMove } from '../chain/seen-batch.ts'
import type { Applied } from '../replica/types.ts'
import type { RecordChange } from '../trading/records.ts'
import type { ClientOrder } from '../trading/placing.ts'
import type { OrderRecord } from '../trading/types.ts'
import type { ClientWithdrawal } from '../trading/withdrawing.ts'
import { BatchLog } from './batch-log.ts'
import { CandleLog } from './candle-log.ts'
import { HistoryFault } from './history-fault.ts'
import { OrderLog, type PageQuery } from './order-log.ts'
import { RequestLog } from './request-log.ts'
import { Store } from './store.ts'
import { TradeLog } from './trade-log.ts'
import { TransferLog } from './transfer-log.ts'
import type { MyFill, TradeRecord, TransferRecord } from './types.ts'

export type HistoryOptions = { folder: string; manifest: Manifest; venue: Bytes32 }

export type HistoryDependencies = {
  clock: Clock
  /** A client's id was given to an order or a withdrawal that is about to be sent. */
  onkeep: (named: ClientOrder | ClientWithdrawal) => void
  onfault: (fault: unknown) => void
}

/** All but those of single orders, which are the bulk of a busy block and the desk's. */
const KEPT = eventMask([
  'traded',
  'withdrawn',
  'deposited',
  'exitRequested',
  'exitCancelled',
  'exitClaimed',
  'claimed',
  'batchClosed',
  'batchSealed',
  'cosigned',
  'attested',
  'batchAttested',
  'batchSettled',
  'batchReverted'
])

const version = 1
const batchTradesMax = 10_000

type Meta = {
  version: number
  venue: string
  through: number
  completeFrom: number
  completeFromTime: number
}

export class History {
  readonly batches: BatchLog
  readonly candles: CandleLog
  readonly trades: TradeLog
  readonly orders: OrderLog
  readonly requests: RequestLog
  readonly #options: HistoryOptions
  readonly #store: Store
  readonly #onfault: (fault: unknown) => void
  readonly #transfers: TransferLog
  readonly #hosted = new Set<Address>()
  #live: OrderRecord[] = []
  #through = -1
  #completeFrom = 0
  #completeFromTime = 0
  #open = false

  constructor(options: HistoryOptions, { clock, onkeep, onfault }: HistoryDependencies) {
    this.#options = options
    const store = new Store(options.folder, { clock, onfault })
    const markets = options.manifest.markets.length
    this.#store = store
    this.#onfault = onfault
    this.batches = new BatchLog({ store })
    this.candles = new CandleLog({ store, markets })
    this.trades = new TradeLog({ store, markets })
    this.orders = new OrderLog({ store, onkeep })
    this.requests = new RequestLog({ store, onkeep })
    this.#transfers = new TransferLog({ store })
  }

  /** Before the daemon opens. `accounts` are those of the keystore; those that were hosted by
   * request before are in `hosted` afterwards. Idempotent.
   * @throws HistoryFault history_unreadable, history_other_venue */
  async open(accounts: readonly Address[]): Promise<void> {
    if (this.#open) return
    await this.#store.open()
    this.#open = true
    this.#readMeta((await this.#store.get('meta')) as Meta | null)
    const stored = await this.#store.range({ prefix: 'a/', limit: Number.MAX_SAFE_INTEGER })
    for (const { key } of stored) this.#hosted.add(key)
    for (const account of accounts) this.#hosted.add(account)
    await this.batches.load()
    await this.candles.load()
    await this.trades.load()
    await this.#transfers.load([...this.#hosted])
    await this.orders.loadNames([...this.#hosted])
    await this.requests.load()
    this.#live = await this.orders.load()
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#store.close()
  }

  #readMeta(meta: Meta | null): void {
    if (meta === null) return
    if (meta.version !== version) {
      throw new HistoryFault('history_unreadable', `the history is of version ${meta.version}`)
    }
    const venue = fromHex(meta.venue)
    if (venue === null || !equalBytes(venue, this.#options.venue)) {
      throw new HistoryFault('history_other_venue', 'the history is of another venue')
    }
    this.#through = meta.through
    this.#completeFrom = meta.completeFrom
    this.#completeFromTime = meta.completeFromTime
  }

  /** The last block that is in here, -1 for none. */
  get through(): number {
    return this.#through
  }

  /** The first block from which on nothing is missing. */
  get completeFrom(): number {
    return this.#completeFrom
  }

  /** Its tape time, milliseconds. */
  get completeFromTime(): number {
    return this.#completeFromTime
  }

  /** The orders that were live after block `through`, for the desk. */
  get live(): readonly OrderRecord[] {
    return this.#live
  }

  /** Every account whose orders are kept. */
  get hosted(): Address[] {
    return [...this.#hosted]
  }

  /** Keeps the orders of this account from now on, also after a restart. */
  hosts(account: Address): void {
    if (this.#hosted.has(account)) return
    this.#hosted.add(account)
    this.#store.put(`a/${account}`, 0)
  }

  /** The changes that the desk found in a block; before `applied` of the same block. */
  changed(changes: readonly RecordChange[], { index }: Applied): void {
    if (index > this.#through) this.orders.take(changes, index)
  }

  /** Orders that the engine, beyond the history, knows otherwise, without an event that says so. */
  corrected(records: readonly OrderRecord[]): void {
    for (const record of records) {
      this.orders.take([{ record, fill: null, event: 0 }], record.tapeIndex ?? this.#through)
    }
  }

  /** Takes in a block. What was taken in before is passed over. */
  applied(applied: Applied, engine: Engine): void {
    const { index, cut } = applied
    if (index <= this.#through) return
    const isGap = index !== this.#through + 1
    if (isGap || this.#through === -1) {
      this.#completeFrom = index
      this.#completeFromTime = index === 0 ? 0 : cut.time
    }
    this.#through = index
    if (isGap) this.batches.seed(engine)
    this.#take(applied, engine, isGap)
    if (isGap) this.requests.passedOver(engine)
    this.batches.blockEnd()
    this.candles.blockEnd()
    const { venue } = this.#options
    const meta: Meta = {
      version,
      venue: toHex(venue),
      through: index,
      completeFrom: this.#completeFrom,
      completeFromTime: this.#completeFromTime
    }
    this.#store.put('meta', meta)
    // The engine may restart from here after a loss of power: the history must not be behind it.
    if (applied.snapshot !== null) this.sync().catch((fault: unknown) => this.#onfault(fault))
  }

  #take(applied: Applied, engine: Engine, batchesKnown: boolean): void {
    const { events } = applied.result
    const { markets } = this.#options.manifest
    const hosts = (account: Address): boolean => this.#hosted.has(account)
    for (const [number, event] of eventsOf(events, KEPT)) {
      const batch = this.batches.open
      if (event.kind === 'traded') {
        const trade = this.trades.take(event, number, applied, batch)
        this.candles.take(trade, trade.lots * trade.price * markets[trade.market].tickValue)
      }
      if (event.kind === 'withdrawn') this.requests.take(event, engine)
      this.#transfers.take(event, number, applied, { engine, batch, hosts })
      if (!batchesKnown) this.batches.take(event, applied, engine)
    }
  }

  order(account: Address, nonce: number): Promise<OrderRecord | null> {
    return this.orders.get(account, nonce)
  }

  endedOrders(account: Address, query: PageQuery): Promise<OrderRecord[]> {
    return this.orders.ended(account, query)
  }

  fills(account: Address, query: PageQuery): Promise<MyFill[]> {
    return this.orders.fills(account, query)
  }

  fillsOfBatch(batch: number): Promise<MyFill[]> {
    return this.orders.fillsOfBatch(batch)
  }

  /** A page of what changed after a block; `through` is the last block that is in it. */
  async since(
    account: Address,
    index: number,
    count: number
  ): Promise<{ orders: OrderRecord[]; fills: MyFill[]; through: number; more: boolean }> {
    const newest = this.#through
    const { orders, fills, through } = await this.orders.since(account, index, count)
    return { orders, fills, through: through ?? newest, more: through !== null }
  }

  transfers(account: Address, count: number): Promise<TransferRecord[]> {
    return this.#transfers.page(account, count)
  }

  /** Of an account, on the chain and not yet on the tape. */
  minedMoves(account: Address): SeenMove[] {
    return this.#transfers.mined(account)
  }

  /** What the chain's follower found of accounts' money. */
  seen(move: SeenMove): void {
    if (this.#hosted.has(move.account)) this.#transfers.seen(move)
  }

  tradesOfBatch(batch: number): Promise<TradeRecord[]> {
    return this.trades.ofBatch(batch, batchTradesMax)
  }

  /** Everything is on the disk itself: the journal may forget what it keeps for the history, other
   * than `unsynced`. */
  sync(): Promise<void> {
    return this.requests.synced(() => this.orders.sync())
  }

  /** Names that only the journal is sure to have. */
  get unsynced(): (ClientOrder | ClientWithdrawal)[] {
    return [...this.orders.unsynced, ...this.requests.unsynced]
  }
}
