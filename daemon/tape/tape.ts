// The tape of a venue in one daemon. A block comes from own consensus or, in a signed run, from a
// peer; it is journaled, then announced in order, then archived in bulk, and stays in memory for
// as long as subscribers may ask for it.
import { equalBytes } from '../../protocol/bytes.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import { DaemonFault } from '../errors.ts'
import { type HashParts, type LogRoot, MerkleLog } from '../../protocol/merkle-log.ts'
import { type TapeBlock, decodeTapeBlock } from '../../protocol/tape-block.ts'
import { Reader } from '../../protocol/wire.ts'
import type { Clock } from '../clock.ts'
import type { JournalRecord } from '../journal/types.ts'
import { encodeRun, fitsRun, readRun } from './messages.ts'
import { type KeptOptions, KeptBlocks } from './kept-blocks.ts'
import type { TapeArchive } from './archive.ts'
import type { TapeKey } from './tape-key.ts'
import type { FinalBlock, OwnRun, Tape, TapeEntry, TapeRun } from './types.ts'

/** The journal's kind of a tape run. */
export const TAPE_RECORD = 64

export type TapeOptions = {
  /** How long finals gather before they are archived in bulk. */
  archiveMs: number
} & KeptOptions

export type TapeDependencies = {
  key: TapeKey
  hash: HashParts
  clock: Clock
  journal: { append(kind: number, payload: Uint8Array): Promise<void> }
  /** Null for a daemon that keeps no history. */
  archive: TapeArchive | null
  /** The archive could not be written, or a quorum signed two tapes or an unreadable one: the
   * daemon must end. */
  onfault(fault: unknown): void
}

/** The tape's start in this daemon when it did not begin at block 0. */
export type TapeBase = { length: number; roots: readonly LogRoot[] }

export type RunVerdict =
  /** Taken (or had already). */
  | 'ok'
  /** It does not follow on what is here. */
  | 'gap'
  /** Not signed by a quorum, or not a run of tape blocks: the peer is at fault. */
  | 'invalid'

type Waiting = { blocks: FinalBlock[]; journaled: boolean }

export class VenueTape implements Tape {
  readonly #options: TapeOptions
  readonly #key: TapeKey
  readonly #hash: HashParts
  readonly #clock: Clock
  readonly #journal: TapeDependencies['journal']
  readonly #archive: TapeArchive | null
  readonly #onfault: (fault: unknown) => void
  readonly #listeners: ((final: FinalBlock) => void)[] = []
  readonly #kept: KeptBlocks
  /** Taken, and perhaps not journaled yet. */
  #head: MerkleLog
  /** Announced. */
  #log: MerkleLog
  #waiting: Waiting[] = []
  #archiveTimer: (() => void) | null = null
  #archiving: Promise<void> | null = null
  #open = false
  /** Blocks from here on must stay when there is no archive: the replica restarts from them. */
  #pinned = 0
  /** Nothing is archived between a flush and the checkpoint that relies on it. */
  #held = false

  constructor(options: TapeOptions, dependencies: TapeDependencies) {
    this.#options = options
    this.#key = dependencies.key
    this.#hash = dependencies.hash
    this.#clock = dependencies.clock
    this.#journal = dependencies.journal
    this.#archive = dependencies.archive
    this.#onfault = dependencies.onfault
    this.#kept = new KeptBlocks(options)
    this.#head = this.#log = MerkleLog.empty(dependencies.hash)
  }

  get key(): Uint8Array {
    return this.#key.key
  }

  get length(): number {
    return this.#log.length
  }

  get log(): MerkleLog {
    return this.#log
  }

  /** Blocks taken, journaled or not: what comes next must have this index. */
  get taken(): number {
    return this.#head.length
  }

  get first(): number {
    const archived = this.#archive?.length ?? 0
    return archived >= this.#kept.first ? 0 : this.#kept.first
  }

  /** The newest blocks, in memory. */
  get kept(): KeptBlocks {
    return this.#kept
  }

  /** Blocks from `index` on must stay readable also without an archive. */
  pin(index: number): void {
    this.#pinned = index
  }

  onfinal(listener: (final: FinalBlock) => void): void {
    this.#listeners.push(listener)
  }

  /** Continues from the archive, or from `base` (a snapshot's) when that is further on, with what
   * the journal held beyond. Nothing of it is announced: the replica reads it. */
  async open(records: Iterable<Uint8Array>, base: TapeBase | null): Promise<void> {
    if (this.#open) return
    await this.#archive?.open()
    let start = this.#archive?.log ?? MerkleLog.empty(this.#hash)
    if (base !== null && base.length > start.length) start = this.#based(base)
    this.#restart(start)
    for (const payload of records) this.#replay(payload)
    this.#open = true
    this.#scheduleArchive()
  }

  #based(base: TapeBase): MerkleLog {
    const log = MerkleLog.from(this.#hash, base.length, base.roots)
    if (log === null) throw new DaemonFault('tape_base_invalid', 'the roots do not fit the length')
    return log
  }

  #restart(log: MerkleLog): void {
    this.#head = this.#log = log
    this.#kept.reset(log.length)
    this.#pinned = log.length
  }

  /** Goes on from a snapshot that is further than everything that is here. */
  rebase(base: TapeBase): void {
    if (base.length <= this.#head.length) return
    this.#waiting = []
    this.#restart(this.#based(base))
  }

  #replay(payload: Uint8Array): void {
    const run = readRun(new Reader(payload))
    const end = run.from + run.blocks.length
    if (end <= this.#head.length || run.from > this.#head.length) return
    const blocks = this.#check(run, 'disk')
    if (blocks === null) return
    for (const block of blocks) this.#kept.push(block)
    this.#head = this.#log = blocks[blocks.length - 1].log
  }

  async appendOwn(run: OwnRun): Promise<boolean> {
    for (const { index, log } of run.blocks) {
      const kept = index < this.#head.length ? this.#kept.at(index) : null
      if (kept !== null && !equalBytes(kept.log.treeHash(), log.treeHash())) this.#forked(index)
    }
    const fresh = run.blocks.filter(({ index }) => index >= this.#head.length)
    if (fresh.length === 0) return true
    if (fresh[0].index > this.#head.length || !fitsRun(fresh)) return false
    const signature = this.#key.assemble(run.partials)
    const last = fresh[fresh.length - 1]
    const blocks = fresh.map((each): FinalBlock => {
      const { index, bytes, cut, laneBlocks, log } = each
      const block = { cut, blocks: laneBlocks }
      return {
        index,
        bytes,
        block,
        log,
        signature: each === last ? signature : null,
        source: 'own'
      }
    })
    await this.#take(blocks)
    return true
  }

  #forked(index: number): void {
    this.#onfault(
      new DaemonFault('tape_forked', `a quorum signed two different tapes at block ${index}`, {
        index
      })
    )
  }

  /** Takes a run from a peer: checks it as a whole first. */
  appendRun(run: TapeRun): RunVerdict {
    const end = run.from + run.blocks.length
    if (end <= this.#head.length) return 'ok'
    if (run.from > this.#head.length) return 'gap'
    let blocks: FinalBlock[] | null
    try {
      blocks = this.#check(run, 'peer')
    } catch (fault) {
      // A quorum signed it: the peer that passed it on is not to blame.
      this.#onfault(fault)
      return 'gap'
    }
    if (blocks === null) return 'invalid'
    void this.#take(blocks)
    return 'ok'
  }

  /** The blocks of a run that are new, or null when it is not a quorum's. */
  #check(run: TapeRun, source: FinalBlock['source']): FinalBlock[] | null {
    const skipped = this.#head.length - run.from
    let log = this.#head
    const logs = run.blocks.slice(skipped).map((bytes) => (log = log.append(bytes)))
    if (!this.#key.verifyHead(log.length, log.treeHash(), run.signature)) return null
    const blocks: FinalBlock[] = []
    for (const [place, after] of logs.entries()) {
      const bytes = run.blocks[skipped + place]
      const block = this.#decode(bytes, after.length - 1)
      const signature = after === log ? run.signature : null
      blocks.push({ index: after.length - 1, bytes, block, log: after, signature, source })
    }
    return blocks
  }

  /** A quorum signed it: that it does not decode is a fault of the venue, not of a peer. */
  #decode(bytes: Uint8Array, index: number): TapeBlock {
    try {
      const block = decodeTapeBlock(bytes)
      if (block.cut.index === index) return block
      throw new DecodeFault(`block ${index} says that it is ${block.cut.index}`, 0)
    } catch (cause) {
      throw new DaemonFault(
        'tape_invalid',
        `block ${index} is signed, and unreadable`,
        { index },
        cause
      )
    }
  }

  async #take(blocks: FinalBlock[]): Promise<void> {
    const { log, signature } = blocks[blocks.length - 1]
    if (signature === null) throw new Error('a run ends without a signature')
    this.#head = log
    const waiting: Waiting = { blocks, journaled: false }
    this.#waiting.push(waiting)
    const run = { from: blocks[0].index, blocks: blocks.map(({ bytes }) => bytes), signature }
    try {
      await this.#journal.append(TAPE_RECORD, encodeRun(run))
    } catch (fault) {
      // The journal has reported it: nothing is announced any more.
      this.#onfault(fault)
      return
    }
    waiting.journaled = true
    this.#announce()
  }

  #announce(): void {
    while (this.#waiting.length > 0 && this.#waiting[0].journaled) {
      const { blocks } = this.#waiting[0]
      this.#waiting.shift()
      for (const block of blocks) {
        this.#log = block.log
        this.#kept.push(block)
        for (const listener of this.#listeners) listener(block)
      }
    }
    this.#trim()
    this.#scheduleArchive()
  }

  #trim(): void {
    this.#kept.trim(this.#archive === null ? this.#pinned : this.#archive.length)
  }

  async read(index: number): Promise<TapeEntry | null> {
    if (index >= this.length) return null
    const kept = this.#kept.at(index)
    if (kept !== null) return kept
    const bytes = (await this.#archive?.read(index)) ?? null
    return bytes === null ? null : { index, bytes, block: this.#decode(bytes, index) }
  }

  /** A run from `from` on, for a peer that is behind: from the archive or, where that ends, from
   * memory. Null when neither has it. */
  async run(from: number): Promise<TapeRun | null> {
    const archived = (await this.#archive?.run(from)) ?? null
    return archived ?? this.#kept.run(from)
  }

  /** The quorum's signature at a length, if it is at hand; null inside a longer run. */
  async signatureAt(length: number): Promise<Uint8Array | null> {
    const kept = this.#kept.at(length - 1)
    if (kept !== null) return kept.signature
    return (await this.#archive?.signatureAt(length)) ?? null
  }

  /** The tape's tree hash at a length; null when neither memory nor archive can tell. */
  async treeHashAt(length: number): Promise<Uint8Array | null> {
    const kept = this.#kept.at(length - 1)
    if (kept !== null) return kept.log.treeHash()
    return (await this.#archive?.treeHashAt(length)) ?? null
  }

  /** Whether the tape that is here goes on from `base`, and can be read from there on. */
  async passed({ length, roots }: TapeBase): Promise<boolean> {
    if (length < this.first || length > this.length) return false
    const log = MerkleLog.from(this.#hash, length, roots)
    const treeHash = await this.treeHashAt(length)
    return log !== null && treeHash !== null && equalBytes(log.treeHash(), treeHash)
  }

  #scheduleArchive(): void {
    if (!this.#open || this.#held || this.#archive === null) return
    if (this.#archiveTimer !== null || this.#archiving !== null) return
    if (this.#archive.length >= this.length) return
    this.#archiveTimer = this.#clock.after(this.#options.archiveMs, () => {
      this.#archiveTimer = null
      this.#archiving = this.#fillArchive()
        .catch((fault: unknown) => this.#onfault(fault))
        .finally(() => {
          this.#archiving = null
          this.#trim()
          this.#scheduleArchive()
        })
    })
  }

  async #fillArchive(): Promise<void> {
    const archive = this.#archive
    // Below what is in memory, the history has to be fetched first (backfill).
    if (archive === null || archive.length < this.#kept.first) return
    await archive.append(this.#kept.from(archive.length))
  }

  /** History that a daemon which began from a snapshot did not have: goes to the archive only. */
  async backfill(run: TapeRun): Promise<RunVerdict> {
    const archive = this.#archive
    if (archive === null || this.#held || run.from !== archive.length) return 'gap'
    let log = archive.log
    const blocks = run.blocks.map((bytes) => {
      log = log.append(bytes)
      return { bytes, log, signature: null as Uint8Array | null }
    })
    if (!this.#key.verifyHead(log.length, log.treeHash(), run.signature)) return 'invalid'
    blocks[blocks.length - 1].signature = run.signature
    const appended = archive.append(blocks).then(() => undefined)
    this.#archiving = appended.finally(() => (this.#archiving = null))
    await this.#archiving
    this.#scheduleArchive()
    return 'ok'
  }

  /** Where history is missing: [from, to); null when all is here. */
  get missing(): { from: number; to: number } | null {
    if (this.#archive === null || this.#archive.length >= this.#kept.first) return null
    return { from: this.#archive.length, to: this.#kept.first }
  }

  /** To be called (and waited for) before `checkpoint`: what the archive has is on the disk, and it
   * gets nothing more until then. */
  async flush(): Promise<void> {
    this.#held = true
    this.#cancelArchive()
    await this.#archiving
    await this.#archive?.flush()
  }

  /** What the journal must keep: final blocks that the archive has not got. */
  *checkpoint(): Iterable<JournalRecord> {
    this.#held = false
    const from = Math.max(this.#archive?.length ?? 0, this.#kept.first)
    for (let run = this.#kept.run(from); run !== null;) {
      yield { kind: TAPE_RECORD, payload: encodeRun(run) }
      run = this.#kept.run(run.from + run.blocks.length)
    }
    this.#scheduleArchive()
  }

  async close(): Promise<void> {
    this.#open = false
    this.#cancelArchive()
    await this.#archiving
    await this.#archive?.close()
  }

  #cancelArchive(): void {
    this.#archiveTimer?.()
    this.#archiveTimer = null
  }
}
