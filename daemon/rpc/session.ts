// One WebSocket: its calls in order, its subscriptions, its heartbeat, and what happens to its
// orders when it goes.
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import type { Envelope } from './envelope.ts'
import type { Hub, Listener } from './hub.ts'
import type { Caller, Scope, Session } from './registry.ts'

/** Bytes that may wait for a listener before it counts as too slow. */
export const sessionBufferMaxBytes = 8 * 1024 * 1024
/** Calls of one connection that may be under way at once; reading pauses above it. */
const callsMax = 256
/** Orders of a connection above which those that have ended are forgotten. */
const placedMin = 4096

export type SessionOptions = {
  id: number
  token: string
  scope: Scope
  /** Whether the token still holds. */
  isGood(): boolean
}

export type SessionDependencies = {
  envelope: Envelope
  hub: Hub
  clock: Clock
  /** Called once when the connection is gone, with what cancel-on-disconnect should cancel. */
  onGone(session: SocketSession, cancel: CancelOnDisconnect | null): void
  onFault(fault: unknown): void
  /** Whether an order can still be cancelled. */
  isLive(account: string, nonce: number): boolean
}

export type CancelOnDisconnect =
  | { scope: 'connection'; placed: { account: string; nonce: number }[] }
  | { scope: 'account'; accounts: string[] }

export class SocketSession implements Session, Listener {
  readonly id: number
  readonly scope: Scope
  readonly #caller: Caller
  readonly #isGood: () => boolean
  readonly #socket: WebSocket
  readonly #dependencies: SessionDependencies
  readonly #placed = new Map<string, { account: string; nonce: number }>()
  readonly #accounts = new Set<string>()
  #pruneAt = placedMin
  #cancelScope: 'connection' | 'account' | null = null
  #calls = 0
  #heartbeat = { intervalMs: 0, answered: true, stop: () => {} }
  #gone = false

  constructor(options: SessionOptions, socket: WebSocket, dependencies: SessionDependencies) {
    this.id = options.id
    this.scope = options.scope
    this.#caller = { token: options.token, scope: options.scope, session: this }
    this.#isGood = options.isGood
    this.#socket = socket
    this.#dependencies = dependencies
  }

  open(): void {
    this.#socket.on('message', (data, isBinary) => this.#take(data, isBinary))
    this.#socket.on('close', () => this.#leave())
    // A broken socket closes by itself; without a listener the error would end the process.
    this.#socket.on('error', (fault) => this.#dependencies.onFault(fault))
  }

  close(): void {
    this.#socket.close(1001, 'the daemon is stopping')
  }

  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN || !this.#holds()) return
    if (this.#socket.bufferedAmount > sessionBufferMaxBytes) {
      this.#socket.close(1008, 'slow consumer: too much waits to be read')
      this.#socket.terminate()
      return
    }
    this.#socket.send(text)
  }

  subscribe(channel: string): void {
    this.#dependencies.hub.subscribe(this, channel)
  }

  unsubscribe(channel: string): void {
    this.#dependencies.hub.unsubscribe(this, channel)
  }

  subscriptions(): string[] {
    return this.#dependencies.hub.channelsOf(this)
  }

  setHeartbeat(intervalSeconds: number): void {
    this.#heartbeat.stop()
    this.#heartbeat = { intervalMs: intervalSeconds * 1000, answered: true, stop: () => {} }
    if (intervalSeconds > 0) this.#beat()
  }

  setCancelOnDisconnect(scope: 'connection' | 'account' | null): void {
    this.#cancelScope = scope
  }

  placed(account: string, nonce: number): void {
    this.#accounts.add(account)
    if (this.#cancelScope !== 'connection') return
    this.#placed.set(`${account}:${nonce}`, { account, nonce })
    if (this.#placed.size < this.#pruneAt) return
    for (const [key, order] of this.#placed) {
      if (!this.#dependencies.isLive(order.account, order.nonce)) this.#placed.delete(key)
    }
    this.#pruneAt = Math.max(placedMin, 2 * this.#placed.size)
  }

  /** Any message answers a heartbeat; `public/test` is the customary one. */
  #take(data: unknown, isBinary: boolean): void {
    this.#heartbeat.answered = true
    if (!this.#holds()) return
    if (isBinary || !Buffer.isBuffer(data)) {
      this.#socket.close(1003, 'text frames only')
      return
    }
    if (++this.#calls >= callsMax) this.#socket.pause()
    this.#dependencies.envelope
      .handle(data.toString('utf8'), this.#caller)
      .then((answer) => {
        if (answer !== null) this.send(answer)
      })
      .catch((fault: unknown) => this.#dependencies.onFault(fault))
      .finally(() => {
        if (--this.#calls < callsMax) this.#socket.resume()
      })
  }

  /** A token that ended takes its connections with it. */
  #holds(): boolean {
    if (this.#isGood()) return true
    this.#socket.close(1008, 'the token has expired or was revoked')
    return false
  }

  #beat(): void {
    this.#heartbeat.stop = this.#dependencies.clock.after(this.#heartbeat.intervalMs, () => {
      if (!this.#heartbeat.answered) {
        this.#socket.terminate()
        return
      }
      this.#heartbeat.answered = false
      this.send('{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}')
      this.#beat()
    })
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#heartbeat.stop()
    this.#dependencies.hub.leave(this)
    this.#dependencies.onGone(this, this.#cancels())
  }

  #cancels(): CancelOnDisconnect | null {
    if (this.#cancelScope === 'connection') {
      return { scope: 'connection', placed: [...this.#placed.values()] }
    }
    if (this.#cancelScope === 'account') {
      return { scope: 'account', accounts: [...this.#accounts] }
    }
    return null
  }
}
