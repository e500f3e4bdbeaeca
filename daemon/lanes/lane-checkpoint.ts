import type { LaneTable } from './lane-table.ts'
import { durableOf } from './lane-tree.ts'
import { encodeRun } from './messages.ts'
import { runsOf } from './runs.ts'
import type { LaneRecord } from './types.ts'

/** What a new journal must hold: each lane's final head, the journaled blocks beyond it, the
 * evidence. What is on its way to the journal goes into the new one by itself. */
export function* checkpointOf(table: LaneTable): Iterable<LaneRecord> {
  for (const lane of table.sorted()) {
    if (lane.finalLength > 0) yield { kind: 'base', base: lane.tree.base(lane.lane, lane.signer) }
    for (const end of new Set(lane.tree.tips.map(durableOf))) {
      for (const run of runsOf(lane, end, lane.finalLength)) {
        yield { kind: 'run', bytes: encodeRun(run) }
      }
    }
    if (lane.evidence !== null) yield { kind: 'evidence', evidence: lane.evidence }
  }
}
