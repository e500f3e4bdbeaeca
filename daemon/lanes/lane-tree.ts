// One lane's history from the last final head on, in memory: a chain of blocks as long as the lane
// is honest, a tree of competing branches when it is not. A node is a block with the Merkle log up
// to it, so every length of every branch can be named by its tree hash, which is computed when it
// is first asked for. Nodes below the final head are kept a little longer, to serve peers that are
// slightly behind.
import { equalBytes } from '../../protocol/bytes.ts'
import { BLOCK_ENTRIES_MAX } from '../../protocol/limits.ts'
import { type HashParts, MerkleLog, leafHash } from '../../protocol/merkle-log.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { Evidence, LaneBase, Run, SignedHead, Size } from './types.ts'

export type LaneNode = {
  parent: LaneNode | null
  readonly log: MerkleLog
  /** Null only in the root. */
  readonly block: Uint8Array | null
  /** Entries from the lane's first known block up to and with this one. */
  readonly entries: number
  /** The lane's signature of the head here; null where it signed none that we know. */
  signature: Uint8Array | null
  /** In the journal, and so is everything before it. */
  durable: boolean
  /** This validator acknowledged it: what the door let in once is not put out again. */
  acknowledged: boolean
}

export type Placement =
  /** The run's head is here already. */
  | { kind: 'known'; node: LaneNode }
  /** It fits: these nodes would be new, oldest first. They are not in the tree yet. */
  | { kind: 'fits'; nodes: LaneNode[] }
  /** What comes before the run is not here. */
  | { kind: 'gap' }
  /** It follows on nothing that is here: altered, or of a branch that is not here. */
  | { kind: 'foreign' }
  /** It ends at or below what is final. */
  | { kind: 'past' }

/** The last node up to this one that is in the journal. */
export function durableOf(node: LaneNode): LaneNode {
  let at = node
  while (!at.durable && at.parent !== null) at = at.parent
  return at
}

/** Entries that a block's head announces; 1 when it cannot be read (the block is void then). */
export function entryCount(block: Uint8Array): number {
  let count = block.length > 1 ? block[1] : 1
  if (count === 0xfd) count = block.length > 3 ? block[2] | (block[3] << 8) : 1
  return count >= 1 && count <= BLOCK_ENTRIES_MAX ? count : 1
}

export class LaneTree {
  readonly #hash: HashParts
  readonly #retainBlocks: number
  readonly #nodes = new Map<number, LaneNode[]>()
  #final: LaneNode
  #oldest: LaneNode
  #tips: LaneNode[] = []
  #bytes = 0

  constructor(options: { retainBlocks: number }, dependencies: { hash: HashParts }) {
    this.#retainBlocks = options.retainBlocks
    this.#hash = dependencies.hash
    this.#final = this.#oldest = this.#root(MerkleLog.empty(this.#hash), null)
  }

  #root(log: MerkleLog, signature: Uint8Array | null): LaneNode {
    const node: LaneNode = {
      parent: null,
      log,
      block: null,
      entries: 0,
      signature,
      durable: true,
      acknowledged: true
    }
    this.#nodes.clear()
    this.#nodes.set(log.length, [node])
    this.#tips = [node]
    this.#bytes = 0
    return node
  }

  /** The last final head. */
  get final(): LaneNode {
    return this.#final
  }

  /** The first length from which blocks are kept. */
  get start(): number {
    return this.#oldest.log.length
  }

  /** Ends of the branches; one as long as the lane is honest. */
  get tips(): readonly LaneNode[] {
    return this.#tips
  }

  /** Bytes of blocks that are not final. */
  get pendingBytes(): number {
    return this.#bytes
  }

  find(length: number, treeHash: Bytes32): LaneNode | null {
    const nodes = this.#nodes.get(length)
    if (nodes === undefined) return null
    for (const node of nodes) if (equalBytes(node.log.treeHash(), treeHash)) return node
    return null
  }

  at(length: number): readonly LaneNode[] {
    return this.#nodes.get(length) ?? []
  }

  /** Where a run would go. Hashes its blocks; checks no signature and changes nothing. */
  place(run: Run): Placement {
    const known = this.find(run.length, run.treeHash)
    if (known !== null) return { kind: 'known', node: known }
    if (run.length <= this.#oldest.log.length) return { kind: 'past' }
    // A run that begins before what is kept begins, for us, where that begins.
    const from = Math.max(run.from, this.#oldest.log.length)
    const parents = this.at(from)
    if (parents.length === 0) return { kind: 'gap' }
    const blocks = run.blocks.slice(from - run.from)
    for (const parent of parents) {
      const nodes = this.#grow(parent, blocks)
      if (equalBytes(nodes[nodes.length - 1].log.treeHash(), run.treeHash)) {
        return { kind: 'fits', nodes: this.#unknown(nodes) }
      }
    }
    return { kind: 'foreign' }
  }

  #grow(parent: LaneNode, blocks: readonly Uint8Array[]): LaneNode[] {
    const nodes: LaneNode[] = []
    let node = parent
    for (const block of blocks) {
      node = {
        parent: node,
        log: node.log.append(block),
        block,
        entries: node.entries + entryCount(block),
        signature: null,
        durable: false,
        acknowledged: false
      }
      nodes.push(node)
    }
    return nodes
  }

  /** Leaves out the nodes at the front that the tree has, and hangs the rest on them. */
  #unknown(nodes: LaneNode[]): LaneNode[] {
    let parent: LaneNode | null = null
    let first = 0
    while (first < nodes.length) {
      const { log } = nodes[first]
      const same = this.#nodes.has(log.length) ? this.find(log.length, log.treeHash()) : null
      if (same === null) break
      parent = same
      first++
    }
    if (parent !== null) nodes[first].parent = parent
    return nodes.slice(first)
  }

  /** Takes in nodes that `place` made, with the signature of the last. Returns that one. */
  insert(nodes: readonly LaneNode[], signature: Uint8Array): LaneNode {
    for (const node of nodes) {
      const list = this.#nodes.get(node.log.length)
      if (list === undefined) this.#nodes.set(node.log.length, [node])
      else list.push(node)
      this.#bytes += node.block?.length ?? 0
    }
    this.#tips = this.#tips.filter((tip) => tip !== nodes[0].parent)
    const last = nodes[nodes.length - 1]
    last.signature = signature
    this.#tips.push(last)
    return last
  }

  /** Marks a node and all before it as journaled: records are synced in order. */
  markDurable(node: LaneNode): void {
    for (let at: LaneNode | null = node; at !== null && !at.durable; at = at.parent) {
      at.durable = true
    }
  }

  /** The node at `length` in the history of `node`, or null when that is not kept. */
  ancestor(node: LaneNode, length: number): LaneNode | null {
    let at: LaneNode | null = node
    while (at !== null && at.log.length > length) at = at.parent
    return at !== null && at.log.length === length ? at : null
  }

  /** The nodes after `from` up to and with `node`, oldest first; null when they are not kept. */
  path(node: LaneNode, from: number): LaneNode[] | null {
    const nodes: LaneNode[] = []
    for (let at: LaneNode | null = node; at !== null; at = at.parent) {
      if (at.log.length === from) return nodes.reverse()
      nodes.push(at)
    }
    return null
  }

  measure(node: LaneNode, from: number): Size | null {
    const start = this.ancestor(node, from)
    if (start === null) return null
    return {
      bytes: node.log.byteLength - start.log.byteLength,
      entries: node.entries - start.entries
    }
  }

  /** The final head is now here. What does not descend from it is dropped. */
  finalize(node: LaneNode): void {
    if (node === this.#final) return
    const tip = this.#tips[0]
    if (this.#tips.length === 1 && this.ancestor(tip, node.log.length) === node) {
      this.#bytes = tip.log.byteLength - node.log.byteLength
    } else {
      this.#keepBranch(node)
    }
    node.durable = true
    this.#final = node
    this.#forgetBelow(node.log.length - this.#retainBlocks)
  }

  #keepBranch(node: LaneNode): void {
    const kept = new Set<LaneNode>()
    for (const tip of [node, ...this.#tips]) {
      if (this.ancestor(tip, node.log.length) !== node) continue
      for (let at: LaneNode | null = tip; at !== null && !kept.has(at); at = at.parent) kept.add(at)
    }
    const parents = new Set<LaneNode>()
    this.#nodes.clear()
    this.#bytes = 0
    for (const at of kept) {
      const { length } = at.log
      this.#nodes.set(length, [...this.at(length), at])
      if (at.parent !== null) parents.add(at.parent)
      if (length > node.log.length) this.#bytes += at.block?.length ?? 0
    }
    this.#tips = [...kept].filter((at) => !parents.has(at))
  }

  #forgetBelow(length: number): void {
    // Up to the final head there is one node a length.
    while (this.#oldest.log.length < length) {
      const next = this.at(this.#oldest.log.length + 1)[0]
      this.#nodes.delete(this.#oldest.log.length)
      next.parent = null
      this.#oldest = next
    }
  }

  /** Begins anew at a final head whose history is not here. */
  reset(log: MerkleLog, signature: Uint8Array | null): void {
    this.#final = this.#oldest = this.#root(log, signature)
  }

  base(lane: Bytes32, signer: Bytes32 | null): LaneBase {
    const { log, signature } = this.#final
    return { lane, signer, length: log.length, roots: log.roots(), signature }
  }

  /** Proof that the lane signed two histories: `node` with its signature, and `other`, a signed
   * head that is not in the node's history nor it in the head's. Null when it does not follow from
   * what is kept. */
  prove(node: LaneNode, other: SignedHead): Evidence | null {
    if (node.signature === null) return null
    const { signer } = other
    const own: SignedHead = {
      signer,
      length: node.log.length,
      treeHash: node.log.treeHash(),
      signature: node.signature
    }
    if (own.length < other.length) return null
    if (own.length === other.length) {
      return equalBytes(own.treeHash, other.treeHash)
        ? null
        : { a: other, b: own, roots: [], leaves: [] }
    }
    const path = this.path(node, other.length)
    const start = this.ancestor(node, other.length)
    if (path === null || start === null) return null
    if (equalBytes(start.log.treeHash(), other.treeHash)) return null
    const leaves = path.map(({ block }) => {
      const bytes = block ?? new Uint8Array(0)
      return { size: bytes.length, hash: leafHash(this.#hash, bytes) }
    })
    return { a: other, b: own, roots: start.log.roots(), leaves }
  }
}
