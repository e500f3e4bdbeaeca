// Gathers entries into blocks, and blocks into runs. How long it waits follows the rate at which
// entries come: next to nothing when a trader sends one now and then, longer when a block is worth
// filling, since each block costs every daemon something whatever its size. And it follows the time
// that the venue takes to make a run final: where that is long, all are busy, fewer and larger runs
// are the sooner ones, and a part of it more is not felt.
import { BLOCK_HEAD_BYTES } from '../../protocol/entries.ts'
import {
  BLOCK_BYTES_MAX,
  BLOCK_ENTRIES_MAX,
  COALESCE_BUSY_MS,
  COALESCE_IDLE_MS,
  COALESCE_SLOW_MS
} from '../../protocol/limits.ts'

/** Entries a millisecond at which the longest wait is reached: every run costs every validator
 * about as much as five entries, so a few are worth waiting for. */
const BUSY_RATE = 0.4
/** How fast the measured rate follows, in milliseconds. */
const RATE_WINDOW_MS = 50
/** Of the time from a run to its finality, beyond what it takes on a venue at rest, so much is spent
 * on gathering. The mean of that time follows an eighth of each difference, but by so much at most:
 * one leader who is away makes no venue slow. */
const SLOW_SHARE = 1 / 2
const REST_MS = 12
const MEAN_SHARE = 1 / 8
const STEP_MS = 2
/** Beyond this nothing waits longer, and nothing has to be forgotten again. */
const FINAL_MAX_MS = REST_MS + COALESCE_SLOW_MS / SLOW_SHARE

export type PendingBlock = { entries: Uint8Array[]; bytes: number }

export class Coalescer {
  readonly #blockEntriesMax: number
  #blocks: PendingBlock[] = []
  #bytes = 0
  #entries = 0
  #rate = 0
  #countedAtMs = 0
  #finalMs = 0

  /** `entriesMax`: what one cut takes of a lane, and so what a block may hold. */
  constructor(entriesMax: number) {
    this.#blockEntriesMax = Math.min(BLOCK_ENTRIES_MAX, entriesMax)
  }

  get blocks(): number {
    return this.#blocks.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Entries that wait. */
  get entries(): number {
    return this.#entries
  }

  /** Puts an entry at the end; says in which of the waiting blocks, and where in it. */
  add(entry: Uint8Array, nowMs: number): { block: number; entry: number } {
    this.#measure(nowMs)
    let last = this.#blocks[this.#blocks.length - 1]
    if (
      last === undefined ||
      last.entries.length === this.#blockEntriesMax ||
      last.bytes + entry.length > BLOCK_BYTES_MAX
    ) {
      last = { entries: [], bytes: BLOCK_HEAD_BYTES }
      this.#blocks.push(last)
      this.#bytes += last.bytes
    }
    last.entries.push(entry)
    last.bytes += entry.length
    this.#bytes += entry.length
    this.#entries++
    return { block: this.#blocks.length - 1, entry: last.entries.length - 1 }
  }

  #measure(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#countedAtMs)
    this.#countedAtMs = nowMs
    this.#rate = this.#rate * Math.exp(-elapsedMs / RATE_WINDOW_MS) + 1 / RATE_WINDOW_MS
  }

  /** How long an entry that came now should wait for others. */
  wait(): number {
    const load = Math.min(1, this.#rate / BUSY_RATE)
    const busyMs = COALESCE_IDLE_MS + load * (COALESCE_BUSY_MS - COALESCE_IDLE_MS)
    const slowMs = SLOW_SHARE * (this.#finalMs - REST_MS)
    return Math.round(Math.max(busyMs, slowMs))
  }

  /** A run became final `ms` after it was written. */
  final(ms: number): void {
    const step = (Math.min(ms, FINAL_MAX_MS) - this.#finalMs) * MEAN_SHARE
    this.#finalMs += Math.min(STEP_MS, Math.max(-STEP_MS, step))
  }

  /** Hands out all that waits. */
  take(): PendingBlock[] {
    const blocks = this.#blocks
    this.#blocks = []
    this.#bytes = 0
    this.#entries = 0
    return blocks
  }
}
