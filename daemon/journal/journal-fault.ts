import { Fault } from '../../protocol/faults.ts'

/** Fault codes of the journal, each with its meaning in a line. */
export const journalFaults = {
  journal_corrupt:
    'Bytes of the journal that had been synced are damaged: move it away and start anew, never with an older copy.',
  journal_version: 'The journal was written by another version of its format.',
  journal_failed:
    'A write or a sync of the journal failed: nothing can be promised, the daemon ends.',
  journal_too_large: 'A record is larger than the journal takes.',
  journal_closed: 'The journal is not open.',
  journal_rotating: 'A rotation of the journal is under way already.'
} as const satisfies Record<string, string>

export class JournalFault extends Fault<keyof typeof journalFaults> {
  override readonly name = 'JournalFault'
}
