// An order trades (docs/matching.md, section 4, matching): the first order of the best level, again
// and again, until nothing crosses or something stops it. This is the engine's innermost loop: what a
// trade reads and writes stands in it, and what is rare is called out.

import * as accountLayout from './account-layout.ts'
import { fire } from './activation.ts'
import type { Core } from './core.ts'
import * as cellLayout from './cell-layout.ts'
import * as records from './event-layout.ts'
import * as fees from './fees.ts'
import type { Market } from './market.ts'
import * as layout from './order-layout.ts'
import { payable } from './payable.ts'
import { judgeProtection } from './quotes.ts'
import { FILL_LIMIT, INSUFFICIENT_FUNDS, IOC_REST } from './reasons.ts'
import { preventSelfTrade } from './self-trade.ts'
import type { Taker } from './taker.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { ACCOUNT_SHIFT, LIVE } = accountLayout
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
  QUOTE,
  REMAINING,
  SELL,
  TIF_MASK,
  TIGHT,
  TRIGGER
} = layout

/** Trades the taker, which crosses. Gives whether what is left of it rests; else its end is in the
 * events. */
export function sweep(core: Core, market: Market): boolean {
  const { accounts, batches, events, ledger, pool, settles, taker } = core
  // Nobody enters and no account comes in while an order trades: these stay where they are.
  const { words } = pool
  const { cells, stamp, tokens } = ledger
  const { base, quote, lotSize, makerBps, takerBps, tickValue } = market
  const { feeMax, flags, id, owner, price } = taker
  const account = owner >>> 8
  const isSell = (flags & SELL) !== 0
  const opposite = isSell ? market.bids : market.asks
  const paysAsItGoes = (flags & (TIF_MASK | TRIGGER)) === IOC
  const isNamed = events.lastAccepted !== id
  const code = (isSell ? 1 << 8 : 0) | (isNamed ? NAMED : 0)
  const takerBase = ledger.change(account, base)
  const takerQuote = ledger.change(account, quote)
  const fillsMax = core.fillsMax
  let left = taker.left
  let took = 0
  let fills = 0
  let feeSum = 0
  while (left !== 0 && fills < fillsMax) {
    const best = opposite.best
    if (best === 0 || (isSell ? best < price : best > price)) break
    const level = opposite.bestLevel
    const maker = opposite.levels[level]
    const makerAt = maker * ORDER
    const makerOwner = words[makerAt | OWNER]
    const makerAccount = makerOwner >>> 8
    if (makerAccount === account) {
      if (!preventSelfTrade(core, maker, market, opposite, best)) break
      left = taker.left
      continue
    }
    const offered = words[makerAt | REMAINING]
    const wanted = left < offered ? left : offered
    let lots = wanted
    if (paysAsItGoes) {
      lots = payable(core, account, market, isSell, wanted, best, feeSum, feeMax)
      if (lots < wanted) taker.stop = INSUFFICIENT_FUNDS
      if (lots === 0) break
    }
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
    taker.left = left
    words[makerAt | FILLED] += lots
    const makerLow = words[makerAt | ID_LOW]
    const makerHigh = words[makerAt | HIGH]
    events.traded(code, makerLow, makerHigh, lots, best, makerOwner, makerFee)
    if (isNamed) events.named(id | 0, taker.high, owner)
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
        accounts.rows[(makerAccount << ACCOUNT_SHIFT) | LIVE]--
        pool.release(maker)
      }
    }

    // What it sets off.
    market.lastPrice = best
    if (market.armed.size !== 0) fire(core, market, best)
    if ((makerFlags & QUOTE) !== 0) judgeProtection(core, makerAccount, market.index, lots)
    if ((flags & QUOTE) !== 0) judgeProtection(core, account, market.index, lots)
    if (taker.gone || lots < wanted) break
  }
  if (fills !== 0) {
    // The taking command's fee, once.
    const whole = feeSum > market.takerFeeMin ? feeSum : market.takerFeeMin
    const fee = whole < feeMax ? whole : feeMax
    cells[takerQuote | PENDING] -= fee
    taker.took = took
    taker.spent = fee
    events.charged(owner, id, fee, fee === whole)
    if (settles) {
      core.batchGrew = true
      batches.recordTake(taker, fills, fee)
    }
    if (left === 0) return false
  }
  return staysAfter(core, taker, fills)
}

/** Whether what a taker has left after its fills rests; else its end is told. */
function staysAfter(core: Core, taker: Taker, fills: number): boolean {
  if (taker.gone || taker.left === 0) return false
  let stop = taker.stop
  if (stop === 0 && fills === core.fillsMax) stop = FILL_LIMIT
  if (stop === 0 && (taker.flags & TIF_MASK) !== GTC) stop = IOC_REST
  if (stop === 0) return true
  core.noteTakerCancelled(stop)
  return false
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
