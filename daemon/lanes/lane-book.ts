// The pure core of the lanes: what came from peers, from the journal and from the tape goes in by
// method calls, what is to be done comes out by the host's. It has no clock, no disk and no
// sockets of its own, so that a simulator can run it.
//
// A run is taken in when its blocks hash to its head and the lane's key signed that head. From then
// on it counts for a vote: the journal keeps its order, so the vote is on the disk, and sent, only
// after the run. It is acknowledged, shown and served once it is synced itself. Branches of a lane that signed two histories are kept
// side by side, with the evidence, since one of them may become final.
import { toHex } from '../../protocol/bytes.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { FORGERY, LaneContext, type OwnPort, WANTED_SLACK } from './lane-context.ts'
import { verifyHead } from './lane-key.ts'
import { LaneAcks } from './lane-acks.ts'
import { checkpointOf } from './lane-checkpoint.ts'
import { LaneReader } from './lane-reader.ts'
import { LaneSupply } from './lane-supply.ts'
import type { Lane } from './lane-table.ts'
import { durableOf, type LaneNode, type Placement } from './lane-tree.ts'
import { LaneWitness } from './lane-witness.ts'
import type { LaneBookDependencies, LaneBookOptions } from './options.ts'
import { runsOf } from './runs.ts'
import type {
  Ack,
  Certificate,
  Evidence,
  FinalSlice,
  LaneBase,
  LaneKey,
  LaneMessage,
  LaneReads,
  LaneRecord,
  PeerKey,
  Run,
  SignedHead
} from './types.ts'

const CONFLICTS_TOLD_MAX = 64

export class LaneBook {
  readonly #context: LaneContext
  readonly #supply: LaneSupply
  readonly #witness: LaneWitness
  readonly #acks: LaneAcks
  readonly reads: LaneReads

  constructor(options: LaneBookOptions, dependencies: LaneBookDependencies) {
    this.#context = new LaneContext(options, dependencies)
    const supply = new LaneSupply(this.#context)
    this.#supply = supply
    this.#witness = new LaneWitness(this.#context, (head, peers) => supply.want(head, peers))
    this.#acks = new LaneAcks(this.#context)
    this.reads = new LaneReader(this.#context, {
      acks: this.#acks,
      supply
    })
  }

  /** The daemon's own lane, to which what concerns it is handed on. */
  attach(own: OwnPort): void {
    this.#context.own = own
  }

  /** Lane key of a signing key. */
  nameOf(signer: Bytes32): { key: LaneKey; lane: Bytes32 } {
    return this.#context.names.of(signer)
  }

  /** Whether this daemon's door lets the lane in. */
  welcomes(key: LaneKey): boolean {
    return this.#context.welcomes(key)
  }

  /** Bytes of all lanes that are not final. */
  get pendingBytes(): number {
    return this.#context.pendingBytes
  }

  // Peers

  opened(peer: PeerKey): void {
    const { deps, options, peers, table } = this.#context
    peers.open(peer, options.limits.serveBurstBytes, deps.now())
    this.#supply.tellHeads(peer)
    let told = 0
    for (const { evidence } of table.sorted()) {
      if (evidence === null || told++ >= CONFLICTS_TOLD_MAX) continue
      deps.host.send(peer, { kind: 'evidence', evidence })
    }
  }

  closed(peer: PeerKey): void {
    this.#context.peers.close(peer)
  }

  /** A decoded message of the channel. Never throws for what a peer sent. */
  receive(peer: PeerKey, message: LaneMessage): void {
    const state = this.#context.peers.get(peer)
    if (state === null) return
    switch (message.kind) {
      case 'run':
        this.#receiveRun(peer, message.run, message.bytes)
        break
      case 'acks':
        this.#context.own?.acks(peer, message.acks)
        break
      case 'certificate':
        this.#acks.certificate(peer, message.certificate)
        break
      case 'request':
        this.#supply.serve(peer, state, message)
        break
      case 'heads':
        for (const { head, held } of message.heads) {
          if (!this.#witness.learn(peer, head, held)) return
        }
        break
      case 'evidence':
        this.#witness.receive(peer, message.evidence)
        break
      case 'claim':
        state.claim = toHex(message.signer)
        this.#context.claimed(peer, message.signer)
        this.#answerClaim(peer, message.signer)
        break
      case 'known':
        this.#receiveKnown(peer, message.signer, message.head)
        break
    }
  }

  // Runs

  #receiveRun(peer: PeerKey, run: Run, bytes: Uint8Array): void {
    const { names, table, peers, deps } = this.#context
    const name = names.of(run.signer)
    const lane = table.meet(name.key, name.lane, peer, peers.index(peer) >= 0)
    if (lane === null) return
    const placement = lane.tree.place(run)
    if (placement.kind === 'past') return
    if (placement.kind === 'known') {
      this.#repeat(peer, lane, placement.node, run)
      return
    }
    if (placement.kind !== 'fits') {
      this.#witness.learn(peer, run, true)
      return
    }
    if (!this.#hasRoom(lane, run, placement.nodes)) return
    if (!verifyHead(deps.verify, { ...run, lane: lane.lane }, run.signer)) {
      deps.host.misbehaved(peer, 'a run whose signature is false', FORGERY)
      return
    }
    lane.signer ??= run.signer
    const onsynced = (): void => this.#acknowledge(peer, lane, run)
    const urgent = this.#acks.hurries(lane.key)
    this.#take(lane, placement.nodes, run, { bytes, onsynced, urgent })
    if (this.#context.own?.key === lane.key) this.#context.own.behind(run.length)
  }

  /** A run that is here already: its sender may lack the acknowledgement. */
  #repeat(peer: PeerKey, lane: Lane, node: LaneNode, run: Run): void {
    const { deps } = this.#context
    if (node.signature === null) {
      if (!verifyHead(deps.verify, { ...run, lane: lane.lane }, run.signer)) {
        deps.host.misbehaved(peer, 'a run whose signature is false', FORGERY)
        return
      }
      node.signature = run.signature
    }
    lane.signer ??= run.signer
    if (node.durable) this.#acknowledge(peer, lane, run)
  }

  #hasRoom(lane: Lane, run: Run, nodes: readonly LaneNode[]): boolean {
    const { options, repair } = this.#context
    const wanted = repair.wants(lane.key, run.from)
    if (lane.conflicted && !wanted) return false
    const branchesMax = options.limits.branchesMax * (wanted ? WANTED_SLACK : 1)
    const { parent } = nodes[0]
    const branches = lane.tree.tips.length + (lane.tree.tips.some((tip) => tip === parent) ? 0 : 1)
    const bytes = nodes.reduce((sum, { block }) => sum + (block?.length ?? 0), 0)
    return branches <= branchesMax && this.#context.hasRoom(lane, bytes, wanted)
  }

  #take(
    lane: Lane,
    nodes: readonly LaneNode[],
    run: Run,
    record: { bytes: Uint8Array; onsynced: () => void; urgent: boolean }
  ): void {
    const { host } = this.#context.deps
    const { bytes, onsynced, urgent } = record
    const tip = this.#insert(lane, nodes, run.signature)
    const synced = (): void => {
      this.#durable(lane, tip)
      onsynced()
    }
    host.persist({ kind: 'run', bytes }, synced, urgent)
    this.#witness.compare(lane, tip)
    if (lane.tree.tips.length > 1) this.#witness.forked(lane, tip)
    if (tip.log.length > lane.durableLength) lane.recorded = tip
    this.#supply.moved(lane)
    this.#announce(lane, run, nodes.length)
    host.available(lane.key)
  }

  #insert(lane: Lane, nodes: readonly LaneNode[], signature: Uint8Array): LaneNode {
    const before = lane.tree.pendingBytes
    const tip = lane.tree.insert(nodes, signature)
    this.#context.pendingBytes += lane.tree.pendingBytes - before
    return tip
  }

  #announce(lane: Lane, run: Run, count: number): void {
    const blocks = run.blocks.slice(run.blocks.length - count)
    this.#context.deps.host.arrived(lane.lane, run.length - count, blocks)
  }

  #durable(lane: Lane, node: LaneNode): void {
    lane.tree.markDurable(node)
    if (node.log.length > lane.durable.log.length) lane.durable = node
  }

  /** A validator's word to the lane's owner, if the peer is that. */
  #acknowledge(peer: PeerKey, lane: Lane, run: Run): void {
    if (this.#context.peers.get(peer)?.claim !== toHex(run.signer)) return
    this.#acks.owe(peer, lane.key, run.length, run.treeHash)
  }

  /** This validator's word on a head that it has journaled; see lane-acks.ts. */
  acknowledgement(key: LaneKey, length: number, treeHash: Bytes32): Ack | null {
    return this.#acks.make(key, length, treeHash)
  }

  /** Takes in a run of the daemon's own lane; `then` is called once it is in the journal. */
  ownRun(run: Run, bytes: Uint8Array, then: () => void): void {
    const { key, lane: name } = this.#context.names.of(run.signer)
    const lane = this.#context.table.add(key, name)
    lane.signer ??= run.signer
    const placement = lane.tree.place(run)
    if (placement.kind !== 'fits') throw new Error(`own run is ${placement.kind} in its lane`)
    this.#take(lane, placement.nodes, run, { bytes, onsynced: then, urgent: true })
  }

  // The daemon's own lane

  #answerClaim(peer: PeerKey, signer: Bytes32): void {
    const { table, names, deps } = this.#context
    const lane = table.get(names.of(signer).key)
    // The lane's key follows from the signer: a lane that only the tape has told of has one now.
    if (lane !== null) lane.signer ??= signer
    const head = lane?.longest() ?? null
    deps.host.send(peer, { kind: 'known', signer, head })
  }

  #receiveKnown(peer: PeerKey, signer: Bytes32, head: SignedHead | null): void {
    const { own, names } = this.#context
    if (own === null || names.of(signer).key !== own.key) return
    if (head !== null) {
      if (names.of(head.signer).key !== own.key || !this.#witness.learn(peer, head, false)) return
    }
    // The head may just have made the daemon abandon that lane.
    if (names.of(signer).key === own.key) own.known(peer, head)
  }

  /** From the lane's owner, from this daemon itself, or relayed by a validator. */
  certificate(peer: PeerKey, certificate: Certificate): void {
    this.#acks.certificate(peer, certificate)
  }

  /** Sends the requests, the acknowledgements and the gossip that are due. Returns when to call
   * again, or null while there is nothing to wait for. */
  tick(): number | null {
    const supplyAtMs = this.#supply.tick()
    const acksAtMs = this.#acks.tick()
    if (supplyAtMs === null || acksAtMs === null) return supplyAtMs ?? acksAtMs
    return Math.min(supplyAtMs, acksAtMs)
  }

  // The tape

  /** A slice became final. False when its blocks do not lead from what was final to its tree hash:
   * then the lane has to be rebased. */
  final(slice: FinalSlice): boolean {
    const { table, own } = this.#context
    const key = toHex(slice.lane)
    const lane = table.add(key, slice.lane)
    if (slice.length <= lane.finalLength) return true
    let node = lane.tree.find(slice.length, slice.treeHash)
    if (node === null) {
      node = this.#fill(lane, slice)
      if (own?.key === key) own.behind(slice.length)
    }
    if (node === null) return false
    node.signature ??= slice.signature
    this.#finalize(lane, node)
    return true
  }

  #fill(lane: Lane, slice: FinalSlice): LaneNode | null {
    const signer = lane.signer ?? new Uint8Array(32)
    const placement: Placement = lane.tree.place({ ...slice, signer, blocks: [...slice.blocks] })
    if (placement.kind === 'known') return placement.node
    return placement.kind === 'fits' ? this.#insert(lane, placement.nodes, slice.signature) : null
  }

  #finalize(lane: Lane, node: LaneNode): void {
    const before = lane.tree.pendingBytes
    lane.tree.finalize(node)
    this.#context.pendingBytes += lane.tree.pendingBytes - before
    this.#afterFinal(lane)
  }

  #afterFinal(lane: Lane): void {
    const { table } = this.#context
    const { final, tips } = lane.tree
    const { length } = final.log
    table.settled(lane)
    this.#acks.final(lane)
    lane.shelf.prune(length)
    if (lane.ahead !== null && lane.ahead.length <= length) lane.ahead = null
    lane.recorded = final
    for (const tip of tips) if (tip.log.length > lane.durableLength) lane.recorded = tip
    if (
      lane.durable.log.length < length ||
      tips.length > 1 ||
      lane.tree.ancestor(tips[0], lane.durable.log.length) !== lane.durable
    ) {
      lane.durable = final
      for (const tip of tips) {
        const node = durableOf(tip)
        if (node.log.length > lane.durable.log.length) lane.durable = node
      }
    }
    this.#supply.moved(lane)
  }

  /** Where a lane stands by a snapshot of the tape. Whatever it had below is dropped. False when
   * the roots do not fit the length. */
  rebase(base: LaneBase): boolean {
    const { table, deps, own } = this.#context
    const lane = table.add(toHex(base.lane), base.lane)
    lane.signer ??= base.signer
    if (base.length <= lane.finalLength) return true
    const log = MerkleLog.from(deps.hash, base.length, base.roots)
    if (log === null) return false
    const node = lane.tree.find(base.length, log.treeHash())
    if (node !== null) {
      this.#finalize(lane, node)
      return true
    }
    this.#context.pendingBytes -= lane.tree.pendingBytes
    lane.tree.reset(log, base.signature)
    this.#afterFinal(lane)
    if (own?.key === lane.key) own.behind(base.length)
    return true
  }

  // The journal

  /** Takes back a record of the journal. Its checksum vouches for it: no signature is checked. Nor
   * is it announced: nearly all of it is final and applied, and what is not is prepared from the
   * tape. */
  restoreRun(run: Run): void {
    const { key, lane: name } = this.#context.names.of(run.signer)
    const lane = this.#context.table.restore(key, name, this.#context.self)
    lane.signer ??= run.signer
    const placement = lane.tree.place(run)
    if (placement.kind !== 'fits') return
    const node = this.#insert(lane, placement.nodes, run.signature)
    lane.tree.markDurable(node)
    if (node.log.length > lane.durable.log.length) lane.durable = node
    if (node.log.length > lane.durableLength) lane.recorded = node
  }

  restoreEvidence(evidence: Evidence): void {
    const { key, lane: name } = this.#context.names.of(evidence.a.signer)
    const lane = this.#context.table.add(key, name)
    lane.signer ??= evidence.a.signer
    lane.evidence ??= evidence
  }

  /** What a new journal must hold. */
  checkpoint(): Iterable<LaneRecord> {
    return checkpointOf(this.#context.table)
  }

  /** Where the daemon's own lane ends here, and its runs beyond what is final. */
  ownState(signer: Bytes32): { log: MerkleLog; runs: Run[]; conflicted: boolean } {
    const { key, lane: name } = this.#context.names.of(signer)
    const lane = this.#context.table.add(key, name)
    lane.signer ??= signer
    const runs = [...runsOf(lane, lane.durable, lane.finalLength)]
    return { log: lane.durable.log, runs, conflicted: lane.conflicted }
  }
}
