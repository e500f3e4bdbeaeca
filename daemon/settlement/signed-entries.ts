// Signed bytes, read again from the tape by their place in it.
import type { Place } from '../../matching/index.ts'
import type { Entry } from '../../protocol/types.ts'
import { entriesOf } from '../replica/intake.ts'
import type { TapeEntry } from '../tape/types.ts'
import { SettlementFault } from './settlement-fault.ts'

/** Where on the tape an entry stands. */
export type EntryPlace = Pick<Place, 'index' | 'entry'>

export type ReadTape = (index: number) => Promise<TapeEntry | null>

/** The entries that stand at these places, by `placeKey`. Each block of the tape is read once.
 * @throws SettlementFault batch_unreadable */
export async function readEntries(
  read: ReadTape,
  places: readonly EntryPlace[]
): Promise<Map<string, Entry>> {
  const wanted = new Map<number, Set<number>>()
  for (const { index, entry } of places) {
    const entries = wanted.get(index)
    if (entries === undefined) wanted.set(index, new Set([entry]))
    else entries.add(entry)
  }
  const found = new Map<string, Entry>()
  for (const [index, entries] of [...wanted].sort(([a], [b]) => a - b)) {
    const block = await read(index)
    if (block === null) throw unreadable(index)
    for (const [number, entry] of pick(block, entries)) found.set(placeKey(index, number), entry)
  }
  for (const { index, entry } of places) {
    if (!found.has(placeKey(index, entry))) throw missing(index, entry)
  }
  return found
}

export function placeKey(index: number, entry: number): string {
  return `${index}:${entry}`
}

/** Entries are numbered through the block's slices, those of lane blocks that do not decode not
 * counted. */
function* pick(tape: TapeEntry, wanted: ReadonlySet<number>): Iterable<[number, Entry]> {
  const last = Math.max(...wanted)
  let number = 0
  for (const blocks of tape.block.blocks) {
    for (const block of blocks) {
      if (number > last) return
      for (const entry of entriesOf(block)) {
        if (wanted.has(number)) yield [number, entry]
        number++
      }
    }
  }
}

function unreadable(index: number): SettlementFault {
  return new SettlementFault('batch_unreadable', `block ${index} of the tape is not here`, {
    index
  })
}

/** Engine and tape disagree on how the block's entries are numbered: a bug, never bad luck. */
function missing(index: number, entry: number): SettlementFault {
  const reason = `block ${index} of the tape has no entry ${entry}`
  return new SettlementFault('batch_unreadable', reason, { index, entry })
}
