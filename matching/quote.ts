// Mass-quotes (docs/matching.md, section 6): all orders or none; they replace the account's quotes
// of the market and enter, one by one, in phases 4 and 5.

import { checkTerms, SPARE_REPLACED } from './checks.ts'
import type { Core } from './core.ts'
import { draftOrder, reject } from './entry.ts'
import type { Entry } from './entry.ts'
import type { NonceIndex } from './nonce-index.ts'
import { FLAGS, ORDER } from './orders.ts'
import { quotesOf } from './quotes.ts'
import {
  EXIT_PENDING,
  INSUFFICIENT_FUNDS,
  PROTECTED,
  QUOTE_LIST,
  REPLACED,
  SETTLEMENT_LAGGING,
  SLOT_BUSY,
  SLOT_NONCE,
  TOO_MANY_ORDERS
} from './reasons.ts'
import type { EntryInput } from './types.ts'

type QuoteInput = Extract<EntryInput, { kind: 'quote' }>

export function quote(core: Core, nonces: NonceIndex, entry: Entry, input: QuoteInput): void {
  const account = entry.account
  const market = core.markets[input.market]
  if (core.stopCode !== 0) return reject(core, entry, SETTLEMENT_LAGGING)
  if (core.ledger.exiting(account, market.base) || core.ledger.exiting(account, market.quote)) {
    return reject(core, entry, EXIT_PENDING)
  }
  if (core.protections.fired(account, input.market)) return reject(core, entry, PROTECTED)
  const replaced = quotesOf(core, account, input.market)
  const refusal = checkList(core, entry, input, replaced)
  if (refusal !== 0) return reject(core, entry, refusal)
  for (const index of replaced) core.cancel(index, REPLACED)
  core.quoted.set(account * core.markets.length + input.market, entry.number)
  entry.pending = input.orders.map((order, ordinal) => {
    draftOrder(core, entry, order, ordinal)
    const index = core.accept(order.quantity, order.price)
    core.wait(index)
    nonces.add(account, order.nonce, index)
    const postOnly = order.postOnly !== 'no'
    return { index, id: core.pool.id(index), postOnly }
  })
}

function checkList(core: Core, entry: Entry, input: QuoteInput, replaced: number[]): number {
  if (input.orders.length === 0) return QUOTE_LIST
  const account = entry.account
  const free = new Set(replaced.map((index) => core.pool.words[index * ORDER + FLAGS] >>> 16))
  const taken = new Set<number>()
  let live = core.accounts.liveOrders(account) - replaced.length
  for (const [ordinal, order] of input.orders.entries()) {
    if (order.account !== input.account || order.market !== input.market || !order.quote) {
      return QUOTE_LIST
    }
    draftOrder(core, entry, order, ordinal)
    const refusal = checkTerms(core, SPARE_REPLACED)
    if (refusal !== 0) return refusal
    if (live >= core.config.liveOrdersMax) return TOO_MANY_ORDERS
    live++
    const busy = core.slotHolder(account, order.slot) !== 0 && !free.has(order.slot)
    if (busy || taken.has(order.slot)) return SLOT_BUSY
    if (order.nonce <= core.accounts.slotNonce(account, order.slot)) return SLOT_NONCE
    taken.add(order.slot)
  }
  return affordable(core, account, input, replaced) ? 0 : INSUFFICIENT_FUNDS
}

/** Whether the account can reserve the whole list once what it replaces is released. */
function affordable(core: Core, account: number, input: QuoteInput, replaced: number[]): boolean {
  const market = core.markets[input.market]
  let base = 0
  let quanta = 0
  for (const order of input.orders) {
    if (order.side === 'buy') {
      quanta += market.enteringBuy(order.quantity, order.price)
    } else {
      base += order.quantity * market.lotSize
      quanta += market.enteringSell(order.price)
    }
  }
  for (const index of replaced) core.reserve(index, -1)
  const pays =
    base <= core.ledger.available(account, market.base) &&
    quanta <= core.ledger.available(account, market.quote)
  for (const index of replaced) core.reserve(index, 1)
  return pays
}
