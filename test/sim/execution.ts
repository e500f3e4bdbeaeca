// Tape -> engine -> events, as the replica does it, with the order signatures taken as given.
import { chainEventInput, entryInput } from '../../daemon/replica/entry-inputs.ts'
import {
  type BlockInput,
  Engine,
  type EngineConfig,
  type EntryInput
} from '../../matching/index.ts'
import { toHex } from '../../protocol/bytes.ts'
import { decodeChainEvent } from '../../protocol/chain-events.ts'
import { decodeBlock } from '../../protocol/entries.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import { decodeTapeBlock, type Slice, type SnapshotMark } from '../../protocol/tape-block.ts'
import type { Address, Entry } from '../../protocol/types.ts'
import { accountName } from './flow.ts'
import { hashParts } from './scheme.ts'
import { venueId } from './venue.ts'

/** Blocks from one snapshot to the next. */
const SNAPSHOT_BLOCKS = 20

/** Entries by slice. They are the same for every validator, and the engine does not change them. */
export type EntryCache = Map<string, EntryInput[]>

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

export class Execution {
  readonly #cache: EntryCache
  readonly #engine = new Engine(config, { hash: (parts) => hashParts(parts) })
  readonly #hashes: Uint8Array[] = []
  #log = MerkleLog.empty(hashParts)

  constructor(cache: EntryCache) {
    this.#cache = cache
  }

  /** The tape that it has applied. */
  get log(): MerkleLog {
    return this.#log
  }

  /** The snapshot after block `index`, if one is made there and the engine is still there. */
  snapshotAt(index: number): SnapshotMark | null {
    if ((index + 1) % SNAPSHOT_BLOCKS !== 0 || index !== this.#engine.index) return null
    return { index, hash: hashParts([this.#engine.snapshot()]) }
  }

  /** Event hash after block `index`. */
  hashAt(index: number): Uint8Array {
    return this.#hashes[index]
  }

  apply(bytes: Uint8Array): void {
    const { cut, blocks } = decodeTapeBlock(bytes)
    const input: BlockInput = {
      index: cut.index,
      time: cut.time,
      seed: hashParts([
        venueId,
        new Uint8Array([cut.index, cut.index >>> 8]),
        this.#log.treeHash()
      ]),
      cursor: cut.cursor,
      chain: cut.events.map((event) => chainEventInput(decodeChainEvent(event))),
      lanes: cut.slices.map((slice, i) => ({
        lane: slice.lane,
        length: slice.to,
        treeHash: slice.treeHash,
        entries: this.#entries(slice, blocks[i])
      }))
    }
    this.#hashes.push(this.#engine.apply(input).eventHash)
    this.#log = this.#log.append(bytes)
  }

  #entries(slice: Slice, blocks: readonly Uint8Array[]): EntryInput[] {
    const key = `${toHex(slice.treeHash)}.${slice.from}`
    let entries = this.#cache.get(key)
    if (!entries) {
      entries = blocks
        .flatMap(entriesOf)
        .map((entry) => entryInput(context, slice.lane, entry, signerOf(entry)))
      this.#cache.set(key, entries)
    }
    return entries
  }
}

/** A block that does not decode is skipped as a whole, by everyone. */
function entriesOf(block: Uint8Array): Entry[] {
  try {
    return decodeBlock(block)
  } catch {
    return []
  }
}

/** Whom a signature recovers to: see flow.ts. */
function signerOf(entry: Entry): Address | null {
  if (!('signature' in entry) || entry.signature[64] !== 27) return null
  if ('order' in entry) return entry.order.account
  return 'account' in entry ? entry.account : null
}
