// The sealed bytes of a batch (design 3.3; every field is in docs/settlement.md): what validators
// attest and the vault settles. One batch object has exactly one encoding, so every daemon that
// replays the tape arrives at the same bytes.
//
//   markets      u8, each: base u8, quote u8, lotSize u56, tickValue u56, makerBps u16,
//                takerBps u16, takerFeeMin u56
//   groups       u16, by address, each: account 20, kind u8, then
//     co-signed  deltas u8, marks u16, sequence u40, floor u40, deltas i64, marks 11 bytes, signature
//     orders     u16, by nonce, each: flags u16, market u8, price u32, quantity u32, expiry u40,
//                feeMax u56, nonce u40, slot u16; trigger price u32 if it has one; resting price
//                u32 if it slides; a signature, or height u8, index u8, siblings, and a signature
//                unless the bulk order before it has the same root
//   sweeps       u16, each: taker u16, fills u16, each: maker u16, lots u32, and price u32 where
//                the maker is co-signed
//   withdrawals  u16, each: account 20, token u8, quanta u56, nonce u40, expiry u40, signature
//
// A signature is 64 bytes (EIP-2098: r, then s with the parity of v in its top bit).
import { equalBytes } from '../protocol/bytes.ts'
import type {
  Address,
  Bytes32,
  MerkleProof,
  NetDelta,
  Order,
  PostOnly,
  SelfTradePrevention,
  Signature,
  TimeInForce
} from '../protocol/types.ts'
import { ByteWriter } from './byte-writer.ts'

/** The terms of a market that its hash commits to. Sizes are quanta, fees tenths of a mille. */
export type MarketTerms = {
  base: number
  quote: number
  lotSize: number
  tickValue: number
  makerBps: number
  takerBps: number
  takerFeeMin: number
}

/** An order of the order side, as its owner signed it. */
export type SealedOrder = {
  order: Order
  /** Ticks: where a post-only order that slides came to rest; else the order's own price. */
  restingPrice: number
  proof: MerkleProof | null
  /** Of the order, or of the root of its tree. */
  signature: Signature
  /** The root to which the proof leads. Whoever has it from others must give it: the bytes of a
   * signature alone do not say which tree they sign (under another one they are another's). */
  root?: Bytes32
}

/** One account of a batch: settled by its own signature on the net result, or by its orders. */
export type Group =
  | { kind: 'cosigned'; delta: NetDelta; signature: Signature }
  | { kind: 'orders'; account: Address; orders: readonly SealedOrder[] }

export type OrderRef = { account: Address; nonce: number }

/** Lots and ticks. `maker` null: its account is co-signed. */
export type SealedFill = { maker: OrderRef | null; lots: number; price: number }

/** A taking order's fills in the order of the tape. `taker` null: its account is co-signed. */
export type Sweep = { taker: OrderRef | null; fills: readonly SealedFill[] }

export type SealedWithdrawal = {
  account: Address
  token: number
  quanta: number
  nonce: number
  expiry: number
  signature: Signature
}

export type BatchContent = {
  /** One for each account, by address, ascending. */
  groups: readonly Group[]
  sweeps: readonly Sweep[]
  /** In the order of the tape. */
  withdrawals: readonly SealedWithdrawal[]
}

/** A trade of the engine: lots at ticks, of a resting and a taking order. */
export type Trade = { maker: OrderRef; taker: OrderRef; lots: number; price: number }

const timesInForce: readonly TimeInForce[] = ['gtc', 'ioc', 'fok']
const postOnlies: readonly PostOnly[] = ['no', 'reject', 'slide']
const preventions: readonly SelfTradePrevention[] = [
  'cancelNewest',
  'cancelOldest',
  'cancelBoth',
  'decrement'
]
const cosignedSide = 0xffff

/** How many fills and orders the layout can name in one batch. */
export const batchOrdersMax = cosignedSide

/** The sealed bytes of a batch.
 * @param markets The venue's markets, by the index that orders carry.
 * @throws RangeError when the content breaks the layout: accounts or nonces out of order, a fill
 * of an order that is not listed, a number that does not fit. */
export function encodeContent(content: BatchContent, markets: readonly MarketTerms[]): Uint8Array {
  const writer = new ByteWriter()
  const marketPlaces = writeMarkets(writer, content.groups, markets)
  const orderPlaces = writeGroups(writer, content.groups, marketPlaces)
  writeSweeps(writer, content.sweeps, orderPlaces)
  writer.uint(content.withdrawals.length, 2)
  for (const withdrawal of content.withdrawals) {
    writer.address(withdrawal.account)
    writer.uint(withdrawal.token, 1)
    writer.uint(withdrawal.quanta, 7)
    writer.uint(withdrawal.nonce, 5)
    writer.uint(withdrawal.expiry, 5)
    writer.bytes(compactSignature(withdrawal.signature))
  }
  return writer.end()
}

/** The trades as sweeps: consecutive trades of one taker together, trades between two co-signed
 * accounts left out, makers whose takers are co-signed in one last sweep.
 * @param trades In the order of the tape. */
export function sweepsOf(
  trades: readonly Trade[],
  isCosigned: (account: Address) => boolean
): Sweep[] {
  const sweeps: { taker: OrderRef; fills: SealedFill[] }[] = []
  const makersOnly: SealedFill[] = []
  for (const { maker, taker, lots, price } of trades) {
    const makerSide = isCosigned(maker.account) ? null : maker
    if (isCosigned(taker.account)) {
      if (makerSide !== null) makersOnly.push({ maker, lots, price })
      continue
    }
    const last = sweeps.at(-1)
    const fill = { maker: makerSide, lots, price }
    if (last !== undefined && sameOrder(last.taker, taker)) last.fills.push(fill)
    else sweeps.push({ taker, fills: [fill] })
  }
  return makersOnly.length === 0 ? sweeps : [...sweeps, { taker: null, fills: makersOnly }]
}

/** A quorum's signatures as `settle` and `voidBatch` take them: a bitmap, then the signatures by
 * validator.
 * @param signatures By the validator's index in the manifest (0 to 31). */
export function encodeAttestations(signatures: ReadonlyMap<number, Signature>): Uint8Array {
  const indexes = [...signatures.keys()].sort((a, b) => a - b)
  const writer = new ByteWriter()
  writer.uint(
    indexes.reduce((bitmap, index) => bitmap + 2 ** index, 0),
    4
  )
  for (const index of indexes) {
    const signature = signatures.get(index)
    if (signature !== undefined) writer.bytes(compactSignature(signature))
  }
  return writer.end()
}

/** What a fill costs the maker, or adds to what the taker's command costs, in quote quanta, as the
 * vault computes it. (The taker pays at least takerFeeMin for the command; either pays at most
 * what is left of the order's feeMax.)
 * @param notional Quote quanta: lots * ticks * tickValue. */
export function fillFee(notional: bigint, bps: number): bigint {
  return (notional * BigInt(bps)) / 10_000n
}

/** A mark as one number: slot, nonce, filled lots. */
export function markWord(mark: { slot: number; nonce: number; filled: number }): bigint {
  return (BigInt(mark.slot) << 70n) | (BigInt(mark.nonce) << 30n) | BigInt(mark.filled)
}

/** r, s, v as 64 bytes. The signature is canonical: s is low, v is 27 or 28. */
export function compactSignature(signature: Signature): Uint8Array {
  if (signature.length !== 65) throw new RangeError('a signature has 65 bytes')
  const v = signature[64]
  if ((v !== 27 && v !== 28) || signature[32] >= 0x80) {
    throw new RangeError('a signature has a low s and a v of 27 or 28')
  }
  // Not slice: of one of Node's buffers it would be a view of the signature itself.
  const compact = new Uint8Array(64)
  compact.set(signature.subarray(0, 64))
  if (v === 28) compact[32] |= 0x80
  return compact
}

function writeMarkets(
  writer: ByteWriter,
  groups: readonly Group[],
  markets: readonly MarketTerms[]
): Map<number, number> {
  const used = new Set<number>()
  for (const group of groups) {
    if (group.kind === 'orders') for (const { order } of group.orders) used.add(order.market)
  }
  const places = new Map<number, number>()
  writer.uint(used.size, 1)
  for (const market of [...used].sort((a, b) => a - b)) {
    const terms = markets[market]
    if (terms === undefined) throw new RangeError(`no market ${market}`)
    places.set(market, places.size)
    writer.uint(terms.base, 1)
    writer.uint(terms.quote, 1)
    writer.uint(terms.lotSize, 7)
    writer.uint(terms.tickValue, 7)
    writer.uint(terms.makerBps, 2)
    writer.uint(terms.takerBps, 2)
    writer.uint(terms.takerFeeMin, 7)
  }
  return places
}

function writeGroups(
  writer: ByteWriter,
  groups: readonly Group[],
  marketPlaces: ReadonlyMap<number, number>
): Map<string, number> {
  const places = new Map<string, number>()
  writer.uint(groups.length, 2)
  let previous = ''
  for (const group of groups) {
    const account = group.kind === 'cosigned' ? group.delta.account : group.account
    if (account <= previous) throw new RangeError(`account ${account} is out of order`)
    previous = account
    writer.address(account)
    if (group.kind === 'cosigned') {
      writer.uint(1, 1)
      writeDelta(writer, group.delta)
      writer.bytes(compactSignature(group.signature))
      continue
    }
    writer.uint(0, 1)
    writer.uint(group.orders.length, 2)
    let before: SealedOrder | null = null
    let bulkBefore: SealedOrder | null = null
    for (const sealed of group.orders) {
      const { order } = sealed
      if (order.account !== account || order.nonce <= (before?.order.nonce ?? 0)) {
        throw new RangeError(`order ${account} ${order.nonce} is out of order`)
      }
      places.set(orderKey(order), places.size)
      writeOrder(
        writer,
        sealed,
        marketPlaces.get(order.market) ?? 0,
        sharesRoot(bulkBefore, sealed)
      )
      before = sealed
      if (sealed.proof !== null) bulkBefore = sealed
    }
  }
  if (places.size > batchOrdersMax) throw new RangeError('too many orders for one batch')
  return places
}

function writeDelta(writer: ByteWriter, delta: NetDelta): void {
  if (delta.deltas.at(-1) === 0) throw new RangeError('deltas end with a zero')
  writer.uint(delta.deltas.length, 1)
  writer.uint(delta.marks.length, 2)
  writer.uint(delta.sequence, 5)
  writer.uint(delta.floor, 5)
  for (const quanta of delta.deltas) writer.int64(quanta)
  let previous = -1
  for (const mark of delta.marks) {
    if (mark.slot <= previous) throw new RangeError('marks are out of order')
    previous = mark.slot
    writer.bigUint(markWord(mark), 11)
  }
}

function writeOrder(
  writer: ByteWriter,
  { order, restingPrice, proof, signature }: SealedOrder,
  market: number,
  shared: boolean
): void {
  const slides = order.postOnly === 'slide'
  if (!slides && restingPrice !== order.price) {
    throw new RangeError(`order ${order.account} ${order.nonce} does not slide`)
  }
  writer.uint(flagsOf(order, proof !== null, shared), 2)
  writer.uint(market, 1)
  writer.uint(order.price, 4)
  writer.uint(order.quantity, 4)
  writer.uint(order.expiry, 5)
  writer.uint(order.feeMax, 7)
  writer.uint(order.nonce, 5)
  writer.uint(order.slot, 2)
  if (order.trigger !== null) writer.uint(order.trigger.price, 4)
  if (slides) writer.uint(restingPrice, 4)
  if (proof !== null) {
    writer.uint(proof.height, 1)
    writer.uint(proof.index, 1)
    for (const sibling of proof.siblings) writer.bytes(sibling)
  }
  if (!shared) writer.bytes(compactSignature(signature))
}

function flagsOf(order: Order, bulk: boolean, shared: boolean): number {
  const trigger = order.trigger === null ? 0 : order.trigger.kind === 'stop' ? 1 : 2
  return (
    (order.side === 'sell' ? 1 : 0) |
    (timesInForce.indexOf(order.timeInForce) << 1) |
    (postOnlies.indexOf(order.postOnly) << 3) |
    ((order.quote ? 1 : 0) << 5) |
    ((order.leased ? 1 : 0) << 6) |
    (preventions.indexOf(order.selfTradePrevention) << 7) |
    (trigger << 9) |
    ((bulk ? 1 : 0) << 11) |
    ((shared ? 1 : 0) << 12)
  )
}

/** Whether the order needs no signature of its own: the same one, of the same tree. */
function sharesRoot(before: SealedOrder | null, sealed: SealedOrder): boolean {
  if (before === null || before.proof === null || sealed.proof === null) return false
  if (before.root !== undefined && sealed.root !== undefined) {
    if (!equalBytes(before.root, sealed.root)) return false
  }
  return (
    before.proof.height === sealed.proof.height && equalBytes(before.signature, sealed.signature)
  )
}

function writeSweeps(
  writer: ByteWriter,
  sweeps: readonly Sweep[],
  places: ReadonlyMap<string, number>
): void {
  const placeOf = (ref: OrderRef | null): number => {
    if (ref === null) return cosignedSide
    const place = places.get(orderKey(ref))
    if (place === undefined) throw new RangeError(`order ${ref.account} ${ref.nonce} is not listed`)
    return place
  }
  writer.uint(sweeps.length, 2)
  for (const { taker, fills } of sweeps) {
    writer.uint(placeOf(taker), 2)
    writer.uint(fills.length, 2)
    for (const { maker, lots, price } of fills) {
      if (taker === null && maker === null) throw new RangeError('a fill of two co-signed accounts')
      writer.uint(placeOf(maker), 2)
      writer.uint(lots, 4)
      if (maker === null) writer.uint(price, 4)
    }
  }
}

function orderKey(ref: OrderRef): string {
  return `${ref.account}:${ref.nonce}`
}

function sameOrder(a: OrderRef, b: OrderRef): boolean {
  return a.account === b.account && a.nonce === b.nonce
}
