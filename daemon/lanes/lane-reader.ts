import type { Bytes32 } from '../../protocol/types.ts'
import type { LaneAcks } from './lane-acks.ts'
import type { LaneContext } from './lane-context.ts'
import { verifyHead } from './lane-key.ts'
import type { LaneSupply } from './lane-supply.ts'
import type { Lane } from './lane-table.ts'
import type { LaneNode } from './lane-tree.ts'
import { equalBytes, toHex } from '../../protocol/bytes.ts'
import type {
  Certified,
  Evidence,
  HeadClaim,
  LaneBase,
  LaneKey,
  LaneReads,
  LaneStatus,
  PeerKey,
  Size
} from './types.ts'

type Dependencies = {
  acks: LaneAcks
  supply: LaneSupply
}

/** What consensus and the tape read of the lanes. */
export class LaneReader implements LaneReads {
  readonly #context: LaneContext
  readonly #deps: Dependencies

  constructor(context: LaneContext, dependencies: Dependencies) {
    this.#context = context
    this.#deps = dependencies
  }

  #node(key: LaneKey, length: number, treeHash: Bytes32): { lane: Lane; node: LaneNode } | null {
    const lane = this.#context.table.get(key)
    const node = lane?.tree.find(length, treeHash) ?? null
    return lane === null || node === null ? null : { lane, node }
  }

  has(key: LaneKey, length: number, treeHash: Bytes32): boolean {
    return this.#node(key, length, treeHash) !== null
  }

  extends(
    key: LaneKey,
    from: number,
    fromHash: Bytes32,
    length: number,
    treeHash: Bytes32
  ): boolean {
    const found = this.#node(key, length, treeHash)
    if (found === null) return false
    const start = found.lane.tree.ancestor(found.node, from)
    if (start === null) return false
    return from === 0 || equalBytes(start.log.treeHash(), fromHash)
  }

  measure(key: LaneKey, from: number, length: number, treeHash: Bytes32): Size | null {
    const found = this.#node(key, length, treeHash)
    return found === null ? null : found.lane.tree.measure(found.node, from)
  }

  blocks(key: LaneKey, from: number, length: number, treeHash: Bytes32): Uint8Array[] | null {
    const found = this.#node(key, length, treeHash)
    const path = found?.lane.tree.path(found.node, from) ?? null
    if (path === null) return null
    const blocks: Uint8Array[] = []
    for (const { block } of path) {
      if (block === null) return null
      blocks.push(block)
    }
    return blocks
  }

  signed(head: HeadClaim): boolean {
    const lane = this.#context.table.get(toHex(head.lane))
    if (lane === null || lane.signer === null) return false
    const node = lane.tree.find(head.length, head.treeHash)
    const known = node?.signature ?? null
    if (known !== null && equalBytes(known, head.signature)) return true
    if (!verifyHead(this.#context.deps.verify, head, lane.signer)) return false
    if (node !== null) node.signature ??= head.signature
    return true
  }

  want(head: HeadClaim, from: readonly PeerKey[]): void {
    this.#deps.supply.want(head, from)
  }

  best(
    key: LaneKey,
    from: number,
    fromHash: Bytes32,
    limit: Size
  ): (HeadClaim & { size: Size }) | null {
    const lane = this.#context.table.get(key)
    if (lane === null || lane.conflicted || lane.durableLength <= from) return null
    const start = lane.tree.ancestor(lane.recorded, from)
    if (start === null) return null
    if (from > 0 && !equalBytes(start.log.treeHash(), fromHash)) return null
    for (let node: LaneNode | null = lane.recorded; node !== null && node !== start;) {
      const size = {
        bytes: node.log.byteLength - start.log.byteLength,
        entries: node.entries - start.entries
      }
      const fits = size.bytes <= limit.bytes && size.entries <= limit.entries
      if (fits && node.signature !== null && this.#isAdmitted(lane, node)) {
        const { log, signature } = node
        return { lane: lane.lane, length: log.length, treeHash: log.treeHash(), signature, size }
      }
      node = node.parent
    }
    return null
  }

  /** The door is asked again at the choice of a cut: a lane comes to the tape by way of a leader,
   * whether or not anyone acknowledged it. */
  #isAdmitted(lane: Lane, node: LaneNode): boolean {
    if (node.acknowledged) return true
    const size = lane.tree.measure(node, lane.finalLength)
    return size !== null && this.#context.admits(lane.key, size)
  }

  certified(key: LaneKey, length: number, beforeMs = Number.POSITIVE_INFINITY): Certified[] {
    return this.#deps.acks.certified(key, length, beforeMs)
  }

  hurry(key: LaneKey, isHurried: boolean): void {
    this.#deps.acks.hurry(key, isHurried)
  }

  forward(key: LaneKey, from: number, length: number, treeHash: Bytes32, to: PeerKey): void {
    const { supply, acks } = this.#deps
    supply.forward(key, from, length, treeHash, to)
    const certificate = acks.longest(key)
    if (certificate !== null) this.#context.deps.host.send(to, { kind: 'certificate', certificate })
  }

  lanes(): readonly LaneStatus[] {
    return this.#context.table.sorted()
  }

  base(key: LaneKey): LaneBase | null {
    const lane = this.#context.table.get(key)
    return lane === null ? null : lane.tree.base(lane.lane, lane.signer)
  }

  evidence(key: LaneKey): Evidence | null {
    return this.#context.table.get(key)?.evidence ?? null
  }
}
