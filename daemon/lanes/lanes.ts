// The lanes with everything around them: the channel, the journal, the timer. All judgement is in
// the pure parts (lane-book.ts, outbox.ts); this file carries bytes between them and the world.
import { toHex } from '../../protocol/bytes.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import type { HashParts } from '../../protocol/merkle-log.ts'
import type { Bytes32, OpenEntry } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { Journal, JournalRecord } from '../journal/types.ts'
import type { Channel, ChannelOptions, Peer } from '../network/types.ts'
import { LaneBook } from './lane-book.ts'
import { LANES_CHANNEL, decodeMessage, encodeMessage, laneMessageRules } from './messages.ts'
import { type LaneLimits, laneLimitDefaults } from './options.ts'
import { Outbox, type OutboxOptions, outboxDefaults } from './outbox.ts'
import { OwnLane, type OwnLaneName } from './own-lane.ts'
import { decodeRecord, encodeRecord } from './records.ts'
import { type RepairOptions, repairDefaults } from './repair.ts'
import type {
  Evidence,
  FinalSlice,
  LaneBase,
  LaneHost,
  LaneKey,
  LaneMessage,
  LaneReads,
  LaneRecord,
  PeerKey,
  Placed,
  Sign,
  Size,
  Ticket,
  Verify
} from './types.ts'

export type LanesOptions = {
  venue: Bytes32
  /** The validators' swarm keys, by index, and how many of them are a quorum. */
  validators: readonly Bytes32[]
  quorum: number
  /** This daemon's swarm key, and 32 secret bytes from which its lanes' keys follow. */
  self: Bytes32
  secret: Bytes32
  /** Entries that one cut takes of a lane at most. */
  runEntriesMax: number
  limits?: Partial<LaneLimits>
  repair?: Partial<RepairOptions>
  outbox?: Partial<OutboxOptions>
}

export type LanesDependencies = {
  journal: Pick<Journal, 'append' | 'appendLazily' | 'flush'>
  network: { channel(options: ChannelOptions): Channel }
  clock: Clock
  /** BLAKE2b-256. */
  hash: HashParts
  verify: Verify
  /** Signs with this daemon's swarm key. */
  sign: Sign
  keyPair(seed: Bytes32): { publicKey: Bytes32; sign: Sign }
  encodeOpen(entry: OpenEntry): Uint8Array
  /** The door: false refuses a run its acknowledgement, as the lane's bonds allow no more. */
  admits(key: LaneKey, size: Size): boolean
  /** New blocks, in the very arrays that `reads.blocks` gives later: check their entries'
   * signatures now, off the critical path. */
  onarrived(lane: Bytes32, from: number, blocks: readonly Uint8Array[]): void
  onevidence(lane: LaneKey, evidence: Evidence): void
  /** The lane in use changed: link the accounts to it. */
  onlane(name: OwnLaneName, abandoned: LaneKey | null): void
}

/** The shortest time between two looks at what is due. */
const TICK_MS = 10
const MALFORMED = 20

export class Lanes {
  readonly #deps: LanesDependencies
  readonly #book: LaneBook
  readonly #outbox: Outbox
  readonly #own: OwnLane
  readonly #peers = new Map<PeerKey, Peer>()
  readonly #listeners: ((lane: LaneKey) => void)[] = []
  #incarnation: number | null = null
  #state: 'new' | 'open' | 'closed' = 'new'
  #cancelTick: (() => void) | null = null
  #tickAtMs = Number.POSITIVE_INFINITY
  /** Something was given to the journal that may not be on its way to the disk. */
  #isLazy = false

  constructor(options: LanesOptions, dependencies: LanesDependencies) {
    this.#deps = dependencies
    const { venue, validators, quorum, self, secret } = options
    const { hash, verify, sign, clock } = dependencies
    const host = this.#host()
    const now = (): number => clock.now()
    const indexes = new Map(validators.map((key, index) => [toHex(key), index]))
    const index = (peer: PeerKey): number => indexes.get(peer) ?? -1
    const id = toHex(self)
    this.#book = new LaneBook(
      {
        venue,
        validators,
        quorum,
        self,
        limits: { ...laneLimitDefaults, ...options.limits },
        repair: { ...repairDefaults, ...options.repair }
      },
      { hash, verify, sign, now, host, admits: (key, size) => dependencies.admits(key, size) }
    )
    this.#outbox = new Outbox({ ...outboxDefaults, ...options.outbox }, options, {
      verify,
      now,
      host,
      index,
      own: ({ signer, length, treeHash }) => {
        const { key } = this.#book.nameOf(signer)
        const ack = this.#book.acknowledgement(key, length, treeHash)
        return ack && { validator: index(id), signature: ack.signature }
      },
      certified: (certificate) => this.#book.certificate(id, certificate)
    })
    this.#own = new OwnLane(
      { venue, daemon: self, secret, quorum, runEntriesMax: options.runEntriesMax },
      {
        hash,
        clock,
        host,
        index,
        self: id,
        book: this.#book,
        outbox: this.#outbox,
        keyPair: (seed) => dependencies.keyPair(seed),
        encodeOpen: (entry) => dependencies.encodeOpen(entry),
        onlane: (name, abandoned) => dependencies.onlane(name, abandoned)
      }
    )
  }

  #host(): LaneHost {
    return {
      send: (peer, message) => this.#send(peer, message),
      persist: (record, then, urgent) => this.#persist(record, then, urgent),
      later: () => this.#arm(),
      arrived: (lane, from, blocks) => this.#deps.onarrived(lane, from, blocks),
      available: (lane) => this.#listeners.forEach((listener) => listener(lane)),
      evidence: (lane, evidence) => this.#deps.onevidence(lane, evidence),
      misbehaved: (peer, reason, weight) => this.#peers.get(peer)?.misbehaved(reason, weight)
    }
  }

  #send(peer: PeerKey, message: LaneMessage): boolean {
    const to = this.#peers.get(peer)
    if (to === undefined) return false
    const { type, payload } = encodeMessage(message)
    return to.send(LANES_CHANNEL, type, payload)
  }

  #persist(record: LaneRecord, then: () => void, urgent: boolean): void {
    const { journal } = this.#deps
    const { kind, payload } = encodeRecord(record)
    const synced = urgent ? journal.append(kind, payload) : journal.appendLazily(kind, payload)
    // A journal that fails ends the daemon by itself; nothing may follow from such a record.
    synced.then(then, () => undefined)
    if (urgent) return
    this.#isLazy = true
    this.#arm()
  }

  // Life

  /** Takes back one of the journal's records; false when it is not the lanes'. Before `open`.
   * @throws DecodeFault on a record that this program did not write */
  restore(kind: number, payload: Uint8Array): boolean {
    const record = decodeRecord(kind, payload)
    switch (record?.kind) {
      case 'run':
        this.#book.restoreRun(record.run)
        return true
      case 'base':
        this.#book.rebase(record.base)
        return true
      case 'evidence':
        this.#book.restoreEvidence(record.evidence)
        return true
      case 'own':
        this.#incarnation = record.incarnation
        return true
      case undefined:
        return false
    }
  }

  /** After the journal was replayed and before the network listens. Idempotent. */
  open(): void {
    if (this.#state !== 'new') return
    this.#state = 'open'
    this.#own.open(this.#incarnation)
    this.#deps.network.channel({
      name: LANES_CHANNEL,
      messages: laneMessageRules,
      onmessage: (peer, type, payload) => this.#receive(peer, type, payload),
      onopen: (peer) => this.#opened(peer),
      onclose: (peer) => this.#closed(peer)
    })
    this.#arm()
  }

  /** Waits until what was submitted is in the journal. Idempotent. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return
    await this.#own.close()
    this.#state = 'closed'
    this.#cancelTick?.()
    this.#cancelTick = null
  }

  #opened(peer: Peer): void {
    this.#peers.set(peer.id, peer)
    this.#book.opened(peer.id)
    this.#own.opened(peer.id)
    this.#arm()
  }

  #closed(peer: Peer): void {
    if (this.#peers.get(peer.id) !== peer) return
    this.#peers.delete(peer.id)
    this.#book.closed(peer.id)
    this.#own.closed(peer.id)
  }

  #receive(peer: Peer, type: number, payload: Uint8Array): void {
    if (this.#state !== 'open' || this.#peers.get(peer.id) !== peer) return
    let message: LaneMessage
    try {
      // The copy frees the network's frame, which may hold much else.
      message = decodeMessage(type, payload.slice())
    } catch (fault) {
      if (!(fault instanceof DecodeFault)) throw fault
      peer.misbehaved(`lanes: ${fault.message}`, MALFORMED)
      return
    }
    this.#book.receive(peer.id, message)
    this.#arm()
  }

  /** Looks after what is due at `atMs`, or sooner if that is planned already. */
  #arm(atMs = this.#deps.clock.now() + TICK_MS): void {
    if (this.#state !== 'open' || atMs >= this.#tickAtMs) return
    this.#cancelTick?.()
    this.#tickAtMs = atMs
    this.#cancelTick = this.#deps.clock.after(atMs - this.#deps.clock.now(), () => this.#tick())
  }

  #tick(): void {
    this.#cancelTick = null
    this.#tickAtMs = Number.POSITIVE_INFINITY
    if (this.#isLazy) this.#deps.journal.flush()
    this.#isLazy = false
    const next = [this.#book.tick(), this.#outbox.tick()].filter((at) => at !== null)
    if (next.length > 0) {
      this.#arm(Math.max(Math.min(...next), this.#deps.clock.now() + TICK_MS))
    }
  }

  // Use

  /** The lane in use. @throws LaneFault lane_closed before `open` */
  get name(): OwnLaneName {
    return this.#own.name
  }

  /** False while entries wait for a quorum of validators to say what they know of the lane. */
  get ready(): boolean {
    return this.#own.ready
  }

  /** Entries of the own lane that are not final. */
  get backlog(): number {
    return this.#own.backlog
  }

  /** Whether this daemon's door lets a lane in. */
  welcomes(key: LaneKey): boolean {
    return this.#book.welcomes(key)
  }

  get reads(): LaneReads {
    return this.#book.reads
  }

  /** Takes an encoded entry into the own lane; a cancel also when that is full of others.
   * @throws LaneFault lane_busy, lane_entry_too_large, lane_closed */
  offer(entry: Uint8Array, isCancel = false): Ticket {
    const ticket = this.#own.offer(entry, isCancel)
    this.#arm()
    return ticket
  }

  /** As `offer`, once the entry is in the journal.
   * @throws LaneFault as `offer`, and lane_abandoned */
  submit(entry: Uint8Array): Promise<Placed> {
    const placed = this.#own.submit(entry)
    this.#arm()
    return placed
  }

  /** Called with a lane's key whenever its journaled data reaches further. */
  onavailable(listener: (lane: LaneKey) => void): void {
    this.#listeners.push(listener)
  }

  /** A cut became final, with its lanes' blocks. Returns the lanes that it does not follow from
   * here (a gap); they have to be rebased from the tape. */
  final(slices: readonly FinalSlice[]): Bytes32[] {
    const gaps: Bytes32[] = []
    for (const slice of slices) {
      if (!this.#book.final(slice)) gaps.push(slice.lane)
      if (this.#own.key === toHex(slice.lane)) this.#own.final(slice.length)
    }
    return gaps
  }

  /** Where lanes stand by a snapshot of the tape. False when a base contradicts itself. */
  rebase(bases: readonly LaneBase[]): boolean {
    let whole = true
    for (const base of bases) whole = this.#book.rebase(base) && whole
    return whole
  }

  /** The lanes' part of a new journal. */
  *checkpoint(): Iterable<JournalRecord> {
    const { incarnation, signer } = this.#own.name
    yield encodeRecord({ kind: 'own', incarnation, signer })
    for (const record of this.#book.checkpoint()) yield encodeRecord(record)
  }

  /** For `curb venue status` and the metrics. */
  status(): { lane: OwnLaneName; ready: boolean; backlog: number; pendingBytes: number } {
    const { name, ready, backlog } = this
    return { lane: name, ready, backlog, pendingBytes: this.#book.pendingBytes }
  }
}
