// One channel that someone listens to.
import type { Applied } from '../../replica/types.ts'
import type { RecordChange } from '../../trading/records.ts'

export type Publish = (data: unknown) => void

export type Feed = {
  /** What a new listener gets first; undefined for none. */
  first(): unknown
  /** The engine has applied a block; history and records have taken it in. */
  applied(applied: Applied, changes: readonly RecordChange[]): void
  close(): void
}

/** The number of the traded event's kind in its record, docs/matching.md section 12. */
export const TRADED = 4

/** Calls `each` with the trades of a block, in order. */
export function eachTrade(
  { result }: Applied,
  each: (trade: { market: number }, number: number) => void
): void {
  const { events } = result
  for (let number = 0; number < events.length; number++) {
    if (events.records[number * 32] !== TRADED) continue
    const event = events.at(number)
    if (event.kind === 'traded') each(event, number)
  }
}

/** Whether a block has an event of a market's orders. */
export function touches({ result }: Applied, market: number): boolean {
  const { records, length } = result.events
  for (let number = 0; number < length; number++) {
    const at = number * 32
    const kind = records[at]
    // Accepted, and rejected (which has no market), change no book by themselves.
    if (kind > 10 || kind < 3) continue
    if (records[at + 2] + records[at + 3] * 256 === market) return true
  }
  return false
}
