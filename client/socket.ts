// Calls and subscriptions over a WebSocket that comes back by itself: after a loss it connects
// again with back-off and subscribes again; the channels' listeners get a fresh snapshot. A call
// that was under way when the connection went is a fault, since nobody knows whether it was
// taken: ask with the same clientOrderId.
import { WebSocket } from 'ws'
import type { RpcMethodName, RpcMethods } from '../protocol/rpc.ts'
import { readMessage, type Answer, type Notification } from './answer.ts'
import { RpcFault } from './fault.ts'
import { addressText, refused, type Address } from './http.ts'
import { after } from './timer.ts'

export type SocketClientOptions = Address & {
  /** As a function it is asked for at each connection: a daemon that starts again has another
   * cookie. */
  token?: string | (() => string | undefined)
  /** First wait before connecting again, doubled up to `backoffMaxMs`. */
  backoffMs?: number
  backoffMaxMs?: number
}

export type SocketClientDependencies = {
  after?(delayMs: number, fn: () => void): () => void
  /** Each time the connection is there (again), and each time it went. */
  onState?(state: 'connected' | 'lost'): void
}

type Listener = (data: unknown) => void
type Waiting = { resolve(result: unknown): void; reject(fault: RpcFault): void }

export class SocketClient {
  readonly #options: SocketClientOptions
  readonly #dependencies: SocketClientDependencies
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Map<string, Listener>()
  #socket: WebSocket | null = null
  #nextId = 1
  #backoffMs: number
  #stopRetry = () => {}
  #closed = false

  constructor(options: SocketClientOptions, dependencies: SocketClientDependencies = {}) {
    this.#options = options
    this.#dependencies = dependencies
    this.#backoffMs = options.backoffMs ?? 100
  }

  /** Connects for the first time. @throws RpcFault `unreachable`, `unauthorized` */
  async open(): Promise<void> {
    if (this.#socket === null) await this.#connect()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopRetry()
    const socket = this.#socket
    if (socket === null || socket.readyState === socket.CLOSED) return
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.close()
      // A daemon that is gone never answers the closing handshake.
      this.#after(500, () => socket.terminate())
    })
  }

  /** @throws RpcFault */
  call<M extends RpcMethodName>(
    method: M,
    params: RpcMethods[M]['params']
  ): Promise<RpcMethods[M]['result']> {
    // The daemon's own schemas hold its results to these shapes.
    return this.#send(method, params) as Promise<RpcMethods[M]['result']>
  }

  /** Calls `listener` with the data of each message of the channel, from a snapshot on where the
   * channel has one, also after a reconnection. @throws RpcFault `unknown_channel` */
  async subscribe(channel: string, listener: Listener): Promise<void> {
    this.#listeners.set(channel, listener)
    try {
      await this.#send('public/subscribe', { channels: [channel] })
    } catch (fault) {
      if (!(fault instanceof RpcFault && fault.rpcName === 'closed'))
        this.#listeners.delete(channel)
      throw fault
    }
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#listeners.delete(channel)
    await this.#send('public/unsubscribe', { channels: [channel] })
  }

  /** A fresh start of a channel: for a listener that found a gap. */
  async resubscribe(channel: string): Promise<void> {
    await this.#send('public/unsubscribe', { channels: [channel] })
    await this.#send('public/subscribe', { channels: [channel] })
  }

  #send(method: string, params: unknown): Promise<unknown> {
    const socket = this.#socket
    if (socket === null || socket.readyState !== socket.OPEN) {
      return Promise.reject(RpcFault.closed(`not connected to ${addressText(this.#options)}`))
    }
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
  }

  #connect(): Promise<void> {
    const given = this.#options.token
    const token = typeof given === 'function' ? given() : given
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const socket = new WebSocket(socketUrl(this.#options), { headers })
    this.#socket = socket
    return new Promise((resolve, reject) => {
      let opened = false
      socket.on('open', () => {
        opened = true
        this.#backoffMs = this.#options.backoffMs ?? 100
        this.#dependencies.onState?.('connected')
        resolve()
      })
      socket.on('message', (data: Buffer) => this.#take(data.toString('utf8')))
      socket.on('unexpected-response', (_request, response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
        response.on('end', () => reject(refused(response.statusCode ?? 0, text)))
        response.on('error', reject)
        socket.terminate()
      })
      socket.on('error', (cause) => reject(RpcFault.unreachable(addressText(this.#options), cause)))
      socket.on('close', (_code, reason) => {
        this.#fail(RpcFault.closed(reason.length > 0 ? reason.toString('utf8') : 'connection lost'))
        if (opened) this.#lost()
      })
    })
  }

  #lost(): void {
    this.#dependencies.onState?.('lost')
    this.#retry()
  }

  #retry(): void {
    if (this.#closed) return
    this.#stopRetry = this.#after(this.#backoffMs, () => {
      this.#backoffMs = Math.min(this.#backoffMs * 2, this.#options.backoffMaxMs ?? 5000)
      this.#connect()
        .then(() => this.#subscribeAgain())
        .catch(() => this.#retry())
    })
  }

  async #subscribeAgain(): Promise<void> {
    const channels = [...this.#listeners.keys()]
    if (channels.length > 0) await this.#send('public/subscribe', { channels })
  }

  #take(text: string): void {
    const { answers, notification } = readMessage(text)
    for (const answer of answers) this.#settle(answer)
    if (notification !== null) this.#notify(notification)
  }

  #settle({ id, result, fault }: Answer): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    if (fault === null) waiting.resolve(result)
    else waiting.reject(fault)
  }

  #notify({ method, params }: Notification): void {
    if (method === 'heartbeat') {
      // The answer to a test request; when the connection just went, there is nothing to answer.
      this.#send('public/test', {}).catch(() => {})
    } else if (method === 'subscription') {
      this.#listeners.get(String(params['channel']))?.(params['data'])
    }
  }

  #fail(fault: RpcFault): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const each of waiting) each.reject(fault)
  }

  #after(delayMs: number, fn: () => void): () => void {
    return (this.#dependencies.after ?? after)(delayMs, fn)
  }
}

function socketUrl(address: Address): string {
  return 'url' in address ? address.url.replace(/^http/, 'ws') : `ws+unix://${address.socketPath}:/`
}
