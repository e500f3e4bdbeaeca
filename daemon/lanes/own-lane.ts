// The daemon's own lane. An entry that was taken is in the journal before its promise resolves,
// and is pushed to the validators only then, under one signature for all that was gathered.
//
// A lane never forks. Before it writes, the daemon asks the validators for the longest head of its
// lane that they know and waits for a quorum of answers; when one of them, then or later, shows a
// head that is not in its own log (the journal was lost, or restored from an old copy), it abandons
// the lane for the next incarnation, which has another key.
import { BLOCK_HEAD_BYTES, joinBlock } from '../../protocol/entries.ts'
import { BLOCK_BYTES_MAX } from '../../protocol/limits.ts'
import { type HashParts, MerkleLog } from '../../protocol/merkle-log.ts'
import type { Bytes32, OpenEntry } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import { Backlog } from './backlog.ts'
import { Coalescer } from './coalescer.ts'
import type { LaneBook } from './lane-book.ts'
import type { OwnPort } from './lane-context.ts'
import { LaneFault } from './lane-faults.ts'
import { laneSeed, signHead } from './lane-key.ts'
import { entryCount } from './lane-tree.ts'
import { RUN_BLOCKS_MAX, RUN_BYTES_MAX, encodeRun } from './messages.ts'
import type { Outbox } from './outbox.ts'
import type {
  Ack,
  LaneHost,
  LaneKey,
  PeerKey,
  Placed,
  Run,
  Sign,
  SignedHead,
  Ticket
} from './types.ts'

export type OwnLaneOptions = {
  venue: Bytes32
  /** The daemon's swarm key. */
  daemon: Bytes32
  /** 32 bytes from which the keys of its lanes follow. */
  secret: Bytes32
  quorum: number
  /** Entries that one cut takes of a lane at most. A cut ends at a signed head, so no run may hold
   * more: it could never become final. */
  runEntriesMax: number
}

/** The lane that is in use now. */
export type OwnLaneName = {
  key: LaneKey
  lane: Bytes32
  signer: Bytes32
  incarnation: number
}

export type OwnLaneDependencies = {
  hash: HashParts
  /** Of a seed of 32 bytes. */
  keyPair(seed: Bytes32): { publicKey: Bytes32; sign: Sign }
  encodeOpen(entry: OpenEntry): Uint8Array
  clock: Clock
  book: LaneBook
  outbox: Outbox
  host: Pick<LaneHost, 'persist' | 'send'>
  /** This daemon's swarm key, and a peer's index among the validators or -1. */
  self: PeerKey
  index(peer: PeerKey): number
  /** The lane in use changed: accounts have to be linked to it anew. */
  onlane(name: OwnLaneName, abandoned: LaneKey | null): void
}

/** Bytes of entries that may wait for the validators' answers. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024
/** And beyond, of cancels. */
const CANCEL_BYTES_MAX = 1024 * 1024

type Batch = { promise: Promise<void>; resolve(): void; reject(fault: LaneFault): void }

type Identity = OwnLaneName & { sign: Sign }

export class OwnLane implements OwnPort {
  readonly #options: OwnLaneOptions
  readonly #deps: OwnLaneDependencies
  readonly #coalescer: Coalescer
  readonly #backlog = new Backlog()
  #identity: Identity | null = null
  #log: MerkleLog
  #state: 'closed' | 'asking' | 'writing' | 'closing' = 'closed'
  readonly #answers = new Set<number>()
  readonly #peers = new Set<PeerKey>()
  /** The batch that gathers now, and those on their way to the journal. */
  #gathering: Batch | null = null
  readonly #syncing = new Set<Batch>()
  #cancelTimer: (() => void) | null = null
  /** What gathers has waited long enough, and only waits for the journal. */
  #isDue = false

  constructor(options: OwnLaneOptions, dependencies: OwnLaneDependencies) {
    this.#options = options
    this.#deps = dependencies
    this.#coalescer = new Coalescer(options.runEntriesMax)
    this.#log = MerkleLog.empty(dependencies.hash)
  }

  get name(): OwnLaneName {
    return this.#current()
  }

  get key(): LaneKey {
    return this.#identity?.key ?? ''
  }

  /** Blocks written, journaled or on their way there. */
  get length(): number {
    return this.#log.length
  }

  /** True while entries are written as they come; else they wait for the validators' answers. */
  get ready(): boolean {
    return this.#state === 'writing'
  }

  /** Entries that wait, and that are not final. */
  get backlog(): number {
    return this.#coalescer.entries + this.#backlog.entries
  }

  #current(): Identity {
    if (this.#identity === null) throw new LaneFault('lane_closed', 'the lane is not open')
    return this.#identity
  }

  /** Starts with the lane that the journal names last, or with the first. Everything that the
   * journal held must have been restored to the book before. */
  open(incarnation: number | null): void {
    if (this.#state !== 'closed') return
    this.#assume(incarnation ?? 0)
    if (incarnation === null) this.#record()
    const { log, runs, conflicted } = this.#deps.book.ownState(this.#current().signer)
    this.#log = log
    for (const run of runs) {
      this.#backlog.wrote(run.length, entriesOf(run.blocks), this.#deps.clock.now())
      this.#deps.outbox.add(run, encodeRun(run))
    }
    this.#deps.book.attach(this)
    // Blocks of this lane without a record of its own: the journal was lost, the tape was not.
    const lost = incarnation === null && log.length > 0
    if (conflicted || lost) this.#abandon(log.length)
    else this.#begin(null)
  }

  #assume(incarnation: number): void {
    const { venue, secret } = this.#options
    const seed = laneSeed(this.#deps.hash, secret, venue, incarnation)
    const { publicKey, sign } = this.#deps.keyPair(seed)
    const { key, lane } = this.#deps.book.nameOf(publicKey)
    this.#identity = { key, lane, signer: publicKey, incarnation, sign }
    this.#log = MerkleLog.empty(this.#deps.hash)
    this.#backlog.clear()
    this.#deps.outbox.reset(lane)
  }

  #record(): void {
    const { incarnation, signer } = this.#current()
    this.#deps.host.persist({ kind: 'own', incarnation, signer }, () => undefined, true)
  }

  #begin(abandoned: LaneKey | null): void {
    this.#state = 'asking'
    this.#answers.clear()
    const { key, lane, signer, incarnation } = this.#current()
    for (const peer of this.#peers) this.#deps.host.send(peer, { kind: 'claim', signer })
    this.#deps.onlane({ key, lane, signer, incarnation }, abandoned)
    this.#answered(this.#deps.index(this.#deps.self))
  }

  /** Takes no more, and waits until what was taken is in the journal; what may not be written yet
   * is refused. What is not final is pushed again after the next start. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    if (this.#state === 'writing') this.#flush()
    this.#state = 'closing'
    await Promise.allSettled([...this.#syncing].map(({ promise }) => promise))
    this.#state = 'closed'
    this.#stopTimer()
    this.#refuse(new LaneFault('lane_closed', 'the lane was closed'))
  }

  // Peers

  opened(peer: PeerKey): void {
    this.#peers.add(peer)
    if (this.#identity === null) return
    this.#deps.host.send(peer, { kind: 'claim', signer: this.#identity.signer })
    this.#deps.outbox.opened(peer)
  }

  closed(peer: PeerKey): void {
    this.#peers.delete(peer)
    this.#deps.outbox.closed(peer)
  }

  acks(peer: PeerKey, acks: readonly Ack[]): void {
    this.#deps.outbox.acks(peer, acks)
  }

  known(peer: PeerKey, head: SignedHead | null): void {
    if (head !== null && head.length > this.#log.length) {
      this.behind(head.length)
      return
    }
    this.#answered(this.#deps.index(peer))
  }

  #answered(validator: number): void {
    if (this.#state !== 'asking' || validator < 0) return
    this.#answers.add(validator)
    if (this.#answers.size < this.#options.quorum) return
    this.#state = 'writing'
    if (this.#coalescer.blocks > 0) this.#flush()
  }

  behind(length: number): void {
    if (this.#state !== 'closed') this.#abandon(length)
  }

  #abandon(length: number): void {
    const { key, incarnation } = this.#current()
    this.#stopTimer()
    this.#refuse(
      new LaneFault('lane_abandoned', `lane ${key} has a history that is unknown here`, {
        lane: key,
        incarnation,
        length,
        ownLength: this.#log.length
      })
    )
    this.#assume(incarnation + 1)
    this.#record()
    this.#begin(key)
  }

  #refuse(fault: LaneFault): void {
    this.#coalescer.take()
    this.#gathering?.reject(fault)
    this.#gathering = null
    for (const batch of this.#syncing) batch.reject(fault)
    this.#syncing.clear()
  }

  // Entries

  /** Takes an encoded entry. The ticket says at once where it goes; its promise, shared by all
   * that is written together, resolves when it is in the journal. For cancels there is room when
   * there is none for anything else.
   * @throws LaneFault lane_busy, lane_entry_too_large, lane_closed */
  offer(entry: Uint8Array, isCancel = false): Ticket {
    if (this.#state === 'closed' || this.#state === 'closing') {
      throw new LaneFault('lane_closed', 'the lane is closed')
    }
    if (entry.length > BLOCK_BYTES_MAX - BLOCK_HEAD_BYTES) {
      throw new LaneFault('lane_entry_too_large', `an entry of ${entry.length} bytes`, {
        bytes: entry.length,
        max: BLOCK_BYTES_MAX - BLOCK_HEAD_BYTES
      })
    }
    const bytesMax = WAITING_BYTES_MAX + (isCancel ? CANCEL_BYTES_MAX : 0)
    const full = this.#coalescer.bytes + entry.length > bytesMax
    if (full || !this.#backlog.admits(this.#coalescer.entries, isCancel)) {
      throw new LaneFault('lane_busy', 'too many entries wait to be final', {
        entries: this.backlog
      })
    }
    return this.#gather(entry)
  }

  /** As `offer`, waiting for the journal. */
  async submit(entry: Uint8Array): Promise<Placed> {
    const { lane, laneIndex, entry: place, journaled } = this.offer(entry)
    await journaled
    return { lane, laneIndex, entry: place }
  }

  #gather(entry: Uint8Array): Ticket {
    const nowMs = this.#deps.clock.now()
    const full = this.#coalescer.bytes + entry.length + BLOCK_HEAD_BYTES > RUN_BYTES_MAX
    if (full && this.#state === 'writing') this.#flush()
    if (this.#log.length === 0 && this.#coalescer.blocks === 0) {
      this.#coalescer.add(this.#openEntry(), nowMs)
    }
    const place = this.#coalescer.add(entry, nowMs)
    this.#gathering ??= newBatch()
    this.#cancelTimer ??= this.#deps.clock.after(this.#coalescer.wait(), () => {
      this.#cancelTimer = null
      this.#flushSoon()
    })
    return {
      lane: this.key,
      laneIndex: this.#log.length + place.block,
      entry: place.entry,
      journaled: this.#gathering.promise
    }
  }

  #openEntry(): Uint8Array {
    const { venue, daemon } = this.#options
    const { incarnation, signer } = this.#current()
    return this.#deps.encodeOpen({ kind: 'open', venue, daemon, incarnation, laneKey: signer })
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  /** Writes when what was written before is in the journal: entries that wait for the disk anyway
   * may as well share a run. */
  #flushSoon(): void {
    this.#isDue = this.#syncing.size > 0
    if (!this.#isDue && this.#state === 'writing') this.#flush()
  }

  /** Writes what was gathered: in runs, each under one signature. */
  #flush(): void {
    this.#stopTimer()
    this.#isDue = false
    const batch = this.#gathering
    if (batch === null) return
    this.#gathering = null
    this.#syncing.add(batch)
    const blocks = this.#coalescer.take().map(({ entries }) => joinBlock(entries))
    const groups = groupBlocks(blocks, this.#options.runEntriesMax)
    groups.forEach((group, i) => this.#write(group, i === groups.length - 1 ? batch : null))
  }

  #write(blocks: Uint8Array[], batch: Batch | null): void {
    const { lane, signer, sign } = this.#current()
    const from = this.#log.length
    for (const block of blocks) this.#log = this.#log.append(block)
    const { length } = this.#log
    const treeHash = this.#log.treeHash()
    const signature = signHead(sign, lane, length, treeHash)
    const run: Run = { signer, from, length, treeHash, signature, blocks }
    const bytes = encodeRun(run)
    this.#backlog.wrote(length, entriesOf(blocks), this.#deps.clock.now())
    this.#deps.book.ownRun(run, bytes, () => this.#journaled(run, bytes, batch))
  }

  #journaled(run: Run, bytes: Uint8Array, batch: Batch | null): void {
    if (this.#state === 'closed' || this.#current().signer !== run.signer) return
    this.#deps.outbox.add(run, bytes)
    if (batch === null) return
    this.#syncing.delete(batch)
    batch.resolve()
    if (this.#isDue) this.#flushSoon()
  }

  /** The tape has the lane up to `length`. */
  final(length: number): void {
    const tookMs = this.#backlog.final(length, this.#deps.clock.now())
    if (tookMs !== null) this.#coalescer.final(tookMs)
    this.#deps.outbox.final(length)
  }
}

function newBatch(): Batch {
  let resolve = (): void => undefined
  let reject = (_fault: LaneFault): void => undefined
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  // Whoever does not wait for the journal is not to be ended by its refusal.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

function entriesOf(blocks: readonly Uint8Array[]): number {
  return blocks.reduce((sum, block) => sum + entryCount(block), 0)
}

function groupBlocks(blocks: readonly Uint8Array[], entriesMax: number): Uint8Array[][] {
  const groups: Uint8Array[][] = []
  let bytes = 0
  let entries = 0
  for (const block of blocks) {
    const last = groups[groups.length - 1]
    const count = entryCount(block)
    const fits = bytes + block.length <= RUN_BYTES_MAX && entries + count <= entriesMax
    if (last && last.length < RUN_BLOCKS_MAX && fits) {
      last.push(block)
      bytes += block.length
      entries += count
    } else {
      groups.push([block])
      bytes = block.length
      entries = count
    }
  }
  return groups
}
