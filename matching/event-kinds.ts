// Kinds of events by name, and quick looks at a block's packed records: most readers want a few
// kinds out of thousands of records, and need not have the others made.

import {
  ACCEPTED,
  AMENDED_EVENT,
  ATTESTED,
  BATCH_ATTESTED,
  BATCH_CLOSED,
  BATCH_REVERTED,
  BATCH_SEALED,
  BATCH_SETTLED,
  CANCELLED,
  CHARGED,
  CLAIMED,
  COSIGNED,
  DELEGATE_SET,
  DEPOSITED,
  EXIT_CANCELLED,
  EXIT_CLAIMED,
  EXIT_REQUESTED_EVENT,
  EXPIRED_EVENT,
  FLOOR_RAISED,
  LEASE_RENEWED,
  LINKED,
  OPENED,
  PROTECTION_FIRED,
  PROTECT_SET,
  RECORD,
  REDUCED,
  REJECTED,
  RESTED,
  RESUMED,
  STOPPED,
  TRADED,
  TRIGGERED,
  VOID_ATTESTED,
  WITHDRAWN
} from './event-writer.ts'
import type { Event, EventKind, EventList } from './results.ts'

/** The first byte of a record. */
export const eventKinds: Readonly<Record<EventKind, number>> = {
  accepted: ACCEPTED,
  rejected: REJECTED,
  rested: RESTED,
  traded: TRADED,
  charged: CHARGED,
  reduced: REDUCED,
  cancelled: CANCELLED,
  expired: EXPIRED_EVENT,
  triggered: TRIGGERED,
  amended: AMENDED_EVENT,
  withdrawn: WITHDRAWN,
  linked: LINKED,
  leaseRenewed: LEASE_RENEWED,
  protectSet: PROTECT_SET,
  protectionFired: PROTECTION_FIRED,
  opened: OPENED,
  deposited: DEPOSITED,
  exitRequested: EXIT_REQUESTED_EVENT,
  exitCancelled: EXIT_CANCELLED,
  exitClaimed: EXIT_CLAIMED,
  floorRaised: FLOOR_RAISED,
  delegateSet: DELEGATE_SET,
  claimed: CLAIMED,
  batchClosed: BATCH_CLOSED,
  batchSealed: BATCH_SEALED,
  cosigned: COSIGNED,
  attested: ATTESTED,
  batchAttested: BATCH_ATTESTED,
  voidAttested: VOID_ATTESTED,
  batchSettled: BATCH_SETTLED,
  batchReverted: BATCH_REVERTED,
  stopped: STOPPED,
  resumed: RESUMED
}

const BYTES = 4 * RECORD

/** By kind, 1 for those that are wanted. */
export type EventMask = Uint8Array

export function eventMask(kinds: readonly EventKind[]): EventMask {
  const mask = new Uint8Array(256)
  for (const kind of kinds) mask[eventKinds[kind]] = 1
  return mask
}

export function hasEvent({ records }: Pick<EventList, 'records'>, mask: EventMask): boolean {
  for (let at = 0; at < records.length; at += BYTES) if (mask[records[at]] === 1) return true
  return false
}

/** The wanted events, each with its place in the block, in order. */
export function* eventsOf(events: EventList, mask: EventMask): Generator<[number, Event]> {
  const { records, length } = events
  for (let place = 0; place < length; place++) {
    if (mask[records[place * BYTES]] === 1) yield [place, events.at(place)]
  }
}

/** Whether one of the wanted events, all of them about orders, is of a market. */
export function hasEventOf(
  { records }: Pick<EventList, 'records'>,
  mask: EventMask,
  market: number
): boolean {
  for (let at = 0; at < records.length; at += BYTES) {
    if (mask[records[at]] === 1 && records[at + 2] + records[at + 3] * 256 === market) return true
  }
  return false
}
