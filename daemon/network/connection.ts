// One connection to one peer: hello on `curb/1`, then the registered channels over the same
// Protomux, a throttle on everything that comes in, a bound on what waits to go out.
//
// Both sides say hello at once, as the handshake of the channel. A side that does not like the
// other's hello says so (`bye`) and ends the connection, so that both know why.

import Protomux, { type Message } from 'protomux'
import type { NoiseSecretStream } from '@hyperswarm/secret-stream'
import b4a from 'b4a'
import c from 'compact-encoding'
import type { Clock } from '../clock.ts'
import { ChannelLink, type LinkHost } from './channel-link.ts'
import { Throttle, type RateLimits } from './throttle.ts'
import {
  ANNOUNCEMENT_BYTES_MAX,
  BYE_BYTES_MAX,
  encodeAnnouncement,
  encodeBye,
  encodeHello,
  readAnnouncement,
  readBye,
  readHello,
  type Bye
} from './hello.ts'
import { judgeHello } from './judge-hello.ts'
import type {
  Announcement,
  ChannelOptions,
  Hello,
  NetworkLog,
  Peer,
  PeerStatus,
  Role
} from './types.ts'

export type ConnectionOptions = {
  stream: NoiseSecretStream
  /** By the manifest, not by the peer's word. */
  role: Role
  ownRole: Role
  limits: RateLimits
  outboxBytesMax: number
  /** The longest quiet of a connection that has a validator at one of its ends. */
  aliveMs: number
  helloMs: number
  /** How long a farewell may take. */
  byeMs: number
}

export type ConnectionDependencies = {
  clock: Clock
  log: NetworkLog
  channels: readonly ChannelOptions[]
  hello: () => Hello
  /** True when the peer is now banned. */
  judge: (id: string, reason: string, weight: number) => boolean
  score: (id: string) => number
  onready: (connection: Connection) => void
  onrefused: (connection: Connection, bye: Bye, by: 'us' | 'them') => void
  onclosed: (connection: Connection, error: string) => void
}

/** No honest frame is larger: a frame of ours, or a batch of Hypercore's. */
const WIRE_FRAME_BYTES_MAX = 12 * 1024 * 1024
const HELLO_BYTES_MAX = 1_024

export class Connection implements Peer {
  readonly id: string
  readonly key: Uint8Array
  readonly role: Role
  readonly stream: NoiseSecretStream
  readonly connectedAt: number
  #options: ConnectionOptions
  #dependencies: ConnectionDependencies
  #throttle: Throttle
  #links = new Map<string, ChannelLink>()
  #mux: Protomux | null = null
  /** Links with something to send at the end of this turn. */
  #dirty: ChannelLink[] = []
  #hello: Hello | null = null
  #announced: Announcement = { tapeLength: 0, snapshot: null }
  #announcement: Message<Uint8Array> | null = null
  #bye: Message<Uint8Array> | null = null
  #closed = false
  #leaving = false
  #cancelTimer: () => void = () => {}
  #lastError = 'closed by the peer'
  #backlogBytes = 0
  #backlogSince = 0
  #heardBytes = 0
  #silentLooks = 0
  #counts = { bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0, droppedOut: 0 }

  constructor(options: ConnectionOptions, dependencies: ConnectionDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.stream = options.stream
    this.key = options.stream.remotePublicKey
    this.id = b4a.toString(this.key, 'hex')
    this.role = options.role
    this.connectedAt = dependencies.clock.now()
    this.#throttle = new Throttle(options.limits, {
      clock: dependencies.clock,
      stream: {
        pause: () => this.stream.pause(),
        resume: () => this.stream.resume(),
        receivedBytes: () => this.stream.rawStream.bytesReceived,
        readBytes: () => this.stream.rawBytesRead
      },
      onflood: (inboxBytes) => this.#onflood(inboxBytes)
    })
  }

  get hello(): Hello {
    if (this.#hello === null) throw new Error('a peer is handed out before its hello')
    return this.#hello
  }

  get announced(): Announcement {
    return this.#announced
  }

  get closed(): boolean {
    return this.#closed || this.#leaving
  }

  /** The hellos are exchanged and fit. */
  get isReady(): boolean {
    return this.#hello !== null && !this.closed
  }

  /** For how long the peer has not read what waits for it. */
  stalledMs(now: number): number {
    return this.#backlogBytes === 0 ? 0 : now - this.#backlogSince
  }

  /** How many looks in a row found that nothing had come in, where a quiet peer says that it is
   * there; 0 elsewhere. Looks and not milliseconds: a daemon that was held up itself has not
   * listened, and must not blame its peers. */
  silentLooks(): number {
    const heard = this.stream.rawStream.bytesReceived
    this.#silentLooks = this.#hasValidator && heard === this.#heardBytes ? this.#silentLooks + 1 : 0
    this.#heardBytes = heard
    return this.#silentLooks
  }

  /** Both ends know that from the manifest. */
  get #hasValidator(): boolean {
    return this.role === 'validator' || this.#options.ownRole === 'validator'
  }

  open(): void {
    const { stream } = this
    // Whoever follows the tape must not wait the ten seconds and more that a transport gives a
    // packet without an answer.
    if (this.#hasValidator) stream.setKeepAlive(this.#options.aliveMs)
    stream.on('error', (error: Error) => {
      this.#lastError = error.message
    })
    stream.once('close', () => this.#onclose())
    stream.on('drain', () => {
      this.#backlogBytes = 0
    })
    const mux = Protomux.from(stream)
    this.#mux = mux
    stream.on('data', (frame: Uint8Array) => this.#onframe(frame))
    this.#cancelTimer = this.#dependencies.clock.after(this.#options.helloMs, () =>
      this.refuse({ code: 'HELLO_TIMEOUT', message: 'no hello came in time' })
    )
    this.#openControl(mux)
  }

  has(channel: string): boolean {
    return !this.closed && this.#links.get(channel)?.isOpen === true
  }

  send(channel: string, type: number, payload: Uint8Array): boolean {
    if (this.closed) return false
    return this.#links.get(channel)?.send(type, payload) ?? false
  }

  announce(announcement: Announcement): void {
    if (this.isReady) this.#announcement?.send(encodeAnnouncement(announcement))
  }

  misbehaved(reason: string, weight: number): void {
    if (this.closed) return
    this.#dependencies.log.debug({ peer: this.id, reason, weight }, 'peer misbehaved')
    if (!this.#dependencies.judge(this.id, reason, weight)) return
    this.refuse({ code: 'BANNED', message: reason })
  }

  close(reason: string): void {
    this.#leave({ code: 'CLOSED', message: reason })
  }

  /** Ends the connection for a reason that both sides should be told. */
  refuse(bye: Bye): void {
    if (this.closed) return
    this.#dependencies.onrefused(this, bye, 'us')
    this.#leave(bye)
  }

  /** Without a farewell: for a stream that another one replaces, or at the end of the daemon. */
  destroy(reason = this.#lastError): void {
    this.#lastError = reason
    this.#leaving = true
    this.stream.destroy()
  }

  status(ownTapeLength: number): PeerStatus {
    const { rawStream } = this.stream
    return {
      id: this.id,
      role: this.role,
      address: this.address,
      initiator: this.stream.isInitiator,
      connectedAt: this.connectedAt,
      roundTripMs: rawStream.rtt,
      tapeLength: this.#announced.tapeLength,
      snapshot: this.#announced.snapshot,
      lag: ownTapeLength - this.#announced.tapeLength,
      channels: [...this.#links.values()].filter((link) => link.isOpen).map((l) => l.options.name),
      ...this.#counts,
      throttled: this.#throttle.times,
      misbehaviour: this.#dependencies.score(this.id)
    }
  }

  get address(): string {
    const { remoteHost, remotePort } = this.stream.rawStream
    return `${remoteHost}:${remotePort}`
  }

  #openControl(mux: Protomux): void {
    const control = mux.createChannel<Uint8Array>({
      protocol: 'curb/1',
      handshake: c.raw,
      onopen: (bytes) => this.#onhello(bytes, mux),
      onclose: () => this.stream.end()
    })
    if (control === null) return
    this.#announcement = control.addMessage({
      encoding: c.raw,
      onmessage: (bytes: Uint8Array) => this.#onannouncement(bytes)
    })
    this.#bye = control.addMessage({
      encoding: c.raw,
      onmessage: (bytes: Uint8Array) => this.#onbye(bytes)
    })
    control.open(encodeHello(this.#dependencies.hello()))
  }

  #onhello(bytes: Uint8Array, mux: Protomux): void {
    if (this.closed) return
    this.#cancelTimer()
    const read = bytes.length > HELLO_BYTES_MAX ? readHello(new Uint8Array(0)) : readHello(bytes)
    const bye = judgeHello(read, this.#dependencies.hello(), this.role)
    if (bye !== null) {
      this.refuse(bye)
      return
    }
    if (read.kind !== 'hello') return
    this.#hello = read.hello
    this.#announced = { tapeLength: read.hello.tapeLength, snapshot: null }
    this.#dependencies.onready(this)
    for (const options of this.#dependencies.channels) this.#openLink(options, mux)
  }

  #openLink(options: ChannelOptions, mux: Protomux): void {
    const both = this.role === 'validator' && this.#options.ownRole === 'validator'
    if (this.closed || (options.between === 'validators' && !both)) return
    const link = new ChannelLink(options, { host: this.#host() })
    this.#links.set(options.name, link)
    link.open(mux)
  }

  #host(): LinkHost {
    return {
      peer: this,
      isClosed: () => this.closed,
      flushLater: (link) => this.#flushLater(link),
      admits: (bytes) => this.#backlogBytes + bytes <= this.#options.outboxBytesMax,
      wrote: (bytes, messages, drained) => this.#wrote(bytes, messages, drained),
      dropped: () => this.#counts.droppedOut++,
      received: (units) => this.#received(units),
      misbehaved: (reason, weight) => this.misbehaved(reason, weight),
      handlerThrew: (error) => this.#handlerThrew(error)
    }
  }

  /** What all channels have to say after one turn leaves as one write: each costs both sides a
   * packet, its acknowledgement, and a turn of their own. */
  #flushLater(link: ChannelLink): void {
    this.#dirty.push(link)
    if (this.#dirty.length === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const links = this.#dirty
    const mux = this.#mux
    this.#dirty = []
    if (links.length === 0 || mux === null) return
    const before = this.#counts.bytesOut
    if (links.length > 1) mux.cork()
    for (const link of links) link.flush()
    if (links.length === 1) return
    mux.uncork()
    if (!mux.drained) this.#waits(this.#counts.bytesOut - before)
  }

  #wrote(bytes: number, messages: number, drained: boolean): void {
    this.#counts.bytesOut += bytes
    this.#counts.messagesOut += messages
    if (!drained) this.#waits(bytes)
  }

  #waits(bytes: number): void {
    if (this.#backlogBytes === 0) this.#backlogSince = this.#dependencies.clock.now()
    this.#backlogBytes += bytes
  }

  #received(units: number): void {
    this.#counts.messagesIn++
    this.#throttle.spend(0, units)
  }

  #handlerThrew(error: unknown): void {
    const metadata = { peer: this.id, error: error instanceof Error ? error.stack : String(error) }
    this.#dependencies.log.error(metadata, 'a message handler threw')
    this.misbehaved('a message that this daemon could not handle', 10)
  }

  #onframe(frame: Uint8Array): void {
    this.#counts.bytesIn += frame.length
    this.#throttle.spend(frame.length, 1)
    if (frame.length > WIRE_FRAME_BYTES_MAX) {
      this.misbehaved(`a frame of ${frame.length} bytes`, 100)
    }
  }

  #onflood(inboxBytes: number): void {
    this.misbehaved(`a flood: ${inboxBytes} bytes wait to be read`, 100)
    this.stream.destroy() // a farewell would have to read all that first
  }

  #onannouncement(bytes: Uint8Array): void {
    this.#received(1)
    const announced = bytes.length > ANNOUNCEMENT_BYTES_MAX ? null : readAnnouncement(bytes)
    if (announced === null) this.misbehaved('malformed announcement', 50)
    else this.#announced = announced
  }

  #onbye(bytes: Uint8Array): void {
    if (this.closed || bytes.length > BYE_BYTES_MAX) return
    const bye = readBye(bytes)
    this.#lastError = `${bye.code}: ${bye.message}`
    if (bye.code !== 'CLOSED') this.#dependencies.onrefused(this, bye, 'them')
    this.#leave(null)
  }

  #leave(bye: Bye | null): void {
    if (this.closed) return
    this.#flush()
    this.#leaving = true
    this.#cancelTimer()
    if (bye !== null) {
      this.#lastError = `${bye.code}: ${bye.message}`
      this.#bye?.send(encodeBye(bye))
    }
    this.stream.end()
    this.#throttle.close()
    this.stream.resume() // an end is seen only by who reads
    this.#cancelTimer = this.#dependencies.clock.after(this.#options.byeMs, () =>
      this.stream.destroy()
    )
  }

  #onclose(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimer()
    this.#throttle.close()
    this.#dependencies.onclosed(this, this.#lastError)
  }
}
