// autobase 7, as the benchmark uses it (the peer to beat).
declare module 'autobase' {
  import type { EventEmitter } from 'node:events'
  import type Corestore from 'corestore'
  import type Hypercore from 'hypercore'
  import type { NoiseSecretStream } from '@hyperswarm/secret-stream'

  export type AutobaseNode<V> = {
    readonly value: V
    readonly from: Hypercore
    readonly length: number
    readonly heads: unknown[]
  }
  export type AutobaseView = {
    readonly length: number
    readonly signedLength: number
    append(block: unknown): Promise<unknown>
    get(index: number): Promise<unknown>
  }
  export type AutobaseHost = {
    addWriter(key: Uint8Array, options?: { indexer?: boolean }): Promise<void>
    removeWriter(key: Uint8Array): Promise<void>
    ackWriter(key: Uint8Array): Promise<void>
  }
  export type AutobaseOptions<V> = {
    valueEncoding?: string | { preencode: unknown; encode: unknown; decode: unknown }
    ackInterval?: number
    ackThreshold?: number
    fastForward?: boolean
    optimistic?: boolean
    open?: (store: {
      get(options: string | { name: string; valueEncoding?: string }): AutobaseView
    }) => AutobaseView
    apply?: (nodes: AutobaseNode<V>[], view: AutobaseView, host: AutobaseHost) => Promise<void>
  }
  interface Autobase<V> extends EventEmitter {}
  class Autobase<V = unknown> {
    constructor(store: Corestore, bootstrap: Uint8Array | null, options?: AutobaseOptions<V>)
    readonly key: Uint8Array
    readonly local: Hypercore
    readonly view: AutobaseView
    readonly writable: boolean
    readonly isIndexer: boolean
    readonly signedLength: number
    readonly indexedLength: number
    ready(): Promise<void>
    append(value: V | V[]): Promise<number>
    update(): Promise<void>
    ack(): Promise<void>
    flush(): Promise<void>
    replicate(stream: boolean | NoiseSecretStream): NoiseSecretStream
    close(): Promise<void>
  }
  export default Autobase
}
