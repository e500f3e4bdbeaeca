// How many blocks a request for logs may span: as many as the node has not refused, which nodes tell
// only by refusing.

const BLOCKS_MAX = 131_072
/** Requests that are answered before a longer range is tried once more. */
const ANSWERS_BEFORE_MORE = 32

export class LogWindow {
  #blocks: number
  #most = BLOCKS_MAX
  #answers = 0

  constructor(blocks: number) {
    this.#blocks = blocks
  }

  /** Of the next request. */
  get blocks(): number {
    return this.#blocks
  }

  /** A refusal may have been the moment's (a rate, a hiccup) and not the range's: after a while more
   * is tried again. */
  answered(): void {
    if (++this.#answers >= ANSWERS_BEFORE_MORE) {
      this.#answers = 0
      this.#most = Math.min(BLOCKS_MAX, this.#most * 2)
    }
    this.#blocks = Math.min(this.#most, this.#blocks * 2)
  }

  /** A range of so many blocks, more than one, was refused. */
  refused(blocks: number): void {
    this.#answers = 0
    this.#blocks = this.#most = Math.floor(blocks / 2)
  }
}
