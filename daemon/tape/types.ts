// What the rest of the daemon sees of the tape: design 2.3. The tape is the one source of finality:
// a block gets here from this daemon's own consensus or from a peer's stream, is journaled, and is
// then announced, in order, to the replica, the lanes, consensus and the subscribers.
import type { PartialSignature } from '../../protocol/log-manifest.ts'
import type { MerkleLog } from '../../protocol/merkle-log.ts'
import type { Cut, TapeBlock } from '../../protocol/tape-block.ts'
import type { Bytes32 } from '../../protocol/types.ts'

export type TapeEntry = {
  readonly index: number
  /** Canonical bytes (protocol/tape-block.ts). */
  readonly bytes: Uint8Array
  /** The same, decoded. From own consensus the lane blocks are the very arrays that the lanes
   * hold, so that what was computed of them on arrival is found again. */
  readonly block: TapeBlock
}

/** A final block, after its journal record is on the disk. */
export type FinalBlock = TapeEntry & {
  /** The tape up to and with this block. */
  readonly log: MerkleLog
  /** The quorum's signature of the head at index + 1; null inside a run that only its last block's
   * signature covers. */
  readonly signature: Uint8Array | null
  /** `own`: from this validator's consensus, whose vote has checked every slice. `peer`: streamed.
   * `disk`: replayed after a restart. */
  readonly source: 'own' | 'peer' | 'disk'
}

/** What this validator's consensus hands over when blocks became final: one, or several that the
 * last one's finality carries with it. */
export type OwnRun = {
  blocks: readonly OwnBlock[]
  /** Of the head after the last block: exactly a quorum, checked. */
  partials: readonly PartialSignature[]
}

export type OwnBlock = {
  index: number
  bytes: Uint8Array
  cut: Cut
  /** The lanes' blocks, one list a slice. */
  laneBlocks: Uint8Array[][]
  /** The tape up to and with the block, as agreed. */
  log: MerkleLog
}

export type TapeReads = {
  /** The tape's Hypercore key. */
  readonly key: Bytes32
  /** Announced blocks. */
  readonly length: number
  /** The tape so far: `length` blocks. */
  readonly log: MerkleLog
  /** The lowest index that `read` can give; above 0 after a start from a snapshot. */
  readonly first: number
  /** A block by index, from memory or the archive; null outside [first, length). */
  read(index: number): Promise<TapeEntry | null>
}

export type Tape = TapeReads & {
  /** Takes the next blocks from own consensus; what is here already is passed over. Resolves when
   * they are in the journal and announced; to false, at once, when they have to come from peers:
   * they are more than one run may hold (a validator that was away makes many final by one
   * signature), or follow on such. */
  appendOwn(run: OwnRun): Promise<boolean>
  /** Each announced block, in order. */
  onfinal(listener: (final: FinalBlock) => void): void
}

/** A run [from, from + blocks.length) under one signature of the head after it. */
export type TapeRun = { from: number; blocks: Uint8Array[]; signature: Uint8Array }
