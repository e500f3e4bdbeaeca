import { arm } from './activation.ts'
import { canReserve, checkRoom, checkTerms } from './checks.ts'
import type { Core } from './core.ts'
import { walkFok } from './fok.ts'
import { crosses, enter, postOnlyPrice, restDraft } from './matcher.ts'
import * as layout from './orders.ts'
import { INSUFFICIENT_FUNDS, SETTLEMENT_LAGGING, WOULD_CROSS } from './reasons.ts'

// Taken into constants of this module, which optimised code folds; imported ones it loads each time.
const { FOK, GTC, POST_MASK, SLID, TIF_MASK, TRIGGER } = layout

/** Places the draft: checks, acceptance, entry. Gives the reason of a refusal or 0; then
 * `core.placed` is the order's index, which is live unless it traded or went at once. */
export function place(core: Core): number {
  const d = core.draft
  if (core.stopCode !== 0) return SETTLEMENT_LAGGING
  const refusal = checkTerms(core, 0) || checkRoom(core, 0)
  if (refusal !== 0) return refusal
  const market = core.markets[d.market]
  const hasTrigger = (d.flags & TRIGGER) !== 0
  let price = d.price
  if (!hasTrigger && (d.flags & POST_MASK) !== 0) {
    price = postOnlyPrice(market, d.flags, d.price)
    if (price === 0) return WOULD_CROSS
    if (price !== d.price) d.flags |= SLID
  }
  if (!hasTrigger && (d.flags & TIF_MASK) === FOK) {
    const reason = walkFok(core, d.account, market, d.flags, d.price, d.quantity, d.feeMax)
    if (reason !== 0) return reason
  }
  if (!canReserve(core, d.quantity, price)) return INSUFFICIENT_FUNDS
  const index = core.accept(d.quantity, price)
  core.placed = index
  if (hasTrigger) {
    arm(core, index)
  } else if ((d.flags & TIF_MASK) === GTC && !crosses(market, d.flags, price)) {
    restDraft(core, index, market, price)
  } else {
    enter(core, index, d.nonce, d.feeMax, false)
    core.closeIfFull()
  }
  return 0
}
