// What of a validator outlives its crashes, as in the daemon: the journal; the archive of the tape,
// filled before the journal begins anew; and the newest snapshot of its replica.
import type { Record } from '../../daemon/consensus/core/types.ts'
import type { LaneRecord } from '../../daemon/lanes/types.ts'
import { Disk, type DiskOptions } from './disk.ts'
import type { Snapshot } from './execution.ts'
import type { TapeRecord } from './sim-tape.ts'
import type { World } from './world.ts'

export type DiskRecord =
  | { kind: 'lane'; record: LaneRecord }
  | { kind: 'consensus'; record: Record }
  | { kind: 'tape'; record: TapeRecord }
  /** What a broken journal writes in place of a record. */
  | { kind: 'blank'; record: null }

/** What a crash takes with it beyond what was not synced. */
export type Loss = 'nothing' | 'journal' | 'everything'

/** Records at which the journal begins anew. */
const JOURNAL_RECORDS = 600
/** Blocks that the archive, which is not synced, may be short of the tape after a power loss. */
const ARCHIVE_LAG = 12
/** Longest that a snapshot takes to be on the disk. */
const SNAPSHOT_WRITE_MS = 20

export class NodeStore {
  readonly #world: World
  readonly #journal: Disk<DiskRecord>
  #archive: TapeRecord[] = []
  #snapshot: Snapshot | null = null
  #life = 0

  constructor(world: World, options: DiskOptions) {
    this.#world = world
    this.#journal = new Disk(world, options)
  }

  get records(): readonly DiskRecord[] {
    return this.#journal.durable
  }

  get snapshot(): Snapshot | null {
    return this.#snapshot
  }

  /** The journal is long enough to begin anew. */
  get isLong(): boolean {
    return this.#journal.durable.length >= JOURNAL_RECORDS
  }

  append(record: DiskRecord, done: () => void): void {
    this.#journal.append(record, done)
  }

  /** In the background: what is being written when the power goes is not there. */
  keep(snapshot: Snapshot): void {
    const life = this.#life
    this.#world.after(this.#world.random() * SNAPSHOT_WRITE_MS, () => {
      if (life === this.#life) this.#snapshot = snapshot
    })
  }

  /** A new journal that begins with a checkpoint; what it held of the tape is archived before. */
  rotate(tape: readonly TapeRecord[], checkpoint: DiskRecord[]): void {
    this.#archive = [...tape]
    this.#journal.rotate(checkpoint)
  }

  /** `tape`: as far as it was announced; `remains`: what is found in place of a lost journal. */
  crash(
    loss: Loss,
    tape: readonly TapeRecord[],
    remains: DiskRecord[]
  ): { lost: number; torn: number } {
    this.#life++
    const toll = this.#journal.crash()
    if (loss === 'nothing') return toll
    this.#journal.rotate(remains)
    const lag = Math.floor(this.#world.random() * ARCHIVE_LAG)
    const archived = Math.max(this.#archive.length, tape.length - lag)
    this.#archive = loss === 'journal' ? tape.slice(0, archived) : []
    if ((this.#snapshot?.mark.index ?? -1) >= this.#archive.length) this.#snapshot = null
    return toll
  }

  /** Archive and journal together. */
  tape(): TapeRecord[] {
    const tape = [...this.#archive]
    for (const { kind, record } of this.#journal.durable) {
      if (kind === 'tape' && record.index === tape.length) tape.push(record)
    }
    return tape
  }
}
