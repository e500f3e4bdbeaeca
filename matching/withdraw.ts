import type { Core } from './core.ts'
import { reject } from './entry.ts'
import type { Entry } from './entry.ts'
import { WITHDRAWN } from './event-writer.ts'
import {
  EXIT_PENDING,
  EXPIRED,
  EXPIRY_TOO_FAR,
  INSUFFICIENT_FUNDS,
  NO_CHAIN,
  QUANTITY_OUT_OF_RANGE,
  SETTLEMENT_LAGGING
} from './reasons.ts'
import type { EntryInput } from './types.ts'

type WithdrawInput = Extract<EntryInput, { kind: 'withdraw' }>

/** A withdrawal joins the open batch (docs/matching.md, section 11). */
export function withdraw(core: Core, entry: Entry, input: WithdrawInput): void {
  const refusal = check(core, entry.account, input)
  if (refusal !== 0) return reject(core, entry, refusal)
  const { account } = entry
  const { token, quanta, nonce } = input
  const batch = core.batches.open
  if (!batch.hasContent) batch.openedAt = core.time
  const place = { index: core.index, entry: entry.number, ordinal: 0 }
  core.batchGrew = true
  batch.withdrawals.push({ account, token, quanta, nonce, place })
  core.ledger.addPending(account, token, -quanta)
  core.events.add(WITHDRAWN, account, token, 0, nonce, quanta)
  core.closeIfFull()
}

function check(core: Core, account: number, input: WithdrawInput): number {
  if (!core.settles) return NO_CHAIN
  if (core.stopCode !== 0) return SETTLEMENT_LAGGING
  if (core.ledger.exiting(account, input.token)) return EXIT_PENDING
  if (core.seconds >= input.expiry) return EXPIRED
  if (input.expiry * 1000 > core.time + core.config.orderLifeMaxSeconds * 1000) {
    return EXPIRY_TOO_FAR
  }
  if (input.quanta < 1) return QUANTITY_OUT_OF_RANGE
  return input.quanta > core.ledger.available(account, input.token) ? INSUFFICIENT_FUNDS : 0
}
