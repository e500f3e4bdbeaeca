// corestore 7.
declare module 'corestore' {
  import type { EventEmitter } from 'node:events'
  import type Hypercore from 'hypercore'
  import type { HypercoreOptions } from 'hypercore'
  import type { KeyPair } from 'hypercore-crypto'
  import type { NoiseSecretStream } from '@hyperswarm/secret-stream'

  export type WatchedCore = {
    readonly discoveryKey: Uint8Array
    readonly replicator: { setPushOnly(pushOnly: boolean): void }
  }

  interface Corestore extends EventEmitter {}
  class Corestore {
    constructor(
      storage: string,
      options?: {
        primaryKey?: Uint8Array
        /** Must be set when `primaryKey` is. */
        unsafe?: boolean
        namespace?: Uint8Array
        manifestVersion?: number
        writable?: boolean
        readOnly?: boolean
        active?: boolean
        wait?: boolean
      }
    )
    readonly primaryKey: Uint8Array
    /** Internal: the column family that holds all cores (`storage.flush()` flushes another). */
    readonly storage: { readonly db: { flush(): Promise<void> } }
    readonly opened: boolean
    readonly closed: boolean
    ready(): Promise<void>
    get(
      options: Uint8Array | (HypercoreOptions & { name?: string; discoveryKey?: Uint8Array })
    ): Hypercore
    session(options?: { namespace?: Uint8Array }): Corestore
    namespace(name: string | Uint8Array): Corestore
    createKeyPair(name: string, namespace?: Uint8Array): Promise<KeyPair>
    list(namespace?: Uint8Array): AsyncIterable<Uint8Array>
    /** Attaches all cores, now and later, to the stream. */
    replicate(stream: boolean | NoiseSecretStream): NoiseSecretStream
    /** Called with each core that comes into memory, whoever asks for it, before it is opened. */
    watch(run: (core: WatchedCore) => void): void
    unwatch(run: (core: WatchedCore) => void): void
    suspend(): Promise<void>
    resume(): Promise<void>
    close(): Promise<void>
  }
  export default Corestore
}
