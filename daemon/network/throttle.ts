import type { Clock } from '../clock.ts'
import { TokenBucket } from './token-bucket.ts'

export type RateLimits = {
  /** Everything that comes over the connection, replication included. */
  bytesPerSecond: number
  bytesBurst: number
  /** Frames, and messages by what they cost (`MessageRule.cost`). */
  unitsPerSecond: number
  unitsBurst: number
}

/** Makes a connection's reader wait while its peer has sent more than its due. Nothing is lost
 * or piled up here: the peer's own sending comes to a halt. */
export class Throttle {
  /** How often it had to wait. */
  times = 0
  #bytes: TokenBucket
  #units: TokenBucket
  #clock: Clock
  #stream: { pause(): void; resume(): void }
  #cancel: (() => void) | null = null

  constructor(
    limits: RateLimits,
    dependencies: { clock: Clock; stream: { pause(): void; resume(): void } }
  ) {
    this.#clock = dependencies.clock
    this.#stream = dependencies.stream
    const now = this.#clock.now()
    this.#bytes = new TokenBucket(
      { perSecond: limits.bytesPerSecond, burst: limits.bytesBurst },
      now
    )
    this.#units = new TokenBucket(
      { perSecond: limits.unitsPerSecond, burst: limits.unitsBurst },
      now
    )
  }

  spend(bytes: number, units: number): void {
    const now = this.#clock.now()
    const waitMs = Math.max(this.#bytes.spend(bytes, now), this.#units.spend(units, now))
    if (waitMs === 0 || this.#cancel !== null) return
    this.times++
    this.#stream.pause()
    this.#cancel = this.#clock.after(Math.ceil(waitMs), () => {
      this.#cancel = null
      this.spend(0, 0) // pauses again when messages of the last frame were counted meanwhile
      if (this.#cancel === null) this.#stream.resume()
    })
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
  }
}
