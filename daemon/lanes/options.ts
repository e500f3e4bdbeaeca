import type { Bytes32 } from '../../protocol/types.ts'
import type { HashParts } from '../../protocol/merkle-log.ts'
import { type RepairOptions, repairDefaults } from './repair.ts'
import type { LaneHost, LaneKey, Sign, Size, Verify } from './types.ts'

export type LaneLimits = {
  /** Bytes of one lane that are not final yet; more is not taken in until some are. */
  laneBytesMax: number
  /** The same over all lanes. */
  allBytesMax: number
  /** Branches of one lane; a conflicted lane gets no more than these. */
  branchesMax: number
  /** Lanes of which nothing is final yet, in all and by the peer that brought them. */
  strangersMax: number
  strangersPerPeerMax: number
  /** Final blocks of each lane that are kept to serve peers that are slightly behind. */
  retainBlocks: number
  /** What a peer may ask for: bytes a second, and at once (at least the largest run). */
  serveBytesPerSecond: number
  serveBurstBytes: number
  /** How long a head waits for the tape before it is acknowledged, at least and at most (on a slow
   * venue): nearly all are final sooner, and an acknowledgement costs a signature, a message to
   * every owner, and a certificate. By so much later a lane that is left out gets its right to be
   * included; an owner pushes again what is not acknowledged in a while that is longer. */
  ackMs: number
  ackMaxMs: number
  /** How often validators tell each other the heads that are not final ... */
  gossipMs: number
  /** ... and how often one that was shown without blocks, when there is nothing else to tell. */
  gossipRounds: number
}

export const laneLimitDefaults: LaneLimits = {
  laneBytesMax: 8 * 1024 * 1024,
  allBytesMax: 128 * 1024 * 1024,
  branchesMax: 4,
  strangersMax: 256,
  strangersPerPeerMax: 4,
  retainBlocks: 256,
  serveBytesPerSecond: 8 * 1024 * 1024,
  serveBurstBytes: 4 * 1024 * 1024,
  ackMs: 60,
  ackMaxMs: 500,
  gossipMs: 1000,
  gossipRounds: 4
}

export type LaneBookOptions = {
  venue: Bytes32
  /** The validators' swarm keys, by index. */
  validators: readonly Bytes32[]
  quorum: number
  /** This daemon's own swarm key. */
  self: Bytes32
  limits: LaneLimits
  repair: RepairOptions
}

export type LaneBookDependencies = {
  hash: HashParts
  verify: Verify
  /** Signs with this daemon's swarm key. */
  sign: Sign
  /** Milliseconds. */
  now(): number
  host: LaneHost
  /** The door: false refuses a lane the acknowledgement of a run (its bonds allow no more). */
  admits(key: LaneKey, size: Size): boolean
}

export { repairDefaults }
