// The tape as a real Hypercore: filled in bulk and only with final blocks, served to anyone by
// ordinary replication. It is never what a decision waits for, and not what survives a power loss
// by itself: Hypercore does not sync its writes, so blocks stay in the journal until `flush`.
import type Corestore from 'corestore'
import type Hypercore from 'hypercore'
import { type HashParts, MerkleLog } from '../../protocol/merkle-log.ts'
import { type Milestone, Milestones, isMilestone } from './milestones.ts'
import { RUN_BLOCKS_MAX } from './messages.ts'
import type { TapeKey } from './tape-key.ts'
import type { TapeRun } from './types.ts'

/** A block as the archive takes it: with the tape after it, and the head's signature if known. */
export type ArchiveBlock = {
  bytes: Uint8Array
  log: MerkleLog
  signature: Uint8Array | null
}

export type ArchiveOptions = { snapshotCuts: number }

export type ArchiveDependencies = { store: Corestore; key: TapeKey; hash: HashParts }

export class TapeArchive {
  readonly #options: ArchiveOptions
  readonly #store: Corestore
  readonly #key: TapeKey
  readonly #hash: HashParts
  #core: Hypercore | null = null
  #milestones: Milestones | null = null
  #log: MerkleLog
  /** The quorum's signature of the archive's own head; null when it is empty. */
  #signature: Uint8Array | null = null
  #emptied = false

  constructor(options: ArchiveOptions, dependencies: ArchiveDependencies) {
    this.#options = options
    this.#store = dependencies.store
    this.#key = dependencies.key
    this.#hash = dependencies.hash
    this.#log = MerkleLog.empty(dependencies.hash)
  }

  async open(): Promise<void> {
    if (this.#core !== null) return
    const core = this.#store.get({ key: this.#key.key, manifest: this.#key.coreManifest })
    await core.ready()
    // Only we fill it: a replica that pulled by itself would race with our own appends.
    core.replicator.setPushOnly(true)
    this.#core = core
    const log = await this.#valid(core)
    if (log === null) {
      await core.truncate(0, { fork: 0 })
      this.#emptied = true
    }
    this.#log = log ?? MerkleLog.empty(this.#hash)
    this.#signature = core.core.state.signature?.slice() ?? null
    const { signatureBytes } = this.#key
    this.#milestones = new Milestones({ signatureBytes }, { store: core })
    await this.#milestones.open(this.#log.length)
  }

  /** The tape that the core holds, or null when it is not what a quorum signed. */
  async #valid(core: Hypercore): Promise<MerkleLog | null> {
    const { state } = core.core
    if (state.length === 0) return MerkleLog.empty(this.#hash)
    const roots = state.roots.map(({ size, hash }) => ({ size, hash }))
    const log = MerkleLog.from(this.#hash, state.length, roots)
    const { signature } = state
    if (log === null || signature === null || core.fork !== 0) return null
    if (core.contiguousLength !== state.length) return null
    return this.#key.verifyHead(log.length, log.treeHash(), signature) ? log : null
  }

  /** True when what was found at start had to go. */
  get emptied(): boolean {
    return this.#emptied
  }

  get core(): Hypercore {
    if (this.#core === null) throw new Error('the archive is not open')
    return this.#core
  }

  get length(): number {
    return this.#log.length
  }

  /** The tape as far as it is archived. */
  get log(): MerkleLog {
    return this.#log
  }

  /** Takes the next blocks, up to the last one that has a signature. Returns how many it took. */
  async append(blocks: readonly ArchiveBlock[]): Promise<number> {
    const core = this.core
    let count = blocks.length
    while (count > 0 && blocks[count - 1].signature === null) count--
    if (count === 0) return 0
    const { log, signature } = blocks[count - 1]
    if (log.length !== this.length + count || signature === null) {
      throw new RangeError(`blocks up to ${log.length} do not follow on ${this.length}`)
    }
    const milestones: Milestone[] = []
    let before = this.#log
    for (const block of blocks.slice(0, count)) {
      if (block.signature !== null && isMilestone(before, block.log, this.#options.snapshotCuts)) {
        milestones.push({ length: block.log.length, signature: block.signature })
      }
      before = block.log
    }
    const bytes = blocks.slice(0, count).map((block) => block.bytes)
    await core.append(bytes, { signature, maxLength: log.length })
    if (core.length !== log.length) {
      throw new Error(`the archive has ${core.length} blocks, not ${log.length}`)
    }
    this.#log = log
    this.#signature = signature
    await this.#milestones?.add(milestones)
    return count
  }

  /** A block's bytes; null when it is not archived. */
  async read(index: number): Promise<Uint8Array | null> {
    if (index < 0 || index >= this.length) return null
    return this.core.get(index, { wait: false })
  }

  /** Blocks [from, to), all archived. */
  async readRange(from: number, to: number): Promise<Uint8Array[] | null> {
    const reads: Promise<Uint8Array | null>[] = []
    for (let index = from; index < to; index++) reads.push(this.read(index))
    const blocks: Uint8Array[] = []
    for (const block of await Promise.all(reads)) {
      if (block === null) return null
      blocks.push(block)
    }
    return blocks
  }

  /** The run from `from` to the next milestone or the archive's end; null outside of it. */
  async run(from: number): Promise<TapeRun | null> {
    const end = this.length
    const head = this.#signature
    const limit = Math.min(end, from + RUN_BLOCKS_MAX)
    if (from >= limit) return null
    const found = (await this.#milestones?.after(from, limit)) ?? null
    const milestone = found ?? (head === null ? null : { length: end, signature: head })
    if (milestone === null || milestone.length > limit) return null
    const blocks = await this.readRange(from, milestone.length)
    return blocks === null ? null : { from, blocks, signature: milestone.signature }
  }

  /** The quorum's signature at a milestone; null elsewhere. */
  async signatureAt(length: number): Promise<Uint8Array | null> {
    return (await this.#milestones?.at(length)) ?? null
  }

  /** The tree hash at a length that the archive has; null beyond. */
  async treeHashAt(length: number): Promise<Uint8Array | null> {
    return length > this.length ? null : ((await this.#core?.treeHash(length)) ?? null)
  }

  /** Resolves when everything appended so far would survive a power loss. */
  async flush(): Promise<void> {
    // Not storage.flush(): it flushes the default column family, and the cores are in another.
    await this.#store.storage.db.flush()
  }

  async close(): Promise<void> {
    const core = this.#core
    this.#core = null
    if (core !== null) await core.close()
  }
}
