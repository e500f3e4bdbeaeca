// Proven misdeeds, as the RPC and `curb venue status` show them.
import { toHex } from '../../protocol/bytes.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { offenderOf } from '../consensus/core/evidence-book.ts'
import type { Evidence, ExecutedNote } from '../consensus/core/types.ts'
import type { RpcStatus } from '../../protocol/rpc-types.ts'

export type ShownEvidence = RpcStatus['evidence'][number]

const OFFENCES = {
  propose: { kind: 'double_proposal', detail: 'proposed two blocks' },
  vote: { kind: 'double_vote', detail: 'voted for two blocks' },
  finalize: { kind: 'finalize_and_nullify', detail: 'finalized and nullified' }
} as const satisfies { [Offence in Evidence['offence']]: { kind: string; detail: string } }

/** Lanes that signed two histories; `by` is the lane's key. */
export function laneEvidence(
  lanes: readonly { key: string; conflicted: boolean }[]
): ShownEvidence[] {
  return lanes
    .filter(({ conflicted }) => conflicted)
    .map(({ key }) => ({ kind: 'lane_fork', by: key, detail: 'the lane signed two histories' }))
}

/** Validators that contradicted themselves; `by` is the validator's swarm key. */
export function validatorEvidence(
  evidence: readonly Evidence[],
  validators: readonly Bytes32[]
): ShownEvidence[] {
  return evidence.map((each) => {
    const { kind, detail } = OFFENCES[each.offence]
    const by = toHex(validators[offenderOf(each, validators.length)])
    return { kind, by, detail: `${detail} at height ${each.first.block.height}` }
  })
}

/** Validators whose engines computed different things of one block: each with what it signed, the
 * right ones too, since none of them can say who is. */
export function executedEvidence(
  notes: readonly ExecutedNote[],
  validators: readonly Bytes32[]
): ShownEvidence[] {
  return notes.map(({ validator, executed }) => {
    const detail = `signed event hash ${toHex(executed.eventHash)} for block ${executed.index}`
    return { kind: 'executed_differs', by: toHex(validators[validator]), detail }
  })
}
