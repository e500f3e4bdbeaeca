// The life of a batch after it closed: sealed, attested, settled or voided (docs/matching.md,
// sections 7 and 8).

import type { Batch } from './batch.ts'
import type { Core } from './core.ts'
import { reject } from './entry.ts'
import type { Entry } from './entry.ts'
import {
  ATTESTED,
  BATCH_ATTESTED,
  BATCH_REVERTED,
  BATCH_SEALED,
  BATCH_SETTLED,
  VOID_ATTESTED
} from './event-writer.ts'
import {
  ATTEST_BATCH,
  ATTEST_DUPLICATE,
  ATTEST_PARENT,
  ATTEST_SEALED_AT,
  BATCH_VOIDED,
  NOT_VALIDATOR,
  VOID_TOO_EARLY
} from './reasons.ts'
import { assert } from './stop.ts'
import type { ChainEventInput, EntryInput } from './types.ts'

type AttestInput = Extract<EntryInput, { kind: 'attest' }>
type SettledInput = Extract<ChainEventInput, { kind: 'batchSettled' }>
type VoidedInput = Extract<ChainEventInput, { kind: 'batchVoided' }>

/** Step 6 of phase 1: closes by age, then seals. */
export function closeAndSeal(core: Core): void {
  const terms = core.batches.settlement
  if (terms === null) return
  if (core.batches.isAged(core.time)) core.closeBatch()
  const batch = core.batches.oldestUnsealed()
  if (batch === undefined || core.time < batchDueAt(core)) return
  batch.state = 'sealed'
  batch.sealedAt = core.seconds
  core.events.add(BATCH_SEALED, 0, 0, 0, batch.index, batch.sealedAt)
}

/** Tape time from which on the next block closes or seals a batch: that of `Batches.dueAt`, or no
 * later than now when there is nobody left to co-sign. */
export function batchDueAt(core: Core): number {
  const dueAt = core.batches.dueAt()
  const batch = core.batches.oldestUnsealed()
  if (batch === undefined || dueAt === Infinity) return dueAt
  const { accounts } = core.netting.of(batch)
  return batch.cosigns.length === accounts.length ? Math.min(dueAt, core.time) : dueAt
}

/** A validator's word on a sealed batch or on its void. */
export function attest(core: Core, entry: Entry, input: AttestInput): void {
  const validator = input.signer === null ? -1 : core.config.validators.indexOf(input.signer)
  if (validator === -1) return reject(core, entry, NOT_VALIDATOR)
  const batch = core.batches.find(input.batch)
  const open = batch !== undefined && (batch.state === 'sealed' || batch.state === 'attested')
  if (!open || (!input.void && batch.state !== 'sealed')) {
    return reject(core, entry, ATTEST_BATCH)
  }
  if (input.parent !== batch.parent) return reject(core, entry, ATTEST_PARENT)
  if (input.sealedAt !== batch.sealedAt) return reject(core, entry, ATTEST_SEALED_AT)
  const votes = input.void ? batch.voidVotes : batch.contentVotes
  if (votes[validator] !== null) return reject(core, entry, ATTEST_DUPLICATE)
  const horizonSeconds = core.batches.settlement?.horizonSeconds ?? 0
  if (input.void && core.time < (batch.sealedAt + horizonSeconds) * 1000) {
    return reject(core, entry, VOID_TOO_EARLY)
  }
  votes[validator] = input.link
  core.events.add(ATTESTED | ((input.void ? 1 : 0) << 8), validator, 0, 0, batch.index, 0)
  if (votes.filter((vote) => vote === input.link).length !== core.config.quorum) return
  if (input.void) decideVoid(core, batch)
  else decideContent(core, batch, input.link)
}

function decideContent(core: Core, batch: Batch, link: string): void {
  batch.state = 'attested'
  batch.link = link
  core.events.add(BATCH_ATTESTED, 0, 0, 0, batch.index, 0)
  core.batches.linkKnown(batch, link, core.time)
}

function decideVoid(core: Core, batch: Batch): void {
  if (batch.voidDecided) return
  batch.voidDecided = true
  core.events.add(VOID_ATTESTED, 0, 0, 0, batch.index, 0)
}

/** The chain settled the oldest batch: pending becomes settled, its fees are the submitter's. */
export function batchSettled(core: Core, input: SettledInput): void {
  const batch = core.batches.list[0]
  assert(batch.index === input.index, 'the chain settled another batch than the tape has')
  // The vault takes a batch only with a quorum's attestations; a validator may have given its own to
  // a settler and not to the tape.
  if (batch.state === 'sealed') decideContent(core, batch, input.link)
  const expected = batch.state === 'attested' && batch.link === input.link
  assert(expected, 'the chain settled another batch than the tape has')
  const submitter = core.account(input.submitter)
  core.events.add(BATCH_SETTLED, submitter, 0, 0, batch.index, 0)
  const { accounts, deltas, fees } = core.netting.of(batch)
  const { tokens } = core.config
  for (let place = 0; place < accounts.length; place++) {
    for (let token = 0; token < tokens; token++) {
      const delta = deltas[place * tokens + token]
      if (delta !== 0) settle(core, accounts[place], token, delta)
    }
  }
  for (const { account, token, quanta } of batch.withdrawals) {
    // As the vault pays: an exit that was claimed in between has taken the rest.
    const paid = Math.min(quanta, core.ledger.settled(account, token))
    core.ledger.addPending(account, token, quanta - paid)
    settle(core, account, token, -paid)
  }
  fees.forEach((fee, token) => {
    if (fee !== 0) core.ledger.addSettled(submitter, token, fee)
  })
  core.batches.dropSettled()
}

function settle(core: Core, account: number, token: number, quanta: number): void {
  const settled = core.ledger.settle(account, token, quanta)
  assert(settled >= 0, 'a settled balance fell below nothing')
}

/** The chain voided the oldest batch: it and all after it never happened. */
export function batchVoided(core: Core, input: VoidedInput): void {
  const batch = core.batches.list[0]
  const sealed = batch.state === 'sealed' || batch.state === 'attested'
  assert(batch.index === input.index && sealed, 'the chain voided another batch than the tape has')
  for (const dropped of core.batches.list) {
    core.events.add(BATCH_REVERTED, 0, 0, 0, dropped.index, 0)
  }
  for (let account = 0; account < core.accounts.count; account++) {
    for (let token = 0; token < core.config.tokens; token++) {
      const pending = core.ledger.pending(account, token)
      if (pending !== 0) core.ledger.addPending(account, token, -pending)
    }
  }
  const live: number[] = []
  for (let index = 1; index < core.pool.end; index++) {
    if (core.pool.isLive(index)) live.push(index)
  }
  for (const index of core.byId(live)) core.cancel(index, BATCH_VOIDED)
  core.tight.clear()
  core.batches.dropAll(input.index, input.link, core.time)
}
