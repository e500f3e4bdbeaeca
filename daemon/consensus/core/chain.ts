// The blocks above the final tape, as a tree: what each one's tape is, and what that tape has taken
// of each lane. A tip is one block with all that it builds on.
import { toHex } from '../../../protocol/bytes.ts'
import type { MerkleLog } from '../../../protocol/merkle-log.ts'
import {
  type Cut,
  decodeCut,
  decodeTapeBlock,
  encodeTapeBlock,
  type Executed
} from '../../../protocol/tape-block.ts'
import type { ChainCursor } from '../../../protocol/types.ts'
import { sameBlock } from './slot.ts'
import type { BlockId, LaneTaken, LaneView } from './types.ts'

/** Where a tape stands: what the next cut is judged against. */
export type TapeState = {
  id: BlockId
  log: MerkleLog
  /** Tape time, milliseconds; 0 before the first block. */
  time: number
  cursor: ChainCursor | null
  executed: Executed | null
  /** Index of the last snapshot that a header named; -1 for none. */
  snapshotIndex: number
  /** By lane key. */
  taken: Map<string, LaneTaken>
}

export type Block = {
  cut: Cut
  /** As proposed. */
  cutBytes: Uint8Array
  /** The lanes' blocks, one list a slice. */
  laneBlocks: Uint8Array[][]
  /** As on the tape. */
  bytes: Uint8Array
}

/** A tip's `taken` holds only what its own block took. */
export type Tip = TapeState & { parent: Tip | null; block: Block | null }

const NOTHING: LaneTaken = { length: 0, treeHash: new Uint8Array(32), index: -1 }

/** What the tape up to a tip has taken of a lane. */
export function takenOf(tip: Tip, lane: string): LaneTaken {
  for (let at: Tip | null = tip; at; at = at.parent) {
    const taken = at.taken.get(lane)
    if (taken) return taken
  }
  return NOTHING
}

/** Lanes that the tape up to a tip has ever taken. */
export function laneCountOf(tip: Tip): number {
  let count = 0
  for (let at = tip; ; at = at.parent) {
    if (at.parent === null) return count + at.taken.size
    for (const lane of at.taken.keys()) if (takenOf(at.parent, lane) === NOTHING) count++
  }
}

/** Whether what is not final on the way to a tip is as much as a cut may hold. One quorum's signature
 * makes all of it final, as one run of the tape, which journals and peers take as a whole or not at
 * all: on top of so much only empty cuts go, however long finality is kept from it. */
export function isRunFull(tip: Tip, bytesMax: number): boolean {
  let bytes = 0
  for (let at: Tip | null = tip; at; at = at.parent) bytes += at.block?.bytes.length ?? 0
  return bytes > bytesMax
}

export class Chain {
  #base: Tip
  readonly #tips = new Map<number, Tip>()

  /** `state`: the final tape. Its map of lanes is taken over. */
  constructor(state: TapeState) {
    this.#base = { ...state, parent: null, block: null }
  }

  /** The final tape. */
  get base(): Tip {
    return this.#base
  }

  find(id: BlockId): Tip | null {
    if (sameBlock(id, this.#base.id)) return this.#base
    const tip = this.#tips.get(id.height)
    return tip && sameBlock(tip.id, id) ? tip : null
  }

  add(tip: Tip): void {
    this.#tips.set(tip.id.height, tip)
  }

  /** Makes a tip final. Returns the blocks from the last final one up to it, in order. */
  finalize(tip: Tip): Tip[] {
    const run: Tip[] = []
    for (let at: Tip | null = tip; at && at !== this.#base; at = at.parent) run.push(at)
    run.reverse()
    const { taken } = this.#base
    for (const each of run) for (const [lane, point] of each.taken) taken.set(lane, point)
    // The run's own tips keep what they took; only the new base speaks for the whole tape.
    this.#base = { ...tip, taken, parent: null, block: null }
    for (const [height, other] of this.#tips) {
      if (height <= tip.id.height) this.#tips.delete(height)
      else if (other.parent === tip) other.parent = this.#base
    }
    return run
  }

  /** Takes the next final block as the tape has it. Blocks in hand above it stay. */
  adopt(bytes: Uint8Array): Tip[] {
    const { cut } = decodeTapeBlock(bytes)
    const known = this.#tips.get(cut.height)
    const log = this.#base.log.append(bytes)
    const id = { height: cut.height, length: log.length, treeHash: log.treeHash() }
    const tip =
      known && sameBlock(known.id, id) && known.parent === this.#base
        ? known
        : extendTip(this.#base, id, cut, log, null)
    return this.finalize(tip)
  }
}

/** The tip that a cut makes on top of another, or null while a lane block is missing here. */
export function buildTip(
  parent: Tip,
  height: number,
  cutBytes: Uint8Array,
  cut: Cut,
  lanes: LaneView
): Tip | null {
  const laneBlocks: Uint8Array[][] = []
  for (const slice of cut.slices) {
    const blocks = lanes.blocks(toHex(slice.lane), slice.from, slice.to, slice.treeHash)
    if (!blocks) return null
    laneBlocks.push(blocks)
  }
  const bytes = encodeTapeBlock(cutBytes, laneBlocks)
  const log = parent.log.append(bytes)
  const id = { height, length: log.length, treeHash: log.treeHash() }
  return extendTip(parent, id, cut, log, { cut, cutBytes, laneBlocks, bytes })
}

function extendTip(parent: Tip, id: BlockId, cut: Cut, log: MerkleLog, block: Block | null): Tip {
  const taken = new Map<string, LaneTaken>()
  for (const { lane, to, treeHash } of cut.slices) {
    taken.set(toHex(lane), { length: to, treeHash, index: cut.index })
  }
  return {
    id,
    log,
    time: cut.time,
    cursor: cut.cursor,
    executed: cut.executed,
    snapshotIndex: cut.snapshot ? cut.snapshot.index : parent.snapshotIndex,
    taken,
    parent,
    block
  }
}

/** Null when the bytes are no cut. */
export function readCut(bytes: Uint8Array): Cut | null {
  try {
    return decodeCut(bytes)
  } catch {
    // A leader's cut that does not decode is a reject, not a fault of this daemon's.
    return null
  }
}
