// One signature over many orders: the root of a Merkle tree of their hashes. Leaves keep their
// places; a tree that is not full is filled up with 32-byte zeros; a node is
// keccak(left || right), which is what EIP-712 makes of nested arrays of two.
import { Fault } from './faults.ts'
import { BULK_ORDERS_MAX } from './limits.ts'
import type { Hash } from './hash.ts'
import type { Bytes32, MerkleProof } from './types.ts'

const EMPTY_LEAF = new Uint8Array(32)

/** Levels of the tree over `count` leaves: at least one, so that a bulk is never an order.
 * @throws Fault bulk_invalid unless there are 1 to 256 */
export function treeHeight(count: number): number {
  if (!(count >= 1 && count <= BULK_ORDERS_MAX)) {
    throw new Fault('bulk_invalid', `a bulk signature covers 1 to 256 orders, not ${count}`)
  }
  return count <= 2 ? 1 : 32 - Math.clz32(count - 1)
}

/** @throws Fault bulk_invalid */
export function treeRoot(leaves: readonly Bytes32[], keccak: Hash): Bytes32 {
  const levels = treeLevels(leaves, keccak)
  return levels[levels.length - 1][0]
}

/** The proof of every leaf, in their order.
 * @throws Fault bulk_invalid */
export function treeProofs(leaves: readonly Bytes32[], keccak: Hash): MerkleProof[] {
  const levels = treeLevels(leaves, keccak)
  const height = levels.length - 1
  return leaves.map((_, index) => ({
    height,
    index,
    siblings: Array.from({ length: height }, (_level, i) => levels[i][(index >>> i) ^ 1])
  }))
}

/** The root that a leaf and its proof lead to. */
export function proofRoot(leaf: Bytes32, proof: MerkleProof, keccak: Hash): Bytes32 {
  const pair = new Uint8Array(64)
  let node = leaf
  for (let i = 0; i < proof.height; i++) {
    const right = ((proof.index >>> i) & 1) === 1
    pair.set(node, right ? 32 : 0)
    pair.set(proof.siblings[i], right ? 0 : 32)
    node = keccak(pair)
  }
  return node
}

function treeLevels(leaves: readonly Bytes32[], keccak: Hash): Bytes32[][] {
  const width = 2 ** treeHeight(leaves.length)
  const pair = new Uint8Array(64)
  let level = Array.from({ length: width }, (_, i) => leaves[i] ?? EMPTY_LEAF)
  const levels = [level]
  while (level.length > 1) {
    const next: Bytes32[] = []
    for (let i = 0; i < level.length; i += 2) {
      pair.set(level[i], 0)
      pair.set(level[i + 1], 32)
      next.push(keccak(pair))
    }
    level = next
    levels.push(level)
  }
  return levels
}
