// @hyperswarm/secret-stream: the encrypted, framed stream of a connection. Its peer's key is
// proven by the Noise handshake before 'open'.
declare module '@hyperswarm/secret-stream' {
  import type { Duplex } from 'node:stream'
  import type { EventEmitter } from 'node:events'

  export type RawStream = EventEmitter & {
    readonly remoteHost: string
    readonly remotePort: number
    readonly rtt: number
    readonly bytesReceived: number
    readonly bytesTransmitted: number
  }
  export type NoiseSecretStream = EventEmitter & {
    readonly isInitiator: boolean
    readonly publicKey: Uint8Array
    readonly remotePublicKey: Uint8Array
    readonly handshakeHash: Uint8Array | null
    readonly opened: Promise<boolean>
    readonly destroyed: boolean
    readonly destroying: boolean
    readonly rawStream: RawStream
    readonly rawBytesRead: number
    readonly rawBytesWritten: number
    userData: unknown
    setTimeout(ms: number): void
    setKeepAlive(ms: number): void
    sendKeepAlive(): void
    write(data: Uint8Array): boolean
    end(): void
    pause(): void
    resume(): void
    destroy(error?: Error): void
    pipe<T extends Duplex | NoiseSecretStream>(target: T): T
  }

  export default class SecretStream {
    constructor(isInitiator: boolean, rawStream?: Duplex | null, options?: Record<string, unknown>)
    static keyPair(seed?: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array }
  }
}
