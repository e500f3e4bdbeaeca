// The entries (entries.ts) that hold lists or optional fields. Each reader and its writer stand
// together, since one is the other's inverse.
import { EncodeFault } from './faults.ts'
import {
  BULK_HEIGHT_MAX,
  BULK_ORDERS_MAX,
  CANCEL_NONCES_MAX,
  EXPIRY_MAX,
  NONCE_MAX,
  QUANTITY_MAX,
  SAFE_MAX,
  SLOTS_LIMIT,
  TOKENS_LIMIT
} from './limits.ts'
import { readMarket, readOrderBody, SIDES, writeMarket, writeOrderBody } from './order.ts'
import { readInt, writeInt } from './wire.ts'
import type { Reader, Writer } from './wire.ts'
import type {
  AttestEntry,
  CancelAllEntry,
  CancelEntry,
  CosignEntry,
  Mark,
  MerkleProof,
  NetDelta,
  Order,
  QuoteEntry,
  Side
} from './types.ts'

// A proof: height (0 for none), the leaf's index, one sibling a level from the leaf upwards.
export function readProof(reader: Reader): MerkleProof | null {
  const height = reader.u8()
  if (height === 0) return null
  if (height > BULK_HEIGHT_MAX) reader.fail('proof too high')
  const index = reader.uint(0, 2 ** height - 1)
  const siblings: Uint8Array[] = []
  for (let i = 0; i < height; i++) siblings.push(reader.fixed(32))
  return { height, index, siblings }
}

export function writeProof(writer: Writer, proof: MerkleProof | null): void {
  if (proof === null) return writer.u8(0)
  const { height, index, siblings } = proof
  if (siblings.length !== height) throw new EncodeFault('proof', 'needs one sibling a level')
  writer.uint('proof.height', height, 1, BULK_HEIGHT_MAX)
  writer.uint('proof.index', index, 0, 2 ** height - 1)
  for (const sibling of siblings) writer.fixed('proof.sibling', sibling, 32)
}

// A quote: account and market once, the number of orders less one, then of each order its flags
// and integers, the nonce as what it adds to the one before.
export function readQuote(reader: Reader): QuoteEntry {
  const account = reader.address()
  const market = readMarket(reader)
  const count = reader.u8() + 1
  const orders: Order[] = []
  let nonce = 0
  for (let i = 0; i < count; i++) {
    const order = readOrderBody(reader, market, account, nonce)
    if (!order.quote) reader.fail('order of a quote not marked as one')
    nonce = order.nonce
    orders.push(order)
  }
  return { kind: 'quote', account, market, orders, signature: reader.signature() }
}

export function writeQuote(writer: Writer, entry: QuoteEntry): void {
  const { account, market, orders } = entry
  writer.address('account', account)
  writeMarket(writer, market)
  checkCount('orders', orders.length, BULK_ORDERS_MAX)
  writer.u8(orders.length - 1)
  let nonce = 0
  for (const order of orders) {
    if (order.account !== account || order.market !== market || !order.quote) {
      throw new EncodeFault('orders', "must all be quotes of the entry's account and market")
    }
    writeOrderBody(writer, order, nonce)
    nonce = order.nonce
  }
  writer.signature(entry.signature)
}

// A cancel: account, expiry, the number of nonces less one, the nonces.
export function readCancel(reader: Reader): CancelEntry {
  const account = reader.address()
  const expiry = reader.uint(0, EXPIRY_MAX)
  const count = reader.u8() + 1
  const nonces: number[] = []
  for (let i = 0; i < count; i++) nonces.push(reader.uint(1, NONCE_MAX))
  return { kind: 'cancel', account, nonces, expiry }
}

export function writeCancel(writer: Writer, entry: CancelEntry): void {
  writer.address('account', entry.account)
  writer.uint('expiry', entry.expiry, 0, EXPIRY_MAX)
  checkCount('nonces', entry.nonces.length, CANCEL_NONCES_MAX)
  writer.u8(entry.nonces.length - 1)
  for (const nonce of entry.nonces) writer.uint('nonce', nonce, 1, NONCE_MAX)
}

// A cancel-all: account, expiry, scope (bit 0: of one market; bits 1-2: 0 both sides, 1 buys,
// 2 sells), the market if it is of one.
const SCOPE_SIDES: readonly (Side | null)[] = [null, ...SIDES]

export function readCancelAll(reader: Reader): CancelAllEntry {
  const account = reader.address()
  const expiry = reader.uint(0, EXPIRY_MAX)
  const scope = reader.u8()
  if (scope > 5) reader.fail('unknown scope of cancel-all')
  const market = (scope & 1) === 0 ? null : readMarket(reader)
  return { kind: 'cancelAll', account, market, side: SCOPE_SIDES[scope >>> 1], expiry }
}

export function writeCancelAll(writer: Writer, entry: CancelAllEntry): void {
  const { account, market, side, expiry } = entry
  writer.address('account', account)
  writer.uint('expiry', expiry, 0, EXPIRY_MAX)
  const code = SCOPE_SIDES.indexOf(side)
  if (code < 0) throw new EncodeFault('side', 'must be buy, sell or null')
  writer.u8((code << 1) | (market === null ? 0 : 1))
  if (market !== null) writeMarket(writer, market)
}

export function readCosign(reader: Reader): CosignEntry {
  const net = readNetDelta(reader)
  return { kind: 'cosign', ...net, signature: reader.signature() }
}

export function writeCosign(writer: Writer, entry: CosignEntry): void {
  writeNetDelta(writer, entry)
  writer.signature(entry.signature)
}

function readNetDelta(reader: Reader): NetDelta {
  const batch = reader.uint(1, SAFE_MAX)
  const parent = reader.fixed(24)
  const account = reader.address()
  const deltas = readQuantaList(reader)
  const sequence = reader.uint(0, NONCE_MAX)
  const floor = reader.uint(0, NONCE_MAX)
  const count = reader.uint(0, SLOTS_LIMIT)
  const marks: Mark[] = []
  let slotMin = 0
  for (let i = 0; i < count; i++) {
    const slot = reader.uint(slotMin, SLOTS_LIMIT - 1)
    marks.push({
      slot,
      nonce: reader.uint(1, NONCE_MAX),
      filled: reader.uint(0, QUANTITY_MAX)
    })
    slotMin = slot + 1
  }
  return { batch, parent, account, deltas, sequence, floor, marks }
}

function writeNetDelta(writer: Writer, net: NetDelta): void {
  writer.uint('batch', net.batch, 1, SAFE_MAX)
  writer.fixed('parent', net.parent, 24)
  writer.address('account', net.account)
  writeQuantaList(writer, 'deltas', net.deltas)
  writer.uint('sequence', net.sequence, 0, NONCE_MAX)
  writer.uint('floor', net.floor, 0, NONCE_MAX)
  writer.uint('marks', net.marks.length, 0, SLOTS_LIMIT)
  let slotMin = 0
  for (const mark of net.marks) {
    writer.uint('mark.slot', mark.slot, slotMin, SLOTS_LIMIT - 1)
    writer.uint('mark.nonce', mark.nonce, 1, NONCE_MAX)
    writer.uint('mark.filled', mark.filled, 0, QUANTITY_MAX)
    slotMin = mark.slot + 1
  }
}

/** Signed quanta by token index, without a trailing zero. */
export function readQuantaList(reader: Reader): number[] {
  const count = reader.uint(0, TOKENS_LIMIT)
  const quanta: number[] = []
  for (let i = 0; i < count; i++) quanta.push(readInt(reader))
  if (count > 0 && quanta[count - 1] === 0) reader.fail('trailing zero')
  return quanta
}

export function writeQuantaList(writer: Writer, field: string, quanta: readonly number[]): void {
  if (quanta.length > 0 && quanta[quanta.length - 1] === 0) {
    throw new EncodeFault(field, 'must not end in a zero')
  }
  writer.uint(field, quanta.length, 0, TOKENS_LIMIT)
  for (const amount of quanta) writeInt(writer, field, amount)
}

// An attestation: batch, parent, 1 and content, or 0 for a void, then the time of sealing.
export function readAttest(reader: Reader): AttestEntry {
  const batch = reader.uint(1, SAFE_MAX)
  const parent = reader.fixed(24)
  const content = reader.bool() ? reader.fixed(32) : null
  const sealedAt = reader.uint(0, EXPIRY_MAX)
  return { kind: 'attest', batch, parent, content, sealedAt, signature: reader.signature() }
}

export function writeAttest(writer: Writer, entry: AttestEntry): void {
  const { batch, parent, content, sealedAt, signature } = entry
  writer.uint('batch', batch, 1, SAFE_MAX)
  writer.fixed('parent', parent, 24)
  writer.bool(content !== null)
  if (content !== null) writer.fixed('content', content, 32)
  writer.uint('sealedAt', sealedAt, 0, EXPIRY_MAX)
  writer.signature(signature)
}

function checkCount(field: string, count: number, max: number): void {
  if (count < 1 || count > max) {
    throw new EncodeFault(field, `must hold 1 to ${max}, holds ${count}`)
  }
}
