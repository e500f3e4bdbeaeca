// Proof that a lane signed two histories. Anyone who holds it can check it with nothing else, and
// it names nobody but the lane: both heads carry the lane's own signature.
import { equalBytes } from '../../protocol/bytes.ts'
import { type HashParts, MerkleLog } from '../../protocol/merkle-log.ts'
import { type LaneNames, verifyHead } from './lane-key.ts'
import type { Evidence, SignedHead, Verify } from './types.ts'

type Dependencies = { hash: HashParts; verify: Verify; names: LaneNames }

/** True when the two heads contradict each other and the lane signed both. Two ed25519 checks, at
 * most, after the hashes. */
export function verifyEvidence(evidence: Evidence, dependencies: Dependencies): boolean {
  const { a, b } = evidence
  if (!equalBytes(a.signer, b.signer) || !contradicts(evidence, dependencies.hash)) return false
  const { lane } = dependencies.names.of(a.signer)
  const signed = (head: SignedHead) =>
    verifyHead(dependencies.verify, { ...head, lane }, head.signer)
  return signed(a) && signed(b)
}

function contradicts({ a, b, roots, leaves }: Evidence, hash: HashParts): boolean {
  if (a.length === b.length) {
    return roots.length === 0 && leaves.length === 0 && !equalBytes(a.treeHash, b.treeHash)
  }
  if (b.length - a.length !== leaves.length) return false
  let log = MerkleLog.from(hash, a.length, roots)
  if (log === null || equalBytes(log.treeHash(), a.treeHash)) return false
  for (const leaf of leaves) log = log.appendLeaf(leaf.size, leaf.hash)
  return equalBytes(log.treeHash(), b.treeHash)
}
