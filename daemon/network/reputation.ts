// Who misbehaved, and who must stay away until when. Scores fall with time, bans grow with each
// repetition. Strangers' keys are free, so the table is bounded: the record that was touched
// least recently goes first. Validators are few and their keys are not free; a validator's ban is
// short, lest one program's bug takes the venue apart.

import type { Clock } from '../clock.ts'

export type ReputationOptions = {
  /** A score that bans. */
  misbehaviourMax: number
  /** By how much a score falls in a second. */
  forgivePerSecond: number
  /** The first ban; each further one is four times as long, up to `banMaxMs`. */
  banMs: number
  banMaxMs: number
  /** The longest ban of a validator. */
  validatorBanMaxMs: number
  recordsMax: number
}

export const REPUTATION_DEFAULTS: ReputationOptions = {
  misbehaviourMax: 100,
  forgivePerSecond: 0.2,
  banMs: 60_000,
  banMaxMs: 24 * 3_600_000,
  validatorBanMaxMs: 5_000,
  recordsMax: 4_096
}

type Standing = { score: number; at: number; bans: number; until: number; reason: string }

export type Ban = { id: string; until: number; reason: string }

export class Reputation {
  #options: ReputationOptions
  #clock: Clock
  #isValidator: (id: string) => boolean
  #onunban: (id: string) => void
  /** In the order of the last touch. */
  #standings = new Map<string, Standing>()

  constructor(
    options: ReputationOptions,
    dependencies: {
      clock: Clock
      isValidator: (id: string) => boolean
      /** A ban has ended, or was forgotten. */
      onunban: (id: string) => void
    }
  ) {
    this.#options = options
    this.#clock = dependencies.clock
    this.#isValidator = dependencies.isValidator
    this.#onunban = dependencies.onunban
  }

  score(id: string): number {
    const standing = this.#standings.get(id)
    return standing === undefined ? 0 : this.#scoreNow(standing)
  }

  /** True when this was too much, and the peer is now banned. */
  misbehaved(id: string, reason: string, weight: number): boolean {
    const standing = this.#touch(id)
    standing.score = this.#scoreNow(standing) + weight
    standing.at = this.#clock.now()
    if (standing.score < this.#options.misbehaviourMax) return false
    const { banMs, banMaxMs } = this.#options
    this.#ban(id, standing, Math.min(banMaxMs, banMs * 4 ** Math.min(standing.bans, 10)), reason)
    standing.bans++
    standing.score = 0
    return true
  }

  /** Keeps away a peer that did no wrong but cannot be talked to. */
  avoid(id: string, reason: string, durationMs: number): void {
    this.#ban(id, this.#touch(id), durationMs, reason)
  }

  isBanned(id: string): boolean {
    const standing = this.#standings.get(id)
    return standing !== undefined && standing.until > this.#clock.now()
  }

  bans(): Ban[] {
    const found: Ban[] = []
    for (const [id, { until, reason }] of this.#standings) {
      if (until > this.#clock.now()) found.push({ id, until, reason })
    }
    return found
  }

  /** Ends bans that are over and forgets who has been good. Call it about once a second. */
  expire(): void {
    const now = this.#clock.now()
    for (const [id, standing] of this.#standings) {
      if (standing.until !== 0 && standing.until <= now) {
        standing.until = 0
        this.#onunban(id)
      }
      const quietMs = now - standing.at
      if (standing.until === 0 && quietMs > this.#options.banMaxMs) this.#standings.delete(id)
      else if (standing.bans === 0 && standing.until === 0 && this.#scoreNow(standing) === 0) {
        this.#standings.delete(id)
      }
    }
  }

  #ban(id: string, standing: Standing, durationMs: number, reason: string): void {
    const longest = this.#isValidator(id) ? this.#options.validatorBanMaxMs : durationMs
    standing.until = this.#clock.now() + Math.min(durationMs, longest)
    standing.reason = reason
  }

  #scoreNow(standing: Standing): number {
    // A clock that was set back must not raise it.
    const seconds = Math.max(0, this.#clock.now() - standing.at) / 1_000
    return Math.max(0, standing.score - seconds * this.#options.forgivePerSecond)
  }

  #touch(id: string): Standing {
    const known = this.#standings.get(id)
    const standing = known ?? { score: 0, at: this.#clock.now(), bans: 0, until: 0, reason: '' }
    this.#standings.delete(id)
    this.#standings.set(id, standing)
    if (this.#standings.size > this.#options.recordsMax) this.#forgetOldest()
    return standing
  }

  #forgetOldest(): void {
    for (const [id, standing] of this.#standings) {
      this.#standings.delete(id)
      if (standing.until !== 0) this.#onunban(id)
      return
    }
  }
}
