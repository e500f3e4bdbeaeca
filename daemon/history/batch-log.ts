// What became of each batch, by the tape's events, and by the settlement layer in between.
import type { Engine, Event } from '../../matching/index.ts'
import type { RpcBatch, RpcTradeState } from '../../protocol/rpc.ts'
import type { Applied } from '../replica/types.ts'
import { part, type Store } from './store.ts'

/** Settled batches that stay in memory. */
const keepSettled = 256

export type BatchWay = { state: RpcTradeState; transaction: string | null }

export class BatchLog {
  readonly #store: Store
  readonly #batches = new Map<number, RpcBatch>()
  readonly #listeners = new Set<(batch: RpcBatch) => void>()
  #changed = new Set<number>()
  /** By number: trades of it before this tape index never happened. The chain's void of a batch
   * takes all after it along, and their numbers are given again. */
  readonly #reverted = new Map<number, number>()
  #voidedAt = -1
  #open = 1
  #lastSettled = 0

  constructor({ store }: { store: Store }) {
    this.#store = store
  }

  async load(): Promise<void> {
    const found = await this.#store.range({ prefix: 'b/', newestFirst: true, limit: keepSettled })
    for (const { value } of found.reverse()) {
      const batch = readBatch(value)
      this.#batches.set(batch.index, batch)
      this.#open = batch.index
      if (batch.state === 'final') this.#lastSettled = batch.index
    }
    const reverted = { prefix: 'r/', limit: Number.MAX_SAFE_INTEGER }
    for (const { key, value } of await this.#store.range(reverted)) {
      if (typeof value === 'number') this.#reverted.set(Number(key), value)
    }
  }

  /** Told of each batch that changed its state, until the returned function is called. */
  onstate(listener: (batch: RpcBatch) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get open(): number {
    return this.#open
  }

  get lastSettled(): number {
    return this.#lastSettled
  }

  get unsettled(): number {
    let count = 0
    for (const { state, fills, withdrawals } of this.#batches.values()) {
      if (state !== 'final' && state !== 'reverted' && fills + withdrawals > 0) count++
    }
    return count
  }

  /** How many of those in memory are in each state that is not final. */
  get underWay(): Record<Exclude<RpcBatch['state'], 'final'>, number> {
    const counts = {
      open: 0,
      closed: 0,
      sealed: 0,
      attested: 0,
      submitted: 0,
      mined: 0,
      reverted: 0
    }
    for (const { state } of this.#batches.values()) if (state !== 'final') counts[state]++
    return counts
  }

  /** Begins from what the engine has: events before were not seen. */
  seed(engine: Engine): void {
    for (const view of engine.batches()) {
      this.#batches.set(view.index, {
        ...newBatch(view.index),
        state: view.state,
        fills: view.fills.length,
        withdrawals: view.withdrawals.length,
        accounts: view.accounts.length,
        cosigned: view.cosigns.length,
        link: hexOf(view.link),
        openedAt: view.openedAt,
        closedAt: view.closedAt,
        sealedAt: view.sealedAt * 1000
      })
      this.#open = view.index
      this.#changed.add(view.index)
    }
    this.#write()
  }

  take(event: Event, { index, cut }: Applied, engine: Engine): void {
    switch (event.kind) {
      case 'traded':
      case 'withdrawn': {
        const batch = this.#of(this.#open)
        if (event.kind === 'traded') batch.fills++
        else batch.withdrawals++
        if (batch.openedAt === 0) batch.openedAt = cut.time
        this.#changed.add(batch.index)
        return
      }
      case 'batchClosed': {
        this.#open = event.batch + 1
        const accounts = engine.batch(event.batch)?.accounts.length ?? 0
        const { fills, withdrawals } = event
        this.#set(event.batch, 'closed', { closedAt: cut.time, fills, withdrawals, accounts })
        return
      }
      case 'batchSealed':
        this.#set(event.batch, 'sealed', { sealedAt: event.sealedAt * 1000 })
        return
      case 'cosigned': {
        this.#of(event.batch).cosigned++
        this.#changed.add(event.batch)
        return
      }
      case 'attested': {
        if (event.void) return
        this.#of(event.batch).attestations++
        this.#changed.add(event.batch)
        return
      }
      case 'batchAttested':
        this.#set(event.batch, 'attested', {
          link: hexOf(engine.batch(event.batch)?.link ?? null)
        })
        return
      case 'batchSettled':
        this.#lastSettled = event.batch
        this.#set(event.batch, 'final', { submitter: engine.address(event.submitter) })
        return
      case 'batchReverted':
        this.#revert(event.batch, index)
        return
      default:
    }
  }

  /** The first that a void names is the voided one; those after it go with it. */
  #revert(batch: number, index: number): void {
    this.#reverted.set(batch, index)
    this.#store.put(`r/${part(batch)}`, index)
    this.#set(batch, 'reverted', {})
    if (this.#voidedAt !== index) {
      this.#voidedAt = index
      this.#open = batch + 1
      return
    }
    // The number is given again: nothing of this batch may count for the next.
    this.#batches.delete(batch)
    this.#changed.delete(batch)
    this.#store.delete(`b/${part(batch)}`)
    if (batch === this.#open) this.#of(batch)
  }

  /** What the settlement layer knows of an attested batch. */
  onChain(
    index: number,
    known: {
      state: 'submitted' | 'mined' | 'final' | 'reverted'
      transaction: string | null
      gas: number | null
    }
  ): void {
    const batch = this.#batches.get(index)
    // What the chain knows is of a batch that had the number before a void.
    if (batch === undefined || isBeforeChain(batch)) return
    const isFound = batch.transaction === null && known.transaction !== null
    batch.transaction = known.transaction ?? batch.transaction
    batch.gas = known.gas ?? batch.gas
    // Final is what the tape says, not what the chain's node says.
    const isUnderWay = ['attested', 'submitted', 'mined'].includes(batch.state)
    const state = known.state === 'submitted' || known.state === 'mined' ? known.state : batch.state
    const isNew = this.#set(index, isUnderWay ? state : batch.state, {})
    // Whoever was told of a final trade without its transaction is told once more.
    if (isFound && !isNew) this.#tell(batch)
    this.#write()
  }

  /** After a block: what changed goes to disk, and whoever listens is told. */
  blockEnd(): void {
    if (this.#changed.size > 0) this.#write()
  }

  /** Newest first. */
  async page(count: number, before: number | null): Promise<RpcBatch[]> {
    const range = before === null ? {} : { below: part(before) }
    const found = await this.#store.range({
      prefix: 'b/',
      newestFirst: true,
      limit: count,
      ...range
    })
    return found.map(({ value }) => readBatch(value))
  }

  async get(index: number): Promise<RpcBatch | null> {
    const known = this.#batches.get(index)
    if (known !== undefined) return known
    const value = await this.#store.get(`b/${part(index)}`)
    return value === null ? null : readBatch(value)
  }

  /** The state of a trade of this batch, on the tape at `at`. Batches that have left the memory are
   * settled. */
  stateOf(index: number, at: number): RpcTradeState {
    if (this.#isReverted(index, at)) return 'reverted'
    const batch = this.#batches.get(index)
    if (batch === undefined) return index < this.#open ? 'final' : 'matched'
    return tradeState(batch)
  }

  #isReverted(index: number, at: number): boolean {
    return at < (this.#reverted.get(index) ?? -1)
  }

  /** The same with the batch's transaction; null when it has left the memory. */
  way(index: number, at: number): BatchWay | null {
    if (this.#isReverted(index, at)) return { state: 'reverted', transaction: null }
    const batch = this.#batches.get(index)
    if (batch !== undefined) return { state: tradeState(batch), transaction: batch.transaction }
    return index < this.#open ? null : { state: 'matched', transaction: null }
  }

  async oldWay(index: number, at: number): Promise<BatchWay> {
    const batch = await this.get(index)
    if (batch === null) return { state: this.stateOf(index, at), transaction: null }
    return { state: tradeState(batch), transaction: batch.transaction }
  }

  #of(index: number): RpcBatch {
    const known = this.#batches.get(index)
    if (known !== undefined) return known
    const batch = newBatch(index)
    this.#batches.set(index, batch)
    return batch
  }

  /** @returns whether the state is another one */
  #set(index: number, state: RpcBatch['state'], fields: Partial<RpcBatch>): boolean {
    const batch = this.#of(index)
    const isNew = batch.state !== state
    Object.assign(batch, fields)
    batch.state = state
    this.#changed.add(index)
    if (isNew) this.#tell(batch)
    return isNew
  }

  #tell(batch: RpcBatch): void {
    for (const listener of this.#listeners) listener(batch)
  }

  #write(): void {
    for (const index of this.#changed) {
      const batch = this.#batches.get(index)
      if (batch !== undefined) this.#store.put(`b/${part(index)}`, batch)
    }
    this.#changed = new Set()
    for (const [index, { state }] of this.#batches) {
      if (this.#batches.size <= keepSettled) return
      if (state === 'final' || state === 'reverted') this.#batches.delete(index)
    }
  }
}

function isBeforeChain({ state }: RpcBatch): boolean {
  return state === 'open' || state === 'closed' || state === 'sealed'
}

function tradeState({ state }: RpcBatch): RpcTradeState {
  return state === 'open' || state === 'closed' ? 'matched' : state
}

function newBatch(index: number): RpcBatch {
  return {
    index,
    state: 'open',
    fills: 0,
    withdrawals: 0,
    accounts: 0,
    cosigned: 0,
    attestations: 0,
    link: null,
    openedAt: 0,
    closedAt: 0,
    sealedAt: 0,
    submitter: null,
    transaction: null,
    gas: null
  }
}

/** Written by this program; earlier versions left out the 0x of a link. */
function readBatch(value: unknown): RpcBatch {
  const batch = value as RpcBatch
  return { ...batch, link: hexOf(batch.link) }
}

/** As the engine has it, without 0x, or as it is told. */
function hexOf(link: string | null): string | null {
  return link === null || link.startsWith('0x') ? link : `0x${link}`
}
