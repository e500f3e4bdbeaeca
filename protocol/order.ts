// The order on the wire: two bytes of flags, then integers. Market and account stand apart, since
// a quote says them once for all its orders.
//
//   flags 1: side (bit 0), time in force (1-2), post-only (3-4), quote (5), leased (6), 0 (7)
//   flags 2: self-trade prevention (bits 0-1), trigger (2-3), 0 (4-7)
//   price, quantity, expiry, feeMax, nonce, slot, and the trigger's price if there is a trigger
import {
  EXPIRY_MAX,
  MARKETS_LIMIT,
  NONCE_MAX,
  PRICE_MAX,
  QUANTITY_MAX,
  SAFE_MAX,
  SLOTS_LIMIT
} from './limits.ts'
import { EncodeFault } from './faults.ts'
import type {
  Address,
  Order,
  PostOnly,
  SelfTradePrevention,
  Side,
  TimeInForce,
  Trigger
} from './types.ts'
import type { Reader, Writer } from './wire.ts'

// A code is the place in its list, on the wire and in the signed message alike.
export const SIDES: readonly Side[] = ['buy', 'sell']
export const TIMES_IN_FORCE: readonly TimeInForce[] = ['gtc', 'ioc', 'fok']
export const POST_ONLY: readonly PostOnly[] = ['no', 'reject', 'slide']
export const SELF_TRADE_PREVENTIONS: readonly SelfTradePrevention[] = [
  'cancelNewest',
  'cancelOldest',
  'cancelBoth',
  'decrement'
]
const TRIGGER_KINDS: readonly Trigger['kind'][] = ['stop', 'takeProfit']

/** The signed code of a trigger: none 0, stop 1, takeProfit 2. */
export function triggerCode(trigger: Trigger | null): number {
  return trigger === null ? 0 : trigger.kind === 'stop' ? 1 : 2
}

/** An order's identity: `(account, nonce)`, as a key. Never the signature's bytes. */
export function orderKey(account: Address, nonce: number): string {
  return `${account.slice(2)}:${nonce}`
}

/** An order that can rest or wait needs a ring slot; any other's is 0. */
export function needsSlot(order: Pick<Order, 'timeInForce' | 'trigger'>): boolean {
  return order.timeInForce === 'gtc' || order.trigger !== null
}

/** @throws DecodeFault */
export function readOrder(reader: Reader): Order {
  const market = readMarket(reader)
  return readOrderBody(reader, market, reader.address(), 0)
}

/** @throws EncodeFault */
export function writeOrder(writer: Writer, order: Order): void {
  writeMarket(writer, order.market)
  writer.address('account', order.account)
  writeOrderBody(writer, order, 0)
}

export function readMarket(reader: Reader): number {
  return reader.uint(0, MARKETS_LIMIT - 1)
}

export function writeMarket(writer: Writer, market: number): void {
  writer.uint('market', market, 0, MARKETS_LIMIT - 1)
}

/** The order after its market and account. Its nonce is written as what it adds to `nonceBase`
 * (0 outside of a quote). */
export function readOrderBody(
  reader: Reader,
  market: number,
  account: Address,
  nonceBase: number
): Order {
  const first = reader.u8()
  const second = reader.u8()
  const timeInForce = TIMES_IN_FORCE[(first >>> 1) & 3]
  const postOnly = POST_ONLY[(first >>> 3) & 3]
  const trigger = (second >>> 2) & 3
  if (first > 0x7f || second > 0x0f || trigger === 3) reader.fail('unknown order flag')
  if (timeInForce === undefined || postOnly === undefined) reader.fail('unknown order flag')
  const price = reader.uint(1, PRICE_MAX)
  const quantity = reader.uint(1, QUANTITY_MAX)
  const expiry = reader.uint(1, EXPIRY_MAX)
  const feeMax = reader.uint(0, SAFE_MAX)
  const nonce = nonceBase + reader.uint(1, NONCE_MAX - nonceBase)
  const slot = reader.uint(0, SLOTS_LIMIT - 1)
  return {
    market,
    account,
    side: (first & 1) === 0 ? 'buy' : 'sell',
    price,
    quantity,
    timeInForce,
    postOnly,
    quote: (first & 0x20) !== 0,
    leased: (first & 0x40) !== 0,
    selfTradePrevention: SELF_TRADE_PREVENTIONS[second & 3],
    trigger:
      trigger === 0 ? null : { kind: TRIGGER_KINDS[trigger - 1], price: reader.uint(1, PRICE_MAX) },
    expiry,
    feeMax,
    nonce,
    slot
  }
}

export function writeOrderBody(writer: Writer, order: Order, nonceBase: number): void {
  const { trigger } = order
  writer.u8(
    code('side', SIDES, order.side) |
      (code('timeInForce', TIMES_IN_FORCE, order.timeInForce) << 1) |
      (code('postOnly', POST_ONLY, order.postOnly) << 3) |
      (order.quote ? 0x20 : 0) |
      (order.leased ? 0x40 : 0)
  )
  writer.u8(
    code('selfTradePrevention', SELF_TRADE_PREVENTIONS, order.selfTradePrevention) |
      (trigger === null ? 0 : (1 + code('trigger', TRIGGER_KINDS, trigger.kind)) << 2)
  )
  writer.uint('price', order.price, 1, PRICE_MAX)
  writer.uint('quantity', order.quantity, 1, QUANTITY_MAX)
  writer.uint('expiry', order.expiry, 1, EXPIRY_MAX)
  writer.uint('feeMax', order.feeMax, 0, SAFE_MAX)
  writer.uint('nonce', order.nonce - nonceBase, 1, NONCE_MAX - nonceBase)
  writer.uint('slot', order.slot, 0, SLOTS_LIMIT - 1)
  if (trigger !== null) writer.uint('trigger.price', trigger.price, 1, PRICE_MAX)
}

function code<T extends string>(field: string, list: readonly T[], value: T): number {
  const index = list.indexOf(value)
  if (index < 0) throw new EncodeFault(field, `must be one of ${list.join(', ')}, is ${value}`)
  return index
}
