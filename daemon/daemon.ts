// A daemon: the parts of parts.ts, opened in order, their events led to each other, closed in
// order. Validator or follower by the manifest; everything else is the same.
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { toHex } from '../protocol/bytes.ts'
import { encodeEntry } from '../protocol/entries.ts'
import type { Bytes32, Entry } from '../protocol/types.ts'
import { Reader } from '../protocol/wire.ts'
import { decodeTapeBlock } from '../protocol/tape-block.ts'
import { loadCrypto } from '../crypto/crypto.ts'
import type { Engine } from '../matching/index.ts'
import type { ConsensusStatus } from './consensus/types.ts'
import { DaemonFault } from './errors.ts'
import type { FinalSlice, LaneKey, Placed, Ticket } from './lanes/types.ts'
import type { OwnLaneName } from './lanes/own-lane.ts'
import type { NetworkStatus } from './network/types.ts'
import type { DaemonDependencies, DaemonOptions } from './options.ts'
import { type Outcome, Outcomes } from './outcomes.ts'
import { type Parts, createParts } from './parts.ts'
import type { Applied, ReplicaState } from './replica/types.ts'
import { Start } from './start.ts'
import { readRun } from './tape/messages.ts'
import { TAPE_RECORD } from './tape/tape.ts'
import type { FinalBlock } from './tape/types.ts'
import { ValidatorHost } from './validator-host.ts'

export type DaemonStatus = {
  role: 'validator' | 'daemon'
  venue: Bytes32
  tape: { length: number; first: number; longest: number; time: number }
  replica: ReplicaState & { length: number }
  eventHash: Uint8Array
  lane: { key: LaneKey; incarnation: number; ready: boolean; backlog: number }
  synced: boolean
  faulted: boolean
  /** A validator that does not vote now: it forgot what it has voted, or has seen engines differ. */
  abstains: boolean
  network: NetworkStatus
}

export class Daemon {
  readonly #options: DaemonOptions
  readonly #dependencies: DaemonDependencies
  readonly #outcomes = new Outcomes()
  readonly #applied: ((applied: Applied) => void)[] = []
  readonly #restored: (() => void)[] = []
  readonly #finals: ((final: FinalBlock) => void)[] = []
  readonly #laneListeners: ((name: OwnLaneName) => void)[] = []
  #parts: Parts | null = null
  #validator: ValidatorHost | null = null
  #start: Start | null = null
  #opening: Promise<void> | null = null
  #closing: Promise<void> | null = null
  #rotating: Promise<void> | null = null
  /** Lanes of which the tape has taken what is not here. */
  readonly #gaps = new Map<string, Bytes32>()
  #faulted = false

  constructor(options: DaemonOptions, dependencies: DaemonDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  // Life

  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #open(): Promise<void> {
    const { folder, manifest } = this.#options
    const { log, chain } = this.#dependencies
    if (manifest.chain === null) {
      log.warn(
        { venue: manifest.name },
        'this venue has no chain: balances are what its manifest gives, for development only'
      )
    }
    await fs.mkdir(folder, { recursive: true })
    const wasHere = existsSync(path.join(folder, 'journal'))
    const crypto = await loadCrypto()
    const parts = createParts(this.#options, this.#dependencies, crypto, {
      onfault: (fault) => this.#fault(fault),
      onevidence: (lane) => log.warn({ lane }, 'a lane has signed two histories'),
      onlane: (name, abandoned) => this.#onlane(name, abandoned)
    })
    this.#parts = parts
    if (parts.isValidator) {
      this.#validator = new ValidatorHost(this.#options, {
        ...this.#dependencies,
        parts,
        onfault: (fault) => this.#fault(fault)
      })
    }
    this.#connect(parts)
    await parts.signers.open()
    // Whoever was here before has something to catch up with: a thread starts meanwhile.
    parts.signers.allow(this.#options.tuning.catchUpThreads, wasHere ? 1 : 0)
    await chain?.open()
    await this.#restore(parts)
    await parts.laneArchive?.open(parts.ledger.lanes().map(({ lane }) => lane))
    parts.lanes.open()
    this.#validator?.register()
    await parts.network.open()
    this.#announce()
    this.#start = new Start(this.#options.tuning, this.#dependencies, parts, () => this.#started())
    this.#start.open()
  }

  /** Leads the parts' events to each other. */
  #connect(parts: Parts): void {
    const { tape, replica, lanes } = parts
    tape.onfinal((final) => {
      this.#validator?.adopted(final)
      this.#announce()
      for (const listener of this.#finals) listener(final)
    })
    replica.onapplied((applied) => {
      this.#toLanes(applied.slices)
      parts.laneArchive?.final(applied.slices)
      this.#validator?.executed(applied)
      this.#outcomes.applied(applied)
      for (const listener of this.#applied) listener(applied)
      this.#start?.look()
      this.#rotate()
    })
    replica.onrestored(() => {
      for (const listener of this.#restored) listener()
    })
    replica.onstate((state) => this.#onstate(state))
    lanes.onavailable((lane) => this.#validator?.lane(lane))
    this.#dependencies.chain?.onadvance(() => this.#validator?.chain())
  }

  /** Everything that was journaled, in its order, then the archive and the newest snapshot. */
  async #restore(parts: Parts): Promise<void> {
    const { journal, lanes, tape, snapshots, replica } = parts
    const runs: Uint8Array[] = []
    await journal.open((kind, payload) => {
      if (kind === TAPE_RECORD) {
        runs.push(payload)
        this.#restoreLanes(parts, payload)
      } else if (kind === this.#dependencies.tenant?.kind) {
        this.#dependencies.tenant.restore(payload)
      } else if (!lanes.restore(kind, payload)) {
        this.#validator?.restore(kind, payload)
      }
    })
    const stored = await snapshots.open()
    const base = stored && { length: stored.base.index + 1, roots: stored.base.roots }
    await tape.open(runs, base)
    if (stored !== null && stored.base.index + 1 >= tape.first) {
      replica.restore(stored.bytes, true)
      snapshots.restored(stored)
      tape.pin(stored.base.index + 1)
    }
    const point = await snapshots.point()
    if (point !== null) replica.restore(point.bytes, true)
    if (parts.archive?.emptied) {
      this.#dependencies.log.error({}, 'the archive of the tape was wrong; it is filled again')
    }
  }

  /** What became final after the lanes' own records, in the journal's order. */
  #restoreLanes(parts: Parts, payload: Uint8Array): void {
    for (const bytes of readRun(new Reader(payload)).blocks) {
      const { cut, blocks } = decodeTapeBlock(bytes)
      const slices = cut.slices.map(({ lane, from, to, treeHash, signature }, at) => {
        return { lane, from, length: to, treeHash, signature, blocks: blocks[at] }
      })
      for (const lane of parts.lanes.final(slices)) this.#gaps.set(toHex(lane), lane)
    }
  }

  #toLanes(slices: readonly FinalSlice[]): void {
    const { lanes, ledger, replica, tape } = this.#opened()
    // Who catches up needs no lane's blocks but its own: the others are rebased when it is there.
    const own = lanes.name.key
    const wanted = this.synced ? slices : slices.filter(({ lane }) => toHex(lane) === own)
    for (const lane of lanes.final(wanted)) this.#gaps.set(toHex(lane), lane)
    if (!this.synced) for (const { lane } of slices) this.#gaps.set(toHex(lane), lane)
    if (this.#gaps.size === 0 || replica.length < tape.length) return
    for (const lane of this.#gaps.values()) {
      const known = ledger.get(lane)
      if (known !== null) lanes.rebase([ledger.base(known)])
    }
    this.#gaps.clear()
  }

  /** The tape is as far as any peer's, and applied: now a validator takes part. */
  #started(): void {
    const parts = this.#opened()
    const { ledger, lanes } = parts
    lanes.rebase(ledger.lanes().map((lane) => ledger.base(lane)))
    this.#gaps.clear()
    parts.signers.allow(0)
    this.#validator?.open()
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#opening])
    const parts = this.#parts
    if (parts === null) return
    this.#start?.close()
    this.#validator?.close()
    this.#outcomes.abandon()
    await parts.lanes.close()
    parts.follower.close()
    await parts.network.close()
    await parts.replica.close()
    await parts.snapshots.close()
    await this.#rotating
    await parts.laneArchive?.close()
    await parts.tape.close()
    await parts.signers.close()
    await parts.journal.close()
    await parts.store.close()
    await this.#dependencies.chain?.close()
  }

  #fault(fault: unknown): void {
    if (this.#faulted || this.#closing !== null) return
    this.#faulted = true
    this.#dependencies.log.error({ error: String(fault) }, 'the daemon cannot go on')
    this.#validator?.close()
    this.#dependencies.onfault(fault)
  }

  #onstate(state: ReplicaState): void {
    if (state.kind !== 'stopped') return
    const { index, reason } = state
    this.#outcomes.abandon()
    this.#dependencies.log.error(
      { index, reason },
      'the engine has stopped: the tape is still served, but no orders are taken'
    )
  }

  #onlane(name: OwnLaneName, abandoned: LaneKey | null): void {
    const { log } = this.#dependencies
    this.#parts?.network.setLane(name.lane, new Uint8Array(0))
    if (abandoned !== null) {
      this.#outcomes.abandon()
      log.warn(
        { lane: name.key, abandoned },
        'the lane was abandoned: accounts must be linked again'
      )
    }
    for (const listener of this.#laneListeners) listener(name)
  }

  #announce(): void {
    const { network, tape, snapshots } = this.#opened()
    network.announce({ tapeLength: tape.length, snapshot: snapshots.offer })
  }

  /** Begins the journal anew when it has grown enough: what the stores hold is left out. */
  #rotate(): void {
    const { journal, tape, lanes } = this.#opened()
    if (this.#rotating !== null || journal.byteLength < this.#options.tuning.journalBytes) return
    const validator = this.#validator
    const { tenant } = this.#dependencies
    const rotate = async (): Promise<void> => {
      await tape.flush()
      await tenant?.settle()
      await journal.rotate(
        (function* () {
          if (validator !== null) yield* validator.checkpoint()
          yield* lanes.checkpoint()
          yield* tape.checkpoint()
          if (tenant === undefined) return
          for (const payload of tenant.checkpoint()) yield { kind: tenant.kind, payload }
        })()
      )
    }
    this.#rotating = rotate()
      .catch((fault: unknown) => this.#fault(fault))
      .finally(() => {
        this.#rotating = null
      })
  }

  #opened(): Parts {
    if (this.#parts === null) throw new DaemonFault('daemon_closed', 'the daemon is not open')
    return this.#parts
  }

  // Use

  /** Takes a signed entry into the daemon's lane. The ticket says where it goes.
   * @throws DaemonFault not_synced, tape_stale, no_validator, engine_stopped, daemon_closed
   * @throws LaneFault lane_busy, lane_entry_too_large, lane_closed */
  submit(entry: Entry): Ticket {
    // A cancel adds no exposure: it waits in the lane until the tape goes on.
    const isCancel = entry.kind === 'cancel' || entry.kind === 'cancelAll'
    return this.submitEncoded(encodeEntry(entry), isCancel)
  }

  /** The same for an entry that is encoded already. */
  submitEncoded(entry: Uint8Array, isCancel = false): Ticket {
    const { lanes, replica, ledger, network } = this.#opened()
    if (this.#closing !== null) throw new DaemonFault('daemon_closed', 'the daemon is closing')
    const { state } = replica
    if (state.kind === 'stopped') {
      throw new DaemonFault('engine_stopped', `the engine has stopped: ${state.reason}`)
    }
    if (!this.synced) throw new DaemonFault('not_synced', 'still catching up with the tape')
    const age = this.#dependencies.clock.now() - ledger.head.time
    if (!isCancel && ledger.head.index >= 0 && age > this.#options.manifest.pacing.staleMaxMs) {
      throw new DaemonFault('tape_stale', `the tape is ${age} ms old`, { ageMs: age })
    }
    // The tape may come from peers that have no vote: the lane would go nowhere, and its orders
    // would enter the book whenever the wires are back.
    if (!isCancel && network.validatorsReached === 0) {
      throw new DaemonFault('no_validator', 'no validator is reachable: nothing new is taken')
    }
    return lanes.offer(entry, isCancel)
  }

  /** What became of a placed entry, once a block that took it in is applied. */
  outcome(placed: Placed): Promise<Outcome> {
    return this.#outcomes.of(placed)
  }

  /** Each block, after the engine applied it. */
  onapplied(listener: (applied: Applied) => void): void {
    this.#applied.push(listener)
  }

  /** The engine began anew from a snapshot: blocks may have been passed over. */
  onrestored(listener: () => void): void {
    this.#restored.push(listener)
  }

  /** Each block, when it is final and journaled. */
  onfinal(listener: (final: FinalBlock) => void): void {
    this.#finals.push(listener)
  }

  /** The lane in use: accounts are linked to it. */
  onlane(listener: (name: OwnLaneName) => void): void {
    this.#laneListeners.push(listener)
  }

  get lane(): OwnLaneName {
    return this.#opened().lanes.name
  }

  /** For reading, between blocks. */
  get engine(): Engine {
    return this.#opened().replica.engine
  }

  get parts(): Parts {
    return this.#opened()
  }

  /** True once the daemon had the whole tape that its peers showed at start. */
  get synced(): boolean {
    return this.#start?.done ?? false
  }

  /** What this validator knows of the agreement; null for a daemon that has no vote. */
  get consensus(): ConsensusStatus | null {
    return this.#validator?.status() ?? null
  }

  status(): DaemonStatus {
    const { isValidator, venue, tape, follower, ledger, replica, lanes, network } = this.#opened()
    const { key, incarnation } = lanes.name
    const consensus = this.consensus
    return {
      role: isValidator ? 'validator' : 'daemon',
      venue,
      tape: {
        length: tape.length,
        first: tape.first,
        longest: follower.longest,
        time: ledger.head.time
      },
      replica: { ...replica.state, length: replica.length },
      eventHash: replica.engine.eventHash,
      lane: { key, incarnation, ready: lanes.ready, backlog: lanes.backlog },
      synced: this.synced,
      faulted: this.#faulted,
      abstains: consensus !== null && (consensus.abstains || consensus.halted),
      network: network.status()
    }
  }
}
