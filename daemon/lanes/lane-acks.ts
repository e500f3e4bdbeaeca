// Acknowledgements that this validator gives, and certificates of those that a quorum gave. A head
// is acknowledged when the tape does not take it for a while, and several in one message: what is
// final needs no certificate. A lane that is taken by its certificates only is acknowledged at once.
import { toHex } from '../../protocol/bytes.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { verifyCertificate } from './certificates.ts'
import { FORGERY, type LaneContext, SLIP } from './lane-context.ts'
import { ackSignable } from './lane-key.ts'
import type { Lane } from './lane-table.ts'
import { ACKS_MAX } from './messages.ts'
import { Patience } from './patience.ts'
import type { Ack, Certificate, Certified, LaneKey, PeerKey } from './types.ts'

type Owed = { peer: PeerKey; key: LaneKey; length: number; treeHash: Bytes32; sinceMs: number }

export class LaneAcks {
  readonly #context: LaneContext
  readonly #patience: Patience
  /** In order of time. */
  #owed: Owed[] = []
  /** Lanes whose acknowledgements do not wait. */
  readonly #hurried = new Set<LaneKey>()

  constructor(context: LaneContext) {
    this.#context = context
    const { ackMs, ackMaxMs } = context.options.limits
    this.#patience = new Patience({ leastMs: ackMs, mostMs: ackMaxMs })
  }

  hurries(key: LaneKey): boolean {
    return this.#hurried.has(key)
  }

  /** The lane is, or is no longer, taken by its certificates only. */
  hurry(key: LaneKey, isHurried: boolean): void {
    if (!isHurried) {
      this.#hurried.delete(key)
      return
    }
    this.#hurried.add(key)
    const owed = this.#owed.filter((each) => each.key === key)
    this.#owed = this.#owed.filter((each) => each.key !== key)
    this.#give(owed)
  }

  /** The tape has taken more of the lane. */
  final(lane: Lane): void {
    const { waits } = lane
    if (waits === null || waits.length > lane.finalLength) return
    this.#patience.took(this.#context.deps.now() - waits.sinceMs)
    lane.waits = null
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
    const { deps, peers, self, table } = this.#context
    const lane = table.get(key)
    if (peers.index(self) < 0 || lane === null || length <= lane.finalLength) return
    const owed = { peer, key, length, treeHash, sinceMs: deps.now() }
    lane.waits ??= { length, sinceMs: owed.sinceMs }
    if (this.#hurried.has(key)) {
      this.#give([owed])
      return
    }
    this.#owed.push(owed)
    deps.host.later()
  }

  /** Forgets what the tape has taken; sends the rest when it is due. Returns when to call again,
   * null while nothing is owed. */
  tick(): number | null {
    const { deps, table } = this.#context
    const sinceMs = deps.now() - this.#patience.ms
    const due: Owed[] = []
    let count = 0
    for (const owed of this.#owed) {
      const isFinal = owed.length <= (table.get(owed.key)?.finalLength ?? 0)
      if (!isFinal && owed.sinceMs > sinceMs) break
      count++
      if (!isFinal) due.push(owed)
    }
    this.#owed.splice(0, count)
    this.#give(due)
    return this.#owed.length === 0 ? null : this.#owed[0].sinceMs + this.#patience.ms
  }

  #give(owed: readonly Owed[]): void {
    const due = new Map<PeerKey, Ack[]>()
    for (const { peer, key, length, treeHash } of owed) {
      const ack = this.make(key, length, treeHash)
      if (ack === null) continue
      const acks = due.get(peer)
      if (acks === undefined) due.set(peer, [ack])
      else acks.push(ack)
    }
    const { host } = this.#context.deps
    for (const [peer, acks] of due) {
      for (let at = 0; at < acks.length; at += ACKS_MAX) {
        host.send(peer, { kind: 'acks', acks: acks.slice(at, at + ACKS_MAX) })
      }
    }
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
