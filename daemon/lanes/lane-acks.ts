// Acknowledgements that this validator gives, and certificates of those that a quorum gave. A head
// is acknowledged when the tape does not take it for a while, and several in one message: what is
// final needs no certificate.
import { toHex } from '../../protocol/bytes.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { verifyCertificate } from './certificates.ts'
import { FORGERY, type LaneContext, SLIP } from './lane-context.ts'
import { ackSignable } from './lane-key.ts'
import { ACKS_MAX } from './messages.ts'
import type { Ack, Certificate, Certified, LaneKey, PeerKey } from './types.ts'

type Owed = { peer: PeerKey; key: LaneKey; length: number; treeHash: Bytes32; dueAtMs: number }

export class LaneAcks {
  readonly #context: LaneContext
  /** In order of time. */
  #owed: Owed[] = []

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
    if (size === null || !this.#context.admits(key, size)) return null
    node.acknowledged = true
    const signature = deps.sign(ackSignable(options.venue, lane.lane, length, treeHash))
    return { lane: lane.lane, length, treeHash, signature }
  }

  /** This validator's word is owed to the lane's owner, for a head that is journaled. */
  owe(peer: PeerKey, key: LaneKey, length: number, treeHash: Bytes32): void {
    const { deps, options, peers, self } = this.#context
    if (peers.index(self) < 0) return
    this.#owed.push({ peer, key, length, treeHash, dueAtMs: deps.now() + options.limits.ackMs })
    deps.host.later()
  }

  /** Forgets what the tape has taken; sends the rest when it is due. Returns when to call again,
   * null while nothing is owed. */
  tick(): number | null {
    const { deps, table } = this.#context
    const now = deps.now()
    const due = new Map<PeerKey, Ack[]>()
    let count = 0
    for (const { peer, key, length, treeHash, dueAtMs } of this.#owed) {
      const isFinal = length <= (table.get(key)?.finalLength ?? 0)
      if (!isFinal && dueAtMs > now) break
      count++
      const ack = isFinal ? null : this.make(key, length, treeHash)
      if (ack === null) continue
      const acks = due.get(peer)
      if (acks === undefined) due.set(peer, [ack])
      else acks.push(ack)
    }
    this.#owed.splice(0, count)
    for (const [peer, acks] of due) {
      for (let at = 0; at < acks.length; at += ACKS_MAX) {
        deps.host.send(peer, { kind: 'acks', acks: acks.slice(at, at + ACKS_MAX) })
      }
    }
    return this.#owed.length === 0 ? null : this.#owed[0].dueAtMs
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
    const lane = this.#context.table.get(key)
    return lane?.shelf.list(length, beforeMs, this.#check, this.#onfalse) ?? []
  }

  /** The longest genuine certificate of what is not final, to be relayed; null without one. */
  longest(key: LaneKey): Certificate | null {
    const lane = this.#context.table.get(key)
    return lane?.shelf.longest(lane.finalLength, this.#check, this.#onfalse) ?? null
  }

  readonly #check = (certificate: Certificate): boolean =>
    verifyCertificate(this.#context.rules, this.#context.deps.verify, certificate)

  readonly #onfalse = (peer: PeerKey): void =>
    this.#context.deps.host.misbehaved(peer, 'a certificate that is false', FORGERY)
}
