// A block's entries, numbered in log order, and the turns in which the phases take them: rounds
// over the lanes in seed order, each lane's own entries in log order.

import type { Core } from './core.ts'
import { accountIn } from './entry.ts'
import type { Entry } from './entry.ts'
import type { BlockInput, Hash256 } from './types.ts'

export type LaneEntries = { lane: number; entries: Entry[] }

/** The block's lanes in seed order. New lanes are counted in, in the order of the slices. */
export function readLanes(core: Core, block: BlockInput, hash: Hash256): LaneEntries[] {
  let number = 0
  const lanes = block.lanes.map((slice) => {
    const lane = core.lanes.number(slice.lane)
    core.lanes.list[lane].length = slice.length
    core.lanes.list[lane].treeHash = slice.treeHash.slice()
    const entries = slice.entries.map((input): Entry => {
      const address = accountIn(input)
      return {
        input,
        lane,
        number: number++,
        account: address === null ? -1 : core.accounts.find(address),
        reason: 0,
        done: false,
        delegate: -1,
        delegateUntil: 0,
        pending: []
      }
    })
    return { lane, entries, order: hash([block.seed, slice.lane]) }
  })
  return lanes.sort((a, b) => compareBytes(a.order, b.order))
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return 0
}

/** Calls `act` with each entry that belongs, one of each lane in turn. */
export function inRounds(
  lanes: LaneEntries[],
  belongs: (entry: Entry) => boolean,
  act: (entry: Entry) => void
): void {
  const queues = lanes.map(({ entries }) => entries.filter(belongs))
  const rounds = queues.reduce((most, queue) => Math.max(most, queue.length), 0)
  for (let round = 0; round < rounds; round++) {
    for (const queue of queues) if (round < queue.length) act(queue[round])
  }
}
