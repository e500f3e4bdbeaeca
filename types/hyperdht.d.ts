// hyperdht 6.
declare module 'hyperdht' {
  import type { EventEmitter } from 'node:events'
  import type { NoiseSecretStream } from '@hyperswarm/secret-stream'

  export type KeyPair = { publicKey: Uint8Array; secretKey: Uint8Array }
  export type NodeAddress = { host: string; port: number }
  export type DhtOptions = {
    /** `host:port` or `{ host, port }`; an empty list starts a network of its own. */
    bootstrap?: readonly (string | NodeAddress)[]
    nodes?: readonly NodeAddress[]
    host?: string
    port?: number
    /** False: fail when the port is taken, instead of taking another. */
    anyPort?: boolean
    firewalled?: boolean
    ephemeral?: boolean
    keyPair?: KeyPair
    seed?: Uint8Array
    connectionKeepAlive?: number | false
  }
  export type DhtServer = EventEmitter & {
    listen(keyPair?: KeyPair): Promise<void>
    close(): Promise<void>
    readonly closed: boolean
  }

  interface HyperDHT extends EventEmitter {}
  class HyperDHT {
    constructor(options?: DhtOptions)
    static keyPair(seed?: Uint8Array): KeyPair
    static hash(data: Uint8Array): Uint8Array
    /** A node that others bootstrap from. */
    static bootstrapper(port: number, host: string, options?: DhtOptions): HyperDHT
    readonly defaultKeyPair: KeyPair
    readonly host: string | null
    readonly port: number
    readonly firewalled: boolean
    readonly online: boolean
    readonly destroyed: boolean
    readonly bootstrapped: boolean
    readonly listening: Set<DhtServer>
    readonly rawStreams: Iterable<unknown>
    address(): NodeAddress
    remoteAddress(): NodeAddress | null
    localAddress(): NodeAddress | null
    ready(): Promise<void>
    fullyBootstrapped(): Promise<void>
    refresh(): void
    connect(publicKey: Uint8Array, options?: { keyPair?: KeyPair }): NoiseSecretStream
    createServer(
      options: { firewall?: (publicKey: Uint8Array) => boolean } | null,
      onconnection?: (stream: NoiseSecretStream) => void
    ): DhtServer
    destroy(options?: { force?: boolean }): Promise<void>
  }
  export default HyperDHT
}

declare module '@hyperswarm/testnet' {
  import type HyperDHT from 'hyperdht'
  import type { DhtOptions, NodeAddress } from 'hyperdht'

  export type Testnet = {
    readonly nodes: HyperDHT[]
    readonly bootstrap: NodeAddress[]
    createNode(options?: DhtOptions): HyperDHT
    destroy(): Promise<void>
  }
  export default function createTestnet(
    size?: number,
    options?: { host?: string; port?: number; bootstrap?: NodeAddress[] }
  ): Promise<Testnet>
}
