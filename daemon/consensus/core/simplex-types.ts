// What goes into Simplex and what comes out of it.
import type { Bytes32 } from '../../../protocol/types.ts'
import type {
  Ballot,
  BlockId,
  Certificate,
  Evidence,
  Final,
  Message,
  Propose,
  Record
} from './types.ts'

export type SimplexOptions = {
  venue: Bytes32
  validators: number
  quorum: number
  /** This validator's index. */
  self: number
  roundMs: number
  absentLeaderMs: number
  standstillMs: number
  relayMs: number
}

export type SimplexAlarm = 'round' | 'relay' | 'standstill'

export type SimplexInput =
  | { kind: 'start' }
  /** From this height on it may vote: see entitlement.ts. */
  | { kind: 'entitled'; from: number }
  | { kind: 'message'; from: number; message: Ballot | Certificate }
  | { kind: 'alarm'; name: SimplexAlarm }
  /** All persists up to this token have reached the disk. */
  | { kind: 'persisted'; token: number }
  /** There is something to order: the height's timer starts. */
  | { kind: 'demand' }
  /** The own block for the height that `propose` asked for. */
  | { kind: 'proposed'; block: BlockId; parent: BlockId; cut: Uint8Array }
  /** Answers `validate`. While it cannot be judged there is no answer. */
  | { kind: 'verdict'; block: BlockId; valid: boolean }
  | { kind: 'connected'; peer: number }
  /** The tape reached further by other means. */
  | { kind: 'adopted'; final: BlockId }

export type SimplexEffect =
  /** To one validator, or to all others when null. */
  | { kind: 'send'; to: number | null; message: Message }
  /** Answered by `persisted`, in order. */
  | { kind: 'persist'; token: number; record: Record }
  | { kind: 'alarm'; name: SimplexAlarm; atMs: number }
  /** This validator leads `height`; its block goes on top of `parent`. */
  | { kind: 'propose'; height: number; parent: BlockId }
  | { kind: 'validate'; proposal: Propose }
  /** A new height has begun. */
  | { kind: 'entered'; height: number }
  /** A height ended without a notarized block; this had been proposed in it. */
  | { kind: 'skipped'; proposal: Propose | null }
  | { kind: 'final'; final: Final }
  | { kind: 'evidence'; evidence: Evidence }
  | { kind: 'misbehaved'; peer: number; reason: string }
