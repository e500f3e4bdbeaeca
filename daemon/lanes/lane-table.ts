// The lanes that a daemon knows. A lane that has nothing final yet is a stranger: anyone can make
// up signing keys, so strangers are few, and few by each peer.
import { compareBytes } from '../../protocol/bytes.ts'
import type { HashParts } from '../../protocol/merkle-log.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { CertificateShelf } from './certificates.ts'
import { type LaneNode, LaneTree } from './lane-tree.ts'
import type { LaneLimits } from './options.ts'
import type { Evidence, LaneKey, LaneStatus, PeerKey, SignedHead } from './types.ts'

export class Lane implements LaneStatus {
  readonly key: LaneKey
  readonly lane: Bytes32
  readonly tree: LaneTree
  readonly shelf: CertificateShelf
  /** Null while only the tape has told of the lane. */
  signer: Bytes32 | null = null
  evidence: Evidence | null = null
  /** The longest head shown by a peer whose blocks are not here. */
  ahead: SignedHead | null = null
  /** Who brought it, while it is a stranger. */
  broughtBy: PeerKey | null
  /** Longest node that is synced. */
  durable: LaneNode
  /** Longest node whose record has been given to the journal. */
  recorded: LaneNode
  /** A head that waits for the tape, by which its pace is measured. */
  waits: { length: number; sinceMs: number } | null = null

  constructor(
    key: LaneKey,
    lane: Bytes32,
    broughtBy: PeerKey | null,
    limits: LaneLimits,
    sourcesMax: number,
    hash: HashParts
  ) {
    this.key = key
    this.lane = lane
    this.broughtBy = broughtBy
    this.tree = new LaneTree(limits, { hash })
    this.shelf = new CertificateShelf({ sourcesMax })
    this.durable = this.recorded = this.tree.final
  }

  get finalLength(): number {
    return this.tree.final.log.length
  }

  get finalHash(): Bytes32 {
    return this.tree.final.log.treeHash()
  }

  get durableLength(): number {
    return this.recorded.log.length
  }

  get conflicted(): boolean {
    return this.evidence !== null
  }

  /** The longest signed head whose blocks are journaled here; null without one. What is not
   * journaled is not shown: the daemon's own lane could yet lose it. */
  held(): SignedHead | null {
    const { log, signature } = this.durable
    if (signature === null || this.signer === null || log.length === 0) return null
    return { signer: this.signer, length: log.length, treeHash: log.treeHash(), signature }
  }

  /** The longest head that is held or was shown by a peer; null when none is. */
  longest(): SignedHead | null {
    const held = this.held()
    return held === null || (this.ahead !== null && this.ahead.length > held.length)
      ? this.ahead
      : held
  }
}

export type LaneTableDependencies = {
  hash: HashParts
  /** May it come in? */
  welcomes(lane: Lane): boolean
  /** It is forgotten, with what it had pending. */
  forgotten(lane: Lane): void
}

export class LaneTable {
  readonly #limits: LaneLimits
  readonly #sourcesMax: number
  readonly #deps: LaneTableDependencies
  readonly #lanes = new Map<LaneKey, Lane>()
  readonly #strangers = new Map<PeerKey, Set<Lane>>()
  #strangerCount = 0
  #sorted: Lane[] | null = null

  constructor(limits: LaneLimits, sourcesMax: number, dependencies: LaneTableDependencies) {
    this.#limits = limits
    this.#sourcesMax = sourcesMax
    this.#deps = dependencies
  }

  get(key: LaneKey): Lane | null {
    return this.#lanes.get(key) ?? null
  }

  /** A lane that need not ask: this daemon's own, or one of the tape. */
  add(key: LaneKey, lane: Bytes32): Lane {
    const known = this.#lanes.get(key)
    if (known === undefined) return this.#create(key, lane, null)
    this.settled(known)
    return known
  }

  /** A lane of the journal: a stranger until the tape or this daemon says otherwise. */
  restore(key: LaneKey, lane: Bytes32, self: PeerKey): Lane {
    return this.#lanes.get(key) ?? this.#stranger(key, lane, self)
  }

  /** A lane that a peer brought; null when there are too many of that sort. */
  meet(key: LaneKey, lane: Bytes32, peer: PeerKey, trusted: boolean): Lane | null {
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    if (!this.mayMeet(key, peer, trusted)) return null
    if (this.#strangerCount >= this.#limits.strangersMax && !this.forgetStranger()) return null
    return this.#stranger(key, lane, peer)
  }

  /** False for one more stranger of a peer that has brought as many as it may: what it says of that
   * lane need not be checked. */
  mayMeet(key: LaneKey, peer: PeerKey, trusted: boolean): boolean {
    if (trusted || this.#lanes.has(key)) return true
    return (this.#strangers.get(peer)?.size ?? 0) < this.#limits.strangersPerPeerMax
  }

  #stranger(key: LaneKey, lane: Bytes32, peer: PeerKey): Lane {
    const brought = this.#strangers.get(peer)
    const stranger = this.#create(key, lane, peer)
    if (brought === undefined) this.#strangers.set(peer, new Set([stranger]))
    else brought.add(stranger)
    this.#strangerCount++
    return stranger
  }

  #create(key: LaneKey, lane: Bytes32, broughtBy: PeerKey | null): Lane {
    const created = new Lane(key, lane, broughtBy, this.#limits, this.#sourcesMax, this.#deps.hash)
    this.#lanes.set(key, created)
    this.#sorted = null
    return created
  }

  /** It has something final now. */
  settled(lane: Lane): void {
    if (lane.broughtBy === null) return
    const brought = this.#strangers.get(lane.broughtBy)
    if (brought?.delete(lane)) this.#strangerCount--
    if (brought?.size === 0) this.#strangers.delete(lane.broughtBy)
    lane.broughtBy = null
  }

  /** Makes room by forgetting the first stranger (but one) that is convicted, brought nothing, or
   * may not come in. */
  forgetStranger(except: Lane | null = null): boolean {
    for (const lanes of this.#strangers.values()) {
      for (const lane of lanes) {
        const isIdle = lane.conflicted || lane.tree.pendingBytes === 0
        if (lane === except || !(isIdle || !this.#deps.welcomes(lane))) continue
        this.settled(lane)
        this.#lanes.delete(lane.key)
        this.#sorted = null
        this.#deps.forgotten(lane)
        return true
      }
    }
    return false
  }

  /** Ascending by key: what a cut's slices are sorted by. */
  sorted(): readonly Lane[] {
    this.#sorted ??= [...this.#lanes.values()].sort((a, b) => compareBytes(a.lane, b.lane))
    return this.#sorted
  }
}
