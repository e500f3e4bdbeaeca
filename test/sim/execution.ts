// Tape -> ledger -> engine -> events, as the replica does it, with the order signatures taken as
// given; snapshots in the daemon's own format.
import { chainEventInput, entryInput } from '../../daemon/replica/entry-inputs.ts'
import { entriesOf } from '../../daemon/replica/intake.ts'
import { LaneLedger } from '../../daemon/replica/lane-ledger.ts'
import { decodeSnapshot, encodeSnapshot } from '../../daemon/replica/snapshot-codec.ts'
import { Engine, type EngineConfig, type EntryInput } from '../../matching/index.ts'
import { toHex } from '../../protocol/bytes.ts'
import { decodeChainEvent } from '../../protocol/chain-events.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import {
  decodeTapeBlock,
  type Slice,
  type SnapshotMark,
  type TapeBlock
} from '../../protocol/tape-block.ts'
import type { Address, Entry } from '../../protocol/types.ts'
import type { TapeState } from '../../daemon/consensus/core/chain.ts'
import type { LaneBase, Verify } from '../../daemon/lanes/types.ts'
import { Violation } from './violation.ts'
import { accountName } from './flow.ts'
import { hashParts } from './scheme.ts'
import { venueId } from './venue.ts'

/** Blocks from one snapshot to the next. */
const SNAPSHOT_BLOCKS = 20

/** A snapshot as it lies on the disk. */
export type Snapshot = { mark: SnapshotMark; bytes: Uint8Array }

/** A tape block, applied. */
export type Applied = {
  index: number
  bytes: Uint8Array
  block: TapeBlock
  /** The tape up to and with it, hashed here. */
  log: MerkleLog
  eventHash: Uint8Array
  snapshot: Snapshot | null
}

/** What all replicas of a run share. */
export type Shared = {
  verify: Verify
  /** Entries by slice. They are the same for every validator, and the engine does not change
   * them. */
  entries: Map<string, EntryInput[]>
  /** Blocks applied by the one engine that all validators of this run read their results from, as
   * long as their tapes are the same byte for byte; null in a run where each has its own. */
  history: SharedHistory | null
}

const context = {
  hasher: { batchLink: () => new Uint8Array(24), voidLink: () => new Uint8Array(24) },
  opens: () => true
}

const config: EngineConfig = {
  tokens: 2,
  markets: [
    {
      id: 'ab'.repeat(32),
      base: 0,
      quote: 1,
      lotSize: 100,
      tickValue: 1,
      priceMaxTicks: 100_000,
      quantityMaxLots: 10_000,
      notionalMin: 0,
      bandBps: 0,
      makerBps: 5,
      takerBps: 10,
      takerFeeMin: 2
    }
  ],
  validators: [accountName(900)],
  quorum: 1,
  slotsMax: 16,
  liveOrdersMax: 16,
  accountsMax: 1000,
  orderLifeMaxSeconds: 86_400,
  fillsPerCommandMax: 16,
  triggersPerCutMax: 16,
  bond: null,
  admission: null,
  settlement: {
    batchFillsMax: 200,
    batchAgeMs: 3_600_000,
    cosignMs: 1000,
    horizonSeconds: 36_000,
    chainStaleMaxMs: 600_000,
    unsettledMaxMs: 3_600_000,
    unsettledGasMax: 1_000_000_000,
    batchGasMax: 15_000_000,
    gasBase: 100_000,
    gasOrder: 30_000,
    gasFill: 20_000,
    gasWithdrawal: 30_000
  },
  endow: []
}

/** One replica: a ledger of the lanes, the engine, and the tape that they have applied. */
class Replica {
  readonly #shared: Shared
  readonly ledger: LaneLedger
  #engine = new Engine(config, { hash: hashParts })
  #log = MerkleLog.empty(hashParts)

  constructor(shared: Shared) {
    this.#shared = shared
    this.ledger = new LaneLedger({ hash: hashParts, verify: shared.verify, opens: context.opens })
  }

  get log(): MerkleLog {
    return this.#log
  }

  get eventHash(): Uint8Array {
    return this.#engine.eventHash
  }

  /** Goes on from a snapshot; `withEngine` false leaves out what another engine computes. */
  restore({ mark, bytes }: Snapshot, withEngine: boolean): void {
    const { venue, head, lanes, roots, engine } = decodeSnapshot(bytes)
    const log = MerkleLog.from(hashParts, mark.index + 1, roots)
    if (!log || toHex(venue) !== toHex(venueId)) throw new Error('a snapshot of another tape')
    this.ledger.restore(head, lanes)
    if (withEngine) this.#engine = Engine.restore(engine, config, { hash: hashParts })
    this.#log = log
  }

  /** Into the ledger only: another engine has it. */
  follow({ block, log }: Applied): void {
    this.ledger.take(block, false)
    this.#log = log
  }

  apply(bytes: Uint8Array): Applied {
    const block = decodeTapeBlock(bytes)
    const { cut, blocks } = block
    const { index } = cut
    this.ledger.take(block, false)
    const { eventHash } = this.#engine.apply({
      index,
      time: cut.time,
      seed: hashParts([venueId, new Uint8Array([index, index >>> 8]), this.#log.treeHash()]),
      cursor: cut.cursor,
      chain: cut.events.map((event) => chainEventInput(decodeChainEvent(event))),
      lanes: cut.slices.map((slice, i) => ({
        lane: slice.lane,
        length: slice.to,
        treeHash: slice.treeHash,
        entries: this.#entries(slice, blocks[i])
      }))
    })
    this.#log = this.#log.append(bytes)
    const log = this.#log
    return { index, bytes, block, log, eventHash, snapshot: this.#snapshotAfter(index) }
  }

  #snapshotAfter(index: number): Snapshot | null {
    if ((index + 1) % SNAPSHOT_BLOCKS !== 0) return null
    const { ledger } = this
    const bytes = encodeSnapshot({
      venue: venueId,
      head: ledger.head,
      roots: this.#log.roots(),
      lanes: ledger.lanes().map((lane) => ledger.base(lane)),
      engine: this.#engine.snapshot()
    })
    return { mark: { index, hash: hashParts([bytes]) }, bytes }
  }

  #entries(slice: Slice, blocks: readonly Uint8Array[]): EntryInput[] {
    const { entries: cache } = this.#shared
    const key = `${toHex(slice.treeHash)}.${slice.from}`
    let entries = cache.get(key)
    if (!entries) {
      entries = blocks
        .flatMap(entriesOf)
        .map((entry) => entryInput(context, slice.lane, entry, signerOf(entry)))
      cache.set(key, entries)
    }
    return entries
  }
}

/** The one tape of a run, applied once. */
export class SharedHistory {
  readonly #replica: Replica
  readonly #applied: Applied[] = []

  constructor(shared: Omit<Shared, 'history'>) {
    this.#replica = new Replica({ ...shared, history: null })
  }

  /** The block at `index`, which must be these very bytes: a tape is known by what is on it. */
  at(index: number, bytes: Uint8Array): Applied {
    const known = this.#applied[index]
    if (known) {
      if (known.bytes === bytes || Buffer.compare(known.bytes, bytes) === 0) return known
      throw new Violation('all tapes agree', `two blocks at index ${index}`)
    }
    const applied = this.#replica.apply(bytes)
    this.#applied.push(applied)
    return applied
  }

  eventHashAt(index: number): Uint8Array {
    return this.#applied[index].eventHash
  }
}

/** A validator's replica: its own engine, or its own place in the history that all share. */
export class Execution {
  readonly #shared: Shared
  readonly #own: Replica
  readonly #hashes = new Map<number, Uint8Array>()
  #length = 0

  /** From a snapshot, if there is one. */
  constructor(shared: Shared, snapshot: Snapshot | null) {
    this.#shared = shared
    this.#own = new Replica(shared)
    if (!snapshot) return
    const { history } = shared
    const { index } = snapshot.mark
    this.#own.restore(snapshot, history === null)
    this.#length = index + 1
    this.#hashes.set(index, history ? history.eventHashAt(index) : this.#own.eventHash)
  }

  /** Blocks applied. */
  get length(): number {
    return this.#length
  }

  /** Event hash after block `index`; null for one that was applied before the restart. */
  hashAt(index: number): Uint8Array | null {
    return this.#hashes.get(index) ?? null
  }

  apply(bytes: Uint8Array): Applied {
    const { history } = this.#shared
    const applied = history ? history.at(this.#length, bytes) : this.#own.apply(bytes)
    this.#hashes.set(applied.index, applied.eventHash)
    this.#length++
    return applied
  }

  /** The same after a restart, before the first word: the ledger is needed too. */
  replay(bytes: Uint8Array): Applied {
    const applied = this.apply(bytes)
    if (this.#shared.history) this.#own.follow(applied)
    return applied
  }

  /** A block of the tape that was journaled. */
  decoded(index: number, bytes: Uint8Array): TapeBlock {
    const { history } = this.#shared
    return history ? history.at(index, bytes).block : decodeTapeBlock(bytes)
  }

  /** Where the tape stands by the ledger, as a validator begins from it. Only after `replay`. */
  state(): TapeState {
    const { ledger, log } = this.#own
    const { height, time, cursor, executed, snapshotIndex } = ledger.head
    const taken: TapeState['taken'] = new Map()
    for (const lane of ledger.lanes()) {
      const { length } = lane.log
      taken.set(toHex(lane.lane), { length, treeHash: lane.log.treeHash(), index: lane.takenAt })
    }
    const id = { height, length: log.length, treeHash: log.treeHash() }
    return { id, log, time, cursor, executed, snapshotIndex, taken }
  }

  /** Where the lanes stand. Only after `replay`. */
  bases(): LaneBase[] {
    const { ledger } = this.#own
    return ledger.lanes().map((lane) => ledger.base(lane))
  }
}

/** Whom a signature recovers to: see flow.ts. */
function signerOf(entry: Entry): Address | null {
  if (!('signature' in entry) || entry.signature[64] !== 27) return null
  if ('order' in entry) return entry.order.account
  return 'account' in entry ? entry.account : null
}
