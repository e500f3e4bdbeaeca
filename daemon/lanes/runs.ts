import type { Lane } from './lane-table.ts'
import type { LaneNode } from './lane-tree.ts'
import { RUN_BLOCKS_MAX, RUN_BYTES_MAX } from './messages.ts'
import type { Run } from './types.ts'

const HANDY_BYTES = 32 * 1024

/** The runs, oldest first, that carry a branch from `from` on up to `node`, or to the nearest
 * head after it that the lane signed. Begins later when the early blocks are not kept. */
export function* runsOf(lane: Lane, node: LaneNode, from: number): Iterable<Run> {
  const { signer, tree } = lane
  if (signer === null) return
  const end = signedEnd(lane, node)
  if (end === null) return
  const path = tree.path(end, Math.max(from, tree.start)) ?? []
  let first = 0
  while (first < path.length) {
    const last = lastOfRun(path, first)
    if (last === null) return
    const { log, signature } = path[last]
    if (signature === null) return
    yield {
      signer,
      from: log.length - (last - first + 1),
      length: log.length,
      treeHash: log.treeHash(),
      signature,
      blocks: path.slice(first, last + 1).map(({ block }) => block ?? new Uint8Array(0))
    }
    first = last + 1
  }
}

/** The same, if it is synced: a lane's owner may not let others have what it could yet lose. */
export function syncedRunsOf(lane: Lane, node: LaneNode, from: number): Iterable<Run> {
  return signedEnd(lane, node)?.durable === true ? runsOf(lane, node, from) : []
}

function signedEnd({ tree }: Lane, node: LaneNode): LaneNode | null {
  if (node.signature !== null) return node
  for (const tip of tree.tips) {
    if (tree.ancestor(tip, node.log.length) !== node) continue
    for (const at of tree.path(tip, node.log.length) ?? []) if (at.signature !== null) return at
  }
  return null
}

/** The last signed node that makes a run of a handy size with the nodes from `first` on; where
 * the lane signed more at once, the next signed one. */
function lastOfRun(path: readonly LaneNode[], first: number): number | null {
  let last: number | null = null
  let bytes = 0
  for (let i = first; i < path.length && i - first < RUN_BLOCKS_MAX; i++) {
    bytes += path[i].block?.length ?? 0
    if (bytes > (last === null ? RUN_BYTES_MAX : HANDY_BYTES)) break
    if (path[i].signature !== null) last = i
  }
  return last
}
