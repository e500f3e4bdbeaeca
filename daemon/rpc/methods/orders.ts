// Orders and trades of the hosted accounts, live and past.
import { z } from 'zod'
import { toHex } from '../../../protocol/bytes.ts'
import { typedData } from '../../../protocol/typed-data.ts'
import type { RpcExplain } from '../../../protocol/rpc.ts'
import type { OrderRecord } from '../../trading/types.ts'
import type { RpcApi } from '../api.ts'
import { RpcError } from '../errors.ts'
import type { AnyMethod } from '../registry.ts'
import * as schema from '../schemas.ts'
import { define } from './define.ts'
import { myTradeReply, orderIdOf, parseOrderId, pastRecordOf } from './replies.ts'

const pageDefault = 100
/** Changes of orders in one answer. */
const sinceMax = 1000

const page = {
  account: schema.address.exactOptional(),
  market: schema.marketSymbol.exactOptional(),
  count: schema.count.exactOptional(),
  before: schema.timestamp.exactOptional()
}

export function orderMethods(api: RpcApi): AnyMethod[] {
  const { desk, forms, format, history, manifest, clock, node } = api
  const marketOf = (symbol: string | undefined): number | null =>
    symbol === undefined ? null : forms.marketIndex(symbol)

  return [
    define({
      name: 'private/get_open_orders',
      doc: 'Live orders: pending, open and untriggered.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({
        account: schema.address.exactOptional(),
        market: schema.marketSymbol.exactOptional()
      }),
      result: z.array(schema.order),
      handle: ({ account, market }) => {
        const address = account === undefined ? null : desk.account(account).address
        const index = marketOf(market)
        return desk.records
          .live(address)
          .filter(({ order }) => index === null || order.market === index)
          .map((record) => format.order(record))
      }
    }),
    define({
      name: 'private/get_order',
      doc: 'One order by its id, or by the clientOrderId that it was placed with.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({
        orderId: schema.orderIdText.exactOptional(),
        clientOrderId: schema.clientOrderId.exactOptional(),
        account: schema.address.exactOptional()
      }),
      result: schema.order,
      handle: async ({ orderId, clientOrderId, account }) => {
        if (orderId !== undefined && clientOrderId === undefined) {
          checkAccount(orderId, account)
          return format.order(await pastRecordOf(api, orderId))
        }
        if (orderId !== undefined || clientOrderId === undefined) {
          throw new RpcError('invalid_params', 'name an orderId or a clientOrderId', 'orderId')
        }
        const record = await api.placing.find(desk.account(account).address, clientOrderId)
        if (record === null) throw new RpcError('order_not_found')
        return format.order(record)
      }
    }),
    define({
      name: 'private/get_order_history',
      doc: 'Orders that have ended, newest nonce first, 100 unless told. `before`: only those with a smaller nonce.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject(page),
      result: z.array(schema.order),
      handle: async ({ account, market, count = pageDefault, before }) => {
        const { address } = desk.account(account)
        const query = { market: marketOf(market), count, before: before ?? null }
        const records = await history.endedOrders(address, query)
        return records.map((record) => format.order(record))
      }
    }),
    define({
      name: 'private/get_my_trades',
      doc: 'Fills, newest first, 100 unless told, with fee, role and how far their settlement is. `before`: only those with a smaller tape index.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject(page),
      result: z.array(schema.myTrade),
      handle: async ({ account, market, count = pageDefault, before }) => {
        const { address } = desk.account(account)
        const query = { market: marketOf(market), count, before: before ?? null }
        const fills = await history.fills(address, query)
        return Promise.all(fills.map((fill) => myTradeReply(api, fill)))
      }
    }),
    define({
      name: 'private/get_exposure',
      doc: 'Signed orders of an account that a quorum of dishonest validators could still settle, once each and within their limits: not filled whole, not expired (with the vault’s grace), not below the account’s floor. The newest 1,000.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ account: schema.address.exactOptional() }),
      result: z.array(
        z.strictObject({
          orderId: z.string(),
          market: z.string(),
          side: schema.side,
          price: schema.decimal,
          amount: schema.decimal,
          validUntil: schema.timestamp,
          state: schema.order.shape.state
        })
      ),
      handle: async ({ account }) => {
        const { address } = desk.account(account)
        const floor = node.engine.account(address)?.floor ?? 0
        const grace = manifest.chain === null ? 0 : manifest.settlement.graceSeconds
        const until = ({ order }: OrderRecord): number => (order.expiry + grace) * 1000
        const isValid = (record: OrderRecord): boolean =>
          record.order.nonce >= floor &&
          until(record) > clock.now() &&
          record.filled < record.order.quantity
        const query = { market: null, count: 1000, before: null }
        const ended = await history.endedOrders(address, query)
        return [...desk.records.live(address), ...ended].filter(isValid).map((record) => ({
          orderId: orderIdOf(record.order),
          market: format.symbol(record.order.market),
          side: record.order.side,
          price: format.price(record.order.market, record.order.price),
          amount: format.amount(record.order.market, record.order.quantity - record.filled),
          validUntil: until(record),
          state: record.state
        }))
      }
    }),
    define({
      name: 'private/explain_order',
      doc: 'Everything about one order: the typed data that was signed, its hashes, its place in the lane and on the tape, and who has it: `acknowledgedBy` are the validators (swarm keys) that signed the tape’s head with it, or before it is final a quorum that acknowledged it, if the tape took its time.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ orderId: schema.orderIdText }),
      result: z.strictObject({
        orderId: z.string(),
        typedData: z.unknown(),
        structHash: z.string(),
        digest: z.string(),
        signer: z.string().nullable(),
        lane: z
          .strictObject({
            key: z.string(),
            block: z.number().int(),
            acknowledgedBy: z.array(z.string())
          })
          .nullable(),
        tape: z.strictObject({ index: z.number().int(), entry: z.number().int() }).nullable(),
        state: schema.order.shape.state,
        words: z.array(z.string())
      }),
      handle: async ({ orderId }) => explain(api, await pastRecordOf(api, orderId))
    }),
    define({
      name: 'private/get_since',
      doc: 'Everything of an account that changed after a block of the tape, for a bot that was away: orders, fills, and the balances as they are now. Whole blocks, oldest first, of about `count` changes: while `more` is true, ask again from `tapeIndex`. `completeFrom` is the first block that the history has: from an earlier one than the last before it the call fails, but for -1, which asks for all that there is.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({
        tapeIndex: z.number().int().min(-1),
        count: z.number().int().min(1).max(sinceMax).exactOptional(),
        account: schema.address.exactOptional()
      }),
      result: z.strictObject({
        completeFrom: z.number().int(),
        tapeIndex: z.number().int(),
        more: z.boolean(),
        orders: z.array(schema.order),
        trades: z.array(schema.myTrade),
        balances: z.array(schema.balance)
      }),
      handle: async ({ tapeIndex, count = sinceMax, account }) => {
        const { address } = desk.account(account)
        const { completeFrom } = history
        if (tapeIndex >= 0 && tapeIndex + 1 < completeFrom) {
          const words = `the history begins at block ${completeFrom}: ask from ${completeFrom - 1}, or from -1 for all that there is`
          throw new RpcError('history_incomplete', words, 'tapeIndex')
        }
        const { orders, fills, through, more } = await history.since(address, tapeIndex, count)
        return {
          completeFrom,
          tapeIndex: through,
          more,
          orders: orders.map((record) => format.order(record)),
          trades: await Promise.all(fills.map((fill) => myTradeReply(api, fill))),
          balances: balancesOf(api, address)
        }
      }
    })
  ]
}

/** @throws RpcError order_not_found when the id is of an order of another account */
function checkAccount(orderId: string, account: string | undefined): void {
  if (account === undefined || parseOrderId(orderId).address === account.toLowerCase()) return
  throw new RpcError('order_not_found', 'the orderId is of another account', 'account')
}

export function balancesOf({ node, manifest, format }: RpcApi, address: string) {
  const { engine } = node
  const balances = engine.balances(address)
  const exits = engine.account(address)?.exits ?? []
  return manifest.tokens.map((_, token) =>
    format.balance(address, token, balances[token], exits.includes(token))
  )
}

async function explain({ node, format }: RpcApi, record: OrderRecord): Promise<RpcExplain> {
  const { order, place, laneBlock, state } = record
  const { hasher, terms } = node
  const signed = await signedEntry(node, record)
  const acknowledgedBy =
    laneBlock === null ? [] : await node.acknowledgedBy(laneBlock, place?.index ?? null)
  const words = [
    laneBlock === null
      ? 'it came in another lane, or before this history began'
      : `entry of block ${laneBlock} of this daemon’s lane`,
    place === null ? 'not on the tape' : `final: entry ${place.entry} of tape block ${place.index}`,
    `the engine says: ${state}${record.reason === null ? '' : ` (${record.reason})`}`
  ]
  return {
    orderId: orderIdOf(order),
    typedData: typedData(terms, { kind: 'order', order }),
    structHash: `0x${toHex(hasher.orderStruct(order))}`,
    digest: `0x${toHex(record.digest)}`,
    signer: signed,
    lane: laneBlock === null ? null : { key: node.lane.key, block: laneBlock, acknowledgedBy },
    tape: place,
    state: format.order(record).state,
    words
  }
}

/** Who signed the order, out of the signature that stands on the tape. */
async function signedEntry(
  node: RpcApi['node'],
  { order, place }: OrderRecord
): Promise<string | null> {
  if (place === null) return null
  const entry = await node.readEntry(place.index, place.entry)
  switch (entry?.kind) {
    case 'place':
    case 'amend':
      return node.recover(node.hasher.placeDigest(order, entry.proof), entry.signature)
    case 'quote':
      return node.recover(node.hasher.quoteDigest(entry.orders), entry.signature)
    default:
      return null
  }
}
