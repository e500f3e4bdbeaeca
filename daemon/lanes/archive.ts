// The lanes as real Hypercores: filled in bulk, a few times a second, from final cuts only, and
// served to anyone by ordinary replication, in which a core is opened when a peer asks for it.
// Nothing waits for the archive and nothing relies on it: what is missing or wrong in it (it was
// not synced, or somebody's fork got in) is taken from the tape again.
import type Corestore from 'corestore'
import type { WatchedCore } from 'corestore'
import Hypercore from 'hypercore'
import { equalBytes, toHex } from '../../protocol/bytes.ts'
import { decodeBlock } from '../../protocol/entries.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import type { HashParts } from '../../protocol/merkle-log.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import { LaneFault } from './lane-faults.ts'
import { laneKey, laneManifest } from './lane-key.ts'
import type { FinalSlice, LaneKey } from './types.ts'

export type LaneArchiveOptions = {
  venue: Bytes32
  /** Wait for more cuts before writing. */
  flushMs: number
  /** Cores kept open for writing. */
  openMax: number
  /** Bytes that wait at most before they are written. */
  waitingBytesMax: number
  /** Bytes in one append while refilling. */
  batchBytes: number
}

export const laneArchiveDefaults = {
  flushMs: 1500,
  openMax: 32,
  waitingBytesMax: 16 * 1024 * 1024,
  batchBytes: 4 * 1024 * 1024
}

export type LaneArchiveDependencies = {
  store: Corestore
  hash: HashParts
  clock: Clock
  /** The tape, from which gaps are filled. */
  history: LaneHistory
  onfault(fault: LaneFault): void
}

export type LaneHistory = {
  /** The lowest tape index that can be read; above 0 after a start from a snapshot. */
  readonly first: number
  /** The lane's slices on the tape that reach beyond `from` and begin before `to`, in order. */
  slices(lane: Bytes32, from: number, to: number): AsyncIterable<FinalSlice>
}

type Waiting = { lane: Bytes32; slices: FinalSlice[] }

/** What the tape says and what the core has do not agree. */
class WrongArchive extends Error {}

/** The tape here does not reach back far enough to fill a gap. */
class HistoryMissing extends Error {}

export class LaneArchive {
  readonly #options: LaneArchiveOptions
  readonly #deps: LaneArchiveDependencies
  readonly #waiting = new Map<LaneKey, Waiting>()
  readonly #cores = new Map<LaneKey, Hypercore>()
  readonly #discoveryKeys = new Set<string>()
  readonly #broken = new Set<LaneKey>()
  /** Lanes whose early blocks are not to be had, and how far the tape reached back then. */
  readonly #incomplete = new Map<LaneKey, number>()
  #waitingBytes = 0
  #cancelTimer: (() => void) | null = null
  #writing: Promise<void> = Promise.resolve()
  #state: 'new' | 'open' | 'closed' = 'new'

  constructor(options: LaneArchiveOptions, dependencies: LaneArchiveDependencies) {
    this.#options = options
    this.#deps = dependencies
  }

  /** `lanes`: those that are known already. Idempotent. */
  async open(lanes: readonly Bytes32[]): Promise<void> {
    if (this.#state !== 'new') return
    await this.#deps.store.ready()
    this.#state = 'open'
    for (const lane of lanes) this.#discoveryKeys.add(toHex(Hypercore.discoveryKey(lane)))
    this.#deps.store.watch(this.#onlyPush)
  }

  /** Only we fill the cores: a replica that pulled by itself would race with our own appends, and
   * could take in what is not final. */
  readonly #onlyPush = ({ discoveryKey, replicator }: WatchedCore): void => {
    if (this.#discoveryKeys.has(toHex(discoveryKey))) replicator.setPushOnly(true)
  }

  /** Writes what waits. Idempotent. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return
    await this.flush()
    this.#state = 'closed'
    this.#deps.store.unwatch(this.#onlyPush)
    for (const core of this.#cores.values()) await core.close()
    this.#cores.clear()
  }

  /** Slices of a final cut, in the order of the tape. */
  final(slices: readonly FinalSlice[]): void {
    if (this.#state !== 'open') return
    for (const slice of slices) {
      const key = toHex(slice.lane)
      if (this.#broken.has(key) || !this.#mayFill(key)) continue
      const waiting = this.#waiting.get(key)
      if (waiting === undefined) this.#waiting.set(key, { lane: slice.lane, slices: [slice] })
      else waiting.slices.push(slice)
      this.#waitingBytes += bytesOf(slice)
    }
    if (this.#waitingBytes > this.#options.waitingBytesMax) this.#start()
    else this.#cancelTimer ??= this.#deps.clock.after(this.#options.flushMs, () => this.#start())
  }

  /** False for a lane that cannot be filled until the tape here reaches further back. */
  #mayFill(key: LaneKey): boolean {
    const first = this.#incomplete.get(key)
    if (first === undefined) return true
    if (this.#deps.history.first >= first) return false
    this.#incomplete.delete(key)
    return true
  }

  #start(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#writing = this.#writing.then(() => this.#write())
  }

  /** Resolves when all that was given so far is written and would survive a power loss. */
  async flush(): Promise<void> {
    if (this.#state !== 'open') return
    this.#start()
    await this.#writing
    await this.#deps.store.storage.db.flush()
  }

  /** Blocks of a lane that are archived. */
  async length(lane: Bytes32): Promise<number> {
    await this.#writing
    const core = this.#cores.get(toHex(lane))
    return core === undefined ? 0 : core.length
  }

  async #write(): Promise<void> {
    const batch = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#waitingBytes = 0
    for (const { lane, slices } of batch) {
      try {
        await this.#bring(lane, slices)
      } catch (cause) {
        if (cause instanceof HistoryMissing) {
          this.#incomplete.set(toHex(lane), this.#deps.history.first)
        } else {
          this.#give(lane, cause)
        }
      }
    }
    await this.#closeIdle()
  }

  /** Gives a lane up until the next start: the tape and the disk disagree for good. */
  #give(lane: Bytes32, cause: unknown): void {
    const key = toHex(lane)
    this.#broken.add(key)
    const message = `the archive of lane ${key} cannot be brought in line with the tape`
    this.#deps.onfault(new LaneFault('archive_wrong', message, { lane: key }, cause))
  }

  async #bring(lane: Bytes32, slices: readonly FinalSlice[]): Promise<void> {
    const to = slices[slices.length - 1].length
    let core = await this.#open(lane, slices)
    if (core === null) return
    try {
      await this.#extend(core, lane, slices)
    } catch (cause) {
      if (cause instanceof HistoryMissing) throw cause
      // Whatever it was (a fork, a torn write, a core that a conflict closed), the tape knows.
      if (core.closed) {
        this.#cores.delete(toHex(lane))
        core = await this.#open(lane, slices)
        if (core === null) return
      }
      await core.truncate(0, { fork: 0 })
      await this.#refill(core, lane, to)
    }
    // After a restart the core may be ahead of the blocks that are applied again.
    if (core.length < to) throw new WrongArchive(`it has ${core.length} blocks of ${to}`)
  }

  async #extend(core: Hypercore, lane: Bytes32, slices: readonly FinalSlice[]): Promise<void> {
    if (core.fork !== 0 || core.contiguousLength !== core.length) {
      throw new WrongArchive(`fork ${core.fork}, ${core.contiguousLength} of ${core.length} blocks`)
    }
    if (slices[0].from > core.length) await this.#refill(core, lane, slices[0].from)
    await this.#append(core, slices)
  }

  async #refill(core: Hypercore, lane: Bytes32, to: number): Promise<void> {
    let batch: FinalSlice[] = []
    let bytes = 0
    let next = core.length
    for await (const slice of this.#deps.history.slices(lane, core.length, to)) {
      if (slice.from > next) throw new HistoryMissing(`blocks ${next} to ${slice.from}`)
      next = slice.length
      batch.push(slice)
      bytes += bytesOf(slice)
      if (bytes < this.#options.batchBytes) continue
      await this.#append(core, batch)
      batch = []
      bytes = 0
    }
    if (next < to) throw new HistoryMissing(`blocks ${next} to ${to}`)
    await this.#append(core, batch)
  }

  /** Appends the slices' blocks under the signature of the last. Hypercore checks it, so blocks
   * upon another history are refused. */
  async #append(core: Hypercore, slices: readonly FinalSlice[]): Promise<void> {
    const last = slices[slices.length - 1]
    if (last === undefined) return
    const blocks: Uint8Array[] = []
    let length = core.length
    for (const slice of slices) {
      if (slice.length <= length) continue
      if (slice.from > length) throw new WrongArchive(`blocks ${length} to ${slice.from} missing`)
      for (const block of slice.blocks.slice(length - slice.from)) blocks.push(block)
      length = slice.length
    }
    if (blocks.length > 0) {
      await core.append(blocks, { signature: last.signature, maxLength: last.length })
    }
    // The head's hash is at hand; an earlier one has to be read.
    const isHead = core.length === last.length
    const treeHash = isHead ? core.core.state.hash() : await core.treeHash(last.length)
    if (!equalBytes(treeHash, last.treeHash)) throw new WrongArchive('another tree hash')
  }

  async #open(lane: Bytes32, slices: readonly FinalSlice[]): Promise<Hypercore | null> {
    const key = toHex(lane)
    const known = this.#cores.get(key)
    if (known !== undefined && !known.closed) {
      // Last used, last closed.
      this.#cores.delete(key)
      this.#cores.set(key, known)
      return known
    }
    this.#discoveryKeys.add(toHex(Hypercore.discoveryKey(lane)))
    const manifest = await this.#manifest(lane, slices)
    if (manifest === null) return null
    const core = this.#deps.store.get({ key: lane, manifest })
    await core.ready()
    core.replicator.setPushOnly(true)
    this.#cores.set(key, core)
    return core
  }

  /** From the lane's own first entry; null for a lane that does not name itself (its entries count
   * for nothing, and nobody can replicate it). */
  async #manifest(lane: Bytes32, slices: readonly FinalSlice[]) {
    let first = slices[0].from === 0 ? slices[0].blocks[0] : undefined
    if (first === undefined) {
      for await (const slice of this.#deps.history.slices(lane, 0, 1)) first ??= slice.blocks[0]
    }
    if (first === undefined) throw new HistoryMissing('the first block')
    const signer = openedBy(first)
    const { venue } = this.#options
    if (signer === null || !equalBytes(laneKey(this.#deps.hash, signer, venue), lane)) {
      this.#give(lane, new WrongArchive('the first entry does not name the lane'))
      return null
    }
    const { version, quorum } = laneManifest(signer, venue)
    return { version, quorum, signers: [{ publicKey: signer }], userData: venue }
  }

  async #closeIdle(): Promise<void> {
    for (const [key, core] of this.#cores) {
      if (this.#cores.size <= this.#options.openMax) return
      this.#cores.delete(key)
      await core.close()
    }
  }
}

function bytesOf({ blocks }: FinalSlice): number {
  return blocks.reduce((sum, block) => sum + block.length, 0)
}

/** The signing key that the lane's first block names, or null. */
function openedBy(block: Uint8Array): Bytes32 | null {
  try {
    const [entry] = decodeBlock(block)
    return entry.kind === 'open' ? entry.laneKey : null
  } catch (fault) {
    if (fault instanceof DecodeFault) return null
    throw fault
  }
}
