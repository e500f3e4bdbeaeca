// A validator announces what its engine computed: every so many blocks, and when the tape comes to
// rest; and it hears the others'.
import type { SnapshotMark } from '../../../protocol/tape-block.ts'
import type { Bytes32 } from '../../../protocol/types.ts'
import type { Authority } from './authority.ts'
import type { Divergence, ExecutedBoard } from './executed.ts'
import type { ExecutedNote } from './types.ts'

/** An own result is announced this long after the tape came to rest. Longer than a busy venue takes
 * from one block to the next: a word of each block is a signature and a check by everyone. */
const REST_MS = 250

export type AnnouncerOptions = { self: number; executedEvery: number }

export type AnnouncerDependencies = {
  authority: Authority
  board: ExecutedBoard
  send(note: ExecutedNote): void
  misbehaved(peer: number, reason: string): void
  /** All announcements of one index; `isStop`: no quorum can agree on it. */
  compare(notes: readonly ExecutedNote[], isStop: boolean): void
  /** No quorum of engines can agree on an index any more. */
  diverged(divergence: Divergence): void
}

export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #deps: AnnouncerDependencies
  #announced = -1
  #restsAt = Infinity

  constructor(options: AnnouncerOptions, dependencies: AnnouncerDependencies) {
    this.#options = options
    this.#deps = dependencies
  }

  /** When the next announcement is due without another block; Infinity for never. */
  get restsAtMs(): number {
    return this.#restsAt
  }

  executed(index: number, eventHash: Bytes32, nowMs: number): void {
    this.#deps.board.execute(index, eventHash)
    if (index % this.#options.executedEvery === 0) this.#announce()
    else this.#restsAt = nowMs + REST_MS
  }

  snapshot(mark: SnapshotMark): void {
    this.#deps.board.snapshot(mark)
  }

  look(nowMs: number): void {
    if (nowMs >= this.#restsAt) this.#announce()
  }

  #announce(): void {
    this.#restsAt = Infinity
    const { authority, board, send } = this.#deps
    const index = board.reached
    const eventHash = board.hashAt(index)
    if (index <= this.#announced || !eventHash) return
    this.#announced = index
    const note = authority.signExecuted(this.#options.self, {
      executed: { index, eventHash },
      snapshot: board.newestSnapshot()
    })
    send(note)
    this.#add(note)
  }

  /** Another validator's announcement; only from itself. */
  heard(from: number, note: ExecutedNote): void {
    const { authority, board, misbehaved } = this.#deps
    if (note.validator !== from || from === this.#options.self) {
      return misbehaved(from, 'announcement of another')
    }
    if (board.has(note)) return
    if (authority.executed(note)) this.#add(note)
    else misbehaved(from, 'bad announcement')
  }

  #add(note: ExecutedNote): void {
    const { board, compare, diverged } = this.#deps
    const divergence = board.add(note)
    compare(board.notesOf(note.executed.index), divergence !== null)
    if (divergence) diverged(divergence)
  }
}
