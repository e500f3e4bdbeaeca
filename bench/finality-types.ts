// What the coordinator of bench:finality and its daemons' processes say to each other. Times are
// milliseconds of the machine's monotonic clock, which all processes share.
import type { Manifest } from '../protocol/manifest.ts'

export type WorkerOptions = {
  name: string
  manifest: Manifest
  seed: Uint8Array
  folder: string
  bootstrap: { host: string; port: number }[]
  port: number
  verify: boolean
  archive: boolean
  snapshotLeadBlocks: number | null
  signerThreads: number
  /** Count calls: see finality-counts.ts. */
  counts: boolean
  /** Keys of peers to dial, besides the validators. */
  dial: Uint8Array[]
  /** Names of the accounts that trade through this daemon. */
  accounts: string[]
}

export type Request =
  | { kind: 'open'; options: WorkerOptions }
  | { kind: 'state' }
  | { kind: 'link' }
  /** Signs so many orders ahead; `bulk` of them to a signature, 1 for single ones. */
  | { kind: 'prepare'; orders: number; bulk: number }
  /** Offers the prepared orders at this rate (orders a second) from `at` on. */
  | { kind: 'load'; ordersPerSecond: number; seconds: number; at: number }
  | { kind: 'finals'; from: number; to: number }
  | { kind: 'usage' }
  | { kind: 'hash'; index: number }
  | { kind: 'close' }

export type State = {
  length: number
  applied: number
  synced: boolean
  stopped: string | null
  validatorsReached: number
  backlog: number
  laneReady: boolean
  orders: number
}

/** Of each order that was taken: when, and the tape block that it is in. */
export type LoadResult = {
  acceptedAt: Float64Array
  index: Float64Array
  refused: number
}

export type Usage = {
  cpuMicros: number
  bytesOut: number
  orders: number
  /** Blocks of the tape. */
  cuts: number
  /** Heights so far and, if it is counted, how often what was called. */
  counts: Record<string, number>
  at: number
}

export type Reply = { id: number; value: unknown; error: string | null }

export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
