// The words of consensus. Simplex (Chan & Pass, "Simplex Consensus", 2023) over cuts: a height is
// one iteration with one leader; it ends with a notarized block, or nullified, or both; a block is
// final when a quorum finalized it. Everything here is plain data.
import type { Executed, SnapshotMark } from '../../../protocol/tape-block.ts'
import type { Bytes32, ChainCursor } from '../../../protocol/types.ts'

/** A tape of `length` blocks whose last one was proposed at `height`. The tree hash commits to
 * every byte of it. The empty tape has height 0 and length 0. */
export type BlockId = { height: number; length: number; treeHash: Bytes32 }

/** A validator's signature, in certificates: ascending by validator, exactly a quorum of them. */
export type Signed = { validator: number; signature: Uint8Array }

/** A leader's block: `cut` is the encoded cut, whose lane blocks the voters hold already. */
export type Propose = {
  kind: 'propose'
  block: BlockId
  parent: BlockId
  cut: Uint8Array
  signature: Uint8Array
}

export type Vote = { kind: 'vote'; block: BlockId } & Signed
export type Nullify = { kind: 'nullify'; height: number } & Signed

/** `signature` is the validator's partial signature of the tape's head, made as Hypercore wants
 * it. It does not bind the height, so a finalize is only taken from its author, and a certificate
 * carries the notarization that does. */
export type Finalize = { kind: 'finalize'; block: BlockId } & Signed

export type Notarization = { kind: 'notarization'; block: BlockId; signatures: Signed[] }
export type Nullification = { kind: 'nullification'; height: number; signatures: Signed[] }

/** Finality: a quorum of partial signatures of the tape's head, and the height it belongs to. */
export type Final = { kind: 'final'; notarization: Notarization; partials: Signed[] }

/** What a validator's engine computed. */
export type ExecutedNote = {
  kind: 'executed'
  executed: Executed
  snapshot: SnapshotMark | null
} & Signed

/** Asks for the proposal of a notarized block. */
export type Want = { kind: 'want'; block: BlockId }

/** Two messages of one validator and one height that an honest one never signs both of. With a
 * finalize comes the notarization that binds it to the height. */
export type Evidence = { kind: 'evidence' } & (
  | { offence: 'propose'; first: Propose; second: Propose }
  | { offence: 'vote'; first: Vote; second: Vote }
  | { offence: 'finalize'; first: Finalize; second: Nullify; notarization: Notarization }
)

export type Certificate = Notarization | Nullification | Final

export type Ballot = Propose | Vote | Nullify | Finalize

export type Message = Ballot | Certificate | ExecutedNote | Want | Evidence

/** What goes to the journal, and is handed back after a restart. */
export type Record = Ballot | Certificate

/** Hashes and signatures, injected: ed25519 and BLAKE2b in a daemon, cheap stand-ins in the
 * simulator. */
export type Crypto = {
  hash(bytes: Uint8Array): Bytes32
  /** By this validator's key. */
  sign(bytes: Uint8Array): Uint8Array
  verify(validator: number, bytes: Uint8Array, signature: Uint8Array): boolean
  /** This validator's partial signature of the tape's head (fork 0). */
  signHead(length: number, treeHash: Bytes32): Uint8Array
  verifyHead(validator: number, length: number, treeHash: Bytes32, signature: Uint8Array): boolean
}

/** How far a lane is taken into account. Nothing: length 0 and the hash of the empty tree. */
export type LanePoint = { length: number; treeHash: Bytes32 }

/** A head that the lane itself signed, whose blocks are in this validator's journal. Sizes count
 * from the point that was asked about. */
export type SignedHead = LanePoint & { signature: Uint8Array; bytes: number; entries: number }

/** A lane's head that a quorum acknowledged. */
export type OverdueLane = LanePoint & { lane: Bytes32 }

/** What consensus reads of the lanes: journaled blocks only. Lanes are named by their key. */
export type LaneView = {
  /** Lanes that have blocks which the final tape does not. */
  pending(): Iterable<Bytes32>
  /** Signed heads beyond `from`, ascending, of the fork that extends it. */
  heads(lane: Bytes32, from: LanePoint): SignedHead[]
  /** The longest of them that a quorum acknowledged, or null. */
  certified(lane: Bytes32, from: LanePoint): SignedHead | null
  /** Blocks and entries of [from, to) when all are held and `to` extends `from`; null when
   * some are missing; 'conflict' when `to` is of a fork that does not extend `from`. */
  measure(
    lane: Bytes32,
    from: LanePoint,
    to: LanePoint
  ): { bytes: number; entries: number } | null | 'conflict'
  blocks(lane: Bytes32, from: LanePoint, to: LanePoint): Uint8Array[]
  /** The lane's own signature of its head. */
  verifyHead(lane: Bytes32, head: LanePoint, signature: Uint8Array): boolean
  /** Seen with two tree hashes at one length. */
  conflicted(lane: Bytes32): boolean
  /** Lanes whose certificate, `leader`'s acknowledgement in it, arrived before `before`
   * (milliseconds) and reaches beyond what the final tape took. */
  overdue(leader: number, before: number): Iterable<OverdueLane>
}

/** This validator's own view of the chain, or a venue without one. */
export type ChainView = {
  /** How far a cut on top of `cursor` can go now: the next cursor with its events, or null. */
  next(cursor: ChainCursor | null): { cursor: ChainCursor; events: Uint8Array[] } | null
  /** Whether the events after `from` up to `to` are confirmed and exactly these. */
  check(
    from: ChainCursor | null,
    to: ChainCursor,
    events: readonly Uint8Array[]
  ): 'yes' | 'no' | 'unknown'
}

/** The tape's in-memory Merkle tree (protocol/merkle-log.ts). */
export type TreeBranch = {
  readonly length: number
  append(block: Uint8Array): void
  treeHash(): Bytes32
  clone(): TreeBranch
}

export type ConsensusPacing = {
  heartbeatMs: number
  /** First wait for a height's leader. */
  roundMs: number
  /** Wait for a leader that missed its last turn. */
  absentLeaderMs: number
  standstillMs: number
  /** Peers that have not shown that they hold a certificate are sent it after so long. */
  relayMs: number
  /** Least time between two cuts: with little waiting, and with much. */
  cutLightMs: number
  cutBusyMs: number
  /** Entries waiting at which it is much. */
  busyEntries: number
  clockDriftMaxMs: number
  inclusionMaxMs: number
  /** Execution is announced every so many blocks, and when the tape rests. */
  executedEvery: number
}

export type CutLimits = {
  bytesMax: number
  entriesMax: number
  lanesMax: number
  /** Entries of one lane in one cut. */
  laneEntriesMax: number
}
