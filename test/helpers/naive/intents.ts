// Phases 3 to 5: orders, amends, quotes, cancels and withdrawals, and the triggers after them.
import type { EntryInput, OrderInput } from '../../../matching/types.ts'
import { closeIfFull } from './batches.ts'
import { checkExit, checkFunds, checkRoom, checkTerms, isProtected, outsideBand } from './checks.ts'
import { enterWaiting, judgeEntry, match } from './entering.ts'
import {
  canRestOrWait,
  enteringReservation,
  reserveEntering,
  restingReservation
} from './reservations.ts'
import type { Account, Lane, Order, Place } from './state.ts'
import type { World } from './world.ts'

/** An entry of this block with what step 5 remembered of it. */
export type Turn<E extends EntryInput = EntryInput> = {
  lane: Lane
  entry: E
  /** Place among the block's entries. */
  number: number
  reason: string | null
  /** Of a mass-quote: it replaced what stood before it. */
  accepted: boolean
  /** Orders that wait for the phase in which they enter. */
  pending: Order[]
}

export type EntryOf<K extends EntryInput['kind']> = Extract<EntryInput, { kind: K }>

/** Creates the live order and says so; where it goes next is the caller's business. */
function accept(
  world: World,
  account: Account,
  signer: string,
  input: OrderInput,
  lots: number,
  price: number,
  place: Place
): Order {
  const order = createOrder(world, account, signer, input, lots, price, place)
  reserveEntering(world, order)
  world.emit('accepted', {
    code: input.side === 'buy' ? 0 : 1,
    market: input.market,
    a: account.index,
    b: lots,
    c: input.price,
    x: order.id,
    y: input.nonce
  })
  if (input.trigger !== null) order.state = 'armed'
  return order
}

function createOrder(
  world: World,
  account: Account,
  signer: string,
  input: OrderInput,
  lots: number,
  price: number,
  place: Place
): Order {
  const order: Order = {
    id: world.nextOrderId++,
    account,
    signer,
    input,
    place,
    price,
    remaining: lots,
    filled: 0,
    feesPaid: 0,
    reservedBase: 0,
    reservedQuote: 0,
    state: 'pending'
  }
  account.live.push(order)
  world.live.set(order.id, order)
  if (canRestOrWait(input)) account.slotNonces.set(input.slot, input.nonce)
  return order
}

function placeOf(world: World, turn: Turn, leaf = 0): Place {
  return { index: world.index, entry: turn.number, leaf }
}

/** Whether an accepted mass-quote of the account and market stands behind this entry. */
function isReplaced(turns: Turn[], turn: Turn, account: Account, market: number): boolean {
  return turns.some(
    (other) =>
      other.entry.kind === 'quote' &&
      other.accepted &&
      other.number > turn.number &&
      other.entry.account === account.address &&
      other.entry.market === market
  )
}

export function place(world: World, turns: Turn[], turn: Turn<EntryOf<'place'>>): void {
  const { order: input, signer } = turn.entry
  const account = world.find(input.account)
  const refuse = (reason: string): void =>
    world.reject(reason, turn.number, input.account, input.nonce)
  if (turn.reason !== null || !account || signer === null)
    return refuse(turn.reason ?? 'not_linked')
  const early =
    (world.stopped ? 'settlement_lagging' : null) ??
    checkExit(world, account, input.market) ??
    checkTerms(world, account, input, signer, {
      replaced: isReplaced(turns, turn, account, input.market),
      band: true
    }) ??
    checkRoom(world, account, input, { leaving: [], before: [], count: true })
  if (early !== null) return refuse(early)
  let price = input.price
  if (input.trigger === null) {
    const verdict = judgeEntry(world, account, input, input.quantity)
    if (verdict.reason !== null) return refuse(verdict.reason)
    price = verdict.price
  }
  const market = world.config.markets[input.market]
  const needed = enteringReservation(market, input, input.quantity, price)
  const broke = checkFunds(world, account, input.market, needed, [])
  if (broke !== null) return refuse(broke)
  const order = accept(world, account, signer, input, input.quantity, price, placeOf(world, turn))
  if (input.trigger === null) {
    match(world, order)
    closeIfFull(world)
  }
}

/** All of an amend but its entering; an order that is to enter is left in `turn.pending`. */
export function amend(world: World, turns: Turn[], turn: Turn<EntryOf<'amend'>>): void {
  const { order: input, oldNonce, filledSeen, signer } = turn.entry
  const account = world.find(input.account)
  const refuse = (reason: string): void =>
    world.reject(reason, turn.number, input.account, input.nonce)
  if (turn.reason !== null || !account || signer === null)
    return refuse(turn.reason ?? 'not_linked')
  const old = account.live.find((order) => order.input.nonce === oldNonce)
  if (!old) return refuse('unknown_order')
  if (old.input.market !== input.market || old.input.side !== input.side) {
    return refuse('amend_mismatch')
  }
  if (filledSeen > old.filled) return refuse('filled_seen_ahead')
  const lots = input.quantity - (old.filled - filledSeen)
  if (lots <= 0) {
    world.cancel(old, 'amended')
    return refuse('already_filled')
  }
  const inPlace =
    old.state === 'resting' &&
    input.timeInForce === 'gtc' &&
    input.trigger === null &&
    input.price === old.input.price &&
    input.price === old.price &&
    lots <= old.remaining
  const market = world.config.markets[input.market]
  const reason =
    (world.stopped && !inPlace ? 'settlement_lagging' : null) ??
    checkExit(world, account, input.market) ??
    checkTerms(world, account, input, signer, {
      replaced: !inPlace && isReplaced(turns, turn, account, input.market),
      band: !inPlace
    }) ??
    checkRoom(world, account, input, { leaving: [old], before: [], count: !inPlace })
  if (reason !== null) return refuse(reason)
  if (inPlace) return amendInPlace(world, old, signer, input, lots, placeOf(world, turn))
  const needed = enteringReservation(market, input, lots, input.price)
  const broke = checkFunds(world, account, input.market, needed, [old])
  if (broke !== null) return refuse(broke)
  world.cancel(old, 'amended')
  const order = accept(world, account, signer, input, lots, input.price, placeOf(world, turn))
  if (input.trigger === null) turn.pending.push(order)
}

function amendInPlace(
  world: World,
  old: Order,
  signer: string,
  input: OrderInput,
  lots: number,
  where: Place
): void {
  const book = world.books[input.market][input.side]
  const queuePlace = book.indexOf(old)
  world.remove(old)
  const order = createOrder(world, old.account, signer, input, lots, input.price, where)
  const market = world.market(order)
  const { base, quote } = restingReservation(market, input, lots, input.price)
  world.reserve(order, base, quote)
  order.state = 'resting'
  world.books[input.market][input.side].splice(queuePlace, 0, order)
  world.emit('amended', {
    market: input.market,
    a: order.account.index,
    b: lots,
    x: order.id,
    y: old.id
  })
}

export function massQuote(world: World, turn: Turn<EntryOf<'quote'>>): void {
  const { orders, market: marketIndex, signer, account: address } = turn.entry
  const account = world.find(address)
  const refuse = (reason: string): void =>
    world.reject(reason, turn.number, address, orders[0].nonce)
  if (turn.reason !== null || !account || signer === null)
    return refuse(turn.reason ?? 'not_linked')
  const replaced = account.live.filter(
    (order) => order.input.quote && order.input.market === marketIndex
  )
  const reason =
    (world.stopped ? 'settlement_lagging' : null) ??
    checkExit(world, account, marketIndex) ??
    (isProtected(account, marketIndex) ? 'protected' : null) ??
    checkList(world, account, turn.entry, signer, replaced)
  if (reason !== null) return refuse(reason)
  for (const order of replaced) world.cancel(order, 'replaced')
  orders.forEach((input, leaf) => {
    const where = placeOf(world, turn, leaf)
    turn.pending.push(accept(world, account, signer, input, input.quantity, input.price, where))
  })
  turn.accepted = true
}

function checkList(
  world: World,
  account: Account,
  entry: EntryOf<'quote'>,
  signer: string,
  leaving: Order[]
): string | null {
  const market = world.config.markets[entry.market]
  const sum = { base: 0, quote: 0 }
  for (const [index, input] of entry.orders.entries()) {
    if (input.account !== entry.account || input.market !== entry.market || !input.quote) {
      return 'quote_list'
    }
    const before = entry.orders.slice(0, index)
    const reason =
      checkTerms(world, account, input, signer, { replaced: false, band: true }) ??
      checkRoom(world, account, input, { leaving, before, count: true })
    if (reason !== null) return reason
    const { base, quote } = enteringReservation(market, input, input.quantity, input.price)
    sum.base += base
    sum.quote += quote
  }
  return checkFunds(world, account, entry.market, sum, leaving)
}

/** The orders of an amend or quote whose phase has come enter, each a command of its own. */
export function enterPending(world: World, turn: Turn, postOnly: boolean): void {
  for (const order of turn.pending) {
    if (order.state !== 'pending' || (order.input.postOnly !== 'no') !== postOnly) continue
    enterWaiting(world, order)
    closeIfFull(world)
  }
}

/** `lane_not_open`, `not_linked`, `expired` of both kinds of cancel; one rejection, remembered. */
function cancelRefused(
  world: World,
  turn: Turn<EntryOf<'cancel'> | EntryOf<'cancelAll'>>
): boolean {
  const { entry, lane } = turn
  const account = world.find(entry.account)
  if (!lane.open) turn.reason = 'lane_not_open'
  else if (!account || account.lane !== lane) turn.reason = 'not_linked'
  else if (entry.expiry !== 0 && world.time >= entry.expiry * 1000) turn.reason = 'expired'
  else if (entry.kind === 'cancelAll' && entry.market !== null) {
    if (entry.market >= world.config.markets.length) turn.reason = 'unknown_market'
  }
  if (turn.reason !== null) world.reject(turn.reason, turn.number, entry.account, 0)
  return turn.reason !== null
}

/** Phase 3 takes the nonces up to `nonceBefore`, phase 5 (`late`) the others. */
export function cancel(world: World, turn: Turn<EntryOf<'cancel'>>, late: boolean): void {
  if (late ? turn.reason !== null : cancelRefused(world, turn)) return
  const account = world.account(turn.entry.account)
  for (const nonce of turn.entry.nonces) {
    if (nonce > account.nonceBefore !== late) continue
    const order = account.live.find((live) => live.input.nonce === nonce)
    if (order) world.cancel(order, 'requested')
    else world.reject('unknown_order', turn.number, account.address, nonce)
  }
}

/** Phase 3 takes the orders of earlier blocks, phase 5 (`late`) those of this one. */
export function cancelAll(world: World, turn: Turn<EntryOf<'cancelAll'>>, late: boolean): void {
  if (late ? turn.reason !== null : cancelRefused(world, turn)) return
  const { market, side } = turn.entry
  for (const order of world.account(turn.entry.account).live) {
    if (order.id >= world.firstOrderId !== late) continue
    if (market !== null && order.input.market !== market) continue
    if (side !== null && order.input.side !== side) continue
    world.cancel(order, 'requested')
  }
}

export function withdraw(world: World, turn: Turn<EntryOf<'withdraw'>>): void {
  const { account: address, token, quanta, nonce } = turn.entry
  const account = world.find(address)
  const reason = turn.reason ?? (account ? checkWithdraw(world, account, turn.entry) : 'not_linked')
  if (reason !== null || !account) {
    world.reject(reason ?? 'not_linked', turn.number, address, nonce)
    return
  }
  account.pending[token] -= quanta
  const batch = world.openBatch
  if (batch.fills.length + batch.withdrawals.length === 0) batch.openedAt = world.time
  batch.withdrawals.push({ account, token, quanta, nonce, place: placeOf(world, turn) })
  world.emit('withdrawn', { a: account.index, b: token, x: nonce, y: quanta })
  closeIfFull(world)
}

function checkWithdraw(world: World, account: Account, entry: EntryOf<'withdraw'>): string | null {
  const { config, time } = world
  if (config.settlement === null) return 'no_chain'
  if (world.stopped) return 'settlement_lagging'
  if (account.exit[entry.token]) return 'exit_pending'
  if (time >= entry.expiry * 1000) return 'expired'
  if (entry.expiry * 1000 > time + config.orderLifeMaxSeconds * 1000) return 'expiry_too_far'
  if (entry.quanta < 1) return 'quantity_out_of_range'
  return entry.quanta > world.available(account, entry.token) ? 'insufficient_funds' : null
}

/** Moves the armed orders that the block's trades from `first` on fire to the end of the queue. */
function judgeTriggers(world: World, first: number): void {
  for (const trade of world.trades.slice(first)) {
    for (const order of world.live.values()) {
      const { market, side, trigger } = order.input
      if (order.state !== 'armed' || market !== trade.market || trigger === null) continue
      if (order.id >= trade.nextOrderId) continue
      const above = (trigger.kind === 'stop') === (side === 'buy')
      if (above ? trade.price < trigger.price : trade.price > trigger.price) continue
      order.state = 'fired'
      world.fired.push(order)
    }
  }
}

export function runTriggers(world: World): void {
  judgeTriggers(world, 0)
  if (world.stopped) return
  for (let turn = 0; turn < world.config.triggersPerCutMax && world.fired.length > 0; turn++) {
    const order = world.fired[0]
    const judged = world.trades.length
    world.emit('triggered', {
      market: order.input.market,
      a: order.account.index,
      x: order.id
    })
    if (outsideBand(world, order.input)) world.cancel(order, 'price_band')
    else enterWaiting(world, order)
    closeIfFull(world)
    judgeTriggers(world, judged)
  }
}
