import { Fault } from '../../protocol/faults.ts'

/** Fault codes of settlement. */
export const settlementFaults = {
  batch_unknown: 'There is no unsettled batch of that number.',
  batch_unreadable:
    'A block of the tape that a batch needs is not here; the daemon cannot seal it before it has the history.',
  batch_disputed:
    'This daemon seals a batch to other bytes than a quorum attested: report this with the tape.',
  batch_not_voidable:
    'A batch can be voided only when it is sealed and its horizon has passed, by a validator.',
  not_settler: 'This daemon has no key that it settles with.'
} as const satisfies Record<string, string>

export type SettlementFaultCode = keyof typeof settlementFaults

export class SettlementFault extends Fault<SettlementFaultCode> {
  override readonly name = 'SettlementFault'
}
