// Replays the tape: each final block goes through the lanes' ledger into the engine, in order, and
// its events go out. Whatever fails in here stops the engine and not the daemon, which goes on
// serving the tape: a wrong book would be worse than none.
import { type BlockInput, Engine, type EngineConfig } from '../../matching/index.ts'
import { equalBytes, toHex } from '../../protocol/bytes.ts'
import { decodeChainEvent } from '../../protocol/chain-events.ts'
import { DaemonFault } from '../errors.ts'
import { type HashParts, MerkleLog, writeUint64 } from '../../protocol/merkle-log.ts'
import type { Cut, SnapshotMark } from '../../protocol/tape-block.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { VenueTape } from '../tape/tape.ts'
import type { FinalBlock, TapeEntry } from '../tape/types.ts'
import { chainEventInput } from './entry-inputs.ts'
import type { Intake, Prepared } from './intake.ts'
import type { LaneLedger } from './lane-ledger.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts'
import { RestartPace } from './restart-pace.ts'
import { placesOf } from './block-places.ts'
import type { Applied, ReplicaState } from './types.ts'

export type ReplicaOptions = {
  venue: Bytes32
  snapshotCuts: number
  /** Blocks whose signatures are checked ahead of the engine while catching up. */
  aheadBlocks: number
  /** A restart replays about so many entries at most. */
  restartEntries: number
}

export type ReplicaDependencies = {
  config: EngineConfig
  hash: HashParts
  tape: VenueTape
  intake: Intake
  ledger: LaneLedger
  clock: Clock
  /** Milliseconds with fractions, that only grow: what it tells is shown and decides nothing. */
  stopwatch: () => number
}

/** Event hashes that are remembered, to be compared with what later cuts carry. */
const HASHES_MAX = 8192
/** Longest work in one turn while catching up. */
const TURN_MS = 10

/** A snapshot made here: the bytes, and the tape's tree at its index + 1. */
export type MadeSnapshot = { mark: SnapshotMark; bytes: Uint8Array; log: MerkleLog }

export class Replica {
  readonly #options: ReplicaOptions
  readonly #dependencies: ReplicaDependencies
  readonly #applied: ((applied: Applied) => void)[] = []
  readonly #snapshots: ((made: MadeSnapshot) => void)[] = []
  readonly #points: ((made: MadeSnapshot) => void)[] = []
  readonly #pace: RestartPace
  readonly #restored: (() => void)[] = []
  readonly #states: ((state: ReplicaState) => void)[] = []
  readonly #hashes = new Map<number, Uint8Array>()
  #engine: Engine
  #state: ReplicaState = { kind: 'running' }
  /** The tape as far as it is applied. */
  #log: MerkleLog
  #ahead: TapeEntry[] = []
  #running: Promise<void> | null = null
  /** The tape has passed over the next block: it comes by a snapshot, and asking on would block. */
  #isMissing = false
  #open = false
  #entries = 0

  constructor(options: ReplicaOptions, dependencies: ReplicaDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    const { config, hash } = dependencies
    this.#pace = new RestartPace(options.restartEntries)
    this.#engine = new Engine(config, { hash })
    this.#log = MerkleLog.empty(hash)
    dependencies.tape.onfinal((final) => {
      this.#arrived(final)
      this.#wake()
    })
  }

  /** Read it between blocks; it is replaced when a snapshot is restored. */
  get engine(): Engine {
    return this.#engine
  }

  get state(): ReplicaState {
    return this.#state
  }

  /** The tape as far as it is applied. */
  get log(): MerkleLog {
    return this.#log
  }

  /** Blocks applied. */
  get length(): number {
    return this.#log.length
  }

  /** Entries applied since the start of the process. */
  get entries(): number {
    return this.#entries
  }

  onapplied(listener: (applied: Applied) => void): void {
    this.#applied.push(listener)
  }

  onsnapshot(listener: (made: MadeSnapshot) => void): void {
    this.#snapshots.push(listener)
  }

  /** Snapshots for this daemon's own restart, between those of the venue. */
  onpoint(listener: (made: MadeSnapshot) => void): void {
    this.#points.push(listener)
  }

  /** The engine is another one, and what it says counts: blocks may have been passed over. */
  onrestored(listener: () => void): void {
    this.#restored.push(listener)
  }

  onstate(listener: (state: ReplicaState) => void): void {
    this.#states.push(listener)
  }

  /** Begins to replay from where it stands. */
  open(): void {
    this.#open = true
    this.#wake()
  }

  async close(): Promise<void> {
    this.#open = false
    await this.#running
  }

  /** Resolves when everything announced so far is applied, or the engine has stopped. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  /** Goes on from a snapshot whose hash the caller has checked. `confirmed` false when no cut on
   * the tape has carried that hash yet: then nothing is applied until `confirm`.
   * @throws Fault snapshot_invalid, DecodeFault */
  restore(bytes: Uint8Array, confirmed: boolean): void {
    const { config, hash, ledger } = this.#dependencies
    const snapshot = decodeSnapshot(bytes)
    const { index } = snapshot.head
    if (!equalBytes(snapshot.venue, this.#options.venue)) {
      throw new DaemonFault('snapshot_invalid', 'the snapshot is of another venue')
    }
    const log = MerkleLog.from(hash, index + 1, snapshot.roots)
    if (log === null)
      throw new DaemonFault('snapshot_invalid', "the tape's roots do not fit its length")
    const engine = Engine.restore(snapshot.engine, config, { hash })
    if (engine.index !== index) {
      throw new DaemonFault('snapshot_invalid', `the engine is at ${engine.index}, not at ${index}`)
    }
    ledger.restore(snapshot.head, snapshot.lanes)
    this.#engine = engine
    this.#log = log
    this.#ahead = []
    this.#hashes.clear()
    this.#remember(index, engine.eventHash)
    this.#setState(confirmed ? { kind: 'running' } : { kind: 'unconfirmed', index })
    if (confirmed) for (const listener of this.#restored) listener()
  }

  /** Forgets everything: the snapshot from which it began was not the venue's. */
  reset(): void {
    const { config, hash, ledger } = this.#dependencies
    ledger.clear()
    this.#engine = new Engine(config, { hash })
    this.#log = MerkleLog.empty(hash)
    this.#ahead = []
    this.#hashes.clear()
    this.#setState({ kind: 'running' })
    for (const listener of this.#restored) listener()
  }

  /** A cut on the tape carries the restored snapshot's hash. */
  confirm(): void {
    if (this.#state.kind === 'unconfirmed') {
      this.#setState({ kind: 'running' })
      for (const listener of this.#restored) listener()
    }
    this.#wake()
  }

  /** The event hash after a block, while it is remembered. */
  eventHash(index: number): Uint8Array | null {
    return this.#hashes.get(index) ?? null
  }

  #remember(index: number, eventHash: Uint8Array): void {
    this.#hashes.set(index, eventHash)
    this.#hashes.delete(index - HASHES_MAX)
  }

  #setState(state: ReplicaState): void {
    this.#state = state
    for (const listener of this.#states) listener(state)
  }

  /** Signatures are checked before the block's turn comes. */
  #arrived(entry: TapeEntry): void {
    const { intake } = this.#dependencies
    entry.block.cut.slices.forEach((slice, place) => {
      intake.arrived(slice.lane, entry.block.blocks[place])
    })
  }

  #wake(): void {
    if (!this.#open || this.#running !== null || this.#state.kind !== 'running') return
    if (this.#step()) return
    this.#ahead = []
    this.#running = this.#run()
      .catch((fault: unknown) => this.#stop(fault))
      .finally(() => {
        this.#running = null
        if (!this.#isMissing && this.#log.length < this.#dependencies.tape.length) this.#wake()
      })
  }

  /** The usual case: the next block is here, its signatures checked. True when nothing is left. */
  #step(): boolean {
    const { tape, clock } = this.#dependencies
    const end = clock.now() + TURN_MS
    while (this.#state.kind === 'running' && this.#open) {
      if (this.#log.length >= tape.length) return true
      const entry = tape.kept.at(this.#log.length)
      if (entry === null || clock.now() > end) return false
      const prepared = this.#prepared(entry)
      if (prepared === null) return false
      this.#apply(entry, prepared)
    }
    return true
  }

  async #run(): Promise<void> {
    const { clock, ledger } = this.#dependencies
    let end = clock.now() + TURN_MS
    while (this.#open && this.#state.kind === 'running') {
      const entry = await this.#next()
      if (entry === null) return
      for (const [place, slice] of entry.block.cut.slices.entries()) {
        await this.#dependencies.intake.ready(slice.lane, entry.block.blocks[place])
      }
      const prepared = this.#prepared(entry)
      if (prepared === null || !this.#open) return
      this.#ahead.shift()
      this.#apply(entry, prepared)
      if (clock.now() < end) continue
      ledger.check()
      await this.#turn()
      end = clock.now() + TURN_MS
    }
  }

  /** Lets the network and the timers have their turn. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#dependencies.clock.after(0, resolve)
    })
  }

  /** The next block to apply, with those after it on their way. */
  async #next(): Promise<TapeEntry | null> {
    const { tape } = this.#dependencies
    while (this.#ahead.length < this.#options.aheadBlocks) {
      const index = this.#log.length + this.#ahead.length
      if (index >= tape.length) break
      const entry = await tape.read(index)
      this.#isMissing = entry === null
      if (entry === null) break
      this.#arrived(entry)
      this.#ahead.push(entry)
    }
    return this.#ahead[0] ?? null
  }

  #prepared(entry: TapeEntry): Prepared[][] | null {
    const all: Prepared[][] = []
    for (const blocks of entry.block.blocks) {
      const prepared = this.#dependencies.intake.take(blocks)
      if (prepared === null) return null
      all.push(prepared)
    }
    return all
  }

  #apply(entry: TapeEntry, prepared: readonly Prepared[][]): void {
    const { ledger, intake, stopwatch } = this.#dependencies
    const { cut } = entry.block
    try {
      this.#compare(cut)
      const trusted = 'source' in entry && entry.source === 'own'
      const slices = ledger.takeUnchecked(entry.block, trusted)
      // While more is at hand the lanes' signatures are checked once a turn: the last ones cover all.
      const isBehind = this.#log.length + 1 < this.#dependencies.tape.length
      if (!isBehind || this.#isSnapshotDue(cut.index)) ledger.check()
      const began = stopwatch()
      const result = this.#engine.apply(this.#input(cut, prepared))
      const engineMs = stopwatch() - began
      this.#log = isFinal(entry) ? entry.log : this.#log.append(entry.bytes)
      this.#remember(cut.index, result.eventHash)
      intake.taken(entry.block.blocks)
      const { places, entries } = placesOf(cut, prepared)
      this.#entries += entries
      const made = this.#isSnapshotDue(cut.index) ? this.#make(cut.index) : null
      const snapshot = made?.mark ?? null
      const applied = { index: cut.index, cut, entries, slices, places, result, engineMs, snapshot }
      for (const listener of this.#applied) listener(applied)
      if (made !== null) for (const listener of this.#snapshots) listener(made)
      if (made !== null) this.#pace.made(made.bytes.length)
      else if (this.#pace.isDue(entries)) this.#point(entry)
    } catch (fault) {
      this.#stop(fault)
    }
  }

  /** What a quorum computed must be what was computed here. */
  #compare(cut: Cut): void {
    if (cut.executed === null) return
    const { index, eventHash } = cut.executed
    const own = this.#hashes.get(index)
    if (own !== undefined && !equalBytes(own, eventHash)) {
      throw new DaemonFault(
        'replica_diverged',
        `a quorum has another event hash at block ${index}`,
        {
          index,
          own: toHex(own),
          quorum: toHex(eventHash)
        }
      )
    }
  }

  #input(cut: Cut, prepared: readonly Prepared[][]): BlockInput {
    return {
      index: cut.index,
      time: cut.time,
      seed: this.#seed(cut.index),
      cursor: cut.cursor,
      chain: cut.events.map((bytes) => chainEventInput(decodeChainEvent(bytes))),
      lanes: cut.slices.map((slice, at) => ({
        lane: slice.lane,
        length: slice.to,
        treeHash: slice.treeHash,
        entries: prepared[at].flat()
      }))
    }
  }

  /** Follows from the parent, whose leader can draw lots for it (docs/security.md), nobody later. */
  #seed(index: number): Uint8Array {
    const place = new Uint8Array(8)
    writeUint64(place, 0, index)
    return this.#dependencies.hash([this.#options.venue, place, this.#log.treeHash()])
  }

  #isSnapshotDue(index: number): boolean {
    return (index + 1) % this.#options.snapshotCuts === 0
  }

  /** Only where the quorum's own signature is at hand: inside a longer run it waits. */
  #point(entry: TapeEntry): void {
    if (!isFinal(entry) || entry.signature === null) return
    const made = this.#make(entry.index)
    this.#pace.made(made.bytes.length)
    for (const listener of this.#points) listener(made)
  }

  #make(index: number): MadeSnapshot {
    const { ledger, hash } = this.#dependencies
    ledger.check()
    const bytes = encodeSnapshot({
      venue: this.#options.venue,
      head: ledger.head,
      roots: this.#log.roots(),
      lanes: ledger.lanes().map((lane) => ledger.base(lane)),
      engine: this.#engine.snapshot()
    })
    return { mark: { index, hash: hash([bytes]) }, bytes, log: this.#log }
  }

  #stop(fault: unknown): void {
    const reason = fault instanceof Error ? fault.message : String(fault)
    this.#setState({ kind: 'stopped', index: this.#log.length, reason })
  }
}

function isFinal(entry: TapeEntry): entry is FinalBlock {
  return 'log' in entry
}
