// The state below the phase layer, and what can happen to an order: accepted, armed, cancelled,
// gone. Commands come in as integers; what is refused is a reason's code, 0 meaning "none".

import * as accountLayout from './account-layout.ts'
import { Accounts } from './accounts.ts'
import { Batches } from './batches.ts'
import { Draft, type TightFee, type Waiting } from './draft.ts'
import { EventWriter } from './event-writer.ts'
import * as records from './event-writer.ts'
import { Grants } from './grants.ts'
import { Lanes } from './lanes.ts'
import * as cellLayout from './cell-layout.ts'
import { Ledger } from './ledger.ts'
import { Market } from './market.ts'
import * as layout from './order-layout.ts'
import { Netting } from './nets.ts'
import { OrderPool } from './orders.ts'
import { Protections } from './protection.ts'
import { Taker } from './taker.ts'
import type { Armed } from './triggers.ts'
import type { Address, EngineConfig, Hash256 } from './types.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { BATCH_CLOSED, EXPIRED_EVENT } = records
const {
  DELEGATED,
  ENTRY,
  EXPIRY_LOW,
  FILLED,
  FLAGS,
  HIGH,
  highWord,
  holdsSlot,
  ORDER,
  ID_LOW,
  NONCE_HIGH,
  NONCE_LOW,
  OWNER,
  PENDING,
  PRICE,
  REMAINING,
  RESTING,
  SELL,
  STATE_MASK,
  TAPE_LOW,
  TIGHT
} = layout

const { ACCOUNT_SHIFT, GATE_SHIFT, LIVE } = accountLayout
const { RESERVED } = cellLayout

export class Core {
  readonly config: EngineConfig
  readonly pool = new OrderPool()
  readonly accounts = new Accounts()
  readonly lanes = new Lanes()
  readonly grants = new Grants()
  readonly ledger: Ledger
  readonly events: EventWriter
  readonly batches: Batches
  readonly markets: Market[]
  readonly netting: Netting
  readonly protections: Protections
  readonly draft = new Draft()
  readonly settles: boolean
  readonly fillsMax: number
  /** Block on the tape; its time in milliseconds and whole seconds. */
  index = -1
  time = 0
  seconds = 0
  /** Why new exposure is refused: place in stopReasons, from 1, or 0. */
  stopCode = 0
  nextId = 1
  /** No live order expires before this second. */
  expiryMin = Number.MAX_SAFE_INTEGER
  readonly waiting = new Map<number, Waiting>()
  readonly tight = new Map<number, TightFee>()
  readonly delegates = new Map<number, number>()
  /** Pending orders that hold no ring slot. */
  readonly unslotted = new Set<number>()
  /** Triggered orders that wait for their turn; the dead among them are known by their ids. */
  fired: Armed[] = []
  /** Entry number of the last mass-quote of this block by account and market. */
  readonly quoted = new Map<number, number>()
  /** The order that trades at present. */
  readonly taker = new Taker()
  /** The open batch has more in it than when it was last asked whether it is full. */
  batchGrew = false
  /** Index of the order placed last; not that of a live order when it is gone already. */
  placed = 0

  constructor(config: EngineConfig, hash: Hash256) {
    this.config = config
    this.settles = config.settlement !== null
    this.fillsMax = config.fillsPerCommandMax
    this.ledger = new Ledger(config.tokens)
    this.events = new EventWriter(hash)
    this.batches = new Batches(config.settlement, config.validators.length)
    this.protections = new Protections(config.markets.length)
    this.markets = config.markets.map((terms, index) => new Market(index, terms, this.pool))
    this.netting = new Netting(this.markets, config.tokens)
  }

  /** Held by typed arrays for orders, books, slots and balances. */
  bytes(): number {
    const books = this.markets.reduce((sum, { bids, asks }) => sum + bids.bytes() + asks.bytes(), 0)
    return this.pool.bytes() + this.accounts.bytes() + this.ledger.bytes() + books
  }

  /** The account's number; it is counted in when it is new. */
  account(address: Address): number {
    const known = this.accounts.find(address)
    if (known !== -1) return known
    const account = this.accounts.add(address)
    this.ledger.reserveAccounts(account + 1)
    return account
  }

  /** Takes the draft in with some lots to go, at `price` (its limit, or where it slid to), as pending.
   * The caller has checked everything, and reserves if the order does not enter at once. Gives its
   * index. */
  accept(lots: number, price: number): number {
    const { account, flags, nonce, slot } = this.draft
    const index = this.record(this.announce(lots, 0), lots, price, PENDING)
    if (holdsSlot(flags)) this.accounts.takeSlot(account, slot, nonce, index)
    return index
  }

  #noteDelegate(index: number, delegate: number): void {
    this.pool.words[index * ORDER + FLAGS] |= DELEGATED
    this.delegates.set(index, delegate)
  }

  /** The draft's order gets an id, and `accepted` tells of it. `packing` is FOLDED when the order rests
   * at once, whole and at its limit: that includes its `rested`. Gives the id. */
  announce(lots: number, packing: number): number {
    const d = this.draft
    const id = this.nextId++
    const owner = (d.account << 8) | d.market
    const place = (d.entry << 8) | d.ordinal
    const code = ((d.flags & SELL) << 8) | packing
    this.events.accepted(code, owner, lots | 0, d.price | 0, id, d.nonce, place)
    return id
  }

  /** Bits of the draft's order from 32 up, as a record has them. */
  highOf(id: number): number {
    const place = ((highWord(this.draft.expiry) & 0xff) << 8) | (highWord(this.index) & 0xff)
    return (highWord(id) << 16) | place
  }

  /** The draft's order gets a record. The rest of an acceptance is the caller's. */
  record(id: number, lots: number, price: number, state: number): number {
    const d = this.draft
    const { account, expiry, nonce, delegate } = d
    const index = this.pool.allocate()
    const { words } = this.pool
    const at = index * ORDER
    words[at | REMAINING] = lots | 0
    words[at | PRICE] = price | 0
    words[at | OWNER] = (account << 8) | d.market
    words[at | FLAGS] = (d.slot << 16) | d.flags | state
    words[at | ID_LOW] = id | 0
    words[at | HIGH] = this.highOf(id)
    words[at | FILLED] = 0
    words[at | TAPE_LOW] = this.index | 0
    words[at | ENTRY] = (d.entry << 8) | d.ordinal
    words[at | EXPIRY_LOW] = expiry | 0
    words[at | NONCE_LOW] = nonce | 0
    words[at | NONCE_HIGH] = highWord(nonce)
    if (expiry < this.expiryMin) this.expiryMin = expiry
    this.accounts.rows[(account << ACCOUNT_SHIFT) | LIVE]++
    if (delegate !== -1) this.#noteDelegate(index, delegate)
    return index
  }

  /** The account's floor or one of its exits changed. */
  setGate(account: number): void {
    let gate = this.accounts.floor[account]
    for (let token = 0; token < this.config.tokens; token++) {
      if (this.ledger.exiting(account, token)) gate = Infinity
    }
    this.accounts.gates[account << GATE_SHIFT] = gate
  }

  /** Reserves for the draft's order and keeps what it needs when its turn comes. */
  wait(index: number): void {
    this.reserve(index, 1)
    const { feeMax, nonce, triggerKind, triggerPrice } = this.draft
    this.waiting.set(index, { feeMax, nonce, triggerKind, triggerPrice })
    if (!holdsSlot(this.pool.words[index * ORDER + FLAGS])) this.unslotted.add(index)
  }

  setState(index: number, state: number): void {
    const at = index * ORDER + FLAGS
    this.pool.words[at] = (this.pool.words[at] & ~STATE_MASK) | state
  }

  /** Adds (sign 1) or takes back (-1) what an order reserves before it rests. */
  reserveEntering(
    account: number,
    market: Market,
    flags: number,
    lots: number,
    price: number,
    sign: number
  ): void {
    if ((flags & SELL) === 0) {
      const quanta = market.enteringBuy(lots, price)
      this.ledger.addReserved(account, market.quote, sign * quanta)
      return
    }
    this.ledger.addReserved(account, market.base, sign * lots * market.lotSize)
    const short = market.enteringSell(price)
    if (short > 0) this.ledger.addReserved(account, market.quote, sign * short)
  }

  /** Adds (sign 1) or takes back (-1) what lots of a resting order reserve. */
  reserveResting(
    account: number,
    market: Market,
    flags: number,
    lots: number,
    price: number,
    sign: number
  ): void {
    if ((flags & SELL) !== 0) {
      this.ledger.addReserved(account, market.base, sign * lots * market.lotSize)
    } else {
      this.ledger.addReserved(account, market.quote, sign * market.restingBuy(lots, price))
    }
  }

  /** Adds (sign 1) or takes back (-1) all that a live order reserves. */
  reserve(index: number, sign: number): void {
    const at = index * ORDER
    const words = this.pool.words
    const flags = words[at + FLAGS]
    const owner = words[at + OWNER]
    const market = this.markets[owner & 0xff]
    const price = words[at + PRICE] >>> 0
    const lots = words[at + REMAINING]
    if ((flags & STATE_MASK) === RESTING) {
      this.reserveResting(owner >>> 8, market, flags, lots, price, sign)
    } else if (holdsSlot(flags)) {
      this.reserveEntering(owner >>> 8, market, flags, lots, price, sign)
    }
  }

  /** Takes an order off its book, if it rests there, and gives back its reservation. */
  detach(index: number): void {
    const at = index * ORDER
    const words = this.pool.words
    const flags = words[at + FLAGS]
    if ((flags & STATE_MASK) === RESTING) {
      const market = this.markets[words[at + OWNER] & 0xff]
      const side = (flags & SELL) !== 0 ? market.asks : market.bids
      side.remove(index, words[at + PRICE] >>> 0, words[at + REMAINING])
    }
    this.reserve(index, -1)
  }

  /** Ends the record: count, what is kept beside it. The order is off its book. */
  drop(index: number): void {
    const at = index * ORDER
    const words = this.pool.words
    const flags = words[at + FLAGS]
    const account = words[at + OWNER] >>> 8
    this.accounts.rows[(account << ACCOUNT_SHIFT) | LIVE]--
    if (!holdsSlot(flags) && this.unslotted.size !== 0) {
      this.unslotted.delete(index)
    }
    if ((flags & DELEGATED) !== 0) this.delegates.delete(index)
    if ((flags & TIGHT) !== 0) this.tight.delete(index)
    if (this.waiting.size !== 0) this.waiting.delete(index)
    this.pool.release(index)
  }

  /** Ends a live order that is not entering. */
  cancel(index: number, reason: number): void {
    const at = index * ORDER
    const words = this.pool.words
    const flags = words[at + FLAGS]
    if ((flags & (STATE_MASK | DELEGATED | TIGHT)) === RESTING) {
      this.#cancelResting(index, flags, reason)
      return
    }
    this.noteCancelled(index, reason)
    this.detach(index)
    this.drop(index)
  }

  /** The same for an order that rests and of which nothing is kept beside its record. */
  #cancelResting(index: number, flags: number, reason: number): void {
    const at = index * ORDER
    const { ledger } = this
    const words = this.pool.words
    const owner = words[at | OWNER]
    const account = owner >>> 8
    const market = this.markets[owner & 0xff]
    const lots = words[at | REMAINING]
    const price = words[at | PRICE] >>> 0
    this.events.cancelled(reason, words[at | ID_LOW], words[at | HIGH], lots, owner)
    const isSell = (flags & SELL) !== 0
    const cell = ledger.change(account, isSell ? market.base : market.quote)
    if (isSell) {
      ledger.cells[cell | RESERVED] -= lots * market.lotSize
      market.asks.remove(index, price, lots)
    } else {
      ledger.cells[cell | RESERVED] -= market.restingBuy(lots, price)
      market.bids.remove(index, price, lots)
    }
    this.accounts.rows[(account << ACCOUNT_SHIFT) | LIVE]--
    this.pool.release(index)
  }

  noteCancelled(index: number, reason: number): void {
    const at = index * ORDER
    const words = this.pool.words
    const lots = words[at + REMAINING]
    this.events.cancelled(reason, words[at + ID_LOW], words[at + HIGH], lots, words[at + OWNER])
  }

  /** The same for the order that trades. */
  noteTakerCancelled(reason: number): void {
    const { high, id, left, owner } = this.taker
    this.events.cancelled(reason, id | 0, high, left, owner)
  }

  expire(index: number): void {
    const at = index * ORDER
    const words = this.pool.words
    const head = EXPIRED_EVENT | ((words[at + OWNER] & 0xff) << 16)
    const account = words[at + OWNER] >>> 8
    this.events.add(head, account, words[at + REMAINING], 0, this.pool.id(index), 0)
    this.detach(index)
    this.drop(index)
  }

  /** Index of the live order that holds a ring slot, 0 for none. */
  slotHolder(account: number, slot: number): number {
    return this.holderOf(this.accounts.slotIndex(account, slot), account, slot)
  }

  /** The same, when the order that took the slot last is known. */
  holderOf(index: number, account: number, slot: number): number {
    if (index === 0) return 0
    const at = index * ORDER
    const flags = this.pool.words[at + FLAGS]
    const holds =
      (flags & STATE_MASK) !== 0 &&
      flags >>> 16 === slot &&
      this.pool.words[at + OWNER] >>> 8 === account &&
      holdsSlot(flags)
    return holds ? index : 0
  }

  /** Indexes of an account's live orders, by id. */
  liveOf(account: number): number[] {
    const found: number[] = []
    if (this.accounts.liveOrders(account) === 0) return found
    const slots = this.accounts.slotCount(account)
    for (let slot = 0; slot < slots; slot++) {
      const index = this.slotHolder(account, slot)
      if (index !== 0) found.push(index)
    }
    // Gathered from a set, and sorted below: its order does not matter.
    for (const index of this.unslotted) {
      if (this.pool.words[index * ORDER + OWNER] >>> 8 === account) found.push(index)
    }
    return this.byId(found)
  }

  byId(indexes: number[]): number[] {
    return indexes.sort((a, b) => this.pool.id(a) - this.pool.id(b))
  }

  /** After each command: the open batch closes when another might not fit. */
  closeIfFull(): void {
    if (!this.batchGrew) return
    this.batchGrew = false
    if (this.batches.isFull(this.fillsMax)) this.closeBatch()
  }

  closeBatch(): void {
    const batch = this.batches.close(this.time)
    const gas = this.batches.gas(batch)
    this.events.add(BATCH_CLOSED, 0, batch.fillCount, batch.withdrawals.length, batch.index, gas)
  }
}
