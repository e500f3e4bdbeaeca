// What an account's daemon signs of a batch (design 3.3): its net result, and what keeps each of
// its fills from ever being settled a second time. Computed from this daemon's own replay.
import type { BatchAccount, BatchView, Engine } from '../../matching/index.ts'
import { fromHex } from '../../protocol/bytes.ts'
import { NONCE_MAX } from '../../protocol/limits.ts'
import type { Address, Mark, NetDelta } from '../../protocol/types.ts'

/** The account's net delta of a closed batch whose parent is known; null when it has no trade in
 * it.
 *
 * The floor goes up to the oldest nonce that can still be filled or must still be settled: so the
 * fills of dead orders need no marks, and what was cancelled is dead in the vault too. Orders at or
 * above it carry a mark. */
export function netDeltaOf(engine: Engine, batch: BatchView, account: Address): NetDelta | null {
  const number = engine.accountOf(account)
  const part = batch.accounts.find((each) => each.account === number)
  const parent = batch.parent === null ? null : fromHex(batch.parent)
  if (number === null || part === undefined || parent === null) return null
  const floor = Math.min(NONCE_MAX, floorOf(engine, batch, account, number))
  return {
    batch: batch.index,
    parent,
    account,
    deltas: trimmed(part.deltas),
    sequence: sequenceOf(part),
    floor,
    marks: marksOf(part, floor)
  }
}

/** Greatest nonce of an ioc or fok order (without a trigger) that was filled; 0 for none. */
function sequenceOf({ orders }: BatchAccount): number {
  return Math.max(0, ...orders.filter(({ marked }) => !marked).map(({ nonce }) => nonce))
}

function floorOf(engine: Engine, batch: BatchView, account: Address, number: number): number {
  const lastNonce = engine.account(account)?.lastNonce ?? 0
  const live = engine.liveOrders(account).map(({ nonce }) => nonce)
  const later = engine
    .batches()
    .filter(({ index }) => index > batch.index)
    .flatMap(({ accounts }) => accounts.filter((part) => part.account === number))
    .flatMap(({ orders }) => orders.map(({ nonce }) => nonce))
  return Math.min(lastNonce + 1, ...live, ...later)
}

/** The last filled order of each slot, which stands for all before it, by slot. */
function marksOf({ orders }: BatchAccount, floor: number): Mark[] {
  const marks = new Map<number, Mark>()
  for (const { marked, slot, nonce, filled } of orders) {
    if (!marked || nonce < floor || nonce < (marks.get(slot)?.nonce ?? 0)) continue
    marks.set(slot, { slot, nonce, filled })
  }
  return [...marks.values()].sort((a, b) => a.slot - b.slot)
}

function trimmed(deltas: readonly number[]): number[] {
  let length = deltas.length
  while (length > 0 && deltas[length - 1] === 0) length--
  return deltas.slice(0, length)
}
