// Heads that peers show without their blocks, and what follows from them: that something is
// missing, that this daemon's own lane is behind, or that a lane signed two histories. The last
// is found whichever way it comes to light: two branches here, a head here and one shown there,
// two heads shown, at equal length or not.
import { equalBytes } from '../../protocol/bytes.ts'
import { verifyEvidence } from './evidence.ts'
import { FORGERY, type LaneContext } from './lane-context.ts'
import { verifyHead } from './lane-key.ts'
import { LANES_TOLD } from './lane-supply.ts'
import type { Lane } from './lane-table.ts'
import type { LaneNode } from './lane-tree.ts'
import type { Evidence, HeadClaim, PeerKey, SignedHead } from './types.ts'

export class LaneWitness {
  readonly #context: LaneContext
  readonly #want: (head: HeadClaim, peers: readonly PeerKey[]) => void

  constructor(context: LaneContext, want: (head: HeadClaim, peers: readonly PeerKey[]) => void) {
    this.#context = context
    this.#want = want
  }

  /** Takes note of a head without its blocks, which the peer has if it is `held`. False when it was
   * forged. */
  learn(peer: PeerKey, head: SignedHead, held: boolean): boolean {
    const { names, table, deps, peers, own } = this.#context
    const name = names.of(head.signer)
    const known = table.get(name.key)
    if (known !== null && isOld(known, head)) return true
    if (known !== null && isAhead(known, head)) {
      if (held) this.#want({ ...head, lane: name.lane }, [peer])
      return true
    }
    const trusted = peers.index(peer) >= 0
    if (!table.mayMeet(name.key, peer, trusted)) return true
    if (!verifyHead(deps.verify, { ...head, lane: name.lane }, head.signer)) {
      deps.host.misbehaved(peer, 'a head whose signature is false', FORGERY)
      return false
    }
    const lane = table.meet(name.key, name.lane, peer, trusted)
    if (lane === null) return true
    lane.signer ??= head.signer
    const same = lane.tree.find(head.length, head.treeHash)
    if (same !== null) {
      same.signature ??= head.signature
      return true
    }
    if (!this.#contradicted(lane, head) && head.length > lane.finalLength) {
      if (lane.ahead === null || head.length > lane.ahead.length) this.#show(lane, head)
      if (held) this.#want({ ...head, lane: lane.lane }, [peer])
    }
    if (own?.key === lane.key) own.behind(head.length)
    return true
  }

  /** Keeps the head, and sees to it that the validators hear of it: another may have been shown
   * another, and neither has blocks to tell them apart by. */
  #show(lane: Lane, head: SignedHead): void {
    const { deps, options, table } = this.#context
    const { gossipMs, gossipRounds } = options.limits
    lane.ahead = head
    const turns = Math.ceil(table.sorted().length / LANES_TOLD)
    this.#context.tellUntilMs = deps.now() + turns * gossipRounds * gossipMs
    deps.host.later()
  }

  /** Looks for a signed head that the given one contradicts; keeps the evidence. */
  #contradicted(lane: Lane, head: SignedHead): boolean {
    const { ahead } = lane
    if (ahead !== null && ahead.length === head.length) {
      this.convict(lane, { a: ahead, b: head, roots: [], leaves: [] })
      return true
    }
    for (const tip of lane.tree.tips) {
      const evidence = lane.tree.prove(tip, head)
      if (evidence === null) continue
      this.convict(lane, evidence)
      return true
    }
    return false
  }

  /** A run ended in a new branch, at `tip`: proves the fork from the blocks that are here. */
  forked(lane: Lane, tip: LaneNode): void {
    const { signer } = lane
    if (signer === null || lane.evidence !== null) return
    for (const other of lane.tree.tips) {
      if (other === tip) continue
      const [short, long] = other.log.length < tip.log.length ? [other, tip] : [tip, other]
      if (short.signature === null) continue
      const { log, signature } = short
      const head = { signer, length: log.length, treeHash: log.treeHash(), signature }
      const evidence = lane.tree.prove(long, head)
      if (evidence !== null) {
        this.convict(lane, evidence)
        return
      }
    }
  }

  /** Blocks came in up to `tip`: a head that was shown before, at or below it, may be of another
   * history. */
  compare(lane: Lane, tip: LaneNode): void {
    const { ahead } = lane
    if (ahead === null || ahead.length > tip.log.length) return
    const evidence = lane.tree.prove(tip, ahead)
    if (evidence !== null) this.convict(lane, evidence)
    lane.ahead = null
  }

  convict(lane: Lane, evidence: Evidence): void {
    if (lane.evidence !== null) return
    lane.evidence = evidence
    const { deps, peers, own } = this.#context
    deps.host.persist({ kind: 'evidence', evidence }, () => undefined, true)
    deps.host.evidence(lane.key, evidence)
    for (const peer of peers.keys()) deps.host.send(peer, { kind: 'evidence', evidence })
    if (own?.key === lane.key) own.behind(evidence.b.length)
  }

  receive(peer: PeerKey, evidence: Evidence): void {
    const { names, table, deps, peers } = this.#context
    const name = names.of(evidence.a.signer)
    const trusted = peers.index(peer) >= 0
    if (table.get(name.key)?.conflicted || !table.mayMeet(name.key, peer, trusted)) return
    if (!verifyEvidence(evidence, { hash: deps.hash, verify: deps.verify, names })) {
      deps.host.misbehaved(peer, 'evidence that proves nothing', FORGERY)
      return
    }
    const lane = table.meet(name.key, name.lane, peer, trusted)
    if (lane === null) return
    lane.signer ??= evidence.a.signer
    this.convict(lane, evidence)
  }
}

/** True for a head that is here with its signature, or too old to say anything about. */
function isOld(lane: Lane, head: SignedHead): boolean {
  if (head.length < lane.tree.start) return true
  const node = lane.tree.find(head.length, head.treeHash)
  return node !== null && node.signature !== null
}

function isAhead({ ahead }: Lane, head: SignedHead): boolean {
  return ahead?.length === head.length && equalBytes(ahead.treeHash, head.treeHash)
}
