// The part of rocksdb-native that the history uses.
declare module 'rocksdb-native' {
  export type Range = {
    gt?: string
    gte?: string
    lt?: string
    lte?: string
    reverse?: boolean
    limit?: number
  }

  export type WriteBatch = {
    tryPut(key: string, value: string): void
    tryDelete(key: string): void
    flush(): Promise<void>
    destroy(): void
  }

  class RocksDB {
    constructor(path: string)
    ready(): Promise<void>
    get(key: string): Promise<Buffer | null>
    write(): WriteBatch
    iterator(range: Range): AsyncIterable<{ key: Buffer; value: Buffer }>
    /** What is in memory goes to synced files. */
    flush(): Promise<void>
    close(): Promise<void>
  }
  export default RocksDB
}
