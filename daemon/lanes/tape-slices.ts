import { equalBytes } from '../../protocol/bytes.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { TapeEntry, TapeReads } from '../tape/types.ts'
import type { LaneHistory } from './archive.ts'
import type { FinalSlice } from './types.ts'

/** A lane's slices as the tape holds them. Gaps are mostly at the tape's end, so it is searched
 * from there: first for the places alone, then they are read in order. */
export function tapeHistory(tape: Pick<TapeReads, 'first' | 'length' | 'read'>): LaneHistory {
  return {
    get first() {
      return tape.first
    },
    async *slices(lane, from, to) {
      for (const index of await placesOf(tape, lane, from, to)) {
        const slice = sliceOf(await tape.read(index), lane)
        if (slice !== null) yield slice
      }
    }
  }
}

async function placesOf(
  tape: Pick<TapeReads, 'first' | 'length' | 'read'>,
  lane: Bytes32,
  from: number,
  to: number
): Promise<number[]> {
  const places: number[] = []
  for (let index = tape.length - 1; index >= tape.first; index--) {
    const slice = sliceOf(await tape.read(index), lane)
    if (slice === null || slice.from >= to) continue
    if (slice.length <= from) break
    places.push(index)
    if (slice.from <= from) break
  }
  return places.reverse()
}

function sliceOf(entry: TapeEntry | null, lane: Bytes32): FinalSlice | null {
  if (entry === null) return null
  const { cut, blocks } = entry.block
  const at = cut.slices.findIndex((slice) => equalBytes(slice.lane, lane))
  if (at < 0) return null
  const { from, to, treeHash, signature } = cut.slices[at]
  return { lane, from, length: to, treeHash, signature, blocks: blocks[at] }
}
