// What all parts of one run share: keys, sizes, the network, the checks, and who is there.
import { laneLimitDefaults, repairDefaults } from '../../daemon/lanes/options.ts'
import type { LaneMessage, Run } from '../../daemon/lanes/types.ts'
import type {
  ConsensusPacing,
  CutLimits,
  Final,
  Message
} from '../../daemon/consensus/core/types.ts'
import { quorumOf } from '../../daemon/consensus/core/quorum.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Checks } from './checks.ts'
import type { Coverage } from './coverage.ts'
import type { Links } from './links.ts'
import type { Shared } from './execution.ts'
import { hash, type Key, type Keyring } from './scheme.ts'
import type { SimChain } from './sim-chain.ts'
import type { World } from './world.ts'

export const venueId = hash(new Uint8Array([1, 2, 3]))

export type TapeMessage =
  | { kind: 'get'; from: number }
  | { kind: 'blocks'; from: number; blocks: Uint8Array[]; certificate: Final }

export type Packet =
  | { channel: 'consensus'; message: Message }
  | { channel: 'lanes'; message: LaneMessage }
  | { channel: 'tape'; message: TapeMessage }

export type Peer = { receive(from: string, packet: Packet): void }

/** Rules that a run breaks on purpose, to show that the checks notice. */
export type Breakage =
  | 'quorum of two in four'
  | 'ballot not persisted'
  | 'vote without data'
  | 'no resending'
  | 'un-synced journal'
  | 'votes without its journal'

/** A Byzantine trader, for a Byzantine validator in league with him. */
export type Accomplice = {
  lane: Uint8Array
  /** Another history of the lane, that leaves the one which the tape has just before `length`; null
   * when he has no more to give away. */
  betray(length: number): Run | null
  /** Shows it to everyone, to `node` at once. */
  show(node: Peer, run: Run): void
}

export type Venue = {
  world: World
  links: Links
  coverage: Coverage
  checks: Checks
  chain: SimChain
  keyring: Keyring
  keys: readonly Key[]
  /** The validators' swarm keys in hex, by index. */
  peers: readonly string[]
  quorum: number
  pacing: ConsensusPacing
  limits: CutLimits
  breakage: Breakage | null
  /** A vote rule, by its function's name, that no validator of this run looks at. */
  without: string | null
  directory: Map<string, Peer>
  accomplices: Accomplice[]
  shared: Shared
}

export const simPacing: ConsensusPacing = {
  heartbeatMs: 400,
  roundMs: 120,
  absentLeaderMs: 15,
  standstillMs: 300,
  relayMs: 20,
  cutLightMs: 5,
  cutBusyMs: 10,
  busyEntries: 24,
  clockDriftMaxMs: 500,
  inclusionMaxMs: 40,
  executedEvery: 4,
  forwardMs: 12
}

export const simLimits: CutLimits = {
  bytesMax: 24_000,
  entriesMax: 96,
  lanesMax: 8,
  venueLanesMax: 1000,
  laneEntriesMax: 48
}

export const simLaneLimits = {
  ...laneLimitDefaults,
  laneBytesMax: 96 * 1024,
  gossipMs: 250,
  ackMs: 10,
  ackMaxMs: 40
}
export const simOutbox = { repushAfterMs: 120, repushMaxMs: 1000 }
export const simRepair = { ...repairDefaults, fetchAfterMs: 15, fetchAfterMaxMs: 400 }

export function quorumFor(validators: number, breakage: Breakage | null): number {
  return breakage === 'quorum of two in four' ? 2 : quorumOf(validators)
}

export function send(venue: Venue, from: string, to: string, packet: Packet): void {
  if (from === to) return
  venue.links.carry(from, to, () => venue.directory.get(to)?.receive(from, packet))
}

export function idOf(key: Key): string {
  return toHex(key.publicKey)
}
