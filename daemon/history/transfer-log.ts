// Deposits, withdrawals and exits of the hosted accounts, as the tape tells of them.
import type { Engine, Event } from '../../matching/index.ts'
import { decodeChainEvent } from '../../protocol/chain-events.ts'
import type { Address } from '../../protocol/types.ts'
import type { Applied } from '../replica/types.ts'
import { part, type Store } from './store.ts'
import type { TransferRecord } from './types.ts'

export class TransferLog {
  readonly #store: Store
  /** Those that something is still to happen to, oldest first. */
  #open: TransferRecord[] = []

  constructor({ store }: { store: Store }) {
    this.#store = store
  }

  async load(accounts: readonly Address[]): Promise<void> {
    this.#open = []
    for (const account of accounts) {
      const prefix = `x/${account}/`
      const found = await this.#store.range({ prefix, limit: Number.MAX_SAFE_INTEGER })
      for (const { value } of found) {
        // Written by this program, in this version.
        const transfer = value as TransferRecord
        if (isOpen(transfer)) this.#open.push(transfer)
      }
    }
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
      case 'withdrawn':
      case 'exitRequested': {
        const account = engine.address(event.account)
        if (!hosts(account)) return
        const { index, cut } = applied
        const { token } = event
        const common = { account, token, time: cut.time, index, event: number }
        if (event.kind === 'deposited') {
          return this.#add({ ...common, ...deposit, quanta: event.quanta })
        }
        if (event.kind === 'withdrawn') {
          const { nonce, quanta } = event
          return this.#add({ ...common, ...withdrawal, quanta, nonce, batch })
        }
        const readyAt = readyAtOf(applied, account, token)
        const { settled } = engine.balances(account)[token]
        return this.#add({ ...common, ...exit, quanta: settled, readyAt })
      }
      case 'exitCancelled':
        return this.#end(engine.address(event.account), event.token, 'exit', 'reverted', null)
      case 'exitClaimed':
        return this.#end(engine.address(event.account), event.token, 'exit', 'final', event.quanta)
      case 'claimed':
        return this.#claimed(engine.address(event.account), event.token)
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
    return found.map(({ value }) => value as TransferRecord)
  }

  #add(transfer: TransferRecord): void {
    if (isOpen(transfer)) this.#open.push(transfer)
    this.#put(transfer)
  }

  /** The vault pays out everything that is claimable at once. */
  #claimed(account: Address, token: number): void {
    for (const transfer of this.#open.slice()) {
      if (transfer.account !== account || transfer.token !== token) continue
      if (transfer.state === 'claimable') this.#finish(transfer, 'claimed')
    }
  }

  #end(
    account: Address,
    token: number,
    kind: TransferRecord['kind'],
    state: TransferRecord['state'],
    quanta: number | null
  ): void {
    const found = this.#open.find(
      (each) => each.account === account && each.token === token && each.kind === kind
    )
    if (found === undefined) return
    found.quanta = quanta ?? found.quanta
    this.#finish(found, state)
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

/** Milliseconds since 1970; the engine's event does not carry it, the vault's does. */
function readyAtOf({ cut }: Applied, account: Address, token: number): number | null {
  for (const bytes of cut.events) {
    const event = decodeChainEvent(bytes)
    if (event.kind !== 'exitRequested') continue
    if (event.account === account && event.token === token) return event.readyAt * 1000
  }
  return null
}
