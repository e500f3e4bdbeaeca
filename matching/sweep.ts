// An order trades (docs/matching.md, section 4, matching): the first order of the best level, again
// and again, until nothing crosses or something stops it. This is the engine's innermost loop: what a
// trade reads and writes stands in it, and what is rare is called out.

import { fire } from './activation.ts'
import type { Core } from './core.ts'
import * as cellLayout from './cell-layout.ts'
import * as records from './event-layout.ts'
import * as fees from './fees.ts'
import type { Market } from './market.ts'
import * as layout from './order-layout.ts'
import { payable } from './payable.ts'
import { FILL_LIMIT, INSUFFICIENT_FUNDS, IOC_REST } from './reasons.ts'
import { preventSelfTrade } from './self-trade.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { feeOf } = fees
const { NAMED } = records
const { CELL, PENDING, RESERVED, STAMP } = cellLayout
const {
  DELEGATED,
  FILLED,
  FLAGS,
  GTC,
  HIGH,
  ID_LOW,
  IOC,
  ORDER,
  OWNER,
  PRICE,
  QUOTE,
  REMAINING,
  SELL,
  TIF_MASK,
  TIGHT,
  TRIGGER
} = layout

/** Trades an order that crosses. Gives whether what is left of it rests; else its end is in the
 * events, and the caller drops it. */
export function sweep(
  core: Core,
  index: number,
  nonce: number,
  feeMax: number,
  market: Market
): boolean {
  const { accounts, batches, events, ledger, pool, settles } = core
  // Nobody enters and no account comes in while an order trades: these stay where they are.
  const { words } = pool
  const { cells, stamp, tokens } = ledger
  const { base, quote, lotSize, makerBps, takerBps, tickValue } = market
  const at = index * ORDER
  const owner = words[at | OWNER]
  const account = owner >>> 8
  const flags = words[at | FLAGS]
  const price = words[at | PRICE] >>> 0
  const id = pool.id(index)
  const isSell = (flags & SELL) !== 0
  const opposite = isSell ? market.bids : market.asks
  const paysAsItGoes = (flags & (TIF_MASK | TRIGGER)) === IOC
  const isNamed = events.lastAccepted !== id
  const code = (isSell ? 1 << 8 : 0) | (isNamed ? NAMED : 0)
  const takerBase = ledger.change(account, base)
  const takerQuote = ledger.change(account, quote)
  const fillsMax = core.fillsMax
  core.taker = index
  core.takerStop = 0
  core.takerGone = false
  let left = words[at | REMAINING]
  let took = 0
  let fills = 0
  let feeSum = 0
  while (left !== 0 && fills < fillsMax) {
    const best = opposite.best
    if (best === 0 || (isSell ? best < price : best > price)) break
    const level = opposite.levelAt(best)
    const maker = opposite.levels[level]
    const makerAt = maker * ORDER
    const makerOwner = words[makerAt | OWNER]
    const makerAccount = makerOwner >>> 8
    if (makerAccount === account) {
      if (!preventSelfTrade(core, index, maker, market, opposite, best, flags)) break
      left = words[at | REMAINING]
      continue
    }
    const offered = words[makerAt | REMAINING]
    const wanted = left < offered ? left : offered
    let lots = wanted
    if (paysAsItGoes) {
      lots = payable(core, account, market, isSell, wanted, best, feeSum, feeMax)
      if (lots < wanted) core.takerStop = INSUFFICIENT_FUNDS
      if (lots === 0) break
    }
    if (fills === 0 && settles) batches.beginTake(core, index, nonce)
    fills++
    const notional = lots * best * tickValue
    const quanta = lots * lotSize
    const makerFlags = words[makerAt | FLAGS]
    const makerLeft = offered - lots
    const makerFull = feeOf(notional, makerBps)
    const makerFee = (makerFlags & TIGHT) !== 0 ? tightFee(core, maker, makerFull) : makerFull
    feeSum += feeOf(notional, takerBps)

    // Balances: what the maker gives it had reserved. A buy that rests on goes on reserving for what
    // is left of it.
    const makerBase = (makerAccount * tokens + base) * CELL
    const makerQuote = (makerAccount * tokens + quote) * CELL
    if (cells[makerBase | STAMP] !== stamp) ledger.touch(makerAccount * tokens + base)
    if (cells[makerQuote | STAMP] !== stamp) ledger.touch(makerAccount * tokens + quote)
    if (isSell) {
      cells[makerBase | PENDING] += quanta
      cells[makerQuote | PENDING] -= notional + makerFee
      cells[makerQuote | RESERVED] -=
        makerLeft === 0
          ? notional + makerFull
          : market.restingBuy(offered, best) - market.restingBuy(makerLeft, best)
      cells[takerBase | PENDING] -= quanta
      cells[takerQuote | PENDING] += notional
    } else {
      cells[makerBase | PENDING] -= quanta
      cells[makerBase | RESERVED] -= quanta
      cells[makerQuote | PENDING] += notional - makerFee
      cells[takerBase | PENDING] += quanta
      cells[takerQuote | PENDING] -= notional
    }

    // Records.
    left -= lots
    took += lots
    words[at | REMAINING] = left
    words[makerAt | FILLED] += lots
    const makerLow = words[makerAt | ID_LOW]
    const makerHigh = words[makerAt | HIGH]
    events.traded(code, makerLow, makerHigh, lots, best, makerOwner, makerFee)
    if (isNamed) events.named(words[at | ID_LOW], words[at | HIGH], owner)
    if (settles) batches.recordFill(core, maker, lots, best, makerFee)

    // The book.
    words[makerAt | REMAINING] = makerLeft
    if (makerLeft !== 0) {
      opposite.reduceAt(level, lots)
    } else {
      opposite.removeFirst(level, maker, best, lots)
      if ((makerFlags & (DELEGATED | TIGHT)) !== 0) {
        core.drop(maker)
      } else {
        accounts.liveOrders[makerAccount]--
        pool.release(maker)
      }
    }

    // What it sets off.
    market.lastPrice = best
    if (market.armed.size !== 0) fire(core, market, best)
    if ((makerFlags & QUOTE) !== 0) core.judgeProtection(makerAccount, market.index, lots)
    if ((flags & QUOTE) !== 0) core.judgeProtection(account, market.index, lots)
    if (core.takerGone || lots < wanted) break
  }
  core.taker = 0
  if (fills === 0) return settleRest(core, index, market, 0, 0, feeMax)
  words[at | FILLED] += took
  // The taking command's fee, once.
  const whole = feeSum > market.takerFeeMin ? feeSum : market.takerFeeMin
  const fee = whole < feeMax ? whole : feeMax
  cells[takerQuote | PENDING] -= fee
  events.charged(owner, id, fee, fee === whole)
  if (settles) {
    core.batchGrew = true
    batches.open.addTakerFee(id, owner, fee)
  }
  return settleRest(core, index, market, fills, fee, feeMax)
}

/** What becomes of a taker after its sweep, in which it paid a fee: whether it rests. */
function settleRest(
  core: Core,
  index: number,
  market: Market,
  fills: number,
  fee: number,
  feeMax: number
): boolean {
  const words = core.pool.words
  const at = index * ORDER
  if (core.takerGone || words[at | REMAINING] === 0) return false
  let stop = core.takerStop
  if (stop === 0 && fills === core.fillsMax) stop = FILL_LIMIT
  if (stop === 0 && (words[at | FLAGS] & TIF_MASK) !== GTC) stop = IOC_REST
  if (stop !== 0) {
    core.noteCancelled(index, stop)
    return false
  }
  if (fills > 0) noteTight(core, index, market, feeMax, fee)
  return true
}

/** From now on an order pays as a maker out of what its feeMax has left in this batch: that is
 * remembered of the few orders for which it may not be enough. */
export function noteTight(
  core: Core,
  index: number,
  market: Market,
  feeMax: number,
  spent: number
): void {
  const words = core.pool.words
  const at = index * ORDER
  const notional = words[at | REMAINING] * (words[at | PRICE] >>> 0) * market.tickValue
  if (feeMax - spent >= feeOf(notional, market.makerBps)) return
  words[at | FLAGS] |= TIGHT
  core.tight.set(index, { feeMax, spent, batch: core.batches.open.index })
}

/** A maker fee cut to what is left of the order's feeMax in the open batch. */
function tightFee(core: Core, maker: number, fee: number): number {
  const tight = core.tight.get(maker)
  if (tight === undefined) return fee
  if (tight.batch !== core.batches.open.index) {
    tight.batch = core.batches.open.index
    tight.spent = 0
  }
  const paid = Math.min(fee, tight.feeMax - tight.spent)
  tight.spent += paid
  return paid
}
