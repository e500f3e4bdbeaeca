// What the vault says (docs/matching.md, section 8): one event of its own name first, then what
// follows from it.

import type { Core } from './core.ts'
import {
  CLAIMED,
  DELEGATE_SET,
  DEPOSITED,
  EXIT_CANCELLED,
  EXIT_CLAIMED,
  EXIT_REQUESTED_EVENT,
  FLOOR_RAISED
} from './event-writer.ts'
import { DELEGATED, FLAGS, ORDER, OWNER } from './orders.ts'
import { DELEGATE_REVOKED, EXIT_REQUESTED, FLOOR } from './reasons.ts'
import { batchSettled, batchVoided } from './settlement.ts'
import { assert } from './stop.ts'
import type { ChainEventInput } from './types.ts'

export function applyChainEvent(core: Core, event: ChainEventInput): void {
  switch (event.kind) {
    case 'batchSettled':
      return batchSettled(core, event)
    case 'batchVoided':
      return batchVoided(core, event)
    case 'floorRequested':
    case 'floorApplied':
      return raiseFloor(core, core.account(event.account), event.nonce)
    case 'delegateSet':
      return setDelegate(core, event)
    default:
      return applyTokenEvent(core, event)
  }
}

type TokenEvent = Extract<ChainEventInput, { token: number }>

function applyTokenEvent(core: Core, event: TokenEvent): void {
  const account = core.account(event.account)
  const { token } = event
  assert(token < core.config.tokens, 'the chain named a token that the venue does not have')
  switch (event.kind) {
    case 'deposited':
      core.events.add(DEPOSITED, account, token, 0, 0, event.quanta)
      return core.ledger.addSettled(account, token, event.quanta)
    case 'exitRequested':
      core.events.add(EXIT_REQUESTED_EVENT, account, token, 0, 0, 0)
      core.ledger.setExiting(account, token, true)
      core.setGate(account)
      return cancelMarketsOf(core, account, token)
    case 'exitCancelled':
      core.events.add(EXIT_CANCELLED, account, token, 0, 0, 0)
      core.ledger.setExiting(account, token, false)
      return core.setGate(account)
    case 'exitClaimed':
      core.events.add(EXIT_CLAIMED, account, token, 0, 0, event.quanta)
      core.ledger.addSettled(account, token, -event.quanta)
      core.ledger.setExiting(account, token, false)
      core.setGate(account)
      return assert(core.ledger.settled(account, token) >= 0, 'an exit took more than was settled')
    case 'claimed':
      return core.events.add(CLAIMED, account, token, 0, 0, event.quanta)
  }
}

function cancelMarketsOf(core: Core, account: number, token: number): void {
  for (const index of core.liveOf(account)) {
    const market = core.markets[core.pool.words[index * ORDER + OWNER] & 0xff]
    if (market.base === token || market.quote === token) core.cancel(index, EXIT_REQUESTED)
  }
}

function raiseFloor(core: Core, account: number, nonce: number): void {
  core.events.add(FLOOR_RAISED, account, 0, 0, nonce, 0)
  const { accounts } = core
  if (nonce > accounts.floor[account]) accounts.floor[account] = nonce
  core.setGate(account)
  for (const index of core.liveOf(account)) {
    if (core.pool.nonce(index) < accounts.floor[account]) core.cancel(index, FLOOR)
  }
}

function setDelegate(core: Core, event: Extract<ChainEventInput, { kind: 'delegateSet' }>): void {
  const account = core.account(event.account)
  const delegate = core.account(event.delegate)
  const code = event.cosign ? 1 : 0
  core.events.add(DELEGATE_SET | (code << 8), account, delegate, 0, event.from, event.until)
  const { cosign, from, until, market } = event
  const ends = core.grants.set(account, delegate, market ?? '', { cosign, from, until })
  if (!ends) return
  const { words } = core.pool
  for (const index of core.liveOf(account)) {
    const signed = (words[index * ORDER + FLAGS] & DELEGATED) !== 0
    if (!signed || core.delegates.get(index) !== delegate) continue
    const { id } = core.markets[words[index * ORDER + OWNER] & 0xff]
    if (market === null || market === id) core.cancel(index, DELEGATE_REVOKED)
  }
}
