// Placing, changing and cancelling.
import { z } from 'zod'
import type { RpcOrderResult, RpcPlaceParams, RpcSide } from '../../../protocol/rpc.ts'
import type { HostedAccount } from '../../trading/hosted-account.ts'
import type { Placed } from '../../trading/placing.ts'
import type { RpcApi } from '../api.ts'
import { RpcError } from '../errors.ts'
import { rejection } from '../faults.ts'
import type { AnyMethod, Caller } from '../registry.ts'
import * as schema from '../schemas.ts'
import { define } from './define.ts'
import { bodyOf, errorReply, orderReply, recordOf, type NamedError } from './replies.ts'

const actionsMax = 100
/** Nonces that one cancel carries. */
const noncesMax = 256

export function tradingMethods(api: RpcApi): AnyMethod[] {
  const { desk, forms, format, node } = api

  const side = (name: 'private/buy' | 'private/sell', way: RpcSide): AnyMethod =>
    define({
      name,
      doc: `${way === 'buy' ? 'Buys' : 'Sells'}. A limit order unless \`type\` is "market", which is an ioc order at the touch and a protection, or at the worst \`price\` given. Answers when the engine has accepted it (and with its first trades), or at once with \`wait\` false.`,
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject(schema.placeFields),
      result: schema.orderResult,
      handle: async (params, caller) => answer(api, await place(api, way, params, caller), params)
    })

  return [
    side('private/buy', 'buy'),
    side('private/sell', 'sell'),
    define({
      name: 'private/place',
      doc: 'Up to 100 orders and cancels at once, in this order, in one block of the lane where they fit. Each has its own result or error. An order’s own `account` and `wait` count before those of the call.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        account: schema.address.exactOptional(),
        actions: z
          .array(
            z.discriminatedUnion('action', [
              z.strictObject({ action: z.literal('buy'), ...schema.placeFields }),
              z.strictObject({ action: z.literal('sell'), ...schema.placeFields }),
              z.strictObject({ action: z.literal('cancel'), orderId: schema.orderIdText })
            ])
          )
          .min(1)
          .max(actionsMax),
        wait: z.boolean().exactOptional()
      }),
      result: z.array(
        z.union([
          schema.orderResult,
          z.strictObject({
            error: z.strictObject({ code: z.number(), message: z.string(), reason: z.string() })
          })
        ])
      ),
      handle: async ({ account, actions, wait = true }, caller) => {
        const answers: Promise<RpcOrderResult | { error: NamedError }>[] = []
        for (const action of actions) {
          if (action.action === 'cancel') {
            const cancelled = cancel(api, action.orderId, wait)
            answers.push(cancelled.then((order) => ({ order, trades: [] })).catch(errorReply))
            continue
          }
          const { action: way, ...params } = action
          const named = account === undefined ? params : { account, ...params }
          const sent = place(api, way, named, caller)
          answers.push(
            sent.then((placed) => answer(api, placed, { wait, ...named })).catch(errorReply)
          )
          // One after the other, so that they reach the lane in their order.
          await sent.catch(() => null)
        }
        return Promise.all(answers)
      }
    }),
    define({
      name: 'private/edit',
      doc: 'Changes what is left of an order (`amount`: what shall still be filled), its price or its expiry. At the same price and with no more left it keeps its place in the queue; else it enters anew. The order gets a new id.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        orderId: schema.orderIdText,
        amount: schema.decimal.exactOptional(),
        price: schema.decimal.exactOptional(),
        expiry: schema.expirySeconds.exactOptional(),
        wait: z.boolean().exactOptional()
      }),
      result: schema.orderResult,
      handle: async ({ orderId, amount, price, expiry, wait = true }, caller) => {
        const { account, record } = recordOf(api, orderId)
        const { order } = record
        ready(api, account)
        const form = forms.complete({
          ...order,
          price: price === undefined ? order.price : forms.price(order.market, price),
          quantity: amount === undefined ? record.remaining : forms.quantity(order.market, amount),
          expiry: expiry ?? order.expiry
        })
        const sent = desk.amend(account, record, form)
        noted(caller, sent.value.order)
        const { value, journaled, outcome } = sent
        return answer(api, { record: value, journaled, outcome }, { wait })
      }
    }),
    define({
      name: 'private/cancel',
      doc: 'Cancels an order, also one that is still pending.',
      scope: 'trade',
      bucket: 'cancels',
      params: z.strictObject({
        orderId: schema.orderIdText,
        wait: z.boolean().exactOptional()
      }),
      result: schema.order,
      handle: ({ orderId, wait = true }) => cancel(api, orderId, wait)
    }),
    define({
      name: 'private/cancel_by_client_id',
      doc: 'Cancels the order that was placed with this clientOrderId, or what edits have made of it.',
      scope: 'trade',
      bucket: 'cancels',
      params: z.strictObject({
        clientOrderId: schema.clientOrderId,
        account: schema.address.exactOptional(),
        wait: z.boolean().exactOptional()
      }),
      result: schema.order,
      handle: async ({ clientOrderId, account, wait = true }) => {
        const hosted = desk.account(account)
        // While an edit is under way there are two: only the engine knows which will be there.
        const named = desk.records.named(hosted.address, clientOrderId)
        if (named.length === 0) throw new RpcError('order_not_found', noneNamed(clientOrderId))
        const nonces = named.map(({ order }) => order.nonce)
        await cancelEach(api, hosted, nonces, wait)
        const gone = wait ? named.find(({ reason }) => reason === 'requested') : named.at(-1)
        if (gone === undefined) throw new RpcError('order_not_found', noneNamed(clientOrderId))
        return format.order(gone)
      }
    }),
    define({
      name: 'private/cancel_all',
      doc: 'Cancels every order of an account, or those of a market, or of a side.',
      scope: 'trade',
      bucket: 'cancels',
      params: z.strictObject({
        account: schema.address.exactOptional(),
        market: schema.marketSymbol.exactOptional(),
        side: schema.side.exactOptional(),
        wait: z.boolean().exactOptional()
      }),
      result: z.strictObject({ cancelled: z.array(z.string()) }),
      handle: async ({ account, market, side: way, wait = true }) => {
        const hosted = desk.account(account)
        const index = market === undefined ? null : forms.marketIndex(market)
        const live = desk.records
          .live(hosted.address)
          .filter(({ order }) => index === null || order.market === index)
          .filter(({ order }) => way === undefined || order.side === way)
        const sent = desk.cancelAll(hosted, index, way ?? null)
        if (!wait) {
          await sent.journaled
          return { cancelled: [] }
        }
        const { rejected } = await sent.outcome
        if (rejected !== null) throw rejection(rejected)
        const gone = live.filter(({ state, reason }) => {
          return state === 'cancelled' && reason === 'requested'
        })
        return { cancelled: gone.map((record) => format.order(record).orderId) }
      }
    }),
    define({
      name: 'private/mass_quote',
      doc: 'Replaces all quotes of an account in a market by these, at once or not at all, under one signature. No quotes: the old ones are cancelled. Quotes count for market-maker protection.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        account: schema.address.exactOptional(),
        market: schema.marketSymbol,
        quotes: z
          .array(
            z.strictObject({
              side: schema.side,
              price: schema.decimal,
              amount: schema.decimal,
              postOnly: schema.postOnly.exactOptional()
            })
          )
          .max(256),
        leased: z.boolean().exactOptional(),
        expiry: schema.expirySeconds.exactOptional(),
        wait: z.boolean().exactOptional()
      }),
      result: z.strictObject({ orders: z.array(schema.order), trades: z.array(schema.myTrade) }),
      handle: async ({ account, market, quotes, leased, expiry, wait = true }, caller) => {
        const hosted = desk.account(account)
        const index = forms.marketIndex(market)
        if (quotes.length === 0) return noQuotes(api, hosted, index, wait)
        ready(api, hosted)
        const now = api.clock.now()
        const common = {
          market,
          ...(leased === undefined ? {} : { leased }),
          ...(expiry === undefined ? {} : { expiry })
        }
        const list = quotes.map(({ side: way, ...terms }) => {
          return forms.form({ ...common, ...terms }, way, node.engine, now)
        })
        const sent = desk.quote(hosted, index, list)
        for (const { order } of sent.value) noted(caller, order)
        await settled(sent, wait)
        const replies = await Promise.all(sent.value.map((record) => orderReply(api, record)))
        return {
          orders: replies.map(({ order }) => order),
          trades: replies.flatMap(({ trades }) => trades)
        }
      }
    })
  ]
}

/** Sends an order, or finds the one that its clientOrderId stands for. */
async function place(
  api: RpcApi,
  way: RpcSide,
  params: RpcPlaceParams,
  caller: Caller
): Promise<Placed> {
  const { desk, forms, node, placing, clock } = api
  const account = desk.account(params.account)
  return placing.place(account.address, params.clientOrderId, bodyOf(way, params), (options) => {
    ready(api, account)
    const form = forms.form(params, way, node.engine, clock.now())
    const sent = desk.place(account, form, { ...options, type: params.type ?? 'limit' })
    noted(caller, sent.value.order)
    return sent
  })
}

/** Waits as the caller asked, and answers. */
export async function answer(
  api: RpcApi,
  placed: Placed,
  { wait = true }: { wait?: boolean }
): Promise<RpcOrderResult> {
  await settled(placed, wait)
  const { record } = placed
  if (record.state === 'rejected') throw rejection(record.reason)
  return orderReply(api, record)
}

async function settled(sent: Pick<Placed, 'journaled' | 'outcome'>, wait: boolean): Promise<void> {
  if (!wait) {
    await sent.journaled
    return
  }
  const outcome = await sent.outcome
  if (outcome !== null && outcome.rejected !== null) throw rejection(outcome.rejected)
}

async function cancel(api: RpcApi, orderId: string, wait: boolean) {
  const { account, record } = recordOf(api, orderId)
  await settled(api.desk.cancel(account, [record.order.nonce]), wait)
  return api.format.order(record)
}

/** Those that were filled or cancelled meanwhile are gone as well. */
async function cancelEach(
  { desk }: RpcApi,
  account: HostedAccount,
  nonces: readonly number[],
  wait: boolean
): Promise<void> {
  for (let at = 0; at < nonces.length; at += noncesMax) {
    const { journaled, outcome } = desk.cancel(account, nonces.slice(at, at + noncesMax))
    await (wait ? outcome : journaled)
  }
}

function noneNamed(clientOrderId: string): string {
  return `no live order with the clientOrderId ${clientOrderId}`
}

async function noQuotes(api: RpcApi, account: HostedAccount, market: number, wait: boolean) {
  const records = api.desk.quotes(account, market)
  if (records.length > 0) {
    const nonces = records.map(({ order }) => order.nonce)
    await cancelEach(api, account, nonces, wait)
  }
  return { orders: records.map((record) => api.format.order(record)), trades: [] }
}

/** @throws RpcError when an order could only be refused */
export function ready({ node }: RpcApi, account: HostedAccount): void {
  const { engine, synced } = node
  if (!synced) throw new RpcError('not_ready', 'still catching up with the tape')
  if (!account.linked) {
    throw new RpcError('not_linked', `${account.address} is not linked to this daemon’s lane`)
  }
  if (engine.stopped !== null) throw new RpcError('settlement_lagging', engine.stopped)
}

export function noted(caller: Caller, order: { account: string; nonce: number }): void {
  caller.session?.placed(order.account, order.nonce)
}
