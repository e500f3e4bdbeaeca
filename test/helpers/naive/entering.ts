// Section 4, "Entering": what an order meets on its way into the book, and section 6's protection.
import type { OrderInput } from '../../../matching/types.ts'
import { reserveEntering, reserveResting } from './reservations.ts'
import type { Account, Order, Protection } from './state.ts'
import { crosses, feeOf, notionalOf, opposite, type World } from './world.ts'

/** Where the order would rest, or why it may not enter. */
export type Verdict = { price: number; reason: null } | { price: null; reason: string }

/** Post-only and fok, judged against the book as it is. */
export function judgeEntry(
  world: World,
  account: Account,
  input: OrderInput,
  lots: number
): Verdict {
  if (input.postOnly !== 'no') return judgePostOnly(world, input)
  if (input.timeInForce === 'fok') {
    const reason = judgeFok(world, account, input, lots)
    if (reason !== null) return { price: null, reason }
  }
  return { price: input.price, reason: null }
}

function judgePostOnly(world: World, input: OrderInput): Verdict {
  const touch = world.books[input.market][opposite(input.side)][0]
  if (!touch || !crosses(input.side, input.price, touch.price)) {
    return { price: input.price, reason: null }
  }
  if (input.postOnly === 'reject') return { price: null, reason: 'would_cross' }
  const price = input.side === 'buy' ? touch.price - 1 : touch.price + 1
  if (price < 1 || price > world.config.markets[input.market].priceMaxTicks) {
    return { price: null, reason: 'would_cross' }
  }
  return { price, reason: null }
}

function judgeFok(world: World, account: Account, input: OrderInput, lots: number): string | null {
  const market = world.config.markets[input.market]
  const protections = new Map<Account, Protection>()
  let left = lots
  let fills = 0
  let notional = 0
  let fees = 0
  for (const maker of world.books[input.market][opposite(input.side)]) {
    if (left === 0 || fills === world.config.fillsPerCommandMax) break
    if (!crosses(input.side, input.price, maker.price)) break
    if (maker.account === account) {
      if (input.selfTradePrevention === 'cancelOldest') continue
      break
    }
    const known = maker.account.protections.get(input.market)
    if (maker.input.quote && known && !protections.has(maker.account)) {
      protections.set(maker.account, { ...known, counts: [...known.counts] })
    }
    const protection = maker.input.quote ? protections.get(maker.account) : undefined
    if (protection?.fired) continue
    const lotsHere = Math.min(left, maker.remaining)
    const n = notionalOf(market, lotsHere, maker.price)
    left -= lotsHere
    fills++
    notional += n
    fees += feeOf(n, market.takerBps)
    if (protection) countTrade(protection, world.time, lotsHere)
  }
  if (left > 0) return 'fok_unfillable'
  if (input.trigger !== null) return null
  const fee = Math.min(Math.max(fees, market.takerFeeMin), input.feeMax)
  const base = world.available(account, market.base)
  const quote = world.available(account, market.quote)
  const payable =
    input.side === 'buy'
      ? notional + fee <= quote
      : lots * market.lotSize <= base && quote + notional >= fee
  return payable ? null : 'insufficient_funds'
}

/** Counts lots traded now; sets `fired` when they reach the limit. */
function countTrade(protection: Protection, time: number, lots: number): void {
  if (protection.lots === 0) return
  protection.counts = protection.counts.filter((count) => time - count.time < protection.windowMs)
  protection.counts.push({ time, lots })
  const sum = protection.counts.reduce((total, count) => total + count.lots, 0)
  if (sum >= protection.lots) protection.fired = true
}

function judgeProtection(world: World, order: Order, lots: number): void {
  const protection = order.account.protections.get(order.input.market)
  if (!order.input.quote || !protection || protection.fired) return
  countTrade(protection, world.time, lots)
  if (!protection.fired) return
  world.emit('protectionFired', { market: order.input.market, a: order.account.index })
  for (const quote of order.account.live) {
    if (quote.input.quote && quote.input.market === order.input.market && quote.remaining > 0) {
      world.cancel(quote, 'protection')
    }
  }
}

/** A live order that is pending or fired enters: refused by the book, or matched. */
export function enterWaiting(world: World, order: Order): void {
  const verdict = judgeEntry(world, order.account, order.input, order.remaining)
  if (verdict.reason !== null) {
    world.cancel(order, verdict.reason)
    return
  }
  order.price = verdict.price
  reserveEntering(world, order)
  match(world, order)
}

/** Matches an accepted order against the book, charges it, and rests or cancels what is left. */
export function match(world: World, order: Order): void {
  if (order.state === 'fired') world.fired = world.fired.filter((other) => other !== order)
  order.state = 'entering'
  const sums = { fills: 0, fees: 0 }
  const stop = sweep(world, order, sums)
  if (sums.fills > 0) charge(world, order, sums.fees)
  if (isGone(order)) return
  if (order.remaining === 0) {
    world.remove(order)
    return
  }
  if (stop !== null) world.cancel(order, stop)
  else if (sums.fills === world.config.fillsPerCommandMax) world.cancel(order, 'fill_limit')
  else if (order.input.timeInForce !== 'gtc') world.cancel(order, 'ioc')
  else rest(world, order)
}

function isGone(order: Order): boolean {
  return order.state === 'gone'
}

/** Trades until the order, the crossing prices or the fills run out; gives the reason that
 * stopped it, if any. */
function sweep(world: World, order: Order, sums: { fills: number; fees: number }): string | null {
  const { market: marketIndex, side } = order.input
  const market = world.config.markets[marketIndex]
  while (!isGone(order) && order.remaining > 0 && sums.fills < world.config.fillsPerCommandMax) {
    const maker = world.books[marketIndex][opposite(side)][0]
    if (!maker || !crosses(side, order.price, maker.price)) return null
    if (maker.account === order.account) {
      if (preventSelfTrade(world, maker, order)) return 'self_trade'
      continue
    }
    const wanted = Math.min(order.remaining, maker.remaining)
    const lots = capped(order) ? payableLots(world, order, maker.price, wanted, sums.fees) : wanted
    if (lots === 0) return 'insufficient_funds'
    trade(world, maker, order, lots)
    sums.fills++
    sums.fees += feeOf(notionalOf(market, lots, maker.price), market.takerBps)
    judgeProtection(world, maker, lots)
    judgeProtection(world, order, lots)
    if (lots < wanted) return 'insufficient_funds'
  }
  return null
}

/** Whether only what the account can pay may trade: an ioc that reserves nothing. */
function capped(order: Order): boolean {
  return order.input.timeInForce === 'ioc' && order.input.trigger === null
}

/** The most lots, up to `wanted`, that an unreserved ioc can pay at `price`. */
function payableLots(
  world: World,
  order: Order,
  price: number,
  wanted: number,
  feesSoFar: number
): number {
  const market = world.market(order)
  const base = world.available(order.account, market.base)
  const quote = world.available(order.account, market.quote)
  const feeAt = (lots: number): number => {
    const fees = feesSoFar + feeOf(notionalOf(market, lots, price), market.takerBps)
    return Math.min(Math.max(fees, market.takerFeeMin), order.input.feeMax - order.feesPaid)
  }
  if (order.input.side === 'sell') {
    const lots = Math.min(wanted, Math.floor(base / market.lotSize))
    return quote + notionalOf(market, lots, price) < feeAt(lots) ? 0 : lots
  }
  let low = 0
  let high = wanted
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (notionalOf(market, middle, price) + feeAt(middle) <= quote) low = middle
    else high = middle - 1
  }
  return low
}

/** Two orders of one account meet; true when the taker stops. */
function preventSelfTrade(world: World, maker: Order, taker: Order): boolean {
  const mode = taker.input.selfTradePrevention
  if (mode === 'cancelNewest') return true
  if (mode === 'cancelOldest' || mode === 'cancelBoth') {
    world.cancel(maker, 'self_trade')
    return mode === 'cancelBoth'
  }
  const lots = Math.min(maker.remaining, taker.remaining)
  for (const order of [maker, taker]) {
    order.remaining -= lots
    world.emit('reduced', {
      market: order.input.market,
      a: order.account.index,
      b: order.remaining,
      c: lots,
      x: order.id
    })
  }
  if (maker.remaining > 0) reserveResting(world, maker)
  for (const order of [maker, taker]) {
    if (order.remaining === 0) world.cancel(order, 'self_trade')
  }
  return false
}

function trade(world: World, maker: Order, taker: Order, lots: number): void {
  const market = world.market(maker)
  const { price } = maker
  const notional = notionalOf(market, lots, price)
  const makerFee = Math.min(feeOf(notional, market.makerBps), maker.input.feeMax - maker.feesPaid)
  maker.feesPaid += makerFee
  const buyer = taker.input.side === 'buy' ? taker.account : maker.account
  const seller = taker.input.side === 'buy' ? maker.account : taker.account
  buyer.pending[market.base] += lots * market.lotSize
  buyer.pending[market.quote] -= notional
  seller.pending[market.base] -= lots * market.lotSize
  seller.pending[market.quote] += notional
  maker.account.pending[market.quote] -= makerFee
  for (const order of [maker, taker]) {
    order.remaining -= lots
    order.filled += lots
  }
  world.lastPrices[maker.input.market] = price
  world.trades.push({ market: maker.input.market, price, nextOrderId: world.nextOrderId })
  const batch = world.openBatch
  if (batch.fills.length + batch.withdrawals.length === 0) batch.openedAt = world.time
  batch.fills.push({
    market: maker.input.market,
    maker: { order: maker, filledAfter: maker.filled },
    taker: { order: taker, filledAfter: taker.filled },
    lots,
    price,
    makerFee
  })
  world.emit('traded', {
    code: taker.input.side === 'buy' ? 0 : 1,
    market: maker.input.market,
    a: maker.account.index,
    b: lots,
    c: price,
    x: maker.id,
    y: taker.id
  })
  if (maker.remaining === 0) world.remove(maker)
  else reserveResting(world, maker)
}

function charge(world: World, order: Order, fees: number): void {
  const market = world.market(order)
  const left = order.input.feeMax - order.feesPaid
  const fee = Math.min(Math.max(fees, market.takerFeeMin), left)
  order.feesPaid += fee
  order.account.pending[market.quote] -= fee
  world.openBatch.takerFees.push({ order, fee })
  world.emit('charged', {
    market: order.input.market,
    a: order.account.index,
    x: order.id,
    y: fee,
    whole: fee === Math.max(fees, market.takerFeeMin)
  })
}

function rest(world: World, order: Order): void {
  order.state = 'resting'
  const book = world.books[order.input.market][order.input.side]
  const better = (other: Order): boolean =>
    order.input.side === 'buy' ? other.price < order.price : other.price > order.price
  const place = book.findIndex(better)
  book.splice(place < 0 ? book.length : place, 0, order)
  reserveResting(world, order)
  world.emit('rested', {
    code: order.input.side === 'buy' ? 0 : 1,
    market: order.input.market,
    a: order.account.index,
    b: order.remaining,
    c: order.price,
    x: order.id
  })
}
