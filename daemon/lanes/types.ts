// What the daemon's other parts see of the lanes. A lane is named by its Hypercore key; in memory
// and as keys of maps by that key's lower-case hex. A head is a length and the tree hash at it;
// a signed head is one that the lane's own key vouches for, and only such a length goes in a cut.
import type { Bytes32 } from '../../protocol/types.ts'

/** A lane's Hypercore key, 64 lower-case hex digits. */
export type LaneKey = string
/** A peer's ed25519 key on the swarm, 64 lower-case hex digits. */
export type PeerKey = string

/** A lane's head as a slice of a cut carries it. */
export type HeadClaim = {
  lane: Bytes32
  /** Blocks. */
  length: number
  treeHash: Bytes32
  /** The lane's, as Hypercore encodes it: 68 bytes. */
  signature: Uint8Array
}

/** A head with the ed25519 key that signs the lane, from which the lane's key follows. */
export type SignedHead = {
  signer: Bytes32
  length: number
  treeHash: Bytes32
  signature: Uint8Array
}

export type ShownHead = { head: SignedHead; held: boolean }

/** Blocks [from, length) of a lane under one signed head. Pushed, served and journaled as such. */
export type Run = SignedHead & { from: number; blocks: Uint8Array[] }

/** A validator's word that everything up to the head is in its journal. */
export type Ack = { lane: Bytes32; length: number; treeHash: Bytes32; signature: Uint8Array }

/** The words of exactly a quorum of validators on one head, ascending by validator. */
export type Certificate = {
  lane: Bytes32
  length: number
  treeHash: Bytes32
  acks: { validator: number; signature: Uint8Array }[]
}

/** Two heads that a lane signed and that no one log can have: equal length and other hash, or
 * `b` longer, with b's roots at a's length and the leaves from there on to prove it. */
export type Evidence = {
  a: SignedHead
  b: SignedHead
  /** b's tree at a's length; empty when the lengths are equal. */
  roots: { size: number; hash: Bytes32 }[]
  /** b's leaves [a.length, b.length). */
  leaves: { size: number; hash: Bytes32 }[]
}

export type LaneMessage =
  /** `bytes` is the run's encoding: it is journaled as it came. */
  | { kind: 'run'; run: Run; bytes: Uint8Array }
  | { kind: 'acks'; acks: Ack[] }
  | { kind: 'certificate'; certificate: Certificate }
  /** Asks for blocks [from, length) of the branch whose tree hash at `length` is this. */
  | { kind: 'request'; lane: Bytes32; from: number; length: number; treeHash: Bytes32 }
  /** Heads that the sender has the blocks of, or only was shown. */
  | { kind: 'heads'; heads: ShownHead[] }
  | { kind: 'evidence'; evidence: Evidence }
  /** "This lane is mine: what is its longest head that you know?" */
  | { kind: 'claim'; signer: Bytes32 }
  /** The answer; `head` null: none known. */
  | { kind: 'known'; signer: Bytes32; head: SignedHead | null }

/** What the journal keeps for the lanes. Kinds are numbers in the journal (records.ts). */
export type LaneRecord =
  | { kind: 'run'; bytes: Uint8Array }
  | { kind: 'base'; base: LaneBase }
  | { kind: 'own'; incarnation: number; signer: Bytes32 }
  | { kind: 'evidence'; evidence: Evidence }

/** Where a lane stands on the tape: what is final, without its blocks. */
export type LaneBase = {
  lane: Bytes32
  /** Null while only the tape has told of the lane. */
  signer: Bytes32 | null
  length: number
  roots: { size: number; hash: Bytes32 }[]
  /** Of the head at `length`; null at length 0. */
  signature: Uint8Array | null
}

/** A slice that became final, with its blocks. */
export type FinalSlice = HeadClaim & { from: number; blocks: readonly Uint8Array[] }

export type Size = { bytes: number; entries: number }

/** A lane as consensus sees it. Live: fields change as data comes in. */
export type LaneStatus = {
  readonly key: LaneKey
  readonly lane: Bytes32
  /** What the last final cut took. */
  readonly finalLength: number
  readonly finalHash: Bytes32
  /** Longest length on any branch whose record has been given to the journal, which keeps its
   * order: what is appended later survives only with it. */
  readonly durableLength: number
  /** It signed two histories: it has no right to be included. */
  readonly conflicted: boolean
}

/** A certificate and when it came. */
export type Certified = {
  length: number
  treeHash: Bytes32
  receivedAtMs: number
  /** Indexes of the validators that acknowledged, ascending. */
  validators: readonly number[]
}

/** What the consensus driver reads. Nothing here waits, and nothing throws. */
export type LaneReads = {
  /** True once every block up to the head has been given to this daemon's journal, synced or not:
   * a vote that is appended now is on the disk only after them. */
  has(lane: LaneKey, length: number, treeHash: Bytes32): boolean
  /** True when the head at `length` is known and its history runs through (from, fromHash).
   * At `from` 0 the hash is not looked at. */
  extends(
    lane: LaneKey,
    from: number,
    fromHash: Bytes32,
    length: number,
    treeHash: Bytes32
  ): boolean
  /** Size of blocks [from, length) of the branch, or null when it is not known that far. */
  measure(lane: LaneKey, from: number, length: number, treeHash: Bytes32): Size | null
  /** Blocks [from, length) of the branch, or null when one of them is not here. */
  blocks(lane: LaneKey, from: number, length: number, treeHash: Bytes32): Uint8Array[] | null
  /** True when the lane's own key signed this head. Remembered, so asking again is cheap. False
   * also while the lane's signing key has not been heard of. */
  signed(head: HeadClaim): boolean
  /** Asks for the head's blocks, `from` first, when they do not come by themselves in time. */
  want(head: HeadClaim, from: readonly PeerKey[]): void
  /** The longest journaled and signed head that extends (from, fromHash) within the limits; null
   * when there is none or the lane is conflicted. */
  best(
    lane: LaneKey,
    from: number,
    fromHash: Bytes32,
    limit: Size
  ): (HeadClaim & { size: Size }) | null
  /** Certificates of heads beyond `length` that came before `beforeMs` (any time unless told),
   * longest first. Checking one costs a quorum of signature checks, once: ask only for what a rule
   * needs, such as those that are overdue. */
  certified(lane: LaneKey, length: number, beforeMs?: number): Certified[]
  /** Acknowledges the lane's heads at once from now on, or no longer: it is taken by its
   * certificates only. */
  hurry(lane: LaneKey, isHurried: boolean): void
  /** Sends what is known of the branch beyond `from`, and the lane's longest certificate, to a peer
   * (a voter to the leader). */
  forward(lane: LaneKey, from: number, length: number, treeHash: Bytes32, to: PeerKey): void
  /** Every lane, ascending by key. */
  lanes(): readonly LaneStatus[]
  /** Where the lane stands on the tape, with the Merkle roots; null for an unknown lane. */
  base(lane: LaneKey): LaneBase | null
  /** Proof that the lane signed two histories, or null. */
  evidence(lane: LaneKey): Evidence | null
}

/** Where an entry went. */
export type Placed = {
  lane: LaneKey
  /** Index of the lane's block. */
  laneIndex: number
  /** Index of the entry in the block. */
  entry: number
}

/** The same at once, before the journal has it; `journaled` is shared by a whole run. */
export type Ticket = Placed & { journaled: Promise<void> }

/** The pure core's effects, carried out by the driver, or by a simulator. */
export type LaneHost = {
  /** False when it was not taken: the peer is gone or reads too slowly. */
  send(peer: PeerKey, message: LaneMessage): boolean
  /** Gives the record to the journal, and calls `then` once it would survive a power loss; never,
   * if the daemon ends first. What is not urgent may wait for company, `tick` at the latest. */
  persist(record: LaneRecord, then: () => void, urgent: boolean): void
  /** Something will be due: call `tick` in a while, and then when it says. */
  later(): void
  /** New blocks [from, ...) arrived, whose entries' signatures can be checked. */
  arrived(lane: Bytes32, from: number, blocks: readonly Uint8Array[]): void
  /** The lane's data reaches further. */
  available(lane: LaneKey): void
  evidence(lane: LaneKey, evidence: Evidence): void
  /** `weight` 1 is a slip, 100 is worth a ban at once. */
  misbehaved(peer: PeerKey, reason: string, weight: number): void
}

export type Verify = (signature: Uint8Array, message: Uint8Array, publicKey: Bytes32) => boolean
export type Sign = (message: Uint8Array) => Uint8Array
