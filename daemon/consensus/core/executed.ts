// What the validators' engines computed, by their signed announcements. A leader names an index at
// which a quorum agrees; an index at which no quorum can agree any more stops the venue.
import { equalBytes, toHex } from '../../../protocol/bytes.ts'
import type { Executed, SnapshotMark } from '../../../protocol/tape-block.ts'
import type { Bytes32 } from '../../../protocol/types.ts'
import type { ExecutedNote } from './types.ts'

/** Announcements kept of each validator, newest. */
const NOTES_MAX = 128

export type Divergence = { index: number; notes: ExecutedNote[] }

export class ExecutedBoard {
  readonly #quorum: number
  /** By validator: index -> announcement, in order of arrival. */
  readonly #notes: Map<number, ExecutedNote>[]
  /** Own event hashes and snapshots by index. */
  readonly #hashes = new Map<number, Bytes32>()
  readonly #snapshots = new Map<number, Bytes32>()
  #reached = -1

  constructor(validators: number, quorum: number) {
    this.#quorum = quorum
    this.#notes = Array.from({ length: validators }, () => new Map<number, ExecutedNote>())
  }

  /** Own engine's progress: the last index that it has executed, -1 for none. */
  get reached(): number {
    return this.#reached
  }

  execute(index: number, eventHash: Bytes32): void {
    this.#hashes.set(index, eventHash)
    this.#reached = Math.max(this.#reached, index)
  }

  snapshot(mark: SnapshotMark): void {
    this.#snapshots.set(mark.index, mark.hash)
  }

  /** Own event hash after block `index`; null while not executed (or long ago). */
  hashAt(index: number): Bytes32 | null {
    return this.#hashes.get(index) ?? null
  }

  snapshotAt(index: number): Bytes32 | null {
    return this.#snapshots.get(index) ?? null
  }

  newestSnapshot(): SnapshotMark | null {
    let newest: SnapshotMark | null = null
    for (const [index, hash] of this.#snapshots) {
      if (!newest || index > newest.index) newest = { index, hash }
    }
    return newest
  }

  /** Forgets results below `index` (those that a final header has passed), and snapshots below the
   * last that a header named. */
  prune(index: number, snapshotIndex: number): void {
    for (const notes of this.#notes) {
      for (const each of notes.keys()) if (each < index) notes.delete(each)
    }
    for (const each of this.#hashes.keys()) {
      if (each >= index) break
      this.#hashes.delete(each)
    }
    for (const each of this.#snapshots.keys()) {
      if (each < snapshotIndex) this.#snapshots.delete(each)
    }
  }

  has(note: ExecutedNote): boolean {
    return this.#notes[note.validator].has(note.executed.index)
  }

  /** Takes in a checked announcement. Returns a divergence when no quorum can agree any more on
   * its index. */
  add(note: ExecutedNote): Divergence | null {
    const notes = this.#notes[note.validator]
    const { index } = note.executed
    if (notes.has(index)) return null
    notes.set(index, note)
    if (notes.size > NOTES_MAX) {
      for (const oldest of notes.keys()) {
        notes.delete(oldest)
        break
      }
    }
    return this.#divergence(index)
  }

  /** The highest index, not below `from`, that a quorum announced with equal hash. */
  agreed(from: number): Executed | null {
    return this.#agreedBy(
      from,
      (note) => note.executed.index,
      (note) => note.executed.eventHash,
      (index, eventHash) => ({ index, eventHash })
    )
  }

  /** The highest snapshot above `from` that a quorum made with equal hash. */
  agreedSnapshot(from: number): SnapshotMark | null {
    return this.#agreedBy(
      from + 1,
      (note) => note.snapshot?.index ?? -1,
      (note) => note.snapshot?.hash ?? note.executed.eventHash,
      (index, hash) => ({ index, hash })
    )
  }

  #agreedBy<Mark>(
    from: number,
    indexOf: (note: ExecutedNote) => number,
    hashOf: (note: ExecutedNote) => Bytes32,
    mark: (index: number, hash: Bytes32) => Mark
  ): Mark | null {
    const counts = new Map<number, Map<string, Set<number>>>()
    let best: { index: number; hash: Bytes32 } | null = null
    for (const notes of this.#notes) {
      for (const note of notes.values()) {
        const index = indexOf(note)
        if (index < from || (best && index <= best.index)) continue
        const hash = hashOf(note)
        const byHash = counts.get(index) ?? new Map<string, Set<number>>()
        counts.set(index, byHash)
        const key = toHex(hash)
        const who = byHash.get(key) ?? new Set<number>()
        byHash.set(key, who.add(note.validator))
        if (who.size >= this.#quorum) best = { index, hash }
      }
    }
    return best && mark(best.index, best.hash)
  }

  /** What was announced of an index, by validator. */
  notesOf(index: number): ExecutedNote[] {
    return this.#notes.flatMap((notes) => notes.get(index) ?? [])
  }

  #divergence(index: number): Divergence | null {
    const notes = this.notesOf(index)
    let most = 0
    for (const note of notes) {
      const { eventHash } = note.executed
      const same = notes.filter((other) => equalBytes(other.executed.eventHash, eventHash)).length
      most = Math.max(most, same)
    }
    const silent = this.#notes.length - notes.length
    return most + silent < this.#quorum ? { index, notes } : null
  }
}
