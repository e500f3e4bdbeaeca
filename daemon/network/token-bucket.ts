/** Tokens drip in at a steady rate, up to a burst. Spending is always allowed and may leave a
 * debt; who is in debt waits. */
export class TokenBucket {
  #perMs: number
  #burst: number
  #tokens: number
  #at: number

  constructor(limit: { perSecond: number; burst: number }, nowMs: number) {
    this.#perMs = limit.perSecond / 1_000
    this.#burst = limit.burst
    this.#tokens = limit.burst
    this.#at = nowMs
  }

  /** Takes `count` tokens and returns for how many milliseconds to wait: 0 while not in debt. */
  spend(count: number, nowMs: number): number {
    const elapsed = Math.max(0, nowMs - this.#at)
    this.#at = nowMs
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#perMs) - count
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs
  }
}
