// The engine: `apply(state, tape block) -> events`. Everything that it does follows from the tape;
// docs/matching.md is its rule book.

import { Core } from './core.ts'
import { PackedEvents, stopReasons } from './event-list.ts'
import { NonceIndex } from './nonce-index.ts'
import { Phases } from './phases.ts'
import { liveOrder, orderView } from './order-view.ts'
import { accountView, balancesOf, batchView } from './state-views.ts'
import { bookLevels, bookOrders, lotsAhead } from './book-view.ts'
import type {
  AccountView,
  Balance,
  BatchView,
  BlockResult,
  BookLevels,
  BookOrders,
  LaneView,
  OrderView,
  StopReason
} from './results.ts'
import { batchDueAt } from './settlement.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import { assert, EngineStopped } from './stop.ts'
import type { Address, BlockInput, EngineConfig, Hash256 } from './types.ts'

export class Engine {
  readonly #core: Core
  readonly #nonces: NonceIndex
  readonly #phases: Phases
  #cursor: BlockInput['cursor'] = null
  #failure: string | null = null

  constructor(config: EngineConfig, dependencies: { hash: Hash256 }) {
    this.#core = new Core(config, dependencies.hash)
    this.#nonces = new NonceIndex(this.#core)
    this.#phases = new Phases(this.#core, this.#nonces, dependencies.hash)
    for (const { account, token, quanta } of config.endow) {
      this.#core.ledger.addSettled(this.#core.account(account), token, quanta)
    }
    this.#core.ledger.takeChanges()
  }

  /** Canonical bytes back to an engine that goes on exactly as the one that wrote them. Throws
   * EngineStopped when they are not a snapshot of a venue with this configuration. */
  static restore(bytes: Uint8Array, config: EngineConfig, dependencies: { hash: Hash256 }): Engine {
    const engine = new Engine({ ...config, endow: [] }, dependencies)
    engine.#cursor = readSnapshot(engine.#core, engine.#nonces, bytes)
    return engine
  }

  /** Applies the next block of the tape. Throws EngineStopped when an assertion fails; then, and
   * ever after, no further block is taken. */
  apply(block: BlockInput): BlockResult {
    if (this.#failure !== null) throw new EngineStopped(this.#failure)
    const core = this.#core
    try {
      assert(block.index === core.index + 1, `block ${block.index} does not follow ${core.index}`)
      assert(block.time > core.time, 'tape time does not grow')
      core.index = block.index
      core.time = block.time
      core.seconds = Math.floor(block.time / 1000)
      if (block.cursor !== null) this.#cursor = block.cursor
      core.events.clear()
      this.#phases.run(block)
      core.events.seal(block.index)
    } catch (error) {
      this.#failure = error instanceof EngineStopped ? error.reason : String(error)
      throw error instanceof EngineStopped ? error : new EngineStopped(this.#failure, error)
    }
    return {
      index: block.index,
      eventHash: core.events.hash,
      events: new PackedEvents(core.events),
      balances: core.ledger.takeChanges()
    }
  }

  /** Bytes held by typed arrays for orders, books, slots, balances and nonces. */
  get bytes(): number {
    return this.#core.bytes() + this.#nonces.bytes()
  }

  /** Canonical bytes of the whole state: equal states give equal bytes. */
  snapshot(): Uint8Array {
    return writeSnapshot(this.#core, this.#cursor)
  }

  /** Index of the last block applied, -1 before the first. */
  get index(): number {
    return this.#core.index
  }

  /** Tape time of the last block, milliseconds. */
  get time(): number {
    return this.#core.time
  }

  get eventHash(): Uint8Array {
    return this.#core.events.hash
  }

  get cursor(): BlockInput['cursor'] {
    return this.#cursor
  }

  /** Why new exposure is refused at present, or null. */
  get stopped(): StopReason | null {
    return this.#core.stopCode === 0 ? null : stopReasons[this.#core.stopCode - 1]
  }

  /** Why the engine takes no more blocks, or null. */
  get failure(): string | null {
    return this.#failure
  }

  /** The best `depth` levels of each side, best first. */
  level2(market: number, depth: number): BookLevels {
    return bookLevels(this.#core, market, depth)
  }

  /** The resting orders of a market, best price first, then in order of its queue: all, or the first
   * `most` of each side. */
  level3(market: number, most: number = Number.MAX_SAFE_INTEGER): BookOrders {
    return bookOrders(this.#core, market, most)
  }

  /** Ticks, 0 before the first trade. */
  lastPrice(market: number): number {
    return this.#core.markets[market].lastPrice
  }

  /** A live order by its id (a scan: for readers, not for the hot path), or null. */
  order(id: number): OrderView | null {
    const index = liveOrder(this.#core, id)
    return index === 0 ? null : orderView(this.#core, index)
  }

  /** By id. */
  liveOrders(address: Address): OrderView[] {
    const account = this.#core.accounts.find(address)
    if (account === -1) return []
    return this.#core.liveOf(account).map((index) => orderView(this.#core, index))
  }

  findOrder(address: Address, nonce: number): OrderView | null {
    const account = this.#core.accounts.find(address)
    const index = account === -1 ? 0 : this.#nonces.find(account, nonce)
    return index === 0 ? null : orderView(this.#core, index)
  }

  /** Lots that stand before a resting order at its price; null when it does not rest. */
  queueAhead(id: number): number | null {
    return lotsAhead(this.#core, liveOrder(this.#core, id))
  }

  /** Number of an account, or null while the engine has not met it. */
  accountOf(address: Address): number | null {
    const account = this.#core.accounts.find(address)
    return account === -1 ? null : account
  }

  /** Accounts that the engine has met: they are numbered from 0. */
  get accountCount(): number {
    return this.#core.accounts.count
  }

  address(account: number): Address {
    return this.#core.accounts.addresses[account]
  }

  account(address: Address): AccountView | null {
    const account = this.#core.accounts.find(address)
    return account === -1 ? null : accountView(this.#core, account)
  }

  /** By token; all nothing for an account that the engine has not met. */
  balances(address: Address): Balance[] {
    return balancesOf(this.#core, this.#core.accounts.find(address))
  }

  get laneCount(): number {
    return this.#core.lanes.list.length
  }

  lanes(): LaneView[] {
    return this.#core.lanes.list.map((_, lane) => this.#core.lanes.view(lane))
  }

  /** Unsettled batches, oldest first, the open one last. */
  batches(): BatchView[] {
    return this.#core.batches.list.map((batch) => batchView(this.#core, batch))
  }

  /** Tape time, milliseconds, from which on a block closes or seals a batch, whatever is in it;
   * Infinity for none. */
  get batchDueAt(): number {
    return batchDueAt(this.#core)
  }

  /** An unsettled batch, or null. */
  batch(index: number): BatchView | null {
    const batch = this.#core.batches.find(index)
    return batch === undefined ? null : batchView(this.#core, batch)
  }
}
