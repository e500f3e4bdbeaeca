// Virtual time: a heap of events. Nothing happens between two of them, and equal times are taken
// in the order in which they were planned, so a seed always plays the same.
import type { Random } from '../../daemon/clock.ts'
import { seededRandom } from '../helpers/random.ts'

/** 2026-01-01, so that times look like times. */
export const START_MS = 1_767_225_600_000

type Event = { atMs: number; order: number; run: () => void }

export class World {
  now = START_MS
  /** Events that have happened. */
  steps = 0
  readonly random: Random
  readonly #heap: Event[] = []
  #order = 0
  readonly #trace: string[] = []
  readonly #isTraced: boolean

  constructor(seed: number, isTraced: boolean) {
    this.random = seededRandom(seed)
    this.#isTraced = isTraced
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.now + delayMs, run)
  }

  at(atMs: number, run: () => void): void {
    const heap = this.#heap
    const event = { atMs: Math.max(atMs, this.now), order: this.#order++, run }
    let place = heap.length
    heap.push(event)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(event, heap[parent])) break
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = event
  }

  /** Runs events until `isDone` (asked after each), the time is up, or nothing is left. */
  run(isDone: () => boolean, untilMs: number): boolean {
    for (;;) {
      if (isDone()) return true
      const event = this.#pop()
      if (!event || event.atMs > untilMs) return false
      this.now = event.atMs
      this.steps++
      event.run()
    }
  }

  #pop(): Event | null {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last) return null
    if (heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], last)) break
      heap[place] = heap[child]
      place = child
    }
    heap[place] = last
    return first
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** A line of the trace, kept only when somebody will read it. */
  tell(line: () => string): void {
    if (!this.#isTraced) return
    this.#trace.push(`${(this.now - START_MS).toFixed(1).padStart(9)} ${line()}`)
  }

  get trace(): readonly string[] {
    return this.#trace
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
