// What several methods answer with.
import { blake2b256 } from '../../../crypto/blake2b.ts'
import { toHex } from '../../../protocol/bytes.ts'
import type {
  RpcMethodName,
  RpcMyTrade,
  RpcOrderResult,
  RpcPlaceParams,
  RpcSide
} from '../../../protocol/rpc.ts'
import type { MyFill } from '../../history/types.ts'
import type { HostedAccount } from '../../trading/hosted-account.ts'
import type { RequestName } from '../../trading/requests.ts'
import type { OrderRecord } from '../../trading/types.ts'
import type { RpcApi } from '../api.ts'
import { RpcError, rpcErrors } from '../errors.ts'
import { toRpcError } from '../faults.ts'
import { orderIdOf } from '../format.ts'

export type NamedError = { code: number; message: string; reason: string }

/** The error of one action of a list. A fault that is the daemon's own fails the whole call. */
export function errorReply(fault: unknown): { error: NamedError } {
  const named = toRpcError(fault)
  if (!(named instanceof RpcError)) throw named
  const { rpcName, reason } = named
  return { error: { code: rpcErrors[rpcName].code, message: rpcName, reason } }
}

/** A hash of the call's content: what a clientOrderId stands for. */
export function bodyOf(side: RpcSide, params: RpcPlaceParams): string {
  const { account: _account, clientOrderId: _id, wait: _wait, ...rest } = params
  return hashOf({ side, ...rest })
}

type MoveParams = { account?: string; clientRequestId?: string; wait?: boolean }

/** The name that a client gave to a move of money, and a hash of the call's content. */
export function nameOf(method: RpcMethodName, params: MoveParams): RequestName | undefined {
  const { account: _account, clientRequestId: id, wait: _wait, ...rest } = params
  return id === undefined ? undefined : { id, body: hashOf({ method, ...rest }) }
}

function hashOf(fields: Record<string, unknown>): string {
  const names = Object.keys(fields).sort()
  const text = JSON.stringify(names.map((name) => [name, fields[name]]))
  return toHex(blake2b256(Buffer.from(text)).subarray(0, 16))
}

/** An order and its fills since this process began. */
export async function orderReply(api: RpcApi, record: OrderRecord): Promise<RpcOrderResult> {
  const trades = await Promise.all(
    record.fills.map((fill) => myTradeReply(api, { ...factsOf(record), fill }))
  )
  return { order: api.format.order(record), trades }
}

export async function myTradeReply(
  { format, history }: Pick<RpcApi, 'format' | 'history'>,
  mine: MyFill
): Promise<RpcMyTrade> {
  const { batch, index } = mine.fill
  const known = history.batches.way(batch, index)
  return format.myTrade(mine, known ?? (await history.batches.oldWay(batch, index)))
}

/** What a fill carries of its order. */
export function factsOf({ order, clientOrderId }: OrderRecord): Omit<MyFill, 'fill'> {
  const { account, nonce, market, side } = order
  return { account, nonce, market, side, clientOrderId }
}

/** An order that is live, or was a moment ago.
 * @throws RpcError order_not_found; TradingFault unknown_account */
export function recordOf(
  { desk }: RpcApi,
  orderId: string
): { account: HostedAccount; record: OrderRecord } {
  const { address, nonce } = parseOrderId(orderId)
  const account = desk.account(address)
  const record = desk.records.find(account.address, nonce)
  if (record === null) throw new RpcError('order_not_found', `no live order ${orderId}`, 'orderId')
  return { account, record }
}

/** The same for any order that ever was. @throws RpcError order_not_found */
export async function pastRecordOf(api: RpcApi, orderId: string): Promise<OrderRecord> {
  const { address, nonce } = parseOrderId(orderId)
  const account = api.desk.account(address)
  const record =
    api.desk.records.find(account.address, nonce) ??
    (await api.history.order(account.address, nonce))
  if (record === null) throw new RpcError('order_not_found', `no order ${orderId}`, 'orderId')
  return record
}

/** The schema has checked its form. */
export function parseOrderId(orderId: string): { address: string; nonce: number } {
  const [address, nonce] = orderId.split(':')
  return { address: address.toLowerCase(), nonce: Number(nonce) }
}

export { orderIdOf }
