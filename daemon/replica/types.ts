// What the rest of the daemon sees of the replica: tape -> engine -> events, design 2.6.
import type { SnapshotMark } from '../../protocol/tape-block.ts'
import type { Bytes32 } from '../../protocol/types.ts'

/** What the engine made of a tape block. */
export type Applied = {
  readonly index: number
  /** Tape time, milliseconds. */
  readonly time: number
  readonly eventHash: Bytes32
  /** Entries that the block took in, all lanes. */
  readonly entries: number
  /** Made after this block, or null. */
  readonly snapshot: SnapshotMark | null
}

export type ReplicaState =
  | { kind: 'running' }
  /** An assertion failed: the tape is still served, no orders are taken. */
  | { kind: 'stopped'; index: number; reason: string }
