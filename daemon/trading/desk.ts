// The desk: from intents to signed entries of the lane, and back to what became of them. It gives
// each order its nonce and ring slot, signs it when it holds the key, and answers when the engine
// has spoken. Nothing here decides; the engine does.
//
// Life: `host` the accounts and `restore` what the history kept, then let the daemon open (blocks
// may be applied at once), then `open`. Until the daemon is in step with its peers it takes no
// entries, so that whatever was in the lane before a restart is known before a nonce is given out.
import { eventMask, hasEvent } from '../../matching/index.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { needsSlot } from '../../protocol/order.ts'
import type { Address, Entry, Order, Signature } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { Outcome } from '../outcomes.ts'
import type { Applied } from '../replica/types.ts'
import { AbandonedOrders } from './abandoned.ts'
import { Accounts } from './accounts.ts'
import { type HostedAccount, signerOf } from './hosted-account.ts'
import { newRecord } from './new-record.ts'
import { entryOf } from './node.ts'
import type { OrderForm } from './order-form.ts'
import { Reconciler } from './reconcile.ts'
import { isLive, Records, type RecordChange } from './records.ts'
import { Sender } from './sender.ts'
import { TradingFault } from './trading-fault.ts'
import type {
  AccountSigner,
  OrderRecord,
  PlaceOptions,
  Sent,
  TradingNode,
  WithdrawalTerms
} from './types.ts'

export type DeskOptions = {
  manifest: Manifest
  /** How long a call waits for its outcome. */
  outcomeMs: number
}

export type DeskDependencies = {
  node: TradingNode
  clock: Clock
  clientOrderIdOf: (account: Address, nonce: number) => string | null
}

export type DeskChange = (changes: RecordChange[], applied: Applied) => void

const linkLifeSeconds = 3600
const LINKED = eventMask(['linked'])

export class Desk {
  readonly #node: TradingNode
  readonly #clock: Clock
  readonly #records: Records
  readonly #sender: Sender
  readonly #reconciler: Reconciler
  readonly #abandoned: AbandonedOrders
  readonly #accounts: Accounts
  readonly #listeners: DeskChange[] = []
  readonly #corrections: ((records: readonly OrderRecord[]) => void)[] = []
  /** Of orders that are under way. */
  readonly #outcomes = new Map<OrderRecord, Promise<Outcome>>()
  #following = false
  #open = false

  constructor(options: DeskOptions, { node, clock, clientOrderIdOf }: DeskDependencies) {
    this.#node = node
    this.#clock = clock
    this.#accounts = new Accounts(options.manifest.limits.slotsMax)
    this.#sender = new Sender(options, { node, clock })
    this.#records = new Records({
      node,
      find: entryOf,
      clientOrderIdOf,
      onlive: ({ order }) => this.#hold(order),
      onended: ({ order }) => this.#release(order)
    })
    this.#abandoned = new AbandonedOrders({ records: this.#records, accounts: this.#accounts })
    this.#reconciler = new Reconciler({
      node,
      records: this.#records,
      accounts: this.#accounts,
      remember: (order, options) => this.#remember(order, options),
      oncorrected: (records) => {
        for (const listener of this.#corrections) listener(records)
      }
    })
  }

  /** Before the daemon opens: follows the engine, takes back what was live after `through`. */
  restore(live: Iterable<OrderRecord>, through: number): void {
    this.#records.restore(live, through)
    if (this.#following) return
    this.#following = true
    this.#node.onapplied((applied) => this.#applied(applied))
    this.#node.onrestored(() => {
      if (this.#open) void this.#reconciler.restored()
    })
    this.#node.onlane(() => {
      this.#accounts.relink(this.#node)
      this.#abandoned.add()
    })
  }

  /** After the daemon has opened. Idempotent. */
  async open(): Promise<void> {
    if (this.#open) return
    this.#open = true
    await this.#reconciler.start()
  }

  /** Orders of which something else is true than was known, without an event that says so. */
  oncorrected(listener: (records: readonly OrderRecord[]) => void): void {
    this.#corrections.push(listener)
  }

  /** Each block's changes of the hosted accounts' orders, in the order of events. */
  onchanges(listener: DeskChange): void {
    this.#listeners.push(listener)
  }

  get records(): Records {
    return this.#records
  }

  // Accounts

  /** Takes an account in; `signer` null leaves it to orders signed outside. */
  host(address: Address, signer: AccountSigner | null): HostedAccount {
    const account = this.#accounts.host(address, signer)
    this.#records.watch(address)
    if (this.#open) this.#reconciler.know()
    return account
  }

  /** One to link, hosted or not yet. @throws TradingFault too_many_accounts */
  candidate(address: Address): HostedAccount {
    return this.#accounts.candidate(address, this.#node)
  }

  accounts(): HostedAccount[] {
    return this.#accounts.all()
  }

  /** The named account, or the one that is meant by none. @throws TradingFault unknown_account */
  account(address: string | undefined): HostedAccount {
    return this.#accounts.meant(address)
  }

  /** Gives its trading to this daemon's lane. @throws TradingFault account_locked, bad_signature */
  link(
    account: HostedAccount,
    signed: { nonce: number; expiry: number; signature: Signature } | null
  ): Sent<null> {
    const { nonce, expiry } = signed ?? this.linkTerms(account)
    const link = { account: account.address, nonce, expiry }
    const digest = this.#node.hasher.linkDigest({ lane: this.#node.lane.lane, ...link })
    const signature = signed?.signature ?? signerOf(account).sign(digest)
    if (signed !== null && this.#node.recover(digest, signature) !== account.address) {
      throw new TradingFault('bad_signature', undefined, 'signature')
    }
    account.consumed(nonce)
    return this.#send({ kind: 'link', ...link, signature }, null)
  }

  /** What a wallet signs to link its account here, with this daemon's lane. */
  linkTerms(account: HostedAccount): { nonce: number; expiry: number } {
    const expiry = Math.floor(this.#clock.now() / 1000) + linkLifeSeconds
    return { nonce: account.nextNonce(), expiry }
  }

  // Orders

  /** Signs and sends an order.
   * @throws TradingFault account_locked, no_free_slot; DaemonFault, LaneFault */
  place(account: HostedAccount, form: OrderForm, options: PlaceOptions = {}): Sent<OrderRecord> {
    const signer = signerOf(account)
    const order = this.#number(account, form)
    const signature = signer.sign(this.#node.hasher.orderDigest(order))
    return this.#placed(order, signature, options)
  }

  /** Gives a form its nonce and slot, and keeps the slot for a while: what a wallet outside signs.
   * @throws TradingFault no_free_slot */
  prepare(account: HostedAccount, form: OrderForm): Order {
    const order = this.#number(account, form)
    if (needsSlot(order)) account.keepSlot(order, this.#clock.now())
    return order
  }

  /** @throws TradingFault no_free_slot */
  #number(account: HostedAccount, form: OrderForm): Order {
    const slot = needsSlot(form) ? account.freeSlot(this.#clock.now()) : 0
    if (slot === null) throw new TradingFault('no_free_slot')
    return { ...form, account: account.address, nonce: this.#nonce(account), slot }
  }

  /** A nonce that no order under way has; a delegate's may be ahead of the counter. */
  #nonce(account: HostedAccount): number {
    let nonce = account.nextNonce()
    while (this.#records.find(account.address, nonce) !== null) nonce = account.nextNonce()
    return nonce
  }

  /** Sends an order that was signed elsewhere. @throws TradingFault bad_signature */
  submitSigned(order: Order, signature: Signature, options: PlaceOptions = {}): Sent<OrderRecord> {
    const account = this.account(order.account)
    const signer = this.#node.recover(this.#node.hasher.orderDigest(order), signature)
    if (signer === null) throw new TradingFault('bad_signature', undefined, 'signature')
    if (this.#records.find(order.account, order.nonce) !== null) {
      throw new TradingFault('nonce_used', `nonce ${order.nonce} was used already`, 'order')
    }
    // Another's word moves the counter only once the engine has taken it for a delegate's.
    if (signer === order.account) account.consumed(order.nonce)
    const sent = this.#placed(order, signature, options)
    // From now on the order itself holds its slot.
    account.leaveSlot(order.nonce)
    return sent
  }

  #placed(order: Order, signature: Signature, options: PlaceOptions): Sent<OrderRecord> {
    const entry: Entry = { kind: 'place', order, proof: null, signature }
    return this.#sendOrders(entry, this.#remember(order, options), options)
  }

  /** Replaces an order; the engine decides whether it keeps its place. The new one takes over the
   * old one's slot. @throws TradingFault account_locked, order_not_found */
  amend(
    account: HostedAccount,
    record: OrderRecord,
    change: { price: number; quantity: number; expiry: number; feeMax: number }
  ): Sent<OrderRecord> {
    if (!isLive(record.state)) throw new TradingFault('order_not_found')
    const signer = signerOf(account)
    const order = { ...record.order, ...change, nonce: this.#nonce(account) }
    const signature = signer.sign(this.#node.hasher.orderDigest(order))
    const oldNonce = record.order.nonce
    const entry: Entry = {
      kind: 'amend',
      oldNonce,
      filledSeen: record.filled,
      order,
      proof: null,
      signature
    }
    const { clientOrderId, type } = record
    const edited = this.#remember(order, { clientOrderId, type })
    edited.replaces = oldNonce
    return this.#sendOrders(entry, edited, {})
  }

  /** Replaces all quotes of a market by these (1 to 256), under one signature. The slots of those
   * that go are used again. @throws TradingFault account_locked, no_free_slot */
  quote(account: HostedAccount, market: number, forms: OrderForm[]): Sent<OrderRecord[]> {
    const signer = signerOf(account)
    const taken = this.quotes(account, market).map(({ order }) => order.slot)
    taken.sort((a, b) => a - b)
    const orders: Order[] = []
    const records: OrderRecord[] = []
    try {
      for (const form of forms) {
        const slot = taken.shift() ?? account.freeSlot(this.#clock.now())
        if (slot === null) throw new TradingFault('no_free_slot')
        const nonce = this.#nonce(account)
        const order = { ...form, quote: true, account: account.address, nonce, slot }
        orders.push(order)
        const record = this.#remember(order, {})
        record.list = orders[0].nonce
        records.push(record)
      }
      const signature = signer.sign(this.#node.hasher.quoteDigest(orders))
      const entry: Entry = { kind: 'quote', account: account.address, market, orders, signature }
      return this.#sendOrders(entry, records, {})
    } catch (fault) {
      for (const record of records) this.#unsent(record)
      throw fault
    }
  }

  /** Live quotes of an account in a market. */
  quotes(account: HostedAccount, market: number): OrderRecord[] {
    const live = this.#records.live(account.address)
    return live.filter(({ order }) => order.quote && order.market === market)
  }

  /** 1 to 256 nonces. */
  cancel(account: HostedAccount, nonces: number[]): Sent<null> {
    return this.#send({ kind: 'cancel', account: account.address, nonces, expiry: 0 }, null)
  }

  cancelAll(account: HostedAccount, market: number | null, side: Order['side'] | null): Sent<null> {
    const entry: Entry = { kind: 'cancelAll', account: account.address, market, side, expiry: 0 }
    return this.#send(entry, null)
  }

  // Everything else

  /** Under a nonce of its own, or again under the one that it had.
   * @throws TradingFault account_locked */
  withdraw(account: HostedAccount, terms: WithdrawalTerms): Sent<number> {
    const signer = signerOf(account)
    const full = { account: account.address, ...(terms.again ?? this.linkTerms(account)) }
    const { token, quanta } = terms
    const withdrawal = { ...full, token, quanta }
    const signature = signer.sign(this.#node.hasher.withdrawDigest(withdrawal))
    return this.#send({ kind: 'withdraw', ...withdrawal, signature }, withdrawal.nonce)
  }

  lease(ttlMs: number): Sent<null> {
    return this.#send({ kind: 'lease', ttlMs }, null)
  }

  protect(account: HostedAccount, market: number, lots: number, windowMs: number): Sent<null> {
    const entry: Entry = { kind: 'protect', account: account.address, market, lots, windowMs }
    return this.#send(entry, null)
  }

  /** The outcome of an order that is under way; null when it is known. */
  outcomeOf(record: OrderRecord): Promise<Outcome> | null {
    return this.#outcomes.get(record) ?? null
  }

  // Inside

  #sendOrders<T extends OrderRecord | OrderRecord[]>(
    entry: Entry,
    value: T,
    { beforeSent }: PlaceOptions
  ): Sent<T> {
    const records: OrderRecord[] = Array.isArray(value) ? value : [value]
    try {
      const [first] = records
      beforeSent?.(first)
      const { outcome, ticket } = this.#sender.send(entry)
      const told = outcome.then((found) => this.#told(records, found))
      told.catch(() => {})
      for (const record of records) record.laneBlock = ticket.laneIndex
      this.#outcomes.set(first, told)
      told.finally(() => this.#outcomes.delete(first)).catch(() => {})
      return { value, journaled: ticket.journaled, outcome: told }
    } catch (fault) {
      for (const record of records) this.#unsent(record)
      throw fault
    }
  }

  /** A rejection that names no account (the engine has never seen it) is told by the outcome alone. */
  #told(records: OrderRecord[], outcome: Outcome): Outcome {
    if (outcome.rejected === null) return outcome
    for (const record of records) {
      this.#records.reject(record, outcome.rejected, outcome.index, this.#clock.now())
    }
    return outcome
  }

  #unsent(record: OrderRecord): void {
    this.#records.reject(record, null, -1, this.#clock.now())
  }

  #send<T>(entry: Entry, value: T): Sent<T> {
    const { ticket, outcome } = this.#sender.send(entry)
    return { value, journaled: ticket.journaled, outcome }
  }

  #remember(order: Order, options: PlaceOptions): OrderRecord {
    const { clientOrderId = null, type = 'limit' } = options
    const digest = this.#node.hasher.orderDigest(order)
    const record = newRecord(order, digest, { clientOrderId, type, time: this.#clock.now() })
    this.#records.add(record)
    return record
  }

  #applied(applied: Applied): void {
    const over = this.#linked(applied)
    const changes = this.#records.apply(applied)
    for (const record of over) changes.push({ record, fill: null, event: 0 })
    if (changes.length === 0) return
    for (const { record } of changes) {
      const { account, nonce } = record.order
      if (record.state !== 'rejected') this.#accounts.find(account)?.consumed(nonce)
    }
    for (const listener of this.#listeners) listener(changes, applied)
  }

  /** After a link, the orders that are over by it. */
  #linked({ index, cut, result }: Applied): OrderRecord[] {
    const isLink = hasEvent(result.events, LINKED)
    if (isLink) this.#accounts.relink(this.#node)
    if (isLink || !this.#node.synced) this.#accounts.consume(this.#node.engine)
    return isLink ? this.#abandoned.end(index, cut.time) : []
  }

  #hold(order: Order): void {
    if (needsSlot(order)) this.#accounts.find(order.account)?.slots.hold(order.slot)
  }

  #release(order: Order): void {
    if (needsSlot(order)) this.#accounts.find(order.account)?.slots.release(order.slot)
  }
}
