// What a leader puts into its cut: the lanes that have grown, least recently taken first, as far
// as the limits reach. A lane that no longer fits ends the list (a smaller one behind it would
// leave it out unfairly, which voters would refuse).
import { compareBytes, equalBytes } from '../../../protocol/bytes.ts'
import { CUT_EVENTS_MAX, type Cut, type Slice } from '../../../protocol/tape-block.ts'
import type { ExecutedBoard } from './executed.ts'
import { isRunFull, laneCountOf, type Tip, takenOf } from './chain.ts'
import type {
  ChainView,
  CutLimits,
  HeadClaim,
  LaneLine,
  LaneTaken,
  LaneView,
  Size
} from './types.ts'

export type CutView = {
  nowMs: number
  height: number
  parent: Tip
  lanes: LaneView
  chain: ChainView
  board: Pick<ExecutedBoard, 'agreed' | 'agreedSnapshot' | 'hashAt' | 'snapshotAt'>
  limits: CutLimits
  /** Lanes that kept voters waiting: taken only as far as a quorum has acknowledged them. */
  isCareful(lane: string): boolean
}

export type ChosenCut = { cut: Cut; entries: number }

/** What one lane may fill of an empty cut. */
export function laneLimitOf(limits: CutLimits): Size {
  return {
    bytes: limits.bytesMax,
    entries: Math.min(limits.laneEntriesMax, limits.entriesMax)
  }
}

export function chooseCut(view: CutView): ChosenCut {
  const { parent, height, nowMs } = view
  const isFull = isRunFull(parent, view.limits.bytesMax)
  const { slices, entries } = isFull ? { slices: [], entries: 0 } : chooseSlices(view)
  // After a nullified height the parent's cursor is repeated: voters whose node lags behind the
  // leader's could not check a new one, and must not cost every height its round (design 2.4).
  const isNext = height === parent.id.height + 1
  const advance = isNext && !isFull ? view.chain.next(parent.cursor) : null
  const moved = advance && advance.events.length <= CUT_EVENTS_MAX ? advance : null
  const cut: Cut = {
    index: parent.id.length,
    height,
    time: Math.max(parent.time + 1, nowMs),
    cursor: moved ? moved.cursor : parent.cursor,
    executed: chooseExecuted(view),
    snapshot: chooseSnapshot(view),
    events: moved ? moved.events : [],
    slices
  }
  return { cut, entries }
}

function chooseSlices(view: CutView): { slices: Slice[]; entries: number } {
  const { limits } = view
  const slices: Slice[] = []
  let bytes = 0
  let entries = 0
  let newcomers = limits.venueLanesMax - laneCountOf(view.parent)
  for (const { key, taken } of grownLanes(view)) {
    if (taken.index < 0 && newcomers <= 0) continue
    if (slices.length === limits.lanesMax || entries >= limits.entriesMax) break
    const room = {
      bytes: limits.bytesMax - bytes,
      entries: Math.min(limits.laneEntriesMax, limits.entriesMax - entries)
    }
    const head = bestHead(view, key, taken, room)
    if (!head) {
      if (slices.length > 0 && bestHead(view, key, taken, laneLimitOf(limits))) break
      continue
    }
    const { lane, length: to, treeHash, signature } = head
    if (taken.index < 0) newcomers--
    slices.push({ lane, from: taken.length, to, treeHash, signature })
    bytes += head.size.bytes
    entries += head.size.entries
  }
  // The tape's order is the keys'; which lanes are in was decided above.
  slices.sort((a, b) => compareBytes(a.lane, b.lane))
  return { slices, entries }
}

/** Least recently taken first, then by key (the view's order; the sort is stable). */
function grownLanes(view: CutView): { key: string; taken: LaneTaken }[] {
  return view.lanes
    .lanes()
    .filter((line: LaneLine) => !line.conflicted)
    .map((line) => ({ key: line.key, line, taken: takenOf(view.parent, line.key) }))
    .filter(({ line, taken }) => line.durableLength > taken.length)
    .sort((a, b) => a.taken.index - b.taken.index)
}

/** Whether a cut on top of a tip could take anything of the lanes. What can never be taken (a run
 * larger than a cut, a new lane of a full venue) is no reason to make one. */
export function isAnyTakable(
  lanes: Pick<LaneView, 'lanes' | 'best'>,
  tip: Tip,
  limits: CutLimits
): boolean {
  const limit = laneLimitOf(limits)
  return lanes.lanes().some(({ key, durableLength, conflicted }) => {
    const { length, treeHash, index } = takenOf(tip, key)
    if (conflicted || durableLength <= length) return false
    if (index < 0 && laneCountOf(tip) >= limits.venueLanesMax) return false
    return lanes.best(key, length, treeHash, limit) !== null
  })
}

/** Shows a leader what has grown beyond a tip. */
export function forwardGrown(lanes: LaneView, tip: Tip, limits: CutLimits, to: string): void {
  const limit = { bytes: limits.bytesMax, entries: limits.entriesMax }
  for (const { key, durableLength, conflicted } of lanes.lanes()) {
    const { length, treeHash } = takenOf(tip, key)
    if (conflicted || durableLength <= length) continue
    const head = lanes.best(key, length, treeHash, limit)
    if (head) lanes.forward(key, length, head.length, head.treeHash, to)
  }
}

function bestHead(
  view: CutView,
  lane: string,
  taken: LaneTaken,
  room: Size
): (HeadClaim & { size: Size }) | null {
  const { lanes } = view
  if (!view.isCareful(lane)) return lanes.best(lane, taken.length, taken.treeHash, room)
  for (const { length, treeHash } of lanes.certified(lane, taken.length)) {
    const size = lanes.measure(lane, taken.length, length, treeHash)
    if (!size) continue
    // Who holds a head holds what comes before it: of a long one as much goes in as there is room.
    const bytes = Math.min(size.bytes, room.bytes)
    const entries = Math.min(size.entries, room.entries)
    const head = lanes.best(lane, taken.length, taken.treeHash, { bytes, entries })
    if (head && lanes.extends(lane, head.length, head.treeHash, length, treeHash)) return head
  }
  return null
}

/** The newest index that a quorum announced with one hash, if the own engine agrees; else the
 * parent's once more. */
function chooseExecuted(view: CutView): Cut['executed'] {
  const before = view.parent.executed
  const agreed = view.board.agreed(before ? before.index + 1 : 0)
  if (!agreed || agreed.index >= view.parent.id.length) return before
  const own = view.board.hashAt(agreed.index)
  return own && equalBytes(own, agreed.eventHash) ? agreed : before
}

function chooseSnapshot(view: CutView): Cut['snapshot'] {
  const agreed = view.board.agreedSnapshot(view.parent.snapshotIndex)
  const own = agreed && view.board.snapshotAt(agreed.index)
  return own && equalBytes(own, agreed.hash) ? agreed : null
}
