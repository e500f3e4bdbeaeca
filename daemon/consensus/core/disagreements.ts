// Announcements of validators whose engines computed different things of one block, signed: what an
// operator is shown. Of the first such index all are kept, whoever is right; and of the index on
// which no quorum can agree any more, which stops the venue.
import { equalBytes } from '../../../protocol/bytes.ts'
import type { ExecutedNote } from './types.ts'

/** Indexes of which announcements are kept: one each of before a restart, of now, and of a stop. */
const INDEXES_MAX = 3

export class Disagreements {
  /** By index, by validator. */
  readonly #kept = new Map<number, Map<number, ExecutedNote>>()

  /** In the order in which their indexes came. */
  get list(): ExecutedNote[] {
    return [...this.#kept.values()].flatMap((notes) => [...notes.values()])
  }

  /** Of the own journal. */
  restore(note: ExecutedNote): void {
    if (this.#has(note.executed.index) || this.#kept.size < INDEXES_MAX) this.#keep(note)
  }

  /** All that was announced of one index, checked; `isStop`: no quorum can agree on it any more.
   * Returns what is kept now and was not before. */
  take(notes: readonly ExecutedNote[], isStop: boolean): ExecutedNote[] {
    const [first] = notes
    if (!first || !differ(notes)) return []
    const { index } = first.executed
    const most = isStop ? INDEXES_MAX : 1
    if (!this.#has(index) && this.#kept.size >= most) return []
    return notes.filter((note) => this.#keep(note))
  }

  #has(index: number): boolean {
    return this.#kept.has(index)
  }

  #keep(note: ExecutedNote): boolean {
    const { index } = note.executed
    const notes = this.#kept.get(index) ?? new Map<number, ExecutedNote>()
    this.#kept.set(index, notes)
    if (notes.has(note.validator)) return false
    notes.set(note.validator, note)
    return true
  }
}

function differ([first, ...others]: readonly ExecutedNote[]): boolean {
  const { eventHash } = first.executed
  return others.some((note) => !equalBytes(note.executed.eventHash, eventHash))
}
