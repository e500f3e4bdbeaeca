// How the daemon's own lane reaches the validators: each gets every run once, as far as its window
// allows; what it does not acknowledge is sent again, later and later, and from the start of the
// unacknowledged tail when it connects. Acknowledgements are kept unchecked (the connection has
// proven whose they are) until there is a quorum of them, which there is only for a head that the
// tape left waiting: then a certificate is worth making. Pure: the clock and the sockets are the
// caller's.
import { equalBytes } from '../../protocol/bytes.ts'
import { type AckRules, verifyAck } from './certificates.ts'
import { FORGERY } from './lane-context.ts'
import type { Ack, Certificate, LaneHost, PeerKey, Run, Verify } from './types.ts'

export type OutboxOptions = {
  /** Unacknowledged bytes that a validator is sent. */
  windowBytes: number
  /** Wait for an acknowledgement before sending again; doubles up to the longest. Longer than a
   * validator waits for the tape before it acknowledges. */
  repushAfterMs: number
  repushMaxMs: number
}

export const outboxDefaults: OutboxOptions = {
  windowBytes: 2 * 1024 * 1024,
  repushAfterMs: 1000,
  repushMaxMs: 8000
}

/** Between two looks at what waits. */
const LOOK_MS = 25

type Out = {
  readonly run: Run
  readonly bytes: Uint8Array
  readonly acks: Map<number, Uint8Array>
  certified: boolean
}

type Target = {
  /** Place of the next run to be sent. */
  next: number
  /** Place of the first run that is not acknowledged. */
  first: number
  unackedBytes: number
  retries: number
  movedAtMs: number
  /** Length of the latest certificate that it was sent. */
  certified: number
}

type Dependencies = {
  verify: Verify
  now(): number
  host: Pick<LaneHost, 'send' | 'misbehaved'>
  /** Index among the validators, or -1. */
  index(peer: PeerKey): number
  /** This daemon's own acknowledgement, if it is a validator. */
  own(run: Run): { validator: number; signature: Uint8Array } | null
  /** A certificate was made. */
  certified(certificate: Certificate): void
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #rules: AckRules
  readonly #deps: Dependencies
  readonly #targets = new Map<PeerKey, Target>()
  #lane: Uint8Array = new Uint8Array(32)
  /** Runs by place; those before `#start` are gone. */
  #runs: Out[] = []
  #start = 0
  readonly #places = new Map<number, number>()
  #certificate: Certificate | null = null

  constructor(options: OutboxOptions, rules: AckRules, dependencies: Dependencies) {
    this.#options = options
    this.#rules = rules
    this.#deps = dependencies
  }

  /** Runs that are not final. */
  get size(): number {
    return this.#runs.length
  }

  /** Begins with another lane, of which nothing is to be sent yet. */
  reset(lane: Uint8Array): void {
    this.#lane = lane
    this.#start += this.#runs.length
    this.#runs = []
    this.#places.clear()
    this.#certificate = null
    for (const target of this.#targets.values()) this.#restart(target)
  }

  #restart(target: Target): void {
    target.next = target.first = this.#start
    target.unackedBytes = 0
    target.retries = 0
    target.movedAtMs = this.#deps.now()
    target.certified = 0
  }

  opened(peer: PeerKey): void {
    if (this.#deps.index(peer) < 0) return
    const target = { next: 0, first: 0, unackedBytes: 0, retries: 0, movedAtMs: 0, certified: 0 }
    this.#restart(target)
    this.#targets.set(peer, target)
    this.#pump(peer, target)
  }

  closed(peer: PeerKey): void {
    this.#targets.delete(peer)
  }

  /** A run that is in the journal. */
  add(run: Run, bytes: Uint8Array): void {
    this.#places.set(run.length, this.#start + this.#runs.length)
    this.#runs.push({ run, bytes, acks: new Map(), certified: false })
    for (const [peer, target] of this.#targets) this.#pump(peer, target)
  }

  #pump(peer: PeerKey, target: Target): void {
    if (target.next === target.first) target.movedAtMs = this.#deps.now()
    for (;;) {
      const out = this.#runs[target.next - this.#start]
      if (out === undefined) return
      const room = this.#options.windowBytes - target.unackedBytes
      if (out.bytes.length > room && target.unackedBytes > 0) return
      if (!this.#deps.host.send(peer, { kind: 'run', run: out.run, bytes: out.bytes })) return
      target.unackedBytes += out.bytes.length
      target.next++
    }
  }

  /** A validator's acknowledgements. */
  acks(peer: PeerKey, acks: readonly Ack[]): void {
    const validator = this.#deps.index(peer)
    if (validator < 0) return
    const target = this.#targets.get(peer)
    for (const ack of acks) {
      const place = this.#places.get(ack.length)
      if (place === undefined || !equalBytes(ack.lane, this.#lane)) continue
      const out = this.#runs[place - this.#start]
      if (!equalBytes(out.run.treeHash, ack.treeHash)) continue
      out.acks.set(validator, ack.signature)
      if (target !== undefined && place >= target.first) this.#advance(target, place + 1)
    }
    if (target !== undefined) this.#pump(peer, target)
    this.#certify()
  }

  #advance(target: Target, place: number): void {
    for (let at = target.first; at < Math.min(place, target.next); at++) {
      target.unackedBytes -= this.#runs[at - this.#start].bytes.length
    }
    target.first = place
    target.next = Math.max(target.next, place)
    target.retries = 0
    target.movedAtMs = this.#deps.now()
  }

  /** The tape has the lane up to `length`. */
  final(length: number): void {
    let gone = 0
    while (gone < this.#runs.length && this.#runs[gone].run.length <= length) gone++
    if (gone === 0) return
    if (this.#certificate !== null && this.#certificate.length <= length) this.#certificate = null
    const start = this.#start + gone
    for (const target of this.#targets.values()) {
      if (target.first < start) this.#advance(target, start)
    }
    for (const { run } of this.#runs.splice(0, gone)) this.#places.delete(run.length)
    this.#start = start
    for (const [peer, target] of this.#targets) this.#pump(peer, target)
  }

  /** Sends again, certifies. Returns when to call again, or null while nothing waits. */
  tick(): number | null {
    if (this.#runs.length === 0) return null
    const now = this.#deps.now()
    this.#certify()
    const { repushAfterMs, repushMaxMs } = this.#options
    for (const [peer, target] of this.#targets) {
      const waitMs = Math.min(repushMaxMs, repushAfterMs * 2 ** Math.min(target.retries, 10))
      if (target.first < target.next && now - target.movedAtMs >= waitMs) {
        target.next = target.first
        target.unackedBytes = 0
        target.retries++
        target.movedAtMs = now
      }
      this.#pump(peer, target)
      this.#tellCertificate(peer, target)
    }
    return now + LOOK_MS
  }

  /** Makes a certificate of the longest head that has a quorum. */
  #certify(): void {
    const { quorum } = this.#rules
    for (let i = this.#runs.length - 1; i >= 0; i--) {
      const out = this.#runs[i]
      if (out.certified) return
      if (out.acks.size === quorum - 1) this.#addOwn(out)
      if (out.acks.size < quorum) continue
      this.#dropFalse(out)
      if (out.acks.size < quorum) continue
      out.certified = true
      this.#publish(out)
      return
    }
  }

  #addOwn(out: Out): void {
    const ack = this.#deps.own(out.run)
    if (ack !== null) out.acks.set(ack.validator, ack.signature)
  }

  #dropFalse(out: Out): void {
    const { length, treeHash } = out.run
    for (const [validator, signature] of out.acks) {
      const ack = { lane: this.#lane, length, treeHash, signature }
      if (verifyAck(this.#rules, this.#deps.verify, validator, ack)) continue
      out.acks.delete(validator)
      for (const peer of this.#targets.keys()) {
        if (this.#deps.index(peer) !== validator) continue
        this.#deps.host.misbehaved(peer, 'an acknowledgement whose signature is false', FORGERY)
      }
    }
  }

  #publish(out: Out): void {
    const { length, treeHash } = out.run
    const acks = [...out.acks]
      .map(([validator, signature]) => ({ validator, signature }))
      .sort((a, b) => a.validator - b.validator)
      .slice(0, this.#rules.quorum)
    this.#certificate = { lane: this.#lane, length, treeHash, acks }
    this.#deps.certified(this.#certificate)
    for (const [peer, target] of this.#targets) this.#tellCertificate(peer, target)
  }

  #tellCertificate(peer: PeerKey, target: Target): void {
    const certificate = this.#certificate
    if (certificate === null || target.certified >= certificate.length) return
    if (this.#deps.host.send(peer, { kind: 'certificate', certificate })) {
      target.certified = certificate.length
    }
  }
}
