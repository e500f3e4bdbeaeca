import type { Clock } from '../../daemon/clock.ts'

type Timer = { at: number; order: number; run: () => void }

/** A clock that stands still until it is told to move. Timers run in the order of their times,
 * those of one time in the order in which they were set. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  #timers = new Set<Timer>()

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** When the next timer is due; null without one. */
  get nextAt(): number | null {
    return this.#first()?.at ?? null
  }

  /** Moves on by `ms`, running each timer at its own time, also those that timers set. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let timer = this.#first(); timer !== null && timer.at <= end; timer = this.#first()) {
      this.#run(timer)
    }
    this.#now = end
  }

  /** Moves to the next timer and runs it; false without one. */
  step(): boolean {
    const timer = this.#first()
    if (timer === null) return false
    this.#run(timer)
    return true
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer)
    this.#now = timer.at
    timer.run()
  }

  #first(): Timer | null {
    let first: Timer | null = null
    for (const timer of this.#timers) {
      if (
        first === null ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer
      }
    }
    return first
  }
}
