// The zod schemas of what the RPC speaks of. Types come from protocol/rpc-types.ts: `satisfies`
// holds each schema to its type.
import { z } from 'zod'
import type * as rpc from '../../protocol/rpc-types.ts'

export const decimal = z
  .string()
  .max(60)
  .regex(/^\d+(\.\d+)?$/, 'a plain decimal such as "12" or "0.5"')
export const side = z.enum(['buy', 'sell'])
export const marketSymbol = z.string().min(1).max(40)
export const tokenSymbol = z.string().min(1).max(16)
export const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hex digits')
export const hex = z.string().regex(/^0x[0-9a-f]*$/)
export const orderIdText = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}:\d{1,13}$/, 'an order id: account:nonce')
export const clientOrderId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e]+$/, '1 to 64 printable ASCII characters')
export const clientRequestId = clientOrderId.exactOptional()
export const timestamp = z.number().int().nonnegative()
export const count = z.number().int().min(1).max(1000)
export const expirySeconds = z
  .number()
  .int()
  .min(1)
  .max(2 ** 40 - 1)
export const timeInForce = z.enum(['gtc', 'ioc', 'fok'])
export const postOnly = z.enum(['no', 'reject', 'slide'])
export const selfTradePrevention = z.enum([
  'cancelNewest',
  'cancelOldest',
  'cancelBoth',
  'decrement'
])
export const trigger = z.strictObject({ kind: z.enum(['stop', 'takeProfit']), price: decimal })
export const resolution = z.enum(['1m', '5m', '15m', '1h', '4h', '1d'])
export const none = z.strictObject({})

const tradeState = z.enum([
  'matched',
  'sealed',
  'attested',
  'submitted',
  'mined',
  'final',
  'reverted'
])
const orderState = z.enum([
  'pending',
  'open',
  'untriggered',
  'filled',
  'cancelled',
  'rejected',
  'unknown'
])

export const order = z.strictObject({
  orderId: z.string(),
  clientOrderId: z.string().nullable(),
  account: z.string(),
  market: z.string(),
  side,
  type: z.enum(['limit', 'market']),
  state: orderState,
  reason: z.string().nullable(),
  price: decimal,
  restingPrice: decimal.nullable(),
  amount: decimal,
  filledAmount: decimal,
  remainingAmount: decimal,
  averagePrice: decimal.nullable(),
  fee: decimal,
  timeInForce,
  postOnly,
  quote: z.boolean(),
  leased: z.boolean(),
  selfTradePrevention,
  trigger: trigger.nullable(),
  expiry: z.number().int(),
  nonce: z.number().int(),
  hash: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  tapeIndex: z.number().int().nullable(),
  bookSequence: z.number().int().nullable()
}) satisfies z.ZodType<rpc.RpcOrder>

const tradeFields = {
  tradeId: z.string(),
  market: z.string(),
  side,
  price: decimal,
  amount: decimal,
  time: timestamp,
  batch: z.number().int(),
  state: tradeState
}

export const trade = z.strictObject(tradeFields) satisfies z.ZodType<rpc.RpcTrade>

export const myTrade = z.strictObject({
  ...tradeFields,
  orderId: z.string(),
  clientOrderId: z.string().nullable(),
  account: z.string(),
  mySide: side,
  liquidity: z.enum(['maker', 'taker']),
  fee: decimal,
  transaction: z.string().nullable()
}) satisfies z.ZodType<rpc.RpcMyTrade>

export const orderResult = z.strictObject({
  order,
  trades: z.array(myTrade)
}) satisfies z.ZodType<rpc.RpcOrderResult>

export const instrument = z.strictObject({
  market: z.string(),
  base: z.string(),
  quote: z.string(),
  tickSize: decimal,
  lotSize: decimal,
  minNotional: decimal,
  maxAmount: decimal,
  maxPrice: decimal,
  bandBps: z.number().int(),
  makerFeeBps: z.number().int(),
  takerFeeBps: z.number().int(),
  minTakerFee: decimal,
  marketHash: hex
}) satisfies z.ZodType<rpc.RpcInstrument>

export const level = z.tuple([decimal, decimal])

export const book = z.strictObject({
  market: z.string(),
  changeId: z.number().int(),
  time: timestamp,
  bids: z.array(level),
  asks: z.array(level),
  checksum: z.number().int()
}) satisfies z.ZodType<rpc.RpcBook>

export const fullBook = z.strictObject({
  market: z.string(),
  changeId: z.number().int(),
  time: timestamp,
  orders: z.array(
    z.strictObject({
      sequence: z.number().int(),
      side,
      price: decimal,
      amount: decimal,
      position: z.number().int(),
      amountAhead: decimal,
      own: z.boolean()
    })
  ),
  checksum: z.number().int()
}) satisfies z.ZodType<rpc.RpcFullBook>

export const ticker = z.strictObject({
  market: z.string(),
  time: timestamp,
  bestBid: level.nullable(),
  bestAsk: level.nullable(),
  last: decimal.nullable(),
  high24h: decimal.nullable(),
  low24h: decimal.nullable(),
  volume24h: decimal,
  quoteVolume24h: decimal
}) satisfies z.ZodType<rpc.RpcTicker>

export const candle = z.tuple([timestamp, decimal, decimal, decimal, decimal, decimal])

export const balance = z.strictObject({
  account: z.string(),
  token: z.string(),
  settled: decimal,
  pending: z.string().regex(/^-?\d+(\.\d+)?$/),
  reserved: decimal,
  available: decimal,
  exiting: z.boolean()
}) satisfies z.ZodType<rpc.RpcBalance>

export const batch = z.strictObject({
  index: z.number().int(),
  state: z.enum([
    'open',
    'closed',
    'sealed',
    'attested',
    'submitted',
    'mined',
    'final',
    'reverted'
  ]),
  fills: z.number().int(),
  withdrawals: z.number().int(),
  accounts: z.number().int(),
  cosigned: z.number().int(),
  attestations: z.number().int(),
  link: z.string().nullable(),
  transaction: z.string().nullable(),
  gas: z.number().int().nullable(),
  openedAt: timestamp,
  closedAt: timestamp,
  sealedAt: timestamp,
  submitter: z.string().nullable()
}) satisfies z.ZodType<rpc.RpcBatch>

export const placeFields = {
  account: address.exactOptional(),
  market: marketSymbol,
  amount: decimal,
  price: decimal.exactOptional(),
  type: z.enum(['limit', 'market']).exactOptional(),
  timeInForce: timeInForce.exactOptional(),
  postOnly: postOnly.exactOptional(),
  clientOrderId: clientOrderId.exactOptional(),
  leased: z.boolean().exactOptional(),
  selfTradePrevention: selfTradePrevention.exactOptional(),
  trigger: trigger.exactOptional(),
  expiry: expirySeconds.exactOptional(),
  wait: z.boolean().exactOptional()
}

export const signature = z.string().regex(/^0x[0-9a-fA-F]{130}$/, 'a signature: 0x and 65 bytes')

export const status = z.strictObject({
  role: z.enum(['validator', 'daemon']),
  version: z.string(),
  ready: z.boolean(),
  reasons: z.array(z.string()),
  time: timestamp,
  tape: z.strictObject({
    length: z.number().int(),
    time: timestamp,
    ageMs: z.number().int(),
    eventHash: z.string(),
    cutsPerSecond: z.number()
  }),
  engine: z.strictObject({
    state: z.enum(['running', 'lagging', 'stopped']),
    reason: z.string().nullable(),
    index: z.number().int()
  }),
  validators: z.strictObject({
    total: z.number().int(),
    reached: z.number().int(),
    quorum: z.number().int()
  }),
  peers: z.array(
    z.strictObject({
      key: z.string(),
      role: z.enum(['validator', 'daemon']),
      tapeLength: z.number().int(),
      lagBlocks: z.number().int(),
      connectedAt: timestamp
    })
  ),
  lanes: z.strictObject({ known: z.number().int(), current: z.number().int() }),
  lane: z.strictObject({
    key: z.string(),
    length: z.number().int(),
    finalLength: z.number().int()
  }),
  chain: z
    .strictObject({
      state: z.enum(['none', 'following', 'unreachable', 'lying']),
      block: z.number().int(),
      ageMs: z.number().int()
    })
    .nullable(),
  settlement: z
    .strictObject({
      openBatch: z.number().int(),
      unsettled: z.number().int(),
      lastSettled: z.number().int(),
      gasMoneyLow: z.boolean(),
      turn: z
        .strictObject({
          batch: z.number().int(),
          settler: z.string(),
          until: timestamp.nullable()
        })
        .nullable(),
      problems: z.array(z.string())
    })
    .nullable(),
  finality: z.strictObject({ p50Ms: z.number(), p99Ms: z.number() }),
  evidence: z.array(z.strictObject({ kind: z.string(), by: z.string(), detail: z.string() }))
}) satisfies z.ZodType<rpc.RpcStatus>
