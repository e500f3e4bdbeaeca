// Acknowledgements that this validator gives, and certificates of those that a quorum gave.
import { toHex } from '../../protocol/bytes.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { verifyCertificate } from './certificates.ts'
import { FORGERY, type LaneContext, SLIP } from './lane-context.ts'
import { ackSignable } from './lane-key.ts'
import type { Ack, Certificate, Certified, LaneKey, PeerKey } from './types.ts'

export class LaneAcks {
  readonly #context: LaneContext

  constructor(context: LaneContext) {
    this.#context = context
  }

  /** Null when this daemon is no validator or the head is not journaled, its lane is conflicted,
   * or the door refuses it. */
  make(key: LaneKey, length: number, treeHash: Bytes32): Ack | null {
    const { peers, self, table, deps, options } = this.#context
    const lane = table.get(key)
    if (lane === null || lane.conflicted || peers.index(self) < 0) return null
    const node = lane.tree.find(length, treeHash)
    if (node === null || !node.durable) return null
    const size = lane.tree.measure(node, Math.min(lane.finalLength, length))
    if (size === null || !deps.admits(key, size)) return null
    const signature = deps.sign(ackSignable(options.venue, lane.lane, length, treeHash))
    return { lane: lane.lane, length, treeHash, signature }
  }

  /** From the lane's owner, or relayed by a validator; checked when a vote rule asks. */
  certificate(peer: PeerKey, certificate: Certificate): void {
    const { table, options, deps, peers, self } = this.#context
    const lane = table.get(toHex(certificate.lane))
    if (lane === null || certificate.length <= lane.finalLength) return
    if (certificate.acks.length !== options.quorum) {
      deps.host.misbehaved(peer, 'a certificate that is no quorum', SLIP)
      return
    }
    const owner = lane.signer !== null && peers.get(peer)?.claim === toHex(lane.signer)
    if (peer !== self && !owner && peers.index(peer) < 0) return
    if (lane.shelf.add(peer, certificate, deps.now())) return
    // Only forgeries by many who claim the lane can fill the shelf: they go, and are reported.
    this.certified(lane.key, 0, Number.POSITIVE_INFINITY)
    lane.shelf.add(peer, certificate, deps.now())
  }

  /** Genuine certificates of heads beyond `length` that came before `beforeMs`, longest first. */
  certified(key: LaneKey, length: number, beforeMs: number): Certified[] {
    const { rules, deps, table } = this.#context
    const lane = table.get(key)
    if (lane === null) return []
    return lane.shelf.list(
      length,
      beforeMs,
      (certificate) => verifyCertificate(rules, deps.verify, certificate),
      (peer) => deps.host.misbehaved(peer, 'a certificate that is false', FORGERY)
    )
  }
}
