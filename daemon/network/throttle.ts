import type { Clock } from '../clock.ts'
import { TokenBucket } from './token-bucket.ts'

export type RateLimits = {
  /** Everything that comes over the connection, replication included. */
  bytesPerSecond: number
  bytesBurst: number
  /** Frames, and messages by what they cost (`MessageRule.cost`). */
  unitsPerSecond: number
  unitsBurst: number
  /** What may pile up in memory while the peer is made to wait. */
  inboxBytesMax: number
}

export type ThrottledStream = {
  pause(): void
  resume(): void
  /** Bytes taken off the wire so far, also those that wait in memory. */
  receivedBytes(): number
  /** Bytes read so far. */
  readBytes(): number
}

const STEP_MS = 25
const EMPTY_BYTES = 64 * 1024

/** Stops reading from a peer that has sent more than its due, until it is even again. That alone
 * does not stop the peer: UDX acknowledges what comes in whether or not it is read, so a paused
 * stream grows in memory. Who goes on sending until `inboxBytesMax` waits there is a flooder. */
export class Throttle {
  /** How often it had to wait. */
  times = 0
  #limits: RateLimits
  #bytes: TokenBucket
  #units: TokenBucket
  #clock: Clock
  #stream: ThrottledStream
  #onflood: (inboxBytes: number) => void
  #cancel: (() => void) | null = null
  #closed = false
  /** Received and not read, when the peer was last even. The two counts differ by headers, so
   * only their growth since then is compared. */
  #base = 0

  constructor(
    limits: RateLimits,
    dependencies: { clock: Clock; stream: ThrottledStream; onflood: (inboxBytes: number) => void }
  ) {
    this.#limits = limits
    this.#clock = dependencies.clock
    this.#stream = dependencies.stream
    this.#onflood = dependencies.onflood
    const { bytesPerSecond, bytesBurst, unitsPerSecond, unitsBurst } = limits
    const now = this.#clock.now()
    this.#bytes = new TokenBucket({ perSecond: bytesPerSecond, burst: bytesBurst }, now)
    this.#units = new TokenBucket({ perSecond: unitsPerSecond, burst: unitsBurst }, now)
  }

  /** Counts what came in; the stream is paused while that was too much. */
  spend(bytes: number, units: number): void {
    if (this.#closed) return
    const waitMs = this.#charge(bytes, units)
    if (waitMs === 0 || this.#cancel !== null) return
    this.times++
    if (this.#unread() < EMPTY_BYTES) this.#base = this.#difference()
    this.#stream.pause()
    this.#wait(waitMs)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#cancel = null
  }

  #charge(bytes: number, units: number): number {
    const now = this.#clock.now()
    return Math.max(this.#bytes.spend(bytes, now), this.#units.spend(units, now))
  }

  #wait(waitMs: number): void {
    this.#cancel = this.#clock.after(Math.min(STEP_MS, Math.ceil(waitMs)), () => {
      this.#cancel = null
      const unread = this.#unread()
      const left = this.#charge(0, 0)
      if (unread > this.#limits.inboxBytesMax) this.#onflood(unread)
      else if (left > 0) this.#wait(left)
      else this.#stream.resume()
    })
  }

  #unread(): number {
    return this.#difference() - this.#base
  }

  #difference(): number {
    return this.#stream.receivedBytes() - this.#stream.readBytes()
  }
}
