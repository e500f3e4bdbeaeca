import type { Core } from './core.ts'
import { PROTECTION_FIRED } from './event-writer.ts'
import { FLAGS, ORDER, OWNER, QUOTE } from './orders.ts'
import { PROTECTION } from './reasons.ts'

/** Indexes of an account's live quotes of a market, by id. */
export function quotesOf(core: Core, account: number, market: number): number[] {
  const owner = (account << 8) | market
  const { words } = core.pool
  return core
    .liveOf(account)
    .filter(
      (index) =>
        words[index * ORDER + OWNER] === owner && (words[index * ORDER + FLAGS] & QUOTE) !== 0
    )
}

/** Counts a trade of a quote; when that fires the protection, all its quotes go at once. */
export function judgeProtection(core: Core, account: number, market: number, lots: number): void {
  const protection = core.protections.find(account, market)
  if (protection === undefined || protection.lots === 0 || protection.fired) return
  if (!protection.count(core.time, lots)) return
  protection.fired = true
  core.events.put(PROTECTION_FIRED | (market << 16), account, 0, 0, 0, 0, 0, 0)
  const { taker } = core
  for (const index of quotesOf(core, account, market)) {
    if (index !== taker.index) {
      core.cancel(index, PROTECTION)
    } else if (taker.left !== 0) {
      core.noteTakerCancelled(PROTECTION)
      taker.gone = true
    }
  }
}
