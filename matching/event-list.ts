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
  NAMED,
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
  UNIT,
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

/** Doubles beside a record. */
const BESIDE = 2

/** Unpacked when it is first read: a block that nobody looks into costs a copy of its units. */
export class PackedEvents implements EventList {
  readonly #units: Int32Array
  readonly #extras: Float64Array
  #length = -1
  #records: Records | null = null

  constructor(writer: EventWriter) {
    this.#units = writer.words.slice(0, writer.count * UNIT)
    this.#extras = writer.extras.slice(0, writer.count * EXTRAS)
  }

  get length(): number {
    if (this.#length === -1) this.#length = countRecords(this.#units)
    return this.#length
  }

  get records(): Uint8Array {
    return this.#unpacked().bytes
  }

  *[Symbol.iterator](): Iterator<Event> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }

  #unpacked(): Records {
    this.#records ??= unpack(this.#units, this.#extras, this.length)
    return this.#records
  }

  at(position: number): Event {
    if (position < 0 || position >= this.length) throw new RangeError(`no event ${position}`)
    const { words, beside } = this.#unpacked()
    const at = position * RECORD
    const head = words[at]
    const fields: Fields = {
      code: (head >>> 8) & 0xff,
      market: head >>> 16,
      a: words[at + 1] >>> 0,
      b: words[at + 2] >>> 0,
      c: words[at + 3] >>> 0,
      x: (words[at + 5] >>> 0) * HIGH_WORD + (words[at + 4] >>> 0),
      y: (words[at + 7] >>> 0) * HIGH_WORD + (words[at + 6] >>> 0),
      first: beside[position * BESIDE],
      second: beside[position * BESIDE + 1]
    }
    const kind = head & 0xff
    return kind < OPENED ? orderEvent(kind, fields) : venueEvent(kind, fields)
  }
}

/** Of the code of `accepted` and `traded`, what is not about the packing: the side. */
const SIDE_CODE = 1 << 8

/** Units that a record takes, by its head. */
function unitsOf(head: number): number {
  const kind = head & 0xff
  if (kind === ACCEPTED || kind === CANCELLED) return 1
  return kind === TRADED && (head & NAMED) === 0 ? 1 : 2
}

function countRecords(units: Int32Array): number {
  let records = 0
  for (let at = 0; at < units.length; at += unitsOf(units[at]) * UNIT) {
    const kind = units[at] & 0xff
    records += (kind === ACCEPTED || kind === TRADED) && (units[at] & FOLDED) !== 0 ? 2 : 1
  }
  return records
}

/** Full records, one after the other, and what is known beside them. */
class Records {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly beside: Float64Array
  #count = 0

  constructor(length: number) {
    this.words = new Int32Array(length * RECORD)
    this.bytes = new Uint8Array(this.words.buffer)
    this.beside = new Float64Array(length * BESIDE)
  }

  add(head: number, a: number, b: number, c: number, x: number, y: number): void {
    const at = this.#count++ * RECORD
    this.words[at] = head
    this.words[at + 1] = a
    this.words[at + 2] = b
    this.words[at + 3] = c
    this.words[at + 4] = x
    this.words[at + 5] = highWord(x)
    this.words[at + 6] = y
    this.words[at + 7] = highWord(y)
  }

  /** Of the record added last. */
  note(first: number, second: number): void {
    this.beside[(this.#count - 1) * BESIDE] = first
    this.beside[(this.#count - 1) * BESIDE + 1] = second
  }
}

function unpack(units: Int32Array, extras: Float64Array, length: number): Records {
  const out = new Records(length)
  let takerId = 0
  let takerOwner = 0
  for (let at = 0; at < units.length; at += unitsOf(units[at]) * UNIT) {
    const head = units[at]
    const a = units[at + 1]
    const b = units[at + 2]
    const c = units[at + 3]
    const beside = (at / UNIT) * EXTRAS
    const [first, second, third] = [extras[beside], extras[beside + 1], extras[beside + 2]]
    if ((head & 0xff) === ACCEPTED) {
      takerId = first
      takerOwner = a
      const side = (head & SIDE_CODE) | ((a & 0xff) << 16)
      out.add(ACCEPTED | side, a >>> 8, b, c, first, second)
      out.note(third >>> 8, third & 0xff)
      if ((head & FOLDED) !== 0) out.add(RESTED | side, a >>> 8, b, c, first, 0)
    } else if ((head & 0xff) === TRADED) {
      const isNamed = (head & NAMED) !== 0
      const id = isNamed ? joined(units[at + 4], units[at + 5]) : takerId
      const owner = isNamed ? extras[beside + EXTRAS] : takerOwner
      const market = (owner & 0xff) << 16
      const side = (head & SIDE_CODE) | market
      out.add(TRADED | side, second >>> 8, b, c, joined(a, head >>> 16), id)
      out.note(first, owner >>> 8)
      if ((head & FOLDED) !== 0) out.add(CHARGED | market, owner >>> 8, 0, 0, id, third)
    } else if ((head & 0xff) === CANCELLED) {
      const order = joined(a, head >>> 16)
      out.add((head & 0xffff) | ((c & 0xff) << 16), c >>> 8, b, 0, order, 0)
    } else {
      out.add(
        head,
        a,
        b,
        c,
        joined(units[at + 4], units[at + 5]),
        joined(units[at + 6], units[at + 7])
      )
      out.note(first, second)
    }
  }
  return out
}

/** Tells each trade that a writer holds: ids of taker and maker, ticks, lots. */
export function eachTrade(
  { words, extras, count }: EventWriter,
  tell: (taker: number, maker: number, price: number, lots: number) => void
): void {
  let accepted = 0
  for (let unit = 0; unit < count; unit++) {
    const at = unit * UNIT
    const head = words[at]
    const kind = head & 0xff
    if (kind === ACCEPTED) {
      accepted = extras[unit * EXTRAS]
    } else if (kind === TRADED) {
      const taker = (head & NAMED) === 0 ? accepted : joined(words[at + 4], words[at + 5])
      tell(taker, joined(words[at + 1], head >>> 16), words[at + 3] >>> 0, words[at + 2])
      if ((head & NAMED) !== 0) unit++
    } else if (kind !== CANCELLED) {
      unit++
    }
  }
}

function joined(low: number, high: number): number {
  return (high >>> 0) * HIGH_WORD + (low >>> 0)
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
