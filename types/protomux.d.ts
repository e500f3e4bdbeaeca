// protomux 3: many channels over one framed stream.
declare module 'protomux' {
  import type { NoiseSecretStream } from '@hyperswarm/secret-stream'

  /** The cursor of compact-encoding. */
  export type CodecState = { start: number; end: number; buffer: Uint8Array }
  /** `Out` when what is decoded has another shape than what is encoded. */
  export type Codec<T, Out = T> = {
    preencode(state: CodecState, value: T): void
    encode(state: CodecState, value: T): void
    decode(state: CodecState): Out
  }
  export type Message<T> = {
    readonly type: number
    /** False when the stream asks its writer to wait, or the channel is closed. */
    send(value: T): boolean
  }
  export type Channel = {
    readonly protocol: string
    readonly id: Uint8Array | null
    readonly opened: boolean
    readonly closed: boolean
    readonly destroyed: boolean
    readonly drained: boolean
    userData: unknown
    open(handshake?: unknown): void
    close(): void
    cork(): void
    uncork(): void
    fullyOpened(): Promise<boolean>
    fullyClosed(): Promise<void>
    addMessage<T, Out = T>(options: {
      encoding?: Codec<T, Out>
      autoBatch?: boolean
      onmessage?: (value: Out, channel: Channel) => void
    }): Message<T>
  }
  export type ChannelOptions<H> = {
    protocol: string
    aliases?: string[]
    id?: Uint8Array | null
    unique?: boolean
    userData?: unknown
    handshake?: Codec<H> | null
    onopen?: (handshake: H, channel: Channel) => void
    onclose?: (isRemote: boolean, channel: Channel) => void
    ondestroy?: (channel: Channel) => void
    ondrain?: (channel: Channel) => void
  }

  export default class Protomux {
    static from(stream: NoiseSecretStream): Protomux
    static isProtomux(value: unknown): boolean
    readonly stream: NoiseSecretStream
    readonly corked: number
    drained: boolean
    cork(): void
    uncork(): void
    /** Null when a unique channel of that protocol and id is open already. */
    createChannel<H = undefined>(options: ChannelOptions<H>): Channel | null
    pair(
      options: { protocol: string; id?: Uint8Array | null },
      notify: (id: Uint8Array | null) => unknown
    ): void
    unpair(options: { protocol: string; id?: Uint8Array | null }): void
    opened(options: { protocol: string; id?: Uint8Array | null }): boolean
    destroy(error?: Error): void
    [Symbol.iterator](): Iterator<Channel>
  }
}
