import { Fault } from '../../protocol/faults.ts'

/** Fault codes of the lanes, each with its meaning in a line. */
export const laneFaults = {
  lane_busy: 'The daemon has as many entries waiting as it may; try again in a moment.',
  lane_entry_too_large: 'The entry does not fit in one lane block.',
  lane_abandoned:
    'The lane was abandoned before the entry was journaled; it was not sent, try again.',
  lane_closed: 'The lane is closed: the daemon is shutting down or has not started.',
  archive_wrong: 'The archive of a lane cannot be brought in line with the tape.'
} as const satisfies Record<string, string>

export type LaneFaultCode = keyof typeof laneFaults

export class LaneFault extends Fault<LaneFaultCode> {
  override readonly name = 'LaneFault'
}
