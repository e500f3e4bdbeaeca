// The desk: from intents to signed entries of the lane, and back to what became of them. It gives
// each order its nonce and ring slot, signs it when it holds the key, and answers when the engine
// has spoken. Nothing here decides; the engine does.
import { equalBytes } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { needsSlot } from '../../protocol/order.ts'
import type { Address, Entry, Order, Signature } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { Ticket } from '../lanes/types.ts'
import type { Outcome } from '../outcomes.ts'
import type { Applied } from '../replica/types.ts'
import { HostedAccount } from './hosted-account.ts'
import type { OrderForm } from './order-form.ts'
import { isLive, newRecord, Records, type RecordChange } from './records.ts'
import { TradingFault } from './trading-fault.ts'
import type { AccountSigner, OrderRecord, TradingNode } from './types.ts'

export type DeskOptions = {
  manifest: Manifest
  /** How long a call waits for its outcome. */
  outcomeMs: number
}

export type DeskDependencies = {
  node: TradingNode
  clock: Clock
  find: (applied: Applied, entry: number, ordinal: number) => Order | null
}

export type PlaceOptions = {
  clientOrderId?: string | null
  type?: OrderRecord['type']
}

/** What was sent, and what comes of it. */
export type Sent<T> = {
  value: T
  /** In the journal: it will reach the tape, or the lane is abandoned. */
  journaled: Promise<void>
  /** The engine's answer. @throws TradingFault outcome_unknown */
  outcome: Promise<Outcome>
}

const linkLifeSeconds = 3600

export class Desk {
  readonly #options: DeskOptions
  readonly #node: TradingNode
  readonly #clock: Clock
  readonly #records: Records
  readonly #accounts = new Map<Address, HostedAccount>()
  readonly #listeners: ((changes: RecordChange[], applied: Applied) => void)[] = []

  constructor(options: DeskOptions, { node, clock, find }: DeskDependencies) {
    this.#options = options
    this.#node = node
    this.#clock = clock
    this.#records = new Records({ node, find, onended: (record) => this.#ended(record) })
  }

  /** Follows the engine from here on. */
  open(): void {
    this.#node.onapplied((applied) => this.#applied(applied))
  }

  /** Each block's changes of the hosted accounts' orders, in the order of events. */
  onchanges(listener: (changes: RecordChange[], applied: Applied) => void): void {
    this.#listeners.push(listener)
  }

  get records(): Records {
    return this.#records
  }

  // Accounts

  /** Takes an account in; `signer` null leaves it to orders signed outside. `inLane` are entries
   * of it that the lane holds and the engine has not seen: their nonces are used. */
  host(address: Address, signer: AccountSigner | null, inLane: readonly Entry[] = []): void {
    const { slotsMax } = this.#options.manifest.limits
    const account = new HostedAccount(address, signer, slotsMax)
    account.restore(this.#node.engine)
    this.#accounts.set(address, account)
    this.#records.watch(address)
    for (const order of inLane.flatMap(ordersOf)) {
      if (order.account !== address) continue
      account.consumed(order.nonce)
      this.#remember(account, order, {})
    }
  }

  accounts(): HostedAccount[] {
    return [...this.#accounts.values()]
  }

  /** The account that is meant: the named one, or the only one.
   * @throws TradingFault unknown_account */
  account(address: string | undefined): HostedAccount {
    if (address === undefined) {
      const [only] = this.#accounts.values()
      if (this.#accounts.size === 1) return only
      const words =
        this.#accounts.size === 0 ? 'hosts no account' : 'hosts several accounts: name one'
      throw new TradingFault('unknown_account', `the daemon ${words}`, 'account')
    }
    const account = this.#accounts.get(address.toLowerCase())
    if (account !== undefined) return account
    throw new TradingFault('unknown_account', `the daemon does not host ${address}`, 'account')
  }

  isLinked(address: Address): boolean {
    const { engine, lane } = this.#node
    const number = engine.account(address)?.lane ?? null
    if (number === null) return false
    const linked = engine.lanes().find((each) => each.lane === number)
    return linked !== undefined && equalBytes(linked.key, lane.lane)
  }

  /** Gives the account's trading to this daemon's lane. `signed` comes from a wallet outside.
   * @throws TradingFault account_locked */
  link(
    account: HostedAccount,
    signed: { nonce: number; expiry: number; signature: Signature } | null
  ): Sent<null> {
    const { address } = account
    if (signed !== null) return this.#send({ kind: 'link', account: address, ...signed }, null)
    const nonce = account.nextNonce()
    const expiry = Math.floor(this.#clock.now() / 1000) + linkLifeSeconds
    const { lane } = this.#node.lane
    const digest = this.#node.hasher.linkDigest({ lane, account: address, nonce, expiry })
    const signature = signerOf(account).sign(digest)
    return this.#send({ kind: 'link', account: address, nonce, expiry, signature }, null)
  }

  // Orders

  /** Signs and sends an order.
   * @throws TradingFault account_locked, no_free_slot; DaemonFault, LaneFault */
  place(account: HostedAccount, form: OrderForm, options: PlaceOptions = {}): Sent<OrderRecord> {
    const signer = signerOf(account)
    const order = this.number(account, form)
    try {
      const signature = signer.sign(this.#node.hasher.orderDigest(order))
      return this.#placed(account, order, signature, options)
    } catch (fault) {
      this.#release(account, order)
      throw fault
    }
  }

  /** Gives a form its nonce and slot: what a wallet outside signs. @throws TradingFault no_free_slot */
  number(account: HostedAccount, form: OrderForm): Order {
    const slot = needsSlot(form) ? account.slots.take() : 0
    if (slot === null) throw new TradingFault('no_free_slot')
    return { ...form, account: account.address, nonce: account.nextNonce(), slot }
  }

  /** Sends an order that was signed elsewhere. */
  submitSigned(order: Order, signature: Signature, options: PlaceOptions = {}): Sent<OrderRecord> {
    const account = this.account(order.account)
    account.consumed(order.nonce)
    if (needsSlot(order)) account.slots.hold(order.slot)
    return this.#placed(account, order, signature, options)
  }

  #placed(
    account: HostedAccount,
    order: Order,
    signature: Signature,
    options: PlaceOptions
  ): Sent<OrderRecord> {
    const entry: Entry = { kind: 'place', order, proof: null, signature }
    return this.#sendOrders(entry, () => this.#remember(account, order, options))
  }

  /** Replaces an order; the engine decides whether it keeps its place.
   * @throws TradingFault account_locked, no_free_slot, order_not_found */
  amend(
    account: HostedAccount,
    record: OrderRecord,
    change: { price: number; quantity: number; expiry: number; feeMax: number }
  ): Sent<OrderRecord> {
    if (!isLive(record.state)) throw new TradingFault('order_not_found')
    const signer = signerOf(account)
    const order = this.number(account, { ...record.order, ...change })
    try {
      const signature = signer.sign(this.#node.hasher.orderDigest(order))
      const entry: Entry = {
        kind: 'amend',
        oldNonce: record.order.nonce,
        filledSeen: record.filled,
        order,
        proof: null,
        signature
      }
      const { clientOrderId, type } = record
      return this.#sendOrders(entry, () => this.#remember(account, order, { clientOrderId, type }))
    } catch (fault) {
      this.#release(account, order)
      throw fault
    }
  }

  /** Replaces all quotes of a market by these, under one signature.
   * @throws TradingFault account_locked, no_free_slot */
  quote(account: HostedAccount, market: number, forms: OrderForm[]): Sent<OrderRecord[]> {
    const signer = signerOf(account)
    const orders: Order[] = []
    try {
      for (const form of forms) orders.push(this.number(account, { ...form, quote: true }))
      const signature = signer.sign(this.#node.hasher.quoteDigest(orders))
      const entry: Entry = { kind: 'quote', account: account.address, market, orders, signature }
      return this.#sendOrders(entry, () => orders.map((each) => this.#remember(account, each, {})))
    } catch (fault) {
      for (const order of orders) this.#release(account, order)
      throw fault
    }
  }

  cancel(account: HostedAccount, nonces: number[]): Sent<null> {
    return this.#send({ kind: 'cancel', account: account.address, nonces, expiry: 0 }, null)
  }

  cancelAll(account: HostedAccount, market: number | null, side: Order['side'] | null): Sent<null> {
    const entry: Entry = { kind: 'cancelAll', account: account.address, market, side, expiry: 0 }
    return this.#send(entry, null)
  }

  // Everything else

  /** @throws TradingFault account_locked */
  withdraw(account: HostedAccount, token: number, quanta: number): Sent<number> {
    const signer = signerOf(account)
    const nonce = account.nextNonce()
    const expiry = Math.floor(this.#clock.now() / 1000) + linkLifeSeconds
    const terms = { account: account.address, token, quanta, nonce, expiry }
    const signature = signer.sign(this.#node.hasher.withdrawDigest(terms))
    return this.#send({ kind: 'withdraw', ...terms, signature }, nonce)
  }

  lease(ttlMs: number): Sent<null> {
    return this.#send({ kind: 'lease', ttlMs }, null)
  }

  protect(account: HostedAccount, market: number, lots: number, windowMs: number): Sent<null> {
    const entry: Entry = { kind: 'protect', account: account.address, market, lots, windowMs }
    return this.#send(entry, null)
  }

  // Inside

  /** Sends orders, and keeps their records once they are in the lane. */
  #sendOrders<T extends OrderRecord | OrderRecord[]>(entry: Entry, remember: () => T): Sent<T> {
    const sent = this.#send(entry, null)
    const value = remember()
    const records = Array.isArray(value) ? value : [value]
    // A rejection that names no account (the engine has never seen it) is told by the outcome alone.
    const outcome = sent.outcome.then((told) => {
      if (told.rejected === null) return told
      for (const record of records) {
        this.#records.reject(record, told.rejected, told.index, this.#clock.now())
      }
      return told
    })
    outcome.catch(() => {})
    return { value, journaled: sent.journaled, outcome }
  }

  #send<T>(entry: Entry, value: T): Sent<T> {
    const ticket: Ticket = this.#node.submit(entry)
    const outcome = this.#bounded(this.#node.outcome(ticket))
    // Whoever does not wait for the outcome must not be ended by its failure.
    outcome.catch(() => {})
    return { value, journaled: ticket.journaled, outcome }
  }

  #bounded(outcome: Promise<Outcome>): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(this.#options.outcomeMs, () => {
        reject(new TradingFault('outcome_unknown'))
      })
      outcome.then(resolve, reject).finally(cancel)
    })
  }

  #remember(account: HostedAccount, order: Order, options: PlaceOptions): OrderRecord {
    const { clientOrderId = null, type = 'limit' } = options
    const digest = this.#node.hasher.orderDigest(order)
    const record = newRecord(order, digest, { clientOrderId, type, time: this.#clock.now() })
    if (needsSlot(order)) account.slots.hold(order.slot)
    this.#records.add(record)
    return record
  }

  #applied(applied: Applied): void {
    const changes = this.#records.apply(applied)
    for (const event of applied.result.events) {
      if (event.kind === 'rejected' && event.account !== null && event.nonce > 0) {
        this.#rejected(event.account, event.nonce, event, applied, changes)
      }
    }
    if (changes.length === 0) return
    for (const listener of this.#listeners) listener(changes, applied)
  }

  #rejected(
    number: number,
    nonce: number,
    event: { reason: OrderRecord['reason']; entry: number },
    applied: Applied,
    changes: RecordChange[]
  ): void {
    const account = this.#accounts.get(this.#node.engine.address(number))
    if (account === undefined) return
    const first = this.#records.find(account.address, nonce)
    if (first?.state !== 'pending') return
    // Of a list, the engine names the first order; the whole list went with it.
    for (const record of this.#listOf(first)) {
      this.#records.reject(record, event.reason, applied.index, applied.cut.time)
      changes.push({ record, fill: null, event: event.entry })
    }
  }

  #listOf(first: OrderRecord): OrderRecord[] {
    if (!first.order.quote) return [first]
    const list = [first]
    for (let nonce = first.order.nonce + 1; ; nonce++) {
      const next = this.#records.find(first.order.account, nonce)
      if (next?.state !== 'pending' || !next.order.quote) return list
      if (next.createdAt !== first.createdAt || next.order.market !== first.order.market)
        return list
      list.push(next)
    }
  }

  #ended(record: OrderRecord): void {
    const account = this.#accounts.get(record.order.account)
    if (account !== undefined) this.#release(account, record.order)
  }

  #release(account: HostedAccount, order: Order): void {
    if (needsSlot(order)) account.slots.release(order.slot)
  }
}

function signerOf(account: HostedAccount): AccountSigner {
  if (account.signer !== null) return account.signer
  throw new TradingFault(
    'account_locked',
    `${account.address} is locked: unlock it (keys.unlock), or hand in a signed order`,
    'account'
  )
}

function ordersOf(entry: Entry): Order[] {
  if (entry.kind === 'place' || entry.kind === 'amend') return [entry.order]
  return entry.kind === 'quote' ? entry.orders : []
}
