// clientOrderIds, and clientRequestIds of withdrawals, in the daemon's journal: a name is written
// there before its entry goes into the lane, in the same journal and therefore in the same order, so that a daemon that is killed in
// between knows both or neither. Later the history has them.
import type { Daemon } from './daemon.ts'
import type { History } from './history/history.ts'
import type { JournalTenant } from './options.ts'
import type { ClientOrder } from './trading/placing.ts'
import type { ClientWithdrawal } from './trading/withdrawing.ts'

type Named = ClientOrder | ClientWithdrawal

/** Journal kind; those of tape, consensus and lanes are below. */
const nameRecord = 80

export class NameJournal {
  #daemon: Daemon | null = null

  open(daemon: Daemon): void {
    this.#daemon = daemon
  }

  keep(named: Named): void {
    // A failed write ends the daemon through the journal's own fault.
    this.#daemon?.parts.journal.append(nameRecord, encode(named)).catch(() => {})
  }

  tenant(history: History): JournalTenant {
    return {
      kind: nameRecord,
      restore: (payload) => {
        // Written above, by this program.
        const named = JSON.parse(Buffer.from(payload).toString('utf8')) as Named
        if ('clientRequestId' in named) return history.requests.restore(named)
        history.orders.restoreName(named)
        history.orders.nameAfterRestart(named)
      },
      settle: () => history.sync(),
      // The fills and the ends of the hosted accounts' orders stand in those blocks, and only there.
      needsEveryBlock: () => history.through >= 0 && history.hosted.length > 0,
      checkpoint: () => history.unsynced.map(encode)
    }
  }
}

function encode(named: Named): Uint8Array {
  return Buffer.from(JSON.stringify(named))
}
