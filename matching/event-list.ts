// A block's events for readers: the packed records, turned into typed events one by one. What was
// folded into the record before it is a record of its own again.

import {
  ACCEPTED,
  AMENDED_EVENT,
  ATTESTED,
  BATCH_ATTESTED,
  BATCH_CLOSED,
  BATCH_REVERTED,
  BATCH_SEALED,
  BATCH_SETTLED,
  CANCELLED,
  CHARGED,
  CLAIMED,
  COSIGNED,
  DELEGATE_SET,
  DEPOSITED,
  EXIT_CANCELLED,
  EXIT_CLAIMED,
  EXIT_REQUESTED_EVENT,
  EXPIRED_EVENT,
  EXTRAS,
  FLOOR_RAISED,
  FOLDED,
  LEASE_RENEWED,
  LINKED,
  OPENED,
  PROTECTION_FIRED,
  PROTECT_SET,
  RECORD,
  REDUCED,
  REJECTED,
  RESTED,
  RESUMED,
  STOPPED,
  TRADED,
  TRIGGERED,
  VOID_ATTESTED,
  WITHDRAWN
} from './event-writer.ts'
import type { EventWriter } from './event-writer.ts'
import { highWord } from './orders.ts'
import { reasons } from './reasons.ts'
import type { Event, EventList, StopReason } from './results.ts'
import { EngineStopped } from './stop.ts'
import type { Side } from './types.ts'

const HIGH_WORD = 4294967296
const UNKNOWN_ACCOUNT = 0xffffffff
export const stopReasons: readonly StopReason[] = ['chain_stale', 'unsettled_age', 'unsettled_gas']

export class PackedEvents implements EventList {
  readonly length: number
  readonly records: Uint8Array
  readonly #words: Int32Array
  readonly #extras: Float64Array

  constructor(writer: EventWriter) {
    const { words, extras, count } = writer
    let length = count
    for (let i = 0; i < count; i++) if (isFolded(words[i * RECORD])) length++
    this.length = length
    this.#words = new Int32Array(length * RECORD)
    this.#extras = new Float64Array(length * EXTRAS)
    this.records = new Uint8Array(this.#words.buffer)
    let to = 0
    for (let i = 0; i < count; i++) {
      const record = words.subarray(i * RECORD, (i + 1) * RECORD)
      const beside = extras.subarray(i * EXTRAS, (i + 1) * EXTRAS)
      this.#words.set(record, to * RECORD)
      this.#extras.set(beside, to * EXTRAS)
      if (isFolded(record[0])) {
        this.#words[to * RECORD] &= ~FOLDED
        this.#words.set(unfold(record, beside), ++to * RECORD)
      }
      to++
    }
  }

  *[Symbol.iterator](): Iterator<Event> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }

  at(position: number): Event {
    if (position < 0 || position >= this.length) throw new RangeError(`no event ${position}`)
    const at = position * RECORD
    const words = this.#words
    const head = words[at]
    const fields: Fields = {
      code: (head >>> 8) & 0xff,
      market: head >>> 16,
      a: words[at + 1] >>> 0,
      b: words[at + 2] >>> 0,
      c: words[at + 3] >>> 0,
      x: (words[at + 5] >>> 0) * HIGH_WORD + (words[at + 4] >>> 0),
      y: (words[at + 7] >>> 0) * HIGH_WORD + (words[at + 6] >>> 0),
      first: this.#extras[position * EXTRAS],
      second: this.#extras[position * EXTRAS + 1]
    }
    const kind = head & 0xff
    return kind < OPENED ? orderEvent(kind, fields) : venueEvent(kind, fields)
  }
}

function isFolded(head: number): boolean {
  const kind = head & 0xff
  return (kind === ACCEPTED || kind === TRADED) && (head & FOLDED) !== 0
}

/** The words of the record that is folded into this one. */
function unfold(record: Int32Array, beside: Float64Array): number[] {
  const head = record[0] & ~FOLDED
  if ((head & 0xff) === ACCEPTED) {
    const rested = (head & ~0xff) | RESTED
    return [rested, record[1], record[2], record[3], record[4], record[5], 0, 0]
  }
  const [, taker, fee] = beside
  const charged = (head & ~0xffff) | CHARGED
  return [charged, taker, 0, 0, record[6], record[7], fee | 0, highWord(fee)]
}

type Fields = {
  code: number
  market: number
  a: number
  b: number
  c: number
  x: number
  y: number
  first: number
  second: number
}

function sideOf(code: number): Side {
  return code === 0 ? 'buy' : 'sell'
}

function orderEvent(kind: number, f: Fields): Event {
  const { market, x, y } = f
  const account = f.a
  switch (kind) {
    case ACCEPTED:
      return {
        kind: 'accepted',
        market,
        side: sideOf(f.code),
        account,
        lots: f.b,
        price: f.c,
        order: x,
        nonce: y,
        entry: f.first,
        ordinal: f.second
      }
    case REJECTED: {
      const known = account === UNKNOWN_ACCOUNT ? null : account
      return {
        kind: 'rejected',
        reason: reasons[f.code - 1],
        account: known,
        entry: f.b,
        nonce: x
      }
    }
    case RESTED:
      return {
        kind: 'rested',
        market,
        side: sideOf(f.code),
        account,
        remaining: f.b,
        price: f.c,
        order: x
      }
    case TRADED:
      return {
        kind: 'traded',
        market,
        takerSide: sideOf(f.code),
        maker: account,
        taker: f.second,
        lots: f.b,
        price: f.c,
        makerOrder: x,
        takerOrder: y,
        makerFee: f.first
      }
    case CHARGED:
      return { kind: 'charged', market, account, order: x, fee: y }
    case REDUCED:
      return { kind: 'reduced', market, account, remaining: f.b, by: f.c, order: x }
    case CANCELLED: {
      const reason = reasons[f.code - 1]
      return { kind: 'cancelled', reason, market, account, remaining: f.b, order: x }
    }
    case EXPIRED_EVENT:
      return { kind: 'expired', market, account, remaining: f.b, order: x }
    case TRIGGERED:
      return { kind: 'triggered', market, account, order: x }
    case AMENDED_EVENT:
      return {
        kind: 'amended',
        market,
        account,
        remaining: f.b,
        order: x,
        oldOrder: y,
        nonce: f.first,
        entry: f.second
      }
    case WITHDRAWN:
      return { kind: 'withdrawn', account, token: f.b, nonce: x, quanta: y }
    case LINKED:
      return { kind: 'linked', account, lane: f.b, nonce: x }
    case LEASE_RENEWED:
      return { kind: 'leaseRenewed', lane: f.a, until: x }
    case PROTECT_SET:
      return { kind: 'protectSet', market, account, lots: f.b, window: x }
    case PROTECTION_FIRED:
      return { kind: 'protectionFired', market, account }
    default:
      throw new EngineStopped(`event record of unknown kind ${kind}`)
  }
}

function venueEvent(kind: number, f: Fields): Event {
  const { x, y } = f
  const account = f.a
  switch (kind) {
    case OPENED:
      return { kind: 'opened', lane: f.a }
    case DEPOSITED:
      return { kind: 'deposited', account, token: f.b, quanta: y }
    case EXIT_REQUESTED_EVENT:
      return { kind: 'exitRequested', account, token: f.b }
    case EXIT_CANCELLED:
      return { kind: 'exitCancelled', account, token: f.b }
    case EXIT_CLAIMED:
      return { kind: 'exitClaimed', account, token: f.b, quanta: y }
    case FLOOR_RAISED:
      return { kind: 'floorRaised', account, nonce: x }
    case DELEGATE_SET: {
      const cosign = f.code === 1
      return { kind: 'delegateSet', account, delegate: f.b, cosign, from: x, until: y }
    }
    case CLAIMED:
      return { kind: 'claimed', account, token: f.b, quanta: y }
    case BATCH_CLOSED:
      return { kind: 'batchClosed', batch: x, fills: f.b, withdrawals: f.c, gas: y }
    case BATCH_SEALED:
      return { kind: 'batchSealed', batch: x, sealedAt: y }
    case COSIGNED:
      return { kind: 'cosigned', account, batch: x, floor: y }
    case ATTESTED:
      return { kind: 'attested', void: f.code === 1, validator: f.a, batch: x }
    case BATCH_ATTESTED:
      return { kind: 'batchAttested', batch: x }
    case VOID_ATTESTED:
      return { kind: 'voidAttested', batch: x }
    case BATCH_SETTLED:
      return { kind: 'batchSettled', submitter: f.a, batch: x }
    case BATCH_REVERTED:
      return { kind: 'batchReverted', batch: x }
    case STOPPED:
      return { kind: 'stopped', reason: stopReasons[f.code - 1] }
    case RESUMED:
      return { kind: 'resumed' }
    default:
      throw new EngineStopped(`event record of unknown kind ${kind}`)
  }
}
