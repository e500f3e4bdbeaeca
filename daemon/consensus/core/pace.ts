// How long a leader leaves between two cuts. Each cut costs every daemon something whatever its
// size, so that on a machine that is behind fewer and larger ones are also the sooner ones: alarms
// that ring late say so.
export type PaceOptions = { cutLightMs: number; cutBusyMs: number; busyEntries: number }

/** A timer's own grain. */
const GRAIN_MS = 2
/** The mean follows an eighth of each difference. */
const SHARE = 1 / 8
/** The pause grows by so many times the mean lateness, up to so much. */
const LATE_WEIGHT = 2
const LATE_PAUSE_MAX_MS = 40

export class Pace {
  readonly #options: PaceOptions
  /** When the last proposal was made or seen, and whether the last own one took much. */
  #cutAt = 0
  #isBusy = false
  #lateMs = 0

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /** Before that no cut is made. */
  get nextAtMs(): number {
    const { cutLightMs, cutBusyMs } = this.#options
    if (!this.#isBusy) return this.#cutAt + cutLightMs
    const late = Math.min(LATE_PAUSE_MAX_MS, Math.round(LATE_WEIGHT * this.#lateMs))
    return this.#cutAt + cutBusyMs + late
  }

  /** Another's proposal. */
  seen(nowMs: number): void {
    this.#cutAt = nowMs
  }

  /** An own one, of so many entries. */
  made(nowMs: number, entries: number): void {
    this.#cutAt = nowMs
    this.#isBusy = entries >= this.#options.busyEntries
  }

  /** An alarm that was due at `dueMs` rang. */
  rang(dueMs: number, nowMs: number): void {
    const lateMs = Math.max(0, nowMs - dueMs - GRAIN_MS)
    this.#lateMs += (lateMs - this.#lateMs) * SHARE
  }
}
