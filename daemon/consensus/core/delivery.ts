// Nothing is delivered for sure. Certificates are handed to those who have not shown that they have
// them; and while the tape stands still, everything above the final is sent again.
import type { Alarms } from './alarms.ts'
import type { Heights } from './heights.ts'
import type { SimplexAlarm, SimplexOptions } from './simplex-types.ts'
import type { Slot } from './slot.ts'
import type { Message } from './types.ts'

/** Heights that one resending covers. */
const RESENT_HEIGHTS = 64
const NEVER = { height: 0, atMs: -Infinity }

export type DeliveryDependencies = {
  heights: Heights
  alarms: Alarms<SimplexAlarm>
  send(to: number, message: Message): void
  now(): number
  /** Whether the journal has everything up to this token. */
  isDurable(token: number): boolean
}

export class Delivery {
  readonly #options: SimplexOptions
  readonly #deps: DeliveryDependencies
  /** Height that each validator has shown to have entered. */
  readonly #shown: number[]
  /** Up to which height each was sent certificates. */
  readonly #relayed: number[]
  /** The final that each was answered with last: its height, and when. */
  readonly #answered: { height: number; atMs: number }[]
  /** The height when the relay alarm was set. */
  #relayHeight = 0

  constructor(options: SimplexOptions, dependencies: DeliveryDependencies) {
    this.#options = options
    this.#deps = dependencies
    this.#shown = new Array<number>(options.validators).fill(0)
    this.#relayed = new Array<number>(options.validators).fill(0)
    this.#answered = Array.from({ length: options.validators }, () => NEVER)
  }

  /** A validator can only say what it said in `height`, or later. */
  shown(validator: number, height: number): void {
    if (height > this.#shown[validator]) this.#shown[validator] = height
  }

  /** A new height was entered: by and by everyone must hear why. */
  entered(height: number, nowMs: number): void {
    const { alarms } = this.#deps
    if (alarms.isSet('relay')) return
    this.#relayHeight = height
    alarms.set('relay', nowMs + this.#options.relayMs)
  }

  /** The relay alarm: those who have not shown the height get what leads to it. */
  relay(height: number, nowMs: number): void {
    const below = this.#relayHeight
    const { heights } = this.#deps
    for (const peer of this.#others()) {
      if (this.#shown[peer] >= below) continue
      const sent = Math.max(this.#relayed[peer], this.#shown[peer] - 1)
      if (sent < heights.final.height) this.#sendFinal(peer)
      for (const slot of heights.above()) {
        if (slot.height > sent && slot.height < below) this.#sendCertificates(peer, slot)
      }
      this.#relayed[peer] = below - 1
    }
    if (below < height) this.entered(height, nowMs)
  }

  /** Looks again in a while whether the tape has grown. */
  watch(nowMs: number): void {
    const { alarms } = this.#deps
    if (!alarms.isSet('standstill')) alarms.set('standstill', nowMs + this.#options.standstillMs)
  }

  /** The standstill alarm; `finalAtMs` is when the last block became final. */
  standstill(height: number, finalAtMs: number, nowMs: number): void {
    const { heights } = this.#deps
    const isOpen = heights.above().some((slot) => slot.own.vote ?? slot.own.nullify)
    if (!isOpen && height === heights.final.height + 1) return
    if (nowMs - finalAtMs >= this.#options.standstillMs) {
      for (const peer of this.#others()) this.#resend(peer)
    }
    this.watch(nowMs)
  }

  /** A validator (re)connected: what was sent before may not have arrived, and what it had shown may
   * be of an earlier life. */
  connected(peer: number): void {
    this.#relayed[peer] = 0
    this.#shown[peer] = 0
    this.#answered[peer] = NEVER
    this.#resend(peer)
  }

  /** A peer has said what only somebody says who has missed the final. The same final answers him
   * once in `relayMs`: he may say old words without end, and they cost him nothing. */
  answer(peer: number): void {
    const { heights, now } = this.#deps
    if (!heights.finalCertificate) return
    const { height } = heights.finalCertificate.notarization.block
    const nowMs = now()
    const last = this.#answered[peer]
    if (height === last.height && nowMs - last.atMs < this.#options.relayMs) return
    this.#answered[peer] = { height, atMs: nowMs }
    this.#sendFinal(peer)
  }

  #sendFinal(peer: number): void {
    const { finalCertificate } = this.#deps.heights
    if (finalCertificate) this.#deps.send(peer, finalCertificate)
  }

  /** Everything above the final that a peer may have missed. */
  #resend(peer: number): void {
    const { heights, send } = this.#deps
    if (this.#shown[peer] <= heights.final.height) this.#sendFinal(peer)
    const { self } = this.#options
    for (const slot of this.#missed(peer)) {
      this.#sendCertificates(peer, slot)
      if (slot.proposal && (slot.proposed || slot.votes[self])) send(peer, slot.proposal)
      for (const ballot of [slot.votes[self], slot.nullifies[self], slot.finalizes[self]]) {
        if (ballot) send(peer, ballot)
      }
    }
  }

  /** Of very many heights the first, those on from where the peer stands, and the last. */
  #missed(peer: number): Iterable<Slot> {
    const slots = this.#deps.heights.above()
    if (slots.length <= RESENT_HEIGHTS) return slots
    const at = Math.max(
      0,
      slots.findIndex(({ height }) => height >= this.#shown[peer])
    )
    const third = Math.ceil(RESENT_HEIGHTS / 3)
    return new Set([
      ...slots.slice(0, third),
      ...slots.slice(at, at + third),
      ...slots.slice(-third)
    ])
  }

  #sendCertificates(peer: number, slot: Slot): void {
    const { isDurable, send } = this.#deps
    const { notarization, nullification } = slot
    if (notarization && isDurable(slot.notarizationToken)) send(peer, notarization)
    if (nullification && isDurable(slot.nullificationToken)) send(peer, nullification)
  }

  *#others(): Iterable<number> {
    for (let peer = 0; peer < this.#options.validators; peer++) {
      if (peer !== this.#options.self) yield peer
    }
  }
}
