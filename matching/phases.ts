// A block, step by step (docs/matching.md, section 3).

import { takeFired } from './activation.ts'
import { Admission } from './admission.ts'
import { amend } from './amend.ts'
import { BlockEntries } from './block-entries.ts'
import { applyChainEvent } from './chain.ts'
import type { Core } from './core.ts'
import { cosign } from './cosign.ts'
import { draftOrder, reject, rejectNonce } from './entry.ts'
import type { Entry } from './entry.ts'
import { PHASE_FIVE, PHASE_FOUR, PHASE_THREE, PHASE_TWO } from './entry-phases.ts'
import { LEASE_RENEWED, PROTECT_SET, TRIGGERED } from './event-writer.ts'
import { enterWaiting } from './matcher.ts'
import { NamedOrders } from './named-orders.ts'
import type { NonceIndex } from './nonce-index.ts'
import { FLAGS, ORDER, LEASED, OWNER, PENDING, PRICE, SELL, STATE_MASK } from './orders.ts'
import { place } from './place.ts'
import { quote } from './quote.ts'
import {
  BAD_SIGNATURE,
  EXPIRED,
  LANE_NOT_OPEN,
  LEASE_LAPSED,
  NOT_AUTHORISED,
  NOT_LINKED,
  PRICE_BAND,
  REQUESTED,
  UNKNOWN_MARKET,
  UNKNOWN_ORDER
} from './reasons.ts'
import { attest, closeAndSeal } from './settlement.ts'
import { judgeStop } from './stop-rule.ts'
import type { BlockInput, EntryInput, Hash256, OrderInput } from './types.ts'
import { withdraw } from './withdraw.ts'

type CancelInput = Extract<EntryInput, { kind: 'cancel' }>
type CancelAllInput = Extract<EntryInput, { kind: 'cancelAll' }>

export class Phases {
  readonly #core: Core
  readonly #nonces: NonceIndex
  readonly #hash: Hash256
  readonly #admission: Admission
  readonly #entries = new BlockEntries()
  readonly #named: NamedOrders
  /** Id of the first order that this block accepts. */
  #firstId = 1

  constructor(core: Core, nonces: NonceIndex, hash: Hash256) {
    this.#core = core
    this.#nonces = nonces
    this.#hash = hash
    this.#admission = new Admission(core)
    this.#named = new NamedOrders(core, nonces)
  }

  run(block: BlockInput): void {
    const core = this.#core
    this.#firstId = core.nextId
    this.#admission.startBlock()
    core.quoted.clear()
    for (const event of block.chain) applyChainEvent(core, event)
    this.#expireOrders()
    this.#lapseLeases()
    const entries = this.#entries
    entries.read(core, block, this.#hash)
    this.#admission.openAndLink(entries)
    this.#named.startBlock()
    this.#admission.consumeNonces(entries, this.#named)
    closeAndSeal(core)
    judgeStop(core, block.cursor === null ? 0 : block.cursor.blockTime)
    let entry = entries.first(PHASE_TWO)
    for (; entry !== null; entry = entries.next()) this.#phaseTwo(entry)
    this.#named.look()
    entry = entries.first(PHASE_THREE)
    for (; entry !== null; entry = entries.next()) this.#phaseThree(entry)
    entry = entries.first(PHASE_FOUR)
    for (; entry !== null; entry = entries.next()) this.#phaseFour(entry)
    entry = entries.first(PHASE_FIVE)
    for (; entry !== null; entry = entries.next()) this.#phaseFive(entry)
    this.#activate()
  }

  /** Seconds are whole, so this scans the pool at most once a second, and only when some order may
   * have reached its end. */
  #expireOrders(): void {
    const core = this.#core
    if (core.seconds < core.expiryMin) return
    const { pool } = core
    const expired: number[] = []
    let next = Number.MAX_SAFE_INTEGER
    for (let index = 1; index < pool.end; index++) {
      if ((pool.words[index * ORDER + FLAGS] & STATE_MASK) === 0) continue
      const expiry = pool.expiry(index)
      if (expiry <= core.seconds) expired.push(index)
      else if (expiry < next) next = expiry
    }
    core.expiryMin = next
    expired.sort((a, b) => pool.expiry(a) - pool.expiry(b) || pool.id(a) - pool.id(b))
    for (const index of expired) core.expire(index)
  }

  #lapseLeases(): void {
    const core = this.#core
    const lapsed = new Set<number>()
    core.lanes.list.forEach((lane, number) => {
      if (lane.leaseUntil === 0 || lane.leaseUntil > core.time) return
      lane.leaseUntil = 0
      lapsed.add(number)
    })
    if (lapsed.size === 0) return
    const leased: number[] = []
    for (let account = 0; account < core.accounts.count; account++) {
      if (!lapsed.has(core.accounts.lane[account])) continue
      for (const index of core.liveOf(account)) {
        if ((core.pool.words[index * ORDER + FLAGS] & LEASED) !== 0) leased.push(index)
      }
    }
    for (const index of core.byId(leased)) core.cancel(index, LEASE_LAPSED)
  }

  #phaseTwo(entry: Entry): void {
    const core = this.#core
    const input = entry.input
    if (!core.lanes.list[entry.lane].open) return reject(core, entry, LANE_NOT_OPEN)
    switch (input.kind) {
      case 'lease': {
        const until = core.time + input.ttlMs
        core.lanes.list[entry.lane].leaseUntil = until
        return core.events.add(LEASE_RENEWED, entry.lane, 0, 0, until, 0)
      }
      case 'protect':
        if (!this.#linked(entry)) return reject(core, entry, NOT_LINKED)
        if (input.market >= core.markets.length) return reject(core, entry, UNKNOWN_MARKET)
        core.protections.set(entry.account, input.market, input.lots, input.windowMs)
        return core.events.add(
          PROTECT_SET | (input.market << 16),
          entry.account,
          input.lots,
          0,
          input.windowMs,
          0
        )
      case 'cosign': {
        if (input.signer === null) return reject(core, entry, BAD_SIGNATURE)
        if (!this.#linked(entry)) return reject(core, entry, NOT_LINKED)
        const delegate = core.accounts.find(input.signer)
        const isOwner = input.signer === input.account
        if (!isOwner && !core.grants.mayCosign(entry.account, delegate, core.time)) {
          return reject(core, entry, NOT_AUTHORISED)
        }
        return cosign(core, entry, input, this.#admission.nonceBefore(entry.account))
      }
      case 'attest':
        if (input.signer === null) return reject(core, entry, BAD_SIGNATURE)
        return attest(core, entry, input)
    }
  }

  #linked(entry: Entry): boolean {
    return entry.account !== -1 && this.#core.accounts.lane[entry.account] === entry.lane
  }

  /** An amend whose old order stood before this block. */
  #amendsOlder(entry: Entry): boolean {
    const { input } = entry
    return input.kind === 'amend' && input.oldNonce <= this.#admission.nonceBefore(entry.account)
  }

  #phaseThree(entry: Entry): void {
    const core = this.#core
    const input = entry.input
    if (input.kind === 'cancel' || input.kind === 'cancelAll') {
      const refusal = this.#checkCancel(entry, input)
      if (refusal !== 0) reject(core, entry, refusal)
      else if (input.kind === 'cancel') this.#cancelNonces(entry, input, false)
      else this.#cancelAll(entry, input, false)
    } else if (entry.reason !== 0) {
      reject(core, entry, entry.reason)
    } else if (input.kind === 'quote') {
      quote(core, this.#nonces, entry, input)
    } else if (input.kind === 'amend') {
      amend(core, this.#nonces, entry, input, false)
    }
  }

  #checkCancel(entry: Entry, input: CancelInput | CancelAllInput): number {
    const core = this.#core
    if (!core.lanes.list[entry.lane].open) return LANE_NOT_OPEN
    if (!this.#linked(entry)) return NOT_LINKED
    if (input.expiry !== 0 && core.seconds >= input.expiry) return EXPIRED
    if (input.kind === 'cancel' || input.market === null) return 0
    return input.market >= core.markets.length ? UNKNOWN_MARKET : 0
  }

  /** Those that name older orders, or (phase 5) those that name this block's. */
  #cancelNonces(entry: Entry, input: CancelInput, newer: boolean): void {
    const before = this.#admission.nonceBefore(entry.account)
    for (let place = 0; place < input.nonces.length; place++) {
      const nonce = input.nonces[place]
      if (nonce > before !== newer) continue
      const index = newer ? this.#nonces.find(entry.account, nonce) : this.#named.find(entry, place)
      if (index === 0) rejectNonce(this.#core, entry, UNKNOWN_ORDER, nonce)
      else this.#core.cancel(index, REQUESTED)
    }
  }

  #cancelAll(entry: Entry, input: CancelAllInput, newer: boolean): void {
    const core = this.#core
    const { words } = core.pool
    for (const index of core.liveOf(entry.account)) {
      if (core.pool.id(index) >= this.#firstId !== newer) continue
      if (input.market !== null && (words[index * ORDER + OWNER] & 0xff) !== input.market) continue
      const side = (words[index * ORDER + FLAGS] & SELL) !== 0 ? 'sell' : 'buy'
      if (input.side === null || input.side === side) core.cancel(index, REQUESTED)
    }
  }

  #phaseFour(entry: Entry): void {
    if (entry.input.kind === 'place') this.#place(entry, entry.input.order)
    else this.#enterPending(entry, true)
  }

  #phaseFive(entry: Entry): void {
    const core = this.#core
    const input = entry.input
    switch (input.kind) {
      case 'place':
        return this.#place(entry, input.order)
      case 'cancel':
        if (!entry.done) this.#cancelNonces(entry, input, true)
        return
      case 'cancelAll':
        if (!entry.done) this.#cancelAll(entry, input, true)
        return
      case 'withdraw':
        if (entry.reason !== 0) return reject(core, entry, entry.reason)
        return withdraw(core, entry, input)
      case 'amend':
        if (this.#amendsOlder(entry)) return this.#enterPending(entry, false)
        if (entry.reason !== 0) return reject(core, entry, entry.reason)
        return amend(core, this.#nonces, entry, input, true)
      case 'quote':
        return this.#enterPending(entry, false)
    }
  }

  #place(entry: Entry, order: OrderInput): void {
    const core = this.#core
    if (entry.reason !== 0) return reject(core, entry, entry.reason)
    draftOrder(core, entry, order, 0)
    const refusal = place(core)
    if (refusal !== 0) return reject(core, entry, refusal)
    if (core.pool.isLive(core.placed)) this.#nonces.add(entry.account, order.nonce, core.placed)
  }

  /** Orders accepted in phase 3 enter, unless they were cancelled or replaced meanwhile. */
  #enterPending(entry: Entry, postOnly: boolean): void {
    const core = this.#core
    for (const order of entry.pending) {
      if (order.postOnly !== postOnly || core.pool.id(order.index) !== order.id) continue
      const state = core.pool.words[order.index * ORDER + FLAGS] & STATE_MASK
      if (state !== PENDING) continue
      enterWaiting(core, order.index)
      core.closeIfFull()
    }
  }

  /** Triggered orders take their turns. */
  #activate(): void {
    const core = this.#core
    if (core.stopCode !== 0) return
    for (let turn = 0; turn < core.config.triggersPerCutMax; turn++) {
      const index = takeFired(core)
      if (index === 0) return
      const at = index * ORDER
      const { words } = core.pool
      const owner = words[at + OWNER]
      core.events.add(TRIGGERED | ((owner & 0xff) << 16), owner >>> 8, 0, 0, core.pool.id(index), 0)
      const isSell = (words[at + FLAGS] & SELL) !== 0
      if (core.markets[owner & 0xff].outsideBand(isSell, words[at + PRICE] >>> 0)) {
        core.cancel(index, PRICE_BAND)
      } else {
        enterWaiting(core, index)
        core.closeIfFull()
      }
    }
  }
}
