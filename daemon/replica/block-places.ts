// Where the entries of a tape block's lane blocks are: entries are numbered through the whole block.
import type { Cut } from '../../protocol/tape-block.ts'
import type { Prepared } from './intake.ts'
import type { BlockPlace } from './types.ts'

/** For each slice its blocks' places, and how many entries there are in all. */
export function placesOf(
  cut: Cut,
  prepared: readonly Prepared[][]
): { places: BlockPlace[][]; entries: number } {
  let entry = 0
  const places = cut.slices.map((slice, at) =>
    prepared[at].map((list, offset) => {
      const place = { laneIndex: slice.from + offset, entry, entries: list.length }
      entry += list.length
      return place
    })
  )
  return { places, entries: entry }
}
