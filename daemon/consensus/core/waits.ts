// How long a height's leader is waited for. The published protocol waits 3Δ at every height; here
// the first wait doubles with each round that brings no final (Δ is not known), and a leader that
// missed its last turn is waited for shortly: at most f of them at a time, so that enough leaders
// always have the full time, and only while a quorum is heard from, so that a validator that is
// itself cut off does not race through short waits.
import { faultsOf, leaderOf, quorumOf } from './quorum.ts'

/** The doubling stops at 2^6 times the first wait. */
const DOUBLINGS_MAX = 6

export type WaitOptions = {
  validators: number
  self: number
  roundMs: number
  absentLeaderMs: number
}

export class LeaderWaits {
  readonly #options: WaitOptions
  /** Turns missed in a row, in the order in which the leaders began to miss. */
  readonly #missed = new Map<number, number>()
  /** Height of the last ballot from each validator. */
  readonly #heard: number[]

  constructor(options: WaitOptions) {
    this.#options = options
    this.#heard = new Array<number>(options.validators).fill(0)
  }

  heard(validator: number, height: number): void {
    if (height > this.#heard[validator]) this.#heard[validator] = height
  }

  /** The leader's block was notarized. */
  kept(leader: number): void {
    this.#missed.delete(leader)
  }

  /** The leader's height was nullified without a block. */
  missed(leader: number): void {
    this.#missed.set(leader, (this.#missed.get(leader) ?? 0) + 1)
  }

  /** Milliseconds to wait at `height`, `rounds` heights after the last final's successor. */
  waitMs(height: number, rounds: number): number {
    const first = this.#isShort(height) ? this.#options.absentLeaderMs : this.#options.roundMs
    return first * 2 ** Math.min(Math.max(rounds, 0), DOUBLINGS_MAX)
  }

  #isShort(height: number): boolean {
    const leader = leaderOf(height, this.#options.validators)
    const misses = this.#missed.get(leader)
    if (misses === undefined || !this.#isAmongFirst(leader) || !this.#isQuorumActive(height)) {
      return false
    }
    // A leader that does vote gets the full time again now and then (its 2nd, 4th, 8th ... turn in
    // a row), or it could never come back on a network slower than the short wait.
    const isDue = misses > 1 && (misses & (misses - 1)) === 0
    return !(isDue && this.#isActive(leader, height))
  }

  #isAmongFirst(leader: number): boolean {
    let left = faultsOf(this.#options.validators)
    for (const other of this.#missed.keys()) {
      if (left-- === 0) return false
      if (other === leader) return true
    }
    return false
  }

  #isQuorumActive(height: number): boolean {
    let active = 0
    for (let validator = 0; validator < this.#options.validators; validator++) {
      if (this.#isActive(validator, height)) active++
    }
    return active >= quorumOf(this.#options.validators)
  }

  #isActive(validator: number, height: number): boolean {
    if (validator === this.#options.self) return true
    return this.#heard[validator] > 0 && this.#heard[validator] >= height - this.#options.validators
  }
}
