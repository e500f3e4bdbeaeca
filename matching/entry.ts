// An entry of the block on its way through the phases.

import type { Core } from './core.ts'
import { REJECTED } from './event-writer.ts'
import type { EntryInput, OrderInput } from './types.ts'
import {
  CANCEL_BOTH,
  CANCEL_OLDEST,
  DECREMENT,
  FOK,
  IOC,
  LEASED,
  POST_REJECT,
  POST_SLIDE,
  QUOTE,
  SELL,
  TRIGGER
} from './orders.ts'

/** Named by its id too: the record may have another order by the time of its turn. */
export type PendingOrder = { index: number; id: number; postOnly: boolean }

const NONE: readonly PendingOrder[] = []

export class Entry {
  input: EntryInput
  /** Number of its lane, and of the entry in the block. */
  lane = 0
  number = 0
  /** -1 while the account is unknown, or when the entry names none. */
  account = -1
  /** Code of the reason found in phase 1, or of the refusal that ended it; 0 for none. */
  reason = 0
  /** It was rejected: its later phases do nothing. */
  done = false
  /** Account of the delegate that signed, or -1, and the end of its grant. */
  delegate = -1
  delegateUntil = 0
  /** Of a cancel: where its orders begin in the block's list of them (named-orders.ts). */
  names = 0
  /** What entered the book's antechamber in phase 3 and waits for phase 4 or 5. */
  pending = NONE

  constructor(input: EntryInput) {
    this.input = input
  }

  /** Becomes another entry, that nothing is known of. */
  begin(input: EntryInput, lane: number, number: number): void {
    this.input = input
    this.lane = lane
    this.number = number
    this.account = -1
    this.reason = 0
    this.done = false
    this.delegate = -1
    this.delegateUntil = 0
    this.pending = NONE
  }
}

const UNKNOWN_ACCOUNT = 0xffffffff

/** The account that an entry speaks for, or null. */
export function accountIn(input: EntryInput): string | null {
  switch (input.kind) {
    case 'place':
    case 'amend':
      return input.order.account
    case 'open':
    case 'lease':
    case 'attest':
      return null
    default:
      return input.account
  }
}

/** The nonce that a rejection of the whole entry shows. */
function nonceIn(input: EntryInput): number {
  switch (input.kind) {
    case 'place':
    case 'amend':
      return input.order.nonce
    case 'quote':
      return input.orders.length === 0 ? 0 : input.orders[0].nonce
    case 'link':
    case 'withdraw':
      return input.nonce
    default:
      return 0
  }
}

export function reject(core: Core, entry: Entry, reason: number): void {
  entry.done = true
  rejectNonce(core, entry, reason, nonceIn(entry.input))
}

/** One nonce of a cancel is refused; the entry goes on. */
export function rejectNonce(core: Core, entry: Entry, reason: number, nonce: number): void {
  const account = entry.account === -1 ? UNKNOWN_ACCOUNT : entry.account
  core.events.add(REJECTED | (reason << 8), account, entry.number, 0, nonce, 0)
}

function flagsOf(order: OrderInput): number {
  let flags = order.side === 'sell' ? SELL : 0
  // GTC and CANCEL_NEWEST are no flags.
  if (order.timeInForce !== 'gtc') flags |= order.timeInForce === 'ioc' ? IOC : FOK
  if (order.selfTradePrevention !== 'cancelNewest') flags |= stpFlags[order.selfTradePrevention]
  if (order.postOnly !== 'no') flags |= order.postOnly === 'slide' ? POST_SLIDE : POST_REJECT
  if (order.quote) flags |= QUOTE
  if (order.leased) flags |= LEASED
  if (order.trigger !== null) flags |= TRIGGER
  return flags
}

const stpFlags = {
  cancelOldest: CANCEL_OLDEST,
  cancelBoth: CANCEL_BOTH,
  decrement: DECREMENT
} as const

/** Writes an order of an entry into the draft. */
export function draftOrder(core: Core, entry: Entry, order: OrderInput, ordinal: number): void {
  const d = core.draft
  d.market = order.market
  d.account = entry.account
  d.flags = flagsOf(order)
  d.price = order.price
  d.quantity = order.quantity
  d.expiry = order.expiry
  d.feeMax = order.feeMax
  d.nonce = order.nonce
  d.slot = order.slot
  d.triggerKind = order.trigger === null ? 0 : order.trigger.kind === 'stop' ? 1 : 2
  d.triggerPrice = order.trigger === null ? 0 : order.trigger.price
  d.entry = entry.number
  d.ordinal = ordinal
  d.delegate = entry.delegate
  d.delegateUntil = entry.delegateUntil
}
