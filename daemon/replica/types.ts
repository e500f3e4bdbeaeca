// What the rest of the daemon sees of the replica: tape -> engine -> events, design 2.6.
import type { BlockResult } from '../../matching/index.ts'
import type { Cut, SnapshotMark } from '../../protocol/tape-block.ts'
import type { FinalSlice } from '../lanes/types.ts'

/** Where the entries of a lane block are in their tape block. */
export type BlockPlace = {
  /** Index of the block in its lane. */
  laneIndex: number
  /** Number, in the tape block, of its first entry. */
  entry: number
  entries: number
}

/** What the engine made of a tape block. */
export type Applied = {
  readonly index: number
  readonly cut: Cut
  /** Entries that the block took in, all lanes. */
  readonly entries: number
  readonly slices: readonly FinalSlice[]
  /** For each slice, its blocks. */
  readonly places: readonly (readonly BlockPlace[])[]
  readonly result: BlockResult
  /** What the engine took for it, milliseconds with fractions: for whoever watches. */
  readonly engineMs: number
  /** Made after this block, or null. */
  readonly snapshot: SnapshotMark | null
}

export type ReplicaState =
  | { kind: 'running' }
  /** Begun from a snapshot that no cut on the tape has confirmed yet. */
  | { kind: 'unconfirmed'; index: number }
  /** An assertion failed, or this daemon computed something else than a quorum: the tape is still
   * served, no orders are taken. */
  | { kind: 'stopped'; index: number; reason: string }
