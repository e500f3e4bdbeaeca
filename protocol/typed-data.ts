// The messages that accounts and validators sign, as EIP-712 typed data: the type strings, which
// the fixed-layout hasher (eip712.ts) and the vault hash, and the same as the JSON objects that
// wallets and libraries take. Sixty-four bits and more are decimal strings there, since JSON
// numbers do not hold them everywhere.
import { ZERO_ADDRESS } from './address.ts'
import { toHex0x } from './bytes.ts'
import { Fault } from './faults.ts'
import { BULK_HEIGHT_MAX, EIP712_NAME, EIP712_VERSION } from './limits.ts'
import { POST_ONLY, SELF_TRADE_PREVENTIONS, SIDES, TIMES_IN_FORCE, triggerCode } from './order.ts'
import type { Address, Bytes24, Bytes32, LinkEntry, Mark, NetDelta, Order } from './types.ts'
import type { WithdrawEntry } from './types.ts'

/** The hash of a market that the venue lacks. */
export const NO_MARKET: Bytes32 = new Uint8Array(32)

/** What a venue's signatures are bound to, besides the message. */
export type SigningTerms = {
  /** 0 without a chain. */
  chainId: number
  /** The zero address without a chain. */
  vault: Address
  /** The venue id. */
  venue: Bytes32
  /** Market hashes by market index. */
  markets: readonly Bytes32[]
  /** Token addresses by token index. */
  tokens: readonly Address[]
}

export type Field = { name: string; type: string }

const fields = (text: string): Field[] =>
  text.split(',').map((field) => {
    const [type, name] = field.split(' ')
    return { name, type }
  })

export const TYPES = {
  EIP712Domain: fields('string name,string version,uint256 chainId,address verifyingContract'),
  Order: fields(
    'bytes32 market,address account,uint8 side,uint32 price,uint32 quantity,uint8 timeInForce,' +
      'uint8 postOnly,bool quote,bool leased,uint8 selfTradePrevention,uint8 trigger,' +
      'uint32 triggerPrice,uint40 expiry,uint64 feeMax,uint40 nonce,uint16 slot'
  ),
  Link: fields('bytes32 venue,bytes32 lane,address account,uint40 nonce,uint40 expiry'),
  Withdraw: fields('address account,address token,uint64 quanta,uint40 nonce,uint40 expiry'),
  NetDelta: fields(
    'uint64 batch,bytes24 parent,address account,int64[] deltas,uint40 sequence,uint40 floor,' +
      'uint256[] marks'
  ),
  Batch: fields('uint64 index,bytes24 parent,bytes32 content,uint40 sealedAt'),
  Void: fields('uint64 index,bytes24 parent,uint40 sealedAt')
} as const satisfies Record<string, Field[]>

/** `Name(type field,...)`, the text whose keccak is the type's hash. */
export function typeString(name: keyof typeof TYPES): string {
  return `${name}(${TYPES[name].map((field) => `${field.type} ${field.name}`).join(',')})`
}

/** The same for the tree of a bulk signature of `height` levels (1 to 8). */
export function bulkTypeString(height: number): string {
  return `BulkOrder(${bulkField(height).type} tree)${typeString('Order')}`
}

function bulkField(height: number): Field {
  return { name: 'tree', type: 'Order' + '[2]'.repeat(height) }
}

/** A sealed batch, as validators attest it. */
export type Batch = { index: number; parent: Bytes24; content: Bytes32; sealedAt: number }
/** Its void, of which the quorum says as well when it was sealed. */
export type Void = Omit<Batch, 'content'>

export type Link = Pick<LinkEntry, 'account' | 'nonce' | 'expiry'> & { lane: Bytes32 }
export type Withdraw = Pick<WithdrawEntry, 'account' | 'token' | 'quanta' | 'nonce' | 'expiry'>

/** Everything that is signed, by kind. */
export type SignedMessage =
  | { kind: 'order'; order: Order }
  | { kind: 'bulk'; orders: readonly Order[] }
  | { kind: 'link'; link: Link }
  | { kind: 'withdraw'; withdraw: Withdraw }
  | { kind: 'netDelta'; net: NetDelta }
  | { kind: 'batch'; batch: Batch }
  | { kind: 'void'; batch: Void }

export type TypedValue = string | number | boolean | TypedValue[] | { [name: string]: TypedValue }

/** What ethers' `signTypedData` takes (domain, types, message); for `eth_signTypedData_v4` of a
 * wallet add the domain's own type with `forWallet`. */
export type TypedData = {
  domain: { name: string; version: string; chainId: number; verifyingContract: Address }
  types: Record<string, Field[]>
  primaryType: string
  message: { [name: string]: TypedValue }
}

/** @throws Fault bulk_invalid when a bulk's orders are not 2, 4, 8 ... 256: the zero leaves that
 * fill up other trees have no typed form. */
export function typedData(terms: SigningTerms, signed: SignedMessage): TypedData {
  const whole = (
    primaryType: string,
    types: Record<string, Field[]>,
    message: { [name: string]: TypedValue }
  ): TypedData => ({
    domain: {
      name: EIP712_NAME,
      version: EIP712_VERSION,
      chainId: terms.chainId,
      verifyingContract: terms.vault
    },
    types,
    primaryType,
    message
  })
  switch (signed.kind) {
    case 'order':
      return whole('Order', { Order: TYPES.Order }, orderMessage(terms, signed.order))
    case 'bulk':
      return whole(...bulkParts(terms, signed.orders))
    case 'link':
      return whole('Link', { Link: TYPES.Link }, linkMessage(terms, signed.link))
    case 'withdraw':
      return whole(
        'Withdraw',
        { Withdraw: TYPES.Withdraw },
        {
          account: signed.withdraw.account,
          token: terms.tokens[signed.withdraw.token] ?? ZERO_ADDRESS,
          quanta: String(signed.withdraw.quanta),
          nonce: signed.withdraw.nonce,
          expiry: signed.withdraw.expiry
        }
      )
    case 'netDelta':
      return whole('NetDelta', { NetDelta: TYPES.NetDelta }, netDeltaMessage(signed.net))
    case 'batch':
      return whole(
        'Batch',
        { Batch: TYPES.Batch },
        {
          index: String(signed.batch.index),
          parent: toHex0x(signed.batch.parent),
          content: toHex0x(signed.batch.content),
          sealedAt: signed.batch.sealedAt
        }
      )
    case 'void':
      return whole(
        'Void',
        { Void: TYPES.Void },
        {
          index: String(signed.batch.index),
          parent: toHex0x(signed.batch.parent),
          sealedAt: signed.batch.sealedAt
        }
      )
  }
}

/** With the domain's type among the types, as `eth_signTypedData_v4` wants it. */
export function forWallet(typed: TypedData): TypedData {
  return { ...typed, types: { EIP712Domain: TYPES.EIP712Domain, ...typed.types } }
}

function orderMessage(terms: SigningTerms, order: Order): { [name: string]: TypedValue } {
  return {
    market: toHex0x(terms.markets[order.market] ?? NO_MARKET),
    account: order.account,
    side: SIDES.indexOf(order.side),
    price: order.price,
    quantity: order.quantity,
    timeInForce: TIMES_IN_FORCE.indexOf(order.timeInForce),
    postOnly: POST_ONLY.indexOf(order.postOnly),
    quote: order.quote,
    leased: order.leased,
    selfTradePrevention: SELF_TRADE_PREVENTIONS.indexOf(order.selfTradePrevention),
    trigger: triggerCode(order.trigger),
    triggerPrice: order.trigger?.price ?? 0,
    expiry: order.expiry,
    feeMax: String(order.feeMax),
    nonce: order.nonce,
    slot: order.slot
  }
}

function bulkParts(
  terms: SigningTerms,
  orders: readonly Order[]
): [string, Record<string, Field[]>, { [name: string]: TypedValue }] {
  const height = Math.log2(orders.length)
  if (!Number.isInteger(height) || height < 1 || height > BULK_HEIGHT_MAX) {
    throw new Fault(
      'bulk_invalid',
      `a wallet can sign 2, 4, 8 ... 256 orders at once, not ${orders.length}`
    )
  }
  let level: TypedValue[] = orders.map((order) => orderMessage(terms, order))
  while (level.length > 2) {
    const pairs: TypedValue[] = []
    for (let i = 0; i < level.length; i += 2) pairs.push([level[i], level[i + 1]])
    level = pairs
  }
  return ['BulkOrder', { BulkOrder: [bulkField(height)], Order: TYPES.Order }, { tree: level }]
}

function linkMessage(terms: SigningTerms, link: Link): { [name: string]: TypedValue } {
  return {
    venue: toHex0x(terms.venue),
    lane: toHex0x(link.lane),
    account: link.account,
    nonce: link.nonce,
    expiry: link.expiry
  }
}

function netDeltaMessage(net: NetDelta): { [name: string]: TypedValue } {
  return {
    batch: String(net.batch),
    parent: toHex0x(net.parent),
    account: net.account,
    deltas: net.deltas.map(String),
    sequence: net.sequence,
    floor: net.floor,
    marks: net.marks.map((mark) => String(markWord(mark)))
  }
}

/** A mark as the vault reads it: slot << 70 | nonce << 30 | filled. */
export function markWord(mark: Mark): bigint {
  return (BigInt(mark.slot) << 70n) | (BigInt(mark.nonce) << 30n) | BigInt(mark.filled)
}
