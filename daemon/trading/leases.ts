// A dead-man's switch: while it is set, the daemon renews its lane's lease, and leased orders live.
// A daemon that dies or is cut off stops renewing, and the engine cancels them.
import type { Clock } from '../clock.ts'
import type { Desk } from './desk.ts'

/** A lease is renewed so often within its time to live. */
const renewals = 3

export class Leases {
  readonly #desk: Desk
  readonly #clock: Clock
  readonly #onfault: (fault: unknown) => void
  #ttlMs = 0
  #cancel: (() => void) | null = null

  constructor(dependencies: { desk: Desk; clock: Clock; onfault: (fault: unknown) => void }) {
    this.#desk = dependencies.desk
    this.#clock = dependencies.clock
    this.#onfault = dependencies.onfault
  }

  get ttlMs(): number {
    return this.#ttlMs
  }

  /** Renews from now on; 0 ends the lease at once. Resolves when the tape has the first renewal.
   * @throws DaemonFault, LaneFault, TradingFault */
  async set(ttlMs: number): Promise<void> {
    const sent = this.#desk.lease(ttlMs)
    this.#ttlMs = ttlMs
    this.#arm()
    await sent.outcome
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #arm(): void {
    this.close()
    if (this.#ttlMs === 0) return
    const waitMs = Math.max(1, Math.floor(this.#ttlMs / renewals))
    this.#cancel = this.#clock.after(waitMs, () => {
      try {
        this.#desk.lease(this.#ttlMs)
      } catch (fault) {
        // The tape is stale or the lane is busy: the next renewal may be in time.
        this.#onfault(fault)
      }
      this.#arm()
    })
  }
}
