// A block's entries, numbered in log order, and the turns in which the phases take them: rounds
// over the lanes in seed order, each lane's own entries in log order.

import type { Core } from './core.ts'
import { Entry } from './entry.ts'
import type { BlockInput, EntryInput, Hash256 } from './types.ts'

/** A lane's entries are those from one number to before another. */
export type LaneEntries = {
  readonly lane: number
  readonly from: number
  readonly to: number
  /** What its place in seed order follows from. */
  readonly order: Uint8Array
  /** The first that has not been looked at for the phase that has its turns. */
  next: number
}

/** Objects kept for the entries of blocks to come. */
const KEPT = 4096

/** One is kept and read anew with each block, its entries too: they stay in the cache. */
export class BlockEntries {
  /** In seed order. */
  readonly lanes: LaneEntries[] = []
  /** The first so many of the list are this block's. */
  count = 0
  readonly list: Entry[] = []
  /** By number, the phases to which an entry belongs: bits (entry-phases.ts); and those of them all. */
  #phases = new Uint8Array(KEPT)
  #allPhases = 0
  readonly #open: LaneEntries[] = []
  /** The first so many have had entries for the phase so far, in seed order; whose turn is next; and how
   * many of those before it stay. */
  #openCount = 0
  #turn = 0
  #kept = 0
  #phase = 0

  /** New lanes are counted in, in the order of the slices. */
  read(core: Core, block: BlockInput, hash: Hash256): void {
    this.count = 0
    this.lanes.length = 0
    if (this.list.length > KEPT) this.list.length = KEPT
    for (const { lane: key, length, treeHash, entries } of block.lanes) {
      const lane = core.lanes.number(key)
      core.lanes.list[lane].length = length
      core.lanes.list[lane].treeHash = treeHash.slice()
      const from = this.count
      for (const input of entries) this.#add(input, lane)
      this.lanes.push({ lane, from, to: this.count, order: hash([block.seed, key]), next: 0 })
    }
    this.lanes.sort((a, b) => compareBytes(a.order, b.order))
    if (this.count > this.#phases.length) this.#phases = new Uint8Array(this.count * 2)
    this.#allPhases = 0
  }

  /** Says to which phases an entry belongs. */
  setPhases(number: number, phases: number): void {
    this.#phases[number] = phases
    this.#allPhases |= phases
  }

  #add(input: EntryInput, lane: number): void {
    const number = this.count++
    if (number === this.list.length) this.list.push(new Entry(input))
    this.list[number].begin(input, lane, number)
  }

  /** The first turn of a phase; null when no entry belongs to it. */
  first(phase: number): Entry | null {
    if ((this.#allPhases & phase) === 0) return null
    const { lanes } = this
    for (let place = 0; place < lanes.length; place++) {
      lanes[place].next = lanes[place].from
      this.#open[place] = lanes[place]
    }
    this.#openCount = lanes.length
    this.#phase = phase
    this.#turn = 0
    this.#kept = 0
    return this.next()
  }

  /** The next turn of the same phase. */
  next(): Entry | null {
    const open = this.#open
    for (;;) {
      if (this.#turn === this.#openCount) {
        if (this.#kept === 0) return null
        this.#openCount = this.#kept
        this.#turn = 0
        this.#kept = 0
      }
      const lane = open[this.#turn++]
      const number = this.#seek(lane)
      if (number === lane.to) continue
      lane.next = number + 1
      open[this.#kept++] = lane
      return this.list[number]
    }
  }

  #seek(lane: LaneEntries): number {
    const phases = this.#phases
    let number = lane.next
    while (number < lane.to && (phases[number] & this.#phase) === 0) number++
    return number
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return 0
}
