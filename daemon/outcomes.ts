// What became of the entries that this daemon put into its lane, told to whoever waits for it once
// the engine has applied the block that took them in.
import { toHex } from '../protocol/bytes.ts'
import type { Event, Reason } from '../matching/index.ts'
import { DaemonFault } from './errors.ts'
import type { LaneKey, Placed } from './lanes/types.ts'
import type { Applied } from './replica/types.ts'

export type Outcome = {
  /** Place on the tape. */
  index: number
  entry: number
  /** Null when the entry was not refused. */
  rejected: Reason | null
  /** Orders that the entry brought in. */
  accepted: Extract<Event, { kind: 'accepted' }>[]
}

type Waiting = {
  entry: number
  resolve: (outcome: Outcome) => void
  reject: (fault: Error) => void
}

export class Outcomes {
  #lane: LaneKey = ''
  readonly #waiting = new Map<number, Waiting[]>()

  /** The outcome of an entry that was placed in the own lane.
   * @throws DaemonFault daemon_closed when the lane or the daemon ended before it was known */
  of(placed: Placed): Promise<Outcome> {
    if (placed.lane !== this.#lane) this.#begin(placed.lane)
    return new Promise((resolve, reject) => {
      const waiting = { entry: placed.entry, resolve, reject }
      const list = this.#waiting.get(placed.laneIndex)
      if (list === undefined) this.#waiting.set(placed.laneIndex, [waiting])
      else list.push(waiting)
    })
  }

  #begin(lane: LaneKey): void {
    this.abandon()
    this.#lane = lane
  }

  /** Nothing more will be known of what waits. */
  abandon(): void {
    for (const list of this.#waiting.values()) {
      for (const { reject } of list) {
        reject(new DaemonFault('daemon_closed', 'the lane ended before the outcome was known'))
      }
    }
    this.#waiting.clear()
  }

  applied({ index, cut, places, result }: Applied): void {
    if (this.#waiting.size === 0) return
    const at = cut.slices.findIndex(({ lane }) => toHex(lane) === this.#lane)
    if (at < 0) return
    const found = new Map<number, Waiting[]>()
    for (const place of places[at]) {
      for (const waiting of this.#waiting.get(place.laneIndex) ?? []) {
        const entry = place.entry + waiting.entry
        found.set(entry, [...(found.get(entry) ?? []), waiting])
      }
      this.#waiting.delete(place.laneIndex)
    }
    if (found.size === 0) return
    const outcomes = new Map<number, Outcome>()
    for (const entry of found.keys()) {
      outcomes.set(entry, { index, entry, rejected: null, accepted: [] })
    }
    for (const event of result.events) {
      if (event.kind !== 'rejected' && event.kind !== 'accepted') continue
      const outcome = outcomes.get(event.entry)
      if (outcome === undefined) continue
      if (event.kind === 'rejected') outcome.rejected ??= event.reason
      else outcome.accepted.push(event)
    }
    for (const [entry, list] of found) {
      const outcome = outcomes.get(entry)
      if (outcome !== undefined) for (const { resolve } of list) resolve(outcome)
    }
  }
}
