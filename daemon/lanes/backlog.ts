// The door of the daemon's own lane: how many entries may wait to be final. The venue's pace tells:
// at most about a second's worth of what it took lately, so that overload is refused at once rather
// than queued, and latency is back to normal soon after.

/** Entries that may always wait, at first and on a slow venue. */
const FLOOR_ENTRIES = 2048
const WORTH_MS = 1000
/** Entries beyond, that only cancels may take: overload must not keep anyone in the market. */
const CANCEL_ENTRIES = 2048
/** How long a measurement of the pace lasts. */
const MEASURE_MS = 500

type Part = { length: number; entries: number; atMs: number }

export class Backlog {
  #parts: Part[] = []
  #entries = 0
  #pacePerMs = 0
  #measured = 0
  #measuredAtMs = 0

  /** Entries written that are not final. */
  get entries(): number {
    return this.#entries
  }

  /** A run up to `length` with so many entries was written. */
  wrote(length: number, entries: number, atMs: number): void {
    this.#parts.push({ length, entries, atMs })
    this.#entries += entries
  }

  /** Returns the milliseconds that the latest of the runs took; null when none was waited for. */
  final(length: number, nowMs: number): number | null {
    let gone = 0
    let entries = 0
    while (gone < this.#parts.length && this.#parts[gone].length <= length) {
      entries += this.#parts[gone++].entries
    }
    if (gone === 0) return null
    const tookMs = nowMs - this.#parts[gone - 1].atMs
    this.#parts.splice(0, gone)
    this.#entries -= entries
    this.#measured += entries
    const elapsedMs = nowMs - this.#measuredAtMs
    if (elapsedMs < MEASURE_MS) return tookMs
    const pace = this.#measured / elapsedMs
    this.#pacePerMs = (this.#pacePerMs + pace) / 2
    this.#measured = 0
    this.#measuredAtMs = nowMs
    return tookMs
  }

  /** Whether one more may join those that wait. */
  admits(waiting: number, isCancel: boolean): boolean {
    const most = Math.max(FLOOR_ENTRIES, this.#pacePerMs * WORTH_MS)
    return this.#entries + waiting < most + (isCancel ? CANCEL_ENTRIES : 0)
  }

  clear(): void {
    this.#parts = []
    this.#entries = 0
  }
}
