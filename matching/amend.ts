// Amends (docs/matching.md, section 5): in place, keeping priority, or the old order goes and the
// new one enters in its own phase.

import { arm } from './activation.ts'
import {
  canReserve,
  checkRoom,
  checkSlot,
  checkTerms,
  SPARE_BAND,
  SPARE_REPLACED
} from './checks.ts'
import type { Core } from './core.ts'
import { draftOrder, reject } from './entry.ts'
import type { Entry } from './entry.ts'
import { AMENDED_EVENT } from './event-writer.ts'
import { enterWaiting } from './matcher.ts'
import type { NonceIndex } from './nonce-index.ts'
import {
  DELEGATED,
  FILLED,
  FLAGS,
  GTC,
  ORDER,
  OWNER,
  POST_MASK,
  PRICE,
  REMAINING,
  RESTING,
  SELL,
  SLID,
  STATE_MASK,
  TIF_MASK,
  TIGHT,
  TRIGGER
} from './orders.ts'
import {
  ALREADY_FILLED,
  AMEND_MISMATCH,
  AMENDED,
  FILLED_SEEN_AHEAD,
  INSUFFICIENT_FUNDS,
  SETTLEMENT_LAGGING,
  UNKNOWN_ORDER
} from './reasons.ts'
import type { EntryInput } from './types.ts'

type AmendInput = Extract<EntryInput, { kind: 'amend' }>

/** `atOnce` in phase 5: the new order enters right away. */
export function amend(
  core: Core,
  nonces: NonceIndex,
  entry: Entry,
  input: AmendInput,
  atOnce: boolean
): void {
  const old = nonces.find(entry.account, input.oldNonce)
  if (old === 0) return reject(core, entry, UNKNOWN_ORDER)
  draftOrder(core, entry, input.order, 0)
  const d = core.draft
  const words = core.pool.words
  const at = old * ORDER
  const sameMarket = (words[at + OWNER] & 0xff) === d.market
  if (!sameMarket || ((words[at + FLAGS] ^ d.flags) & SELL) !== 0) {
    return reject(core, entry, AMEND_MISMATCH)
  }
  const filled = core.pool.words[old * ORDER + FILLED]
  if (input.filledSeen > filled) return reject(core, entry, FILLED_SEEN_AHEAD)
  const lots = d.quantity - (filled - input.filledSeen)
  if (lots <= 0) {
    core.cancel(old, AMENDED)
    return reject(core, entry, ALREADY_FILLED)
  }
  if (keepsPlace(core, old, lots)) amendInPlace(core, nonces, entry, old, lots)
  else replace(core, nonces, entry, old, lots, atOnce)
}

function keepsPlace(core: Core, old: number, lots: number): boolean {
  const d = core.draft
  const words = core.pool.words
  const at = old * ORDER
  const flags = words[at + FLAGS]
  if ((flags & STATE_MASK) !== RESTING || (flags & SLID) !== 0) return false
  if ((d.flags & TIF_MASK) !== GTC || (d.flags & TRIGGER) !== 0) return false
  return words[at + PRICE] >>> 0 === d.price && lots <= words[at + REMAINING]
}

function amendInPlace(
  core: Core,
  nonces: NonceIndex,
  entry: Entry,
  index: number,
  lots: number
): void {
  const d = core.draft
  const refusal = checkTerms(core, SPARE_REPLACED | SPARE_BAND) || checkSlot(core, index)
  if (refusal !== 0) return reject(core, entry, refusal)
  const pool = core.pool
  const words = pool.words
  const at = index * ORDER
  const oldId = pool.id(index)
  const market = core.markets[d.market]
  const given = words[at + REMAINING] - lots
  core.reserve(index, -1)
  if (given > 0) ((d.flags & SELL) !== 0 ? market.asks : market.bids).reduce(d.price, given)
  words[at + REMAINING] = lots
  core.accounts.takeSlot(d.account, d.slot, d.nonce, index)
  core.tight.delete(index)
  core.delegates.delete(index)
  words[at + FLAGS] = (d.slot << 16) | (d.flags & ~TIGHT) | RESTING
  if (d.delegate !== -1) {
    words[at + FLAGS] |= DELEGATED
    core.delegates.set(index, d.delegate)
  }
  const id = core.nextId++
  pool.setId(index, id)
  pool.setExpiry(index, d.expiry)
  pool.setNonce(index, d.nonce)
  pool.setPlace(index, core.index, d.entry, d.ordinal)
  pool.words[index * ORDER + FILLED] = 0
  if (d.expiry < core.expiryMin) core.expiryMin = d.expiry
  core.reserve(index, 1)
  nonces.add(d.account, d.nonce, index)
  core.events.add(AMENDED_EVENT | (d.market << 16), d.account, lots, 0, id, oldId)
  core.events.note(d.nonce, d.entry)
}

function replace(
  core: Core,
  nonces: NonceIndex,
  entry: Entry,
  old: number,
  lots: number,
  atOnce: boolean
): void {
  if (core.stopCode !== 0) return reject(core, entry, SETTLEMENT_LAGGING)
  const d = core.draft
  const refusal = checkTerms(core, 0) || checkRoom(core, old)
  if (refusal !== 0) return reject(core, entry, refusal)
  core.reserve(old, -1)
  const affordable = canReserve(core, lots, d.price)
  core.reserve(old, 1)
  if (!affordable) return reject(core, entry, INSUFFICIENT_FUNDS)
  core.cancel(old, AMENDED)
  const index = core.accept(lots, d.price)
  nonces.add(d.account, d.nonce, index)
  if ((d.flags & TRIGGER) !== 0) {
    arm(core, index)
    return
  }
  core.wait(index)
  if (atOnce) {
    enterWaiting(core, index)
    core.closeIfFull()
    return
  }
  const id = core.pool.id(index)
  entry.pending = [{ index, id, postOnly: (d.flags & POST_MASK) !== 0 }]
}
