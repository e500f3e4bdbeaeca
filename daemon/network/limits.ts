import { REPUTATION_DEFAULTS, type ReputationOptions } from './reputation.ts'
import type { RateLimits } from './throttle.ts'

export type NetworkLimits = {
  /** Connections to peers that are neither validators nor dialled. */
  peersMax: number
  /** Of those, from one address. */
  peersPerHostMax: number
  /** With fewer peers than this the topic is searched again and again. */
  peersWanted: number
  validatorRates: RateLimits
  daemonRates: RateLimits
  /** What may wait for a peer that reads slowly; what comes on top is not sent. */
  outboxBytesMax: number
  /** A peer that reads nothing for so long is let go. */
  stalledMs: number
  /** Between a validator and whoever, no side is quiet for longer: it says that it is there. */
  aliveMs: number
  /** So many looks (LOOK_MS apart) at such a connection without a byte from the other side, and it
   * is over. */
  silentLooksMax: number
  helloMs: number
  byeMs: number
  announceMs: number
  dialMinMs: number
  dialMaxMs: number
  dialSecondMs: number
  /** Wait before a peer that was refused, or refused us, is tried again. */
  refusedMs: number
  lookMinMs: number
  lookMaxMs: number
  reputation: ReputationOptions
}

const MEBIBYTE = 1024 * 1024

/** What a daemon runs with unless its configuration says otherwise. A validator's peers send it
 * all lanes and, under load, thousands of acknowledgements a second; a daemon's send it the tape,
 * in cuts of at most a mebibyte, and the archives. */
export const NETWORK_LIMITS: NetworkLimits = {
  peersMax: 64,
  peersPerHostMax: 32,
  peersWanted: 8,
  validatorRates: {
    bytesPerSecond: 64 * MEBIBYTE,
    bytesBurst: 64 * MEBIBYTE,
    unitsPerSecond: 50_000,
    unitsBurst: 50_000,
    inboxBytesMax: 64 * MEBIBYTE
  },
  daemonRates: {
    bytesPerSecond: 16 * MEBIBYTE,
    bytesBurst: 32 * MEBIBYTE,
    unitsPerSecond: 5_000,
    unitsBurst: 20_000,
    inboxBytesMax: 32 * MEBIBYTE
  },
  outboxBytesMax: 32 * MEBIBYTE,
  stalledMs: 30_000,
  aliveMs: 500,
  silentLooksMax: 4,
  helloMs: 10_000,
  byeMs: 1_000,
  announceMs: 250,
  dialMinMs: 250,
  dialMaxMs: 2_000,
  dialSecondMs: 150,
  refusedMs: 30_000,
  lookMinMs: 1_000,
  lookMaxMs: 60_000,
  reputation: REPUTATION_DEFAULTS
}
