// How long the tape is waited for before a head counts as left waiting: a multiple of what it took
// lately, since on a slow venue most heads are only slow, and within bounds, since a certificate is
// what a lane that is left out owes its place to.

export type PatienceOptions = {
  leastMs: number
  mostMs: number
}

/** Of the usual time. */
const USUAL_TIMES = 2
/** The usual time follows so much of each difference. */
const USUAL_SHARE = 1 / 8

export class Patience {
  readonly #options: PatienceOptions
  #usualMs = 0

  constructor(options: PatienceOptions) {
    this.#options = options
  }

  get ms(): number {
    const { leastMs, mostMs } = this.#options
    return Math.min(Math.max(leastMs, mostMs), Math.max(leastMs, USUAL_TIMES * this.#usualMs))
  }

  /** A head was final so long after it was journaled. What took longer than anybody waits is left
   * out of account beyond that: the next few forget it. */
  took(ms: number): void {
    this.#usualMs += (Math.min(ms, this.#options.mostMs) - this.#usualMs) * USUAL_SHARE
  }
}
