// When a daemon makes a snapshot for its own restart: after so many entries that replaying them,
// signatures and all, is what a restart may take; less often when the snapshot itself is large.

/** An entry is worth so many bytes of snapshot: making those costs a few percent of it. */
const BYTES_PER_ENTRY = 64

export class RestartPace {
  readonly #entriesMin: number
  #entries = 0
  #bytes = 0

  constructor(entriesMin: number) {
    this.#entriesMin = entriesMin
  }

  /** So many entries more were applied. */
  isDue(entries: number): boolean {
    this.#entries += entries
    return this.#entries >= Math.max(this.#entriesMin, Math.ceil(this.#bytes / BYTES_PER_ENTRY))
  }

  /** A snapshot of so many bytes was made. */
  made(bytes: number): void {
    this.#entries = 0
    this.#bytes = bytes
  }
}
