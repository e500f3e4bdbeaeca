// Orders that are signed outside: a wallet, a hardware key, a delegate elsewhere.
import { z } from 'zod'
import { equalBytes, fromHex, toHex } from '../../../protocol/bytes.ts'
import {
  POST_ONLY,
  SELF_TRADE_PREVENTIONS,
  SIDES,
  TIMES_IN_FORCE
} from '../../../protocol/order.ts'
import { forWallet, typedData } from '../../../protocol/typed-data.ts'
import type { Order } from '../../../protocol/types.ts'
import type { RpcApi } from '../api.ts'
import { RpcError } from '../errors.ts'
import type { AnyMethod } from '../registry.ts'
import * as schema from '../schemas.ts'
import { bytesOf } from './accounts.ts'
import { define } from './define.ts'
import { answer, noted, ready } from './trading.ts'

const TRIGGER_KINDS = ['stop', 'takeProfit'] as const

/** A JSON number, or a decimal string, as wallets and libraries write integers. */
const integer = (max: number) =>
  z
    .union([z.number(), z.string().regex(/^\d{1,16}$/)])
    .transform(Number)
    .pipe(z.number().int().min(0).max(max))
const codeOf = (values: readonly unknown[]) => integer(values.length - 1)

const message = z.strictObject({
  market: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
  account: schema.address,
  side: codeOf(SIDES),
  price: integer(2 ** 32 - 1),
  quantity: integer(2 ** 30 - 1),
  timeInForce: codeOf(TIMES_IN_FORCE),
  postOnly: codeOf(POST_ONLY),
  quote: z.boolean(),
  leased: z.boolean(),
  selfTradePrevention: codeOf(SELF_TRADE_PREVENTIONS),
  trigger: integer(TRIGGER_KINDS.length),
  triggerPrice: integer(2 ** 32 - 1),
  expiry: integer(2 ** 40 - 1),
  feeMax: integer(Number.MAX_SAFE_INTEGER),
  nonce: integer(2 ** 40 - 1),
  slot: integer(2 ** 16 - 1)
})

/** The name goes with the order when it is handed in, and nothing is there to wait for. */
const { clientOrderId: _name, wait: _wait, ...preparedFields } = schema.placeFields

export function signedMethods(api: RpcApi): AnyMethod[] {
  const { desk, forms, node, placing, clock } = api
  return [
    define({
      name: 'private/prepare_order',
      doc: 'An order as a wallet signs it (eth_signTypedData_v4), with the account’s next nonce and a free slot. The slot is kept for two minutes. Hand it in with private/submit_signed_order before the account’s next order: nonces only grow. Its clientOrderId goes there.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({ ...preparedFields, side: schema.side }),
      result: z.strictObject({ typedData: z.unknown(), digest: schema.hex }),
      handle: ({ side, ...params }) => {
        const account = desk.account(params.account)
        ready(api, account)
        const form = forms.form(params, side, node.engine, clock.now())
        const order = desk.prepare(account, form)
        const typed = forWallet(typedData(node.terms, { kind: 'order', order }))
        return { typedData: typed, digest: `0x${toHex(node.hasher.orderDigest(order))}` }
      }
    }),
    define({
      name: 'private/submit_signed_order',
      doc: 'Places an order that was signed outside, by the account or a delegate of it: `order` is the message of the typed data.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        order: z.record(z.string().max(64), z.unknown()),
        signature: schema.signature,
        clientOrderId: schema.clientOrderId.exactOptional(),
        wait: z.boolean().exactOptional()
      }),
      result: schema.orderResult,
      handle: async ({ order: given, signature, clientOrderId, wait = true }, caller) => {
        const order = orderOf(api, given)
        const account = desk.account(order.account)
        const body = toHex(node.hasher.orderDigest(order))
        const placed = await placing.place(account.address, clientOrderId, body, (options) => {
          ready(api, account)
          const sent = desk.submitSigned(order, bytesOf(signature), options)
          noted(caller, order)
          return sent
        })
        return answer(api, placed, { wait })
      }
    })
  ]
}

/** @throws RpcError invalid_params, unknown_market */
function orderOf({ node }: RpcApi, given: Record<string, unknown>): Order {
  const parsed = message.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const reason = `order.${issue.path.join('.')}: ${issue.message}`
    throw new RpcError('invalid_params', reason, 'order')
  }
  const { data } = parsed
  const hash = fromHex(data.market.slice(2).toLowerCase())
  const market = node.terms.markets.findIndex((each) => hash !== null && equalBytes(each, hash))
  if (market < 0) throw new RpcError('unknown_market', `no market of hash ${data.market}`, 'order')
  const { trigger, triggerPrice } = data
  return {
    market,
    account: data.account.toLowerCase(),
    side: SIDES[data.side],
    price: data.price,
    quantity: data.quantity,
    timeInForce: TIMES_IN_FORCE[data.timeInForce],
    postOnly: POST_ONLY[data.postOnly],
    quote: data.quote,
    leased: data.leased,
    selfTradePrevention: SELF_TRADE_PREVENTIONS[data.selfTradePrevention],
    trigger: trigger === 0 ? null : { kind: TRIGGER_KINDS[trigger - 1], price: triggerPrice },
    expiry: data.expiry,
    feeMax: data.feeMax,
    nonce: data.nonce,
    slot: data.slot
  }
}
