// Keeps connections to the peers that a daemon must not be without. Hyperswarm retries by itself,
// but after a few failures only every ten minutes; here the wait ends at `dialMaxMs`.
//
// Of two that want each other, the one with the smaller key dials first and the other a little
// later, so that the two dials do not meet and undo each other.

import type { Clock, Random } from '../clock.ts'
import type { MissingPeer, Role } from './types.ts'

export type DialerOptions = {
  ownId: string
  wanted: readonly { id: string; key: Uint8Array; role: Role }[]
  /** The first wait after a failure; it doubles up to the last. */
  dialMinMs: number
  dialMaxMs: number
  /** The wait after a peer has refused us or was refused. */
  refusedMs: number
  /** By how much the one with the greater key dials later. */
  secondMs: number
}

type Target = {
  id: string
  key: Uint8Array
  role: Role
  attempts: number
  connected: boolean
  lastError: string | null
  cancel: () => void
}

export class Dialer {
  #options: DialerOptions
  #clock: Clock
  #random: Random
  #dial: (key: Uint8Array) => void
  #targets = new Map<string, Target>()

  constructor(
    options: DialerOptions,
    dependencies: { clock: Clock; random: Random; dial: (key: Uint8Array) => void }
  ) {
    this.#options = options
    this.#clock = dependencies.clock
    this.#random = dependencies.random
    this.#dial = dependencies.dial
  }

  open(): void {
    for (const { id, key, role } of this.#options.wanted) {
      if (id === this.#options.ownId || this.#targets.has(id)) continue
      const target: Target = {
        id,
        key,
        role,
        attempts: 0,
        connected: false,
        lastError: null,
        cancel: () => {}
      }
      this.#targets.set(id, target)
      this.#later(target, this.#options.ownId < id ? 0 : this.#options.secondMs)
    }
  }

  close(): void {
    for (const target of this.#targets.values()) target.cancel()
    this.#targets.clear()
  }

  wants(id: string): boolean {
    return this.#targets.has(id)
  }

  /** A connection stands; its hello is not yet judged. */
  connected(id: string): void {
    const target = this.#targets.get(id)
    if (target === undefined) return
    target.connected = true
    target.cancel()
  }

  /** The peer's hello was accepted: the next failure begins with a short wait again. */
  accepted(id: string): void {
    const target = this.#targets.get(id)
    if (target === undefined) return
    target.attempts = 0
    target.lastError = null
  }

  disconnected(id: string, error: string, refused: boolean): void {
    const target = this.#targets.get(id)
    if (target === undefined) return
    target.connected = false
    target.lastError = error
    this.#later(target, refused ? this.#options.refusedMs : this.#backOff(target))
  }

  /** Dials now, as if for the first time. */
  hurry(id: string): void {
    const target = this.#targets.get(id)
    if (target === undefined || target.connected) return
    target.attempts = 0
    this.#later(target, 0)
  }

  missing(): MissingPeer[] {
    return [...this.#targets.values()]
      .filter((target) => !target.connected)
      .map(({ id, role, attempts, lastError }) => ({ id, role, attempts, lastError }))
  }

  #later(target: Target, delayMs: number): void {
    target.cancel()
    target.cancel = this.#clock.after(delayMs, () => {
      target.attempts++
      this.#dial(target.key)
      this.#later(target, this.#backOff(target))
    })
  }

  /** Half to all of the doubled wait, by chance: those who lost the same peer should not come
   * back to it at one moment. */
  #backOff(target: Target): number {
    const { dialMinMs, dialMaxMs } = this.#options
    const full = Math.min(dialMaxMs, dialMinMs * 2 ** Math.min(target.attempts, 20))
    return full * (0.5 + this.#random() / 2)
  }
}
