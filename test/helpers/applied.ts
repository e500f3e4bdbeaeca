// Blocks as the replica announces them, made of the events that a test names.
import { type Event, type EventList, eventKinds } from '../../matching/index.ts'
import type { Applied } from '../../daemon/replica/types.ts'

export function eventList(events: readonly Event[]): EventList {
  const records = new Uint8Array(32 * events.length)
  for (const [place, { kind }] of events.entries()) {
    records[32 * place] = eventKinds[kind]
  }
  return {
    length: events.length,
    records,
    at: (position) => events[position],
    [Symbol.iterator]: () => events[Symbol.iterator]()
  }
}

export type BlockOptions = {
  index: number
  time?: number
  events: readonly Event[]
  /** Entries of this block by lane, in slice order. */
  lanes?: readonly { lane: Uint8Array; entries: number }[]
  chainEvents?: Uint8Array[]
}

export function appliedBlock(options: BlockOptions): Applied {
  const { index, time = 1_700_000_000_000 + index * 1000, events, lanes = [] } = options
  let entry = 0
  const places = lanes.map(({ entries }) => {
    const place = { laneIndex: index, entry, entries }
    entry += entries
    return [place]
  })
  const slices = lanes.map(({ lane }) => ({
    lane,
    from: index,
    to: index + 1,
    treeHash: new Uint8Array(32),
    signature: new Uint8Array(64)
  }))
  return {
    index,
    cut: {
      index,
      height: index + 1,
      time,
      cursor: null,
      executed: null,
      snapshot: null,
      events: options.chainEvents ?? [],
      slices
    },
    entries: entry,
    slices: slices.map((slice) => ({ ...slice, length: slice.to, blocks: [] })),
    places,
    result: { index, eventHash: new Uint8Array(32), events: eventList(events), balances: [] },
    engineMs: 0,
    snapshot: null
  }
}
