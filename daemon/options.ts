// What a daemon is configured with, and what is given to it from outside.
import os from 'node:os'
import type { NodeAddress } from './network/types.ts'
import type { Manifest } from '../protocol/manifest.ts'
import type { Bytes32 } from '../protocol/types.ts'
import type { ChainSource } from './chain/types.ts'
import type { Clock, Random } from './clock.ts'
import type { NetworkLimits } from './network/limits.ts'
import type { NetworkLog } from './network/types.ts'

export type DaemonOptions = {
  manifest: Manifest
  /** Everything that the daemon keeps is in here. */
  folder: string
  /** Seed of the ed25519 key by which its peers know it; a validator's is that of the manifest. */
  seed: Bytes32
  p2p: {
    /** Null: the public DHT. */
    bootstrap: readonly NodeAddress[] | null
    host: string
    port: number
    firewalled: boolean
    /** Keys of peers to stay connected to, besides the validators. */
    peers: readonly Bytes32[]
    limits: NetworkLimits
  }
  tuning: DaemonTuning
}

export type DaemonTuning = {
  /** Keep the tape's whole history and serve it. A validator always does. */
  archive: boolean
  /** Threads that check signatures; 0 does it in place. */
  signerThreads: number
  /** Threads that may help with that until the daemon has caught up with its peers. */
  catchUpThreads: number
  /** Begin from a peer's snapshot when one is so many blocks ahead; null always replays all. */
  snapshotLeadBlocks: number | null
  /** How long a start waits for peers to offer a snapshot. */
  snapshotWaitMs: number
  /** The journal is begun anew at this size. */
  journalBytes: number
  /** How long finals gather before they are archived in bulk. */
  archiveMs: number
  retainBlocks: number
  retainBytes: number
  subscribersMax: number
  /** Without progress of the tape for so long while a peer has more, another peer is asked. */
  stallMs: number
  /** A snapshot for the own restart is made after so many entries: what a restart replays. */
  restartEntries: number
  /** Snapshots kept on disk. */
  snapshotsKept: number
}

const MEBIBYTE = 1024 * 1024

/** None on a machine with one core: it would only do the same work in more places. */
function threadsToSpare(): number {
  const cores = os.availableParallelism()
  return cores > 1 ? Math.min(4, cores) : 0
}

export const defaultTuning: DaemonTuning = {
  archive: true,
  signerThreads: 0,
  catchUpThreads: threadsToSpare(),
  snapshotLeadBlocks: 1000,
  snapshotWaitMs: 3000,
  journalBytes: 64 * MEBIBYTE,
  archiveMs: 1500,
  retainBlocks: 2048,
  retainBytes: 64 * MEBIBYTE,
  subscribersMax: 16,
  stallMs: 2000,
  restartEntries: 10_000,
  snapshotsKept: 3
}

/** Someone else's records in the daemon's journal: written in one order with the lane's own. */
export type JournalTenant = {
  kind: number
  restore(payload: Uint8Array): void
  /** Before the journal is begun anew without the records: they are safe elsewhere ... */
  settle(): Promise<void>
  /** True when what is kept follows the tape block by block: then none may be passed over by
   * beginning from a peer's snapshot. Asked at a start. */
  needsEveryBlock(): boolean
  /** ... but for these, which came since. */
  checkpoint(): Iterable<Uint8Array>
}

export type DaemonDependencies = {
  tenant?: JournalTenant
  clock: Clock
  random: Random
  log: NetworkLog
  /** Null: no RPC. On a venue with a chain the daemon then takes the events from the tape; a
   * validator cannot vote for a chain step that it has not seen itself. */
  chain: ChainSource | null
  /** Something happened after which nothing can be promised: the process should end. Called at
   * most once. */
  onfault: (fault: unknown) => void
}
