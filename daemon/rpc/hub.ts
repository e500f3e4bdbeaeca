// Who listens to what. A message is put into text once, whoever many listen; a listener that
// does not keep up is told and dropped, so that it never slows the daemon.
import { RpcError } from './errors.ts'
import { allows, type Scope } from './registry.ts'

/** Where channels come from. */
export type ChannelSource = {
  /** The scope that a channel needs; null when there is no such channel. */
  scopeOf(channel: string): Scope | null
  /** What a new listener gets first: a snapshot; undefined for none. */
  first(channel: string): unknown
  /** The first listener came, the last one went. */
  opened(channel: string): void
  closed(channel: string): void
}

/** One connection's end of the hub. */
export type Listener = {
  readonly scope: Scope
  /** Sends a text, or drops the connection when too much waits already. */
  send(text: string): void
}

export class Hub {
  readonly #source: ChannelSource
  readonly #listeners = new Map<string, Set<Listener>>()

  constructor({ source }: { source: ChannelSource }) {
    this.#source = source
  }

  /** @throws RpcError `unknown_channel`, `unauthorized`, `forbidden` */
  subscribe(listener: Listener, channel: string): void {
    const needed = this.#source.scopeOf(channel)
    if (needed === null) {
      throw new RpcError('unknown_channel', `no channel ${channel.slice(0, 100)}`, 'channels')
    }
    if (!allows(listener.scope, needed)) {
      throw new RpcError(listener.scope === 'open' ? 'unauthorized' : 'forbidden')
    }
    const listeners = this.#listeners.get(channel) ?? new Set()
    if (listeners.has(listener)) return
    if (listeners.size === 0) {
      this.#listeners.set(channel, listeners)
      this.#source.opened(channel)
    }
    const first = this.#source.first(channel)
    if (first !== undefined) listener.send(notification(channel, first))
    listeners.add(listener)
  }

  unsubscribe(listener: Listener, channel: string): void {
    const listeners = this.#listeners.get(channel)
    if (!listeners?.delete(listener) || listeners.size > 0) return
    this.#listeners.delete(channel)
    this.#source.closed(channel)
  }

  leave(listener: Listener): void {
    for (const channel of this.channelsOf(listener)) this.unsubscribe(listener, channel)
  }

  channelsOf(listener: Listener): string[] {
    return [...this.#listeners].filter(([, all]) => all.has(listener)).map(([name]) => name)
  }

  has(channel: string): boolean {
    return this.#listeners.has(channel)
  }

  /** Channels that someone listens to. */
  open(): string[] {
    return [...this.#listeners.keys()].sort()
  }

  publish(channel: string, data: unknown): void {
    const listeners = this.#listeners.get(channel)
    if (listeners === undefined) return
    const text = notification(channel, data)
    for (const listener of listeners) listener.send(text)
  }
}

function notification(channel: string, data: unknown): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    method: 'subscription',
    params: { channel, data }
  })
}
