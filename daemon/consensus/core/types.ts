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

/** "Which height are you in?" of a validator that has lost its past, or has none. */
export type Hail = { kind: 'hail'; nonce: number }

/** The answer to it; `votes` false: the speaker abstains as well. */
export type Standing = { kind: 'standing'; nonce: number; height: number; votes: boolean }

/** Journaled before the first ballot: below `from` this validator says nothing. Never sent. */
export type Entitled = { kind: 'entitled'; from: number }

/** Two messages of one validator and one height that an honest one never signs both of. With a
 * finalize comes the notarization that binds it to the height. */
export type Evidence = { kind: 'evidence' } & (
  | { offence: 'propose'; first: Propose; second: Propose }
  | { offence: 'vote'; first: Vote; second: Vote }
  | { offence: 'finalize'; first: Finalize; second: Nullify; notarization: Notarization }
)

export type Certificate = Notarization | Nullification | Final

export type Ballot = Propose | Vote | Nullify | Finalize

export type Message =
  Ballot | Certificate | ExecutedNote | Want | Evidence | Hail | Standing | Entitled

/** What goes to the journal, and is handed back after a restart. */
export type Record = Ballot | Certificate | Entitled | Evidence | ExecutedNote

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

/** How far a lane is taken into account. Nothing: length 0 and 32 zero bytes. */
export type LanePoint = { length: number; treeHash: Bytes32 }

/** The same, with the tape index that took the lane last; -1 when none did. */
export type LaneTaken = LanePoint & { index: number }

/** A head that the lane itself signed, as a slice carries it. */
export type HeadClaim = LanePoint & { lane: Bytes32; signature: Uint8Array }

export type Size = { bytes: number; entries: number }

/** What consensus reads of the lanes (daemon/lanes gives it, see its types.ts). A lane's key is
 * lower-case hex. */
export type LaneView = {
  /** Every block up to the head is in this daemon's journal. */
  has(lane: string, length: number, treeHash: Bytes32): boolean
  /** The head is known, and its history runs through (from, fromHash). */
  extends(lane: string, from: number, fromHash: Bytes32, length: number, treeHash: Bytes32): boolean
  /** Size of blocks [from, length) of the branch; null when it is not known that far. */
  measure(lane: string, from: number, length: number, treeHash: Bytes32): Size | null
  blocks(lane: string, from: number, length: number, treeHash: Bytes32): Uint8Array[] | null
  /** The lane's own key signed this head. */
  signed(head: HeadClaim): boolean
  /** Asks peers for the head's blocks. */
  want(head: HeadClaim, from: readonly string[]): void
  /** The longest journaled, signed head that extends (from, fromHash) within the limits; null when
   * there is none or the lane is conflicted. */
  best(
    lane: string,
    from: number,
    fromHash: Bytes32,
    limit: Size
  ): (HeadClaim & { size: Size }) | null
  /** Certificates of heads beyond `length`, longest first. */
  certified(
    lane: string,
    length: number
  ): { length: number; treeHash: Bytes32; receivedAtMs: number; validators: readonly number[] }[]
  /** Acknowledges the lane's heads at once from now on, or no longer. */
  hurry(lane: string, isHurried: boolean): void
  /** Sends what is known of the branch beyond `from` to a peer. */
  forward(lane: string, from: number, length: number, treeHash: Bytes32, to: string): void
  /** Ascending by key. */
  lanes(): readonly LaneLine[]
}

export type LaneLine = {
  readonly key: string
  readonly lane: Bytes32
  /** Longest journaled length on any branch. */
  readonly durableLength: number
  readonly conflicted: boolean
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
  /** Data that waits longer is sent to the leader. */
  forwardMs: number
}

export type CutLimits = {
  bytesMax: number
  entriesMax: number
  lanesMax: number
  /** Lanes of a whole tape: each is state in every daemon and snapshot, for ever. */
  venueLanesMax: number
  /** Entries of one lane in one cut. */
  laneEntriesMax: number
}
