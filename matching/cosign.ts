// An account's signature on its net result of a batch, checked so that no fill can be settled twice
// and no live order dies by it (docs/matching.md, section 7).

import type { Batch } from './batch.ts'
import type { Core } from './core.ts'
import { reject } from './entry.ts'
import type { Entry } from './entry.ts'
import { COSIGNED } from './event-writer.ts'
import {
  COSIGN_ACCOUNT,
  COSIGN_BATCH,
  COSIGN_DELTAS,
  COSIGN_DUPLICATE,
  COSIGN_MARKS,
  COSIGN_NONCE,
  COSIGN_PARENT,
  COSIGN_REACHES_LIVE,
  COSIGN_UNCOVERED
} from './reasons.ts'
import type { BatchAccount } from './results.ts'
import type { EntryInput } from './types.ts'

type CosignInput = Extract<EntryInput, { kind: 'cosign' }>

/** `nonceBefore`: the account's last consumed nonce before this block. */
export function cosign(core: Core, entry: Entry, input: CosignInput, nonceBefore: number): void {
  const batch = core.batches.oldestUnsealed()
  if (batch === undefined || batch.index !== input.batch || batch.parent === null) {
    return reject(core, entry, COSIGN_BATCH)
  }
  const refusal = checkCosign(core, entry.account, batch, input, nonceBefore)
  if (refusal !== 0) return reject(core, entry, refusal)
  const place = { index: core.index, entry: entry.number, ordinal: 0 }
  batch.cosigns.push({ account: entry.account, place })
  core.events.add(COSIGNED, entry.account, 0, 0, batch.index, input.floor)
}

function checkCosign(
  core: Core,
  account: number,
  batch: Batch,
  input: CosignInput,
  nonceBefore: number
): number {
  if (input.parent !== batch.parent) return COSIGN_PARENT
  const part = batch.accounts(core.netting.of(batch)).get(account)
  if (part === undefined) return COSIGN_ACCOUNT
  if (batch.cosigns.some((cosigned) => cosigned.account === account)) return COSIGN_DUPLICATE
  if (!sameDeltas(part.deltas, input.deltas)) return COSIGN_DELTAS
  if (input.floor > nonceBefore + 1 || input.sequence > nonceBefore) return COSIGN_NONCE
  if (reachesLive(core, account, batch, input)) return COSIGN_REACHES_LIVE
  if (!marksHold(part, input)) return COSIGN_MARKS
  return covered(part, input) ? 0 : COSIGN_UNCOVERED
}

/** `signed` has no trailing zero. */
function sameDeltas(deltas: number[], signed: number[]): boolean {
  let length = deltas.length
  while (length > 0 && deltas[length - 1] === 0) length--
  if (signed.length !== length) return false
  return signed.every((delta, token) => delta === deltas[token])
}

function reachesLive(core: Core, account: number, batch: Batch, input: CosignInput): boolean {
  for (const index of core.liveOf(account)) {
    if (core.pool.nonce(index) < input.floor) return true
  }
  for (const later of core.batches.list) {
    if (later.index <= batch.index) continue
    if (later.fillsReached(account, input.floor, input.sequence)) return true
  }
  return false
}

function marksHold(part: BatchAccount, input: CosignInput): boolean {
  let above = -1
  for (const mark of input.marks) {
    if (mark.slot <= above) return false
    above = mark.slot
    const holds = part.orders.some(
      (order) =>
        order.marked &&
        order.slot === mark.slot &&
        order.nonce === mark.nonce &&
        order.filled === mark.filled
    )
    if (!holds) return false
  }
  return true
}

function covered(part: BatchAccount, input: CosignInput): boolean {
  return part.orders.every((order) => {
    if (order.nonce < input.floor) return true
    if (!order.marked) return order.nonce <= input.sequence
    return input.marks.some((mark) => mark.slot === order.slot && mark.nonce >= order.nonce)
  })
}
