// Deposits, withdrawals and exits of the hosted accounts, as the tape tells of them.
import type { Engine, Event } from '../../matching/index.ts'
import type { Address } from '../../protocol/types.ts'
import type { SeenMove } from '../chain/seen-batch.ts'
import type { Applied } from '../replica/types.ts'
import { part, type Store } from './store.ts'
import type { TransferRecord } from './types.ts'
import { VaultMoves, type VaultStep } from './vault-moves.ts'

/** Steps of transfers whose transaction is still waited for. */
const LATE_MAX = 1024

export class TransferLog {
  readonly #store: Store
  /** Those that something is still to happen to, oldest first. */
  #open: TransferRecord[] = []
  readonly #moves = new VaultMoves()
  /** By the vault's number of the step: the tape was faster than this daemon's RPC. */
  readonly #late = new Map<number, TransferRecord[]>()

  constructor({ store }: { store: Store }) {
    this.#store = store
  }

  async load(accounts: readonly Address[]): Promise<void> {
    this.#open = []
    for (const account of accounts) {
      const prefix = `x/${account}/`
      const found = await this.#store.range({ prefix, limit: Number.MAX_SAFE_INTEGER })
      for (const { value } of found) {
        const transfer = readTransfer(value)
        if (isOpen(transfer)) this.#open.push(transfer)
      }
    }
  }

  /** What the chain's follower found: on the tape soon, or already. */
  seen(move: SeenMove): void {
    this.#moves.add(move)
    for (const transfer of this.#late.get(move.sequence) ?? []) {
      transfer.transaction = move.transaction
      this.#put(transfer)
    }
    this.#late.delete(move.sequence)
  }

  /** An account's deposits and requests of exits that are on the chain, and not yet on the tape. */
  mined(account: Address): SeenMove[] {
    return this.#moves
      .of(account)
      .filter(({ event }) => event === 'deposited' || event === 'exitRequested')
  }

  /** `hosts` tells whether an account is the daemon's own. */
  take(
    event: Event,
    number: number,
    applied: Applied,
    { engine, batch, hosts }: { engine: Engine; batch: number; hosts(account: Address): boolean }
  ): void {
    switch (event.kind) {
      case 'deposited':
      case 'exitRequested':
      case 'exitCancelled':
      case 'exitClaimed':
      case 'claimed': {
        const { kind, token } = event
        const account = engine.address(event.account)
        const step = this.#moves.take(applied, { kind, account, token })
        if (!hosts(account)) return
        const common = {
          account,
          token,
          transaction: step?.transaction ?? null,
          time: applied.cut.time,
          index: applied.index,
          event: number
        }
        const changed = this.#step(event, common, step?.readyAt ?? null, engine)
        if (step !== null && step.transaction === null) this.#waits(step, changed)
        return
      }
      case 'withdrawn': {
        const account = engine.address(event.account)
        if (!hosts(account)) return
        const { token, nonce, quanta } = event
        const at = { time: applied.cut.time, index: applied.index, event: number }
        this.#add({ account, token, transaction: null, ...at, ...withdrawal, quanta, nonce, batch })
        return
      }
      case 'batchSettled':
        for (const transfer of this.#open) {
          if (transfer.kind !== 'withdrawal' || transfer.batch !== event.batch) continue
          if (transfer.state !== 'pending') continue
          transfer.state = 'claimable'
          this.#put(transfer)
        }
        return
      case 'batchReverted':
        for (const transfer of this.#open.slice()) {
          if (transfer.kind !== 'withdrawal' || transfer.batch !== event.batch) continue
          this.#finish(transfer, 'reverted')
        }
        return
      default:
    }
  }

  async page(account: Address, count: number): Promise<TransferRecord[]> {
    const prefix = `x/${account}/`
    const found = await this.#store.range({ prefix, newestFirst: true, limit: count })
    return found.map(({ value }) => readTransfer(value))
  }

  /** One step of the vault. Returns the transfers that took it. */
  #step(
    event: Extract<Event, { kind: SeenMove['event'] }>,
    common: Pick<TransferRecord, 'account' | 'token' | 'transaction' | 'time' | 'index' | 'event'>,
    readyAt: number | null,
    engine: Engine
  ): TransferRecord[] {
    const { account, token, transaction } = common
    switch (event.kind) {
      case 'deposited':
        return this.#add({ ...common, ...deposit, quanta: event.quanta })
      case 'exitRequested': {
        const { settled } = engine.balances(account)[token]
        return this.#add({ ...common, ...exit, quanta: settled, readyAt })
      }
      case 'exitCancelled':
        return this.#ends(common, 'delayed', { state: 'cancelled', transaction })
      case 'exitClaimed':
        return this.#ends(common, 'delayed', {
          state: 'final',
          transaction,
          quanta: event.quanta
        })
      case 'claimed':
        // The vault pays out everything that is claimable at once.
        return this.#ends(common, 'claimable', { state: 'claimed', transaction })
    }
  }

  #waits({ sequence }: VaultStep, transfers: TransferRecord[]): void {
    if (transfers.length === 0) return
    this.#late.set(sequence, transfers)
    if (this.#late.size > LATE_MAX) this.#late.delete(Math.min(...this.#late.keys()))
  }

  #add(transfer: TransferRecord): TransferRecord[] {
    if (isOpen(transfer)) this.#open.push(transfer)
    this.#put(transfer)
    return [transfer]
  }

  /** Those of an account and token that are in this state. */
  #ends(
    { account, token }: Pick<TransferRecord, 'account' | 'token'>,
    from: TransferRecord['state'],
    end: Partial<TransferRecord> & Pick<TransferRecord, 'state'>
  ): TransferRecord[] {
    const found = this.#open.filter(
      (each) => each.account === account && each.token === token && each.state === from
    )
    for (const transfer of found) {
      Object.assign(transfer, end)
      this.#finish(transfer, end.state)
    }
    return found
  }

  #finish(transfer: TransferRecord, state: TransferRecord['state']): void {
    transfer.state = state
    this.#open = this.#open.filter((each) => each !== transfer)
    this.#put(transfer)
  }

  #put(transfer: TransferRecord): void {
    const { account, index, event } = transfer
    this.#store.put(`x/${account}/${part(index)}/${part(event)}`, transfer)
  }
}

const none = { nonce: null, batch: null, readyAt: null }
const deposit = { ...none, kind: 'deposit', state: 'final' } as const
const withdrawal = { ...none, kind: 'withdrawal', state: 'pending' } as const
const exit = { ...none, kind: 'exit', state: 'delayed' } as const

function isOpen({ state }: TransferRecord): boolean {
  return state === 'pending' || state === 'claimable' || state === 'delayed'
}

/** Written by this program; before there was a transaction in it, none was known. */
function readTransfer(value: unknown): TransferRecord {
  const transfer = value as TransferRecord
  return { ...transfer, transaction: transfer.transaction ?? null }
}
