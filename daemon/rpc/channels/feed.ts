// One channel that someone listens to.
import { eventMask, eventsOf, hasEventOf } from '../../../matching/index.ts'
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

const TRADED = eventMask(['traded'])
/** Accepted, and rejected (which has no market), change no book by themselves. */
const OF_BOOKS = eventMask([
  'rested',
  'traded',
  'charged',
  'reduced',
  'cancelled',
  'expired',
  'triggered',
  'amended'
])

/** Calls `each` with the trades of a block, in order. */
export function eachTrade(
  { result }: Applied,
  each: (trade: { market: number }, number: number) => void
): void {
  for (const [number, event] of eventsOf(result.events, TRADED)) {
    if (event.kind === 'traded') each(event, number)
  }
}

/** Whether a block has an event of a market's orders. */
export function touches({ result }: Applied, market: number): boolean {
  return hasEventOf(result.events, OF_BOOKS, market)
}
