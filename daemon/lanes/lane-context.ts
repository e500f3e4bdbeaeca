import { toHex } from '../../protocol/bytes.ts'
import { CUT_BYTES_MAX } from '../../protocol/limits.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { AckRules } from './certificates.ts'
import { LaneNames } from './lane-key.ts'
import { LanePeers } from './lane-peers.ts'
import { type Lane, LaneTable } from './lane-table.ts'
import type { LaneBookDependencies, LaneBookOptions } from './options.ts'
import { Repair } from './repair.ts'
import type { Ack, LaneKey, PeerKey, SignedHead, Size } from './types.ts'

/** What concerns the daemon's own lane is handed to it. */
export type OwnPort = {
  readonly key: LaneKey
  acks(peer: PeerKey, acks: readonly Ack[]): void
  /** A peer's answer: the longest head of the lane that it knows; checked. */
  known(peer: PeerKey, head: SignedHead | null): void
  /** The lane's key signed this head, or the tape has it, and it is not in this daemon's log. */
  behind(length: number): void
}

/** Weights of misbehaviour: what an honest peer might do, and what none does. */
export const SLIP = 1
export const FORGERY = 50

const NAMES_MAX = 16_384
/** What wanted data may take beyond the limits, as a multiple of them. */
export const WANTED_SLACK = 2
/** As much as a cut may take of a lane: a voter whose door is of another mind must hold it. */
const UNWELCOME_BYTES_MAX = CUT_BYTES_MAX

/** What the parts of the pure core share. */
export class LaneContext {
  readonly options: LaneBookOptions
  readonly deps: LaneBookDependencies
  readonly rules: AckRules
  readonly names: LaneNames
  readonly table: LaneTable
  readonly peers: LanePeers
  readonly repair: Repair
  readonly self: PeerKey
  own: OwnPort | null = null
  /** Bytes of all lanes that are not final. */
  pendingBytes = 0
  /** By validator: the lane that it calls its own. */
  readonly #validatorLanes = new Map<PeerKey, LaneKey>()
  /** Heads that were shown without blocks are told to the validators until then. */
  tellUntilMs = 0

  constructor(options: LaneBookOptions, dependencies: LaneBookDependencies) {
    this.options = options
    this.deps = dependencies
    this.rules = options
    this.names = new LaneNames({ venue: options.venue, limit: NAMES_MAX }, dependencies)
    this.table = new LaneTable(options.limits, options.validators.length + 2, {
      hash: dependencies.hash,
      welcomes: (lane) => this.welcomes(lane.key),
      forgotten: (lane) => (this.pendingBytes -= lane.tree.pendingBytes)
    })
    this.peers = new LanePeers(options)
    this.repair = new Repair(options.repair)
    this.self = toHex(options.self)
  }

  /** A peer has said which lane is its own. */
  claimed(peer: PeerKey, signer: Bytes32): void {
    if (this.peers.index(peer) >= 0) this.#validatorLanes.set(peer, this.names.of(signer).key)
  }

  /** Whether this validator lets in what of a lane is not final. The validators' own lanes carry
   * the attestations, and need no bond. */
  admits(key: LaneKey, size: Size): boolean {
    if (this.own?.key === key) return true
    for (const lane of this.#validatorLanes.values()) if (lane === key) return true
    return this.deps.admits(key, size)
  }

  /** Whether the lane may come in at all. */
  welcomes(key: LaneKey): boolean {
    return this.admits(key, { bytes: 0, entries: 0 })
  }

  /** Room for so many bytes more of a lane. One that may not come in yet has a small purse, and
   * must make way for all others: whatever it holds does not drain to the tape. */
  hasRoom(lane: Lane, bytes: number, wanted: boolean): boolean {
    const { laneBytesMax, allBytesMax } = this.options.limits
    const slack = wanted ? WANTED_SLACK : 1
    const isWelcome = this.welcomes(lane.key)
    const laneMax = isWelcome ? laneBytesMax * slack : Math.min(UNWELCOME_BYTES_MAX, laneBytesMax)
    if (lane.tree.pendingBytes + bytes > laneMax) return false
    const allMax = isWelcome ? allBytesMax * slack : allBytesMax / 2
    while (this.pendingBytes + bytes > allMax) if (!this.table.forgetStranger(lane)) return false
    return true
  }
}
