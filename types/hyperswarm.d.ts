// hyperswarm 4.
declare module 'hyperswarm' {
  import type { EventEmitter } from 'node:events'
  import type HyperDHT from 'hyperdht'
  import type { KeyPair } from 'hyperdht'
  import type { NoiseSecretStream } from '@hyperswarm/secret-stream'

  export type PeerInfo = EventEmitter & {
    readonly publicKey: Uint8Array
    readonly topics: readonly Uint8Array[]
    readonly client: boolean
    readonly server: boolean
    readonly banned: boolean
    readonly explicit: boolean
    readonly attempts: number
    ban(banned: boolean): void
    reconnect(reconnect: boolean): void
  }
  export type PeerDiscovery = {
    readonly topic: Uint8Array
    readonly isClient: boolean
    readonly isServer: boolean
    flushed(): Promise<void>
    refresh(options?: { client?: boolean; server?: boolean; limit?: number }): Promise<void>
    destroy(): Promise<void>
  }
  export type SwarmOptions = {
    dht?: HyperDHT
    keyPair?: KeyPair
    seed?: Uint8Array
    bootstrap?: readonly { host: string; port: number }[]
    maxPeers?: number
    maxClientConnections?: number
    maxServerConnections?: number
    maxParallel?: number
    /** True refuses the connection, and bans the peer until `peerInfo.ban(false)`. */
    firewall?: (publicKey: Uint8Array, payload: unknown) => boolean
    backoffs?: readonly [number, number, number, number]
    jitter?: number
  }

  interface Hyperswarm extends EventEmitter {
    on(event: 'connection', run: (stream: NoiseSecretStream, peer: PeerInfo) => void): this
    on(event: 'ban', run: (peer: PeerInfo, error: Error) => void): this
    on(event: 'update', run: () => void): this
    off(event: string, run: (...values: never[]) => void): this
  }
  class Hyperswarm {
    constructor(options?: SwarmOptions)
    readonly keyPair: KeyPair
    readonly dht: HyperDHT
    readonly destroyed: boolean
    readonly connecting: number
    readonly connections: Set<NoiseSecretStream>
    /** By hex of the public key. */
    readonly peers: Map<string, PeerInfo>
    readonly explicitPeers: Set<PeerInfo>
    listen(): Promise<void>
    join(
      topic: Uint8Array,
      options?: { client?: boolean; server?: boolean; limit?: number }
    ): PeerDiscovery
    leave(topic: Uint8Array): Promise<void>
    joinPeer(publicKey: Uint8Array): void
    leavePeer(publicKey: Uint8Array): void
    status(topic: Uint8Array): PeerDiscovery | null
    flush(): Promise<boolean>
    destroy(options?: { force?: boolean }): Promise<void>
  }
  export default Hyperswarm
}
