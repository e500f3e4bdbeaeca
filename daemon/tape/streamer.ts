// Serves the tape to other peers: live runs to subscribers, runs of history to those behind. Every
// daemon does, so the load is a tree. What a slow reader does not take in time is not queued for
// it: it is told that it is behind.
import { STREAM_BEHIND_MAX } from '../../protocol/limits.ts'
import type { Peer } from '../network/types.ts'
import { TAPE_CHANNEL, type TapeMessage, encodeTapeMessage } from './messages.ts'
import type { VenueTape } from './tape.ts'

export type StreamerOptions = { subscribersMax: number }

/** Fetches of one peer that may wait; an honest one has at most two under way. */
const FETCHES_MAX = 4

type Subscriber = { peer: Peer; next: number }

export class TapeStreamer {
  readonly #options: StreamerOptions
  readonly #tape: VenueTape
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #fetches = new Map<string, number[]>()
  /** Subscribers mostly want the same run: it is encoded once. */
  #last: { from: number; end: number; type: number; payload: Uint8Array } | null = null

  constructor(options: StreamerOptions, dependencies: { tape: VenueTape }) {
    this.#options = options
    this.#tape = dependencies.tape
    this.#tape.onfinal(() => this.#pumpAll())
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  subscribe(peer: Peer, from: number): void {
    if (!this.#subscribers.has(peer.id) && this.#subscribers.size >= this.#options.subscribersMax) {
      send(peer, { kind: 'full' })
      return
    }
    const subscriber = { peer, next: from }
    this.#subscribers.set(peer.id, subscriber)
    this.#pump(subscriber)
  }

  unsubscribe(peer: Peer): void {
    this.#subscribers.delete(peer.id)
  }

  close(peer: Peer): void {
    this.#subscribers.delete(peer.id)
    this.#fetches.delete(peer.id)
  }

  #pumpAll(): void {
    for (const subscriber of this.#subscribers.values()) this.#pump(subscriber)
  }

  #pump(subscriber: Subscriber): void {
    const { length, kept } = this.#tape
    if (subscriber.next < kept.first || length - subscriber.next > STREAM_BEHIND_MAX) {
      this.#subscribers.delete(subscriber.peer.id)
      send(subscriber.peer, { kind: 'behind', length })
      return
    }
    while (subscriber.next < length) {
      const run = this.#encoded(subscriber.next)
      // A peer that reads too slowly is tried again with the next block.
      if (run === null || !subscriber.peer.send(TAPE_CHANNEL, run.type, run.payload)) return
      subscriber.next = run.end
    }
  }

  #encoded(from: number): { end: number; type: number; payload: Uint8Array } | null {
    const last = this.#last
    if (last !== null && last.from === from && last.end === this.#tape.length) return last
    const run = this.#tape.kept.run(from)
    if (run === null) return null
    const message = encodeTapeMessage({ kind: 'run', run })
    this.#last = { from, end: from + run.blocks.length, ...message }
    return this.#last
  }

  /** One answer at a time for each peer; the next is read when it has gone out. */
  fetch(peer: Peer, from: number): void {
    const waiting = this.#fetches.get(peer.id)
    if (waiting === undefined) {
      this.#fetches.set(peer.id, [from])
      void this.#serve(peer)
    } else if (waiting.length < FETCHES_MAX) {
      waiting.push(from)
    } else {
      peer.misbehaved('fetches more of the tape than it may at once', 10)
    }
  }

  async #serve(peer: Peer): Promise<void> {
    for (;;) {
      const from = this.#fetches.get(peer.id)?.[0]
      if (from === undefined) break
      const run = await this.#tape.run(from).catch(() => null)
      const { first, length } = this.#tape
      send(peer, run === null ? { kind: 'missing', from, first, length } : { kind: 'run', run })
      this.#fetches.get(peer.id)?.shift()
    }
    this.#fetches.delete(peer.id)
  }
}

export function send(peer: Peer, message: TapeMessage): boolean {
  const { type, payload } = encodeTapeMessage(message)
  return peer.send(TAPE_CHANNEL, type, payload)
}
