import { Fault } from '../../protocol/faults.ts'

export const historyFaults = {
  history_unreadable:
    'The history on disk is damaged or of another version: stop the daemon and remove its folder; it begins anew from the next block.',
  history_other_venue: 'The history on disk is of another venue than the manifest.'
} as const satisfies Record<string, string>

export class HistoryFault extends Fault<keyof typeof historyFaults> {
  override readonly name = 'HistoryFault'
}
