// Phase 1 for entries: lanes open, accounts link, and nonces are consumed in log order
// (docs/matching.md, section 3, steps 4 and 5).

import type { BlockEntries } from './block-entries.ts'
import type { Core } from './core.ts'
import { accountIn, reject } from './entry.ts'
import type { Entry } from './entry.ts'
import { phasesOf } from './entry-phases.ts'
import { LINKED, OPENED } from './event-writer.ts'
import type { NamedOrders } from './named-orders.ts'
import {
  BAD_OPEN,
  BAD_SIGNATURE,
  BOND_TOO_SMALL,
  EXPIRED,
  LANE_ALREADY_OPEN,
  LANE_MOVED,
  LANE_NOT_OPEN,
  NONCE_USED,
  NOT_ADMITTED,
  NOT_AUTHORISED,
  NOT_LINKED,
  QUOTA,
  UNKNOWN_MARKET,
  VENUE_FULL
} from './reasons.ts'
import type { Address, EntryInput } from './types.ts'

type LinkInput = Extract<EntryInput, { kind: 'link' }>
type SpendingInput = Extract<EntryInput, { kind: 'place' | 'quote' | 'amend' | 'withdraw' }>

export class Admission {
  readonly #core: Core
  readonly #admitted: Set<Address> | null
  /** lastNonce of an account that consumed one, as it was before step 5, and in which block that was,
   * counted from 1. */
  #before = new Float64Array(16)
  #consumed = new Int32Array(16)
  #block = 0
  /** Orders and withdrawals of this block by account. */
  readonly #counts = new Map<number, number>()

  constructor(core: Core) {
    this.#core = core
    const { admission } = core.config
    this.#admitted = admission === null ? null : new Set(admission)
  }

  startBlock(): void {
    this.#block++
    this.#counts.clear()
  }

  nonceBefore(account: number): number {
    if (account === -1) return 0
    const { lastNonce } = this.#core.accounts
    return this.#consumed[account] === this.#block ? this.#before[account] : lastNonce[account]
  }

  openAndLink({ lanes, list }: BlockEntries): void {
    for (const { lane, from, to } of lanes) {
      const state = this.#core.lanes.list[lane]
      for (let number = from; number < to; number++) {
        const { input } = list[number]
        const isFirst = !state.begun
        state.begun = true
        if (input.kind === 'link') this.#link(list[number], input)
        if (input.kind !== 'open') continue
        if (!isFirst) {
          reject(this.#core, list[number], LANE_ALREADY_OPEN)
        } else if (!input.valid) {
          reject(this.#core, list[number], BAD_OPEN)
        } else {
          state.open = true
          this.#core.events.add(OPENED, lane, 0, 0, 0, 0)
        }
      }
    }
  }

  #link(entry: Entry, input: LinkInput): void {
    const core = this.#core
    const { accounts } = core
    // An earlier link of this block may have brought the account in.
    entry.account = accounts.find(input.account)
    if (!core.lanes.list[entry.lane].open) return reject(core, entry, LANE_NOT_OPEN)
    if (input.signer !== input.account) return reject(core, entry, BAD_SIGNATURE)
    if (core.seconds >= input.expiry) return reject(core, entry, EXPIRED)
    if (this.#admitted !== null && !this.#admitted.has(input.account)) {
      return reject(core, entry, NOT_ADMITTED)
    }
    const lastNonce = entry.account === -1 ? 0 : accounts.lastNonce[entry.account]
    if (input.nonce <= lastNonce) return reject(core, entry, NONCE_USED)
    if (entry.account === -1) {
      // A key costs nothing and an account is state for ever, so where bonds are asked for only a
      // deposit brings one in.
      if (core.config.bond !== null) return reject(core, entry, BOND_TOO_SMALL)
      if (accounts.count >= core.config.accountsMax) return reject(core, entry, VENUE_FULL)
    }
    const account = core.account(input.account)
    entry.account = account
    accounts.lastNonce[account] = input.nonce
    const before = accounts.lane[account]
    accounts.lane[account] = entry.lane
    if (before !== -1 && before !== entry.lane) {
      for (const index of core.liveOf(account)) core.cancel(index, LANE_MOVED)
    }
    core.events.add(LINKED, account, entry.lane, 0, input.nonce, 0)
  }

  /** Finds the entries' accounts and phases, decides what phases 3 to 5 may not, and consumes the
   * nonces of the rest. */
  consumeNonces(entries: BlockEntries, named: NamedOrders): void {
    const { lanes, list } = entries
    this.#reserveAccounts()
    const { accounts } = this.#core
    for (const { from, to } of lanes) {
      for (let number = from; number < to; number++) {
        const entry = list[number]
        const { input } = entry
        const address = accountIn(input)
        if (address !== null) entry.account = accounts.find(address)
        entries.setPhases(number, phasesOf(input, this.nonceBefore(entry.account)))
        if (
          input.kind === 'place' ||
          input.kind === 'quote' ||
          input.kind === 'amend' ||
          input.kind === 'withdraw'
        ) {
          entry.reason = this.#consume(entry, input)
        } else if (input.kind === 'cancel') {
          named.add(entry, input.nonces)
        }
      }
    }
  }

  #reserveAccounts(): void {
    const room = this.#core.accounts.lane.length
    if (room === this.#consumed.length) return
    this.#before = new Float64Array(room)
    this.#consumed = new Int32Array(room)
  }

  #consume(entry: Entry, input: SpendingInput): number {
    const core = this.#core
    const { accounts } = core
    if (!core.lanes.list[entry.lane].open) return LANE_NOT_OPEN
    if (input.signer === null) return BAD_SIGNATURE
    const market = 'order' in input ? input.order.market : 'market' in input ? input.market : 0
    if (input.kind === 'withdraw' ? input.token >= core.config.tokens : !core.markets[market]) {
      return UNKNOWN_MARKET
    }
    if (!this.#authorised(entry, input, input.signer, market)) return NOT_AUTHORISED
    const { account } = entry
    if (account === -1 || accounts.lane[account] !== entry.lane) return NOT_LINKED
    const before = accounts.lastNonce[account]
    const last = lastOf(input, before)
    if (last === -1) return NONCE_USED
    if (this.#consumed[account] !== this.#block) {
      this.#consumed[account] = this.#block
      this.#before[account] = before
    }
    accounts.lastNonce[account] = last
    return this.#countBond(account, input.kind === 'quote' ? input.orders.length : 1)
  }

  /** By the account, or (orders only) by a delegate whose grant is noted in the entry. */
  #authorised(entry: Entry, input: SpendingInput, signer: Address, market: number): boolean {
    const core = this.#core
    const owner = 'order' in input ? input.order.account : input.account
    if (signer === owner) return true
    if (input.kind === 'withdraw' || entry.account === -1) return false
    const delegate = core.accounts.find(signer)
    if (delegate === -1) return false
    const { id } = core.markets[market]
    const until = core.grants.until(entry.account, delegate, id, core.time)
    if (until === 0) return false
    entry.delegate = delegate
    entry.delegateUntil = until
    return true
  }

  #countBond(account: number, orders: number): number {
    const { bond } = this.#core.config
    if (bond === null) return 0
    const count = (this.#counts.get(account) ?? 0) + orders
    this.#counts.set(account, count)
    const settled = this.#core.ledger.settled(account, bond.token)
    if (settled < bond.min) return BOND_TOO_SMALL
    const allowed = Math.floor(settled / bond.min) * bond.entriesPerCutPerBond
    return count > allowed ? QUOTA : 0
  }
}

/** The last of an entry's nonces; -1 when they do not ascend from above the one before. */
function lastOf(input: SpendingInput, before: number): number {
  if (input.kind !== 'quote') {
    const nonce = input.kind === 'withdraw' ? input.nonce : input.order.nonce
    return nonce > before ? nonce : -1
  }
  let last = before
  for (const { nonce } of input.orders) {
    if (nonce <= last) return -1
    last = nonce
  }
  return last
}
