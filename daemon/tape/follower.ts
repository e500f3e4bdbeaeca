// Keeps a daemon's tape up with its peers. A daemon without a vote subscribes to one peer and
// changes it when that one stalls, refuses or lies. A validator makes its tape by itself: it
// follows only while it is behind. History is fetched run by run, the next one asked for while the
// last is being checked.
import type { Clock, Random } from '../clock.ts'
import type { Peer } from '../network/types.ts'
import { send } from './streamer.ts'
import type { VenueTape } from './tape.ts'
import type { TapeRun } from './types.ts'

export type FollowerOptions = {
  /** Validators of the venue that may be faulty. */
  faulty: number
  /** Always subscribed: a daemon without a vote. */
  always: boolean
  /** Without progress for so long while a peer has more, another peer is asked. */
  stallMs: number
  /** How often it looks whether it is behind. */
  checkMs: number
  /** How long a peer that refused, or had nothing, is left alone and not believed; twice as long
   * each time. */
  avoidMs: number
}

export type FollowedTape = Pick<
  VenueTape,
  'taken' | 'missing' | 'onfinal' | 'appendRun' | 'backfill'
>

export type FollowerDependencies = {
  tape: FollowedTape
  clock: Clock
  random: Random
  /** Peers on which the channel is open. */
  peers: () => Iterable<Peer>
}

const AVOID_DOUBLINGS = 7
/** Blocks: more than what a moment's delay explains. */
const FAR_BLOCKS = 16
/** Times `stallMs`: a peer by which the tape has come no nearer to the others' in so long is left. */
const LAG_STALLS = 3
const AVOIDED_MAX = 1024

/** `fetching`: history; `subscribed`: live. */
type Mode = 'idle' | 'fetching' | 'subscribed'

export class TapeFollower {
  readonly #options: FollowerOptions
  readonly #tape: FollowedTape
  readonly #clock: Clock
  readonly #random: Random
  readonly #peers: () => Iterable<Peer>
  readonly #avoided = new Map<string, { until: number; times: number }>()
  #mode: Mode = 'idle'
  #peer: Peer | null = null
  #progressAt = 0
  /** How far behind the daemon was, and when: since then it has not come nearer. */
  #lag: { blocks: number; at: number } | null = null
  /** Peers that have as many subscribers as they want; asked again when all have said so. */
  readonly #full = new Set<string>()
  #backfilling: { peer: Peer; from: number; at: number } | null = null
  /** What peers have shown beyond their announcements. */
  #shown = 0
  #stop: (() => void) | null = null

  constructor(options: FollowerOptions, dependencies: FollowerDependencies) {
    this.#options = options
    this.#tape = dependencies.tape
    this.#clock = dependencies.clock
    this.#random = dependencies.random
    this.#peers = dependencies.peers
    this.#tape.onfinal((block) => {
      this.#progressAt = this.#clock.now()
      if (block.source === 'own' && !this.#options.always) this.#leave()
    })
  }

  open(): void {
    if (this.#stop !== null) return
    this.#progressAt = this.#clock.now()
    this.#tick()
  }

  close(): void {
    this.#stop?.()
    this.#stop = null
    this.#leave()
  }

  get state(): { mode: Mode; peer: string | null } {
    return { mode: this.#mode, peer: this.#peer?.id ?? null }
  }

  /** The longest tape that a peer claims, of those that have kept their word. */
  get longest(): number {
    let longest = this.#shown
    for (const peer of this.#peers()) {
      if (!this.#isAvoided(peer)) longest = Math.max(longest, lengthOf(peer))
    }
    return longest
  }

  /** How long the tape is by its validators: of more than may be faulty, the most that one at least
   * says honestly. With fewer of them at hand the longest that any peer claims: a claim costs
   * nothing, and on a venue that runs it would be waited for without end. */
  get claimed(): number {
    const claims = [...this.#peers()]
      .filter(({ role }) => role === 'validator')
      .map(lengthOf)
      .sort((a, b) => b - a)
    return claims[this.#options.faulty] ?? this.longest
  }

  #isAvoided(peer: Peer): boolean {
    return (this.#avoided.get(peer.id)?.until ?? 0) > this.#clock.now()
  }

  #avoid(peer: Peer): void {
    const times = (this.#avoided.get(peer.id)?.times ?? 0) + 1
    const forMs = this.#options.avoidMs * 2 ** Math.min(times - 1, AVOID_DOUBLINGS)
    if (this.#avoided.size >= AVOIDED_MAX) this.#avoided.clear()
    this.#avoided.set(peer.id, { until: this.#clock.now() + forMs, times })
  }

  /** Consensus has seen that the tape is at least so long: `length` blocks. */
  behind(length: number): void {
    if (length <= this.#shown) return
    this.#shown = length
    if (this.#mode === 'idle' && this.#stop !== null) this.#follow()
  }

  #tick(): void {
    this.#stop = this.#clock.after(this.#options.checkMs, () => this.#tick())
    this.#look()
  }

  #look(): void {
    const now = this.#clock.now()
    const stalled =
      now - this.#progressAt >= this.#options.stallMs && this.longest > this.#tape.taken
    if (this.#mode !== 'idle' && stalled && this.#peer !== null) this.#drop(this.#peer)
    else if (this.#isHeldBack(now)) this.#change()
    if (this.#mode === 'idle' && (this.#options.always || stalled || this.#farBehind())) {
      this.#follow()
    }
    this.#backfill(now)
  }

  #farBehind(): boolean {
    return this.longest > this.#tape.taken + FAR_BLOCKS
  }

  /** A block now and then is progress, and yet keeps the daemon behind for ever. */
  #isHeldBack(now: number): boolean {
    const blocks = this.claimed - this.#tape.taken
    if (this.#mode === 'idle' || blocks <= FAR_BLOCKS) {
      this.#lag = null
      return false
    }
    if (this.#lag === null || blocks < this.#lag.blocks) this.#lag = { blocks, at: now }
    return now - this.#lag.at >= LAG_STALLS * this.#options.stallMs
  }

  /** To another peer, if there is one; nobody is blamed: it may be this machine that is slow. */
  #change(): void {
    const slow = this.#peer
    this.#lag = null
    if (slow === null) return
    const other = this.#choose(this.#tape.taken, slow)
    if (other === null) return
    this.#leave()
    this.#begin(other)
  }

  opened(peer: Peer): void {
    if (this.#stop === null) return
    if (this.#mode === 'idle' && (this.#options.always || lengthOf(peer) > this.#tape.taken)) {
      this.#follow()
    }
  }

  closed(peer: Peer): void {
    if (this.#backfilling?.peer === peer) this.#backfilling = null
    if (this.#peer !== peer) return
    this.#peer = null
    this.#mode = 'idle'
    if (this.#stop !== null) this.#look()
  }

  #follow(): void {
    const peer = this.#choose(this.#tape.taken)
    if (peer === null) {
      this.#full.clear()
      return
    }
    this.#begin(peer)
  }

  #begin(peer: Peer): void {
    this.#peer = peer
    this.#progressAt = this.#clock.now()
    this.#subscribe(peer)
  }

  #choose(above: number, except: Peer | null = null): Peer | null {
    const ready: Peer[] = []
    for (const peer of this.#peers()) {
      if (peer === except || peer.closed || this.#isAvoided(peer) || this.#full.has(peer.id))
        continue
      if (lengthOf(peer) >= above || this.#options.always) ready.push(peer)
    }
    // One that has what is wanted, if any has.
    const ahead = ready.filter((peer) => lengthOf(peer) > above)
    const from = ahead.length > 0 ? ahead : ready
    return from[Math.floor(this.#random() * from.length)] ?? null
  }

  #subscribe(peer: Peer): void {
    this.#mode = 'subscribed'
    send(peer, { kind: 'subscribe', from: this.#tape.taken })
  }

  #leave(): void {
    if (this.#mode === 'subscribed' && this.#peer !== null)
      send(this.#peer, { kind: 'unsubscribe' })
    this.#mode = 'idle'
    this.#peer = null
  }

  #drop(peer: Peer): void {
    this.#avoid(peer)
    if (this.#peer === peer) this.#leave()
  }

  onbehind(peer: Peer): void {
    if (peer !== this.#peer) return
    this.#mode = 'fetching'
    send(peer, { kind: 'fetch', from: this.#tape.taken })
  }

  onfull(peer: Peer): void {
    if (peer !== this.#peer) return
    this.#leave()
    this.#full.add(peer.id)
    this.#look()
  }

  /** The peer has no block `from`, of a tape of which it has [first, length). */
  onmissing(peer: Peer, from: number, first: number, length: number): void {
    if (this.#backfilling?.peer === peer && this.#backfilling.from === from) {
      this.#backfilling = null
      this.#avoid(peer)
    }
    if (peer !== this.#peer || this.#mode !== 'fetching') return
    const { taken } = this.#tape
    // One that began from a snapshot just above would say again that this daemon is behind, be asked
    // for history, and have none, as fast as messages go.
    if (length <= taken + 1 && first <= taken) this.#subscribe(peer)
    else this.#drop(peer)
  }

  onrun(peer: Peer, run: TapeRun): void {
    if (this.#backfilling?.peer === peer && this.#backfilling.from === run.from) {
      void this.#onhistory(peer, run)
      return
    }
    const end = run.from + run.blocks.length
    const fetching = this.#mode === 'fetching' && peer === this.#peer
    if (fetching && run.from <= this.#tape.taken && end > this.#tape.taken) {
      // Asked for before this one is checked; a lie is found out below.
      send(peer, { kind: 'fetch', from: end })
    }
    const verdict = this.#tape.appendRun(run)
    if (verdict === 'invalid') {
      peer.misbehaved('sent a run of the tape that no quorum signed', 100)
      this.#drop(peer)
    } else if (verdict === 'gap' && peer === this.#peer && this.#mode === 'subscribed') {
      this.#subscribe(peer)
    }
  }

  /** History below the snapshot from which this daemon began. */
  #backfill(now: number): void {
    const { missing } = this.#tape
    if (missing === null) return
    const current = this.#backfilling
    if (current !== null && now - current.at < this.#options.stallMs) return
    if (current !== null) this.#avoid(current.peer)
    const peer = this.#choose(missing.from)
    this.#backfilling = null
    if (peer !== null) this.#askHistory(peer, missing.from)
  }

  #askHistory(peer: Peer, from: number): void {
    this.#backfilling = { peer, from, at: this.#clock.now() }
    send(peer, { kind: 'fetch', from })
  }

  async #onhistory(peer: Peer, run: TapeRun): Promise<void> {
    const verdict = await this.#tape.backfill(run).catch(() => 'gap' as const)
    if (this.#stop === null || this.#backfilling?.peer !== peer) return
    this.#backfilling = null
    if (verdict === 'invalid') {
      peer.misbehaved('sent history of the tape that no quorum signed', 100)
      return
    }
    const { missing } = this.#tape
    if (missing !== null && !peer.closed) this.#askHistory(peer, missing.from)
  }
}

function lengthOf(peer: Peer): number {
  return Math.max(peer.announced.tapeLength, peer.hello.tapeLength)
}
