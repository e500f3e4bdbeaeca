// The names that clients gave to withdrawals, and what the tape says became of each. The name comes
// before the entry goes into the lane; its end comes with the block, in the same write as all else
// of the block, so that a block is never passed over that had it.
import type { Engine, Event, Reason } from '../../matching/index.ts'
import { orderKey } from '../../protocol/order.ts'
import type { Address } from '../../protocol/types.ts'
import type { ClientWithdrawal, ClientWithdrawals, WithdrawalEnd } from '../trading/withdrawing.ts'
import { part, type Store } from './store.ts'

/** The same nonce may have come to stand for another name, after a crash. */
type StoredEnd = WithdrawalEnd & { clientRequestId: string }

const accepted: WithdrawalEnd = { state: 'accepted', reason: null }

export class RequestLog implements ClientWithdrawals {
  readonly #store: Store
  readonly #onkeep: (withdrawal: ClientWithdrawal) => void
  /** By account and nonce: those of which the tape has said nothing. */
  readonly #open = new Map<string, ClientWithdrawal>()
  readonly #listeners = new Map<string, Set<() => void>>()
  /** Names that came since the last sync began. */
  #unsynced: ClientWithdrawal[] = []

  constructor({ store, onkeep }: { store: Store; onkeep: (withdrawal: ClientWithdrawal) => void }) {
    this.#store = store
    this.#onkeep = onkeep
  }

  async load(): Promise<void> {
    const open = await this.#store.range({ prefix: 'w/', limit: Number.MAX_SAFE_INTEGER })
    for (const { key, value } of open) {
      // Written by this program, in this version.
      const withdrawal = value as ClientWithdrawal
      if ((await this.endOf(withdrawal)) === null) this.#note(withdrawal)
      else this.#store.delete(`w/${key}`)
    }
  }

  async find(account: Address, id: string): Promise<ClientWithdrawal | null> {
    // Written by this program, in this version.
    return (await this.#store.get(`q/${account}/${id}`)) as ClientWithdrawal | null
  }

  async endOf({ account, clientRequestId, nonce }: ClientWithdrawal) {
    for (const kind of ['z', 'g']) {
      // Written by this program, in this version.
      const end = (await this.#store.get(`${kind}/${account}/${part(nonce)}`)) as StoredEnd | null
      if (end?.clientRequestId === clientRequestId) return { state: end.state, reason: end.reason }
    }
    return null
  }

  onend(withdrawal: ClientWithdrawal, listener: () => void): () => void {
    const key = keyOf(withdrawal)
    if (!this.#open.has(key)) {
      listener()
      return () => {}
    }
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  keep(withdrawal: ClientWithdrawal): void {
    this.#onkeep(withdrawal)
    this.restore(withdrawal)
  }

  /** A name out of the journal, or a new one. */
  restore(withdrawal: ClientWithdrawal): void {
    const { account, clientRequestId, nonce } = withdrawal
    this.#unsynced.push(withdrawal)
    this.#note(withdrawal)
    this.#store.put(`q/${account}/${clientRequestId}`, withdrawal)
    this.#store.put(`w/${account}/${part(nonce)}`, withdrawal)
  }

  #note(withdrawal: ClientWithdrawal): void {
    this.#open.set(keyOf(withdrawal), withdrawal)
  }

  /** Of which the tape has said nothing, as far as is known: their nonces are theirs. */
  get open(): Iterable<ClientWithdrawal> {
    return this.#open.values()
  }

  /** A withdrawal that the engine took. What it refused is told to who sent it: anybody's entry may
   * name an account and a nonce, and be refused. */
  take({ account, nonce, token, quanta }: Event & { kind: 'withdrawn' }, engine: Engine): void {
    if (this.#open.size === 0) return
    const named = this.#open.get(orderKey(engine.address(account), nonce))
    if (named?.token === token && named.quanta === quanta) this.#end(named, accepted)
  }

  reject(withdrawal: ClientWithdrawal, reason: Reason): void {
    if (this.#open.has(keyOf(withdrawal))) this.#end(withdrawal, { state: 'rejected', reason })
  }

  /** Blocks were passed over: what has used its nonce in them may have been taken. One that came
   * back out of the journal may have an end from before, which counts for more. */
  passedOver(engine: Engine): void {
    for (const withdrawal of this.#open.values()) {
      const { account, nonce } = withdrawal
      const isUsed = nonce <= (engine.account(account)?.lastNonce ?? 0)
      if (isUsed) this.#end(withdrawal, { state: 'unknown', reason: null })
    }
  }

  #end(withdrawal: ClientWithdrawal, end: WithdrawalEnd): void {
    const { account, clientRequestId, nonce } = withdrawal
    const key = keyOf(withdrawal)
    this.#open.delete(key)
    const kind = end.state === 'unknown' ? 'g' : 'z'
    this.#store.put(`${kind}/${account}/${part(nonce)}`, { ...end, clientRequestId })
    this.#store.delete(`w/${account}/${part(nonce)}`)
    const listeners = this.#listeners.get(key) ?? []
    this.#listeners.delete(key)
    for (const listener of listeners) listener()
  }

  /** Names that only the journal is sure to have. */
  get unsynced(): readonly ClientWithdrawal[] {
    return this.#unsynced
  }

  /** `sync` brings all that was put to the disk itself. */
  async synced(sync: () => Promise<void>): Promise<void> {
    const before = this.#unsynced
    this.#unsynced = []
    try {
      await sync()
    } catch (fault) {
      this.#unsynced = [...before, ...this.#unsynced]
      throw fault
    }
  }
}

function keyOf({ account, nonce }: ClientWithdrawal): string {
  return orderKey(account, nonce)
}
