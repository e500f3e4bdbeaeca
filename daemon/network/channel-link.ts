// One registered channel on one connection: what its owner sends in one turn of the event loop
// leaves as one frame (see frames.ts), and what comes in is checked against the channel's rules
// before its owner sees it.

import type Protomux from 'protomux'
import type { Message } from 'protomux'
import { MESSAGE_OVERHEAD_BYTES, frameCodec, readFrame, type OutgoingMessage } from './frames.ts'
import type { ChannelOptions, Peer } from './types.ts'

/** A frame is closed when it has reached one of these; a single message may be larger. */
const FRAME_BYTES_TARGET = 512 * 1024
const FRAME_MESSAGES_MAX = 2_048

/** What the link asks of its connection. */
export type LinkHost = {
  readonly peer: Peer
  isClosed(): boolean
  /** Calls `flush` after this turn of the event loop. */
  flushLater(link: ChannelLink): void
  /** False when the peer reads too slowly for so many more bytes. */
  admits(bytes: number): boolean
  wrote(bytes: number, messages: number, drained: boolean): void
  dropped(): void
  /** A message came in that costs so many units. */
  received(units: number): void
  misbehaved(reason: string, weight: number): void
  handlerThrew(error: unknown): void
}

export class ChannelLink {
  readonly options: ChannelOptions
  #host: LinkHost
  #message: Message<readonly OutgoingMessage[]> | null = null
  #isOpen = false
  #queue: OutgoingMessage[] = []
  #queueBytes = 0

  constructor(options: ChannelOptions, dependencies: { host: LinkHost }) {
    this.options = options
    this.#host = dependencies.host
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(mux: Protomux): void {
    const channel = mux.createChannel({
      protocol: this.options.name,
      onopen: () => this.#onopen(),
      onclose: () => this.#onclose()
    })
    if (channel === null) return
    this.#message = channel.addMessage({
      encoding: frameCodec,
      onmessage: (frame) => this.#onframe(frame)
    })
    channel.open()
  }

  send(type: number, payload: Uint8Array): boolean {
    const bytes = payload.length + MESSAGE_OVERHEAD_BYTES
    if (!this.#isOpen || !this.#host.admits(this.#queueBytes + bytes)) {
      this.#host.dropped()
      return false
    }
    this.#queue.push({ type, payload })
    this.#queueBytes += bytes
    if (this.#queueBytes >= FRAME_BYTES_TARGET || this.#queue.length >= FRAME_MESSAGES_MAX) {
      this.flush()
    } else if (this.#queue.length === 1) {
      this.#host.flushLater(this)
    }
    return true
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#queue.length === 0 || this.#message === null) return
    const queue = this.#queue
    const bytes = this.#queueBytes
    this.#queue = []
    this.#queueBytes = 0
    if (!this.#isOpen) return
    this.#host.wrote(bytes, queue.length, this.#message.send(queue))
  }

  #onopen(): void {
    this.#isOpen = true
    this.#guard(() => this.options.onopen?.(this.#host.peer))
  }

  #onclose(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#queue = []
    this.#queueBytes = 0
    this.#guard(() => this.options.onclose?.(this.#host.peer))
  }

  #onframe(frame: Uint8Array): void {
    let messages = 0
    const wellFormed = readFrame(frame, (type, payload) => {
      this.#onmessage(type, payload)
      if (++messages <= FRAME_MESSAGES_MAX) return !this.#host.isClosed()
      this.#host.misbehaved(`${this.options.name}: too many messages in a frame`, 100)
      return false
    })
    if (!wellFormed) this.#host.misbehaved(`${this.options.name}: malformed frame`, 50)
  }

  #onmessage(type: number, payload: Uint8Array): void {
    const { name, messages } = this.options
    if (type >= messages.length) {
      this.#host.misbehaved(`${name}: unknown message type ${type}`, 20)
      return
    }
    const rule = messages[type]
    this.#host.received(rule.cost ?? 1)
    if (payload.length > rule.bytesMax) {
      const reason = `${name}: ${rule.name} of ${payload.length} bytes, ${rule.bytesMax} allowed`
      this.#host.misbehaved(reason, 50)
      return
    }
    this.#guard(() => this.options.onmessage(this.#host.peer, type, payload))
  }

  /** No exception of an owner may reach Protomux, which would end the connection, or the
   * process. */
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#host.handlerThrew(error)
    }
  }
}
