import type { LaneTable } from './lane-table.ts'
import { encodeRun } from './messages.ts'
import { runsOf } from './runs.ts'
import type { LaneRecord } from './types.ts'

/** What a new journal must hold: each lane's final head, the blocks beyond it, the evidence. Those
 * that are on their way to the old one too: a vote that relies on them may be in the checkpoint. */
export function* checkpointOf(table: LaneTable): Iterable<LaneRecord> {
  for (const lane of table.sorted()) {
    if (lane.finalLength > 0) yield { kind: 'base', base: lane.tree.base(lane.lane, lane.signer) }
    for (const end of lane.tree.tips) {
      for (const run of runsOf(lane, end, lane.finalLength)) {
        yield { kind: 'run', bytes: encodeRun(run) }
      }
    }
    if (lane.evidence !== null) yield { kind: 'evidence', evidence: lane.evidence }
  }
}
