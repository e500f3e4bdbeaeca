// Whether a fill-or-kill order can be filled whole and paid (docs/matching.md, section 4).

import type { Core } from './core.ts'
import { feeOf } from './fees.ts'
import type { Market } from './market.ts'
import * as layout from './orders.ts'
import { FOK_UNFILLABLE, INSUFFICIENT_FUNDS } from './reasons.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { CANCEL_OLDEST, FLAGS, ORDER, NEXT, OWNER, QUOTE, REMAINING, SELL, STP_MASK, TRIGGER } =
  layout

/** Lots that each maker's quotes would have traded along the walk. */
class ProtectionWalk {
  readonly #core: Core
  readonly #market: Market
  readonly #sums = new Map<number, number>()

  constructor(core: Core, market: Market) {
    this.#core = core
    this.#market = market
  }

  /** Whether the account's quotes would be gone by now. */
  removed(account: number): boolean {
    const protection = this.#core.protections.find(account, this.#market.index)
    if (protection === undefined || protection.lots === 0) return false
    return (this.#sums.get(account) ?? 0) >= protection.lots
  }

  count(account: number, lots: number): void {
    const protection = this.#core.protections.find(account, this.#market.index)
    if (protection === undefined || protection.lots === 0) return
    // A window of nothing holds no trade but the one that is counted.
    const before =
      protection.windowMs === 0
        ? 0
        : (this.#sums.get(account) ?? protection.counted(this.#core.time))
    this.#sums.set(account, before + lots)
  }
}

/** 0, or the reason why the order cannot be filled whole. */
export function walkFok(
  core: Core,
  account: number,
  market: Market,
  flags: number,
  price: number,
  lots: number,
  feeMax: number
): number {
  const { words } = core.pool
  const isSell = (flags & SELL) !== 0
  const side = isSell ? market.bids : market.asks
  const protections = new ProtectionWalk(core, market)
  let missing = lots
  let fills = 0
  let notionalSum = 0
  let feeSum = 0
  walk: for (let level = side.best; level !== 0 && missing > 0; level = side.after(level)) {
    if (isSell ? level < price : level > price) break
    for (
      let at = side.head(level) * ORDER;
      at !== 0 && missing > 0;
      at = words[at + NEXT] * ORDER
    ) {
      const maker = words[at + OWNER] >>> 8
      if (maker === account) {
        if ((flags & STP_MASK) === CANCEL_OLDEST) continue
        break walk
      }
      const isQuote = (words[at + FLAGS] & QUOTE) !== 0
      if (isQuote && protections.removed(maker)) continue
      const taken = Math.min(missing, words[at + REMAINING])
      const notional = taken * level * market.tickValue
      missing -= taken
      fills++
      notionalSum += notional
      feeSum += feeOf(notional, market.takerBps)
      if (fills === core.fillsMax) break walk
      if (isQuote) protections.count(maker, taken)
    }
  }
  if (missing > 0) return FOK_UNFILLABLE
  if ((flags & TRIGGER) !== 0) return 0
  const fee = Math.min(Math.max(feeSum, market.takerFeeMin), feeMax)
  const quote = core.ledger.available(account, market.quote)
  const pays = isSell
    ? lots * market.lotSize <= core.ledger.available(account, market.base) &&
      quote + notionalSum >= fee
    : notionalSum + fee <= quote
  return pays ? 0 : INSUFFICIENT_FUNDS
}
