// The history's files: ordered keys with JSON values in RocksDB. Writes gather for a moment and go
// out as one atomic batch, so that what a reader finds is always a whole number of tape blocks.
import RocksDB from 'rocksdb-native'
import type { Clock } from '../clock.ts'
import { HistoryFault } from './history-fault.ts'

/** How long writes gather. */
const gatherMs = 25

export type StoreRange = {
  /** Every key with this beginning ... */
  prefix: string
  /** ... whose rest is below this (newest first), or above it (oldest first). */
  below?: string
  above?: string
  newestFirst?: boolean
  limit: number
}

export type StoreDependencies = { clock: Clock; onfault: (fault: unknown) => void }

export class Store {
  readonly #folder: string
  readonly #clock: Clock
  readonly #onfault: (fault: unknown) => void
  #db: RocksDB | null = null
  /** Null: to be deleted. */
  #gathered = new Map<string, string | null>()
  #writing: Promise<void> = Promise.resolve()
  #cancel: (() => void) | null = null

  constructor(folder: string, { clock, onfault }: StoreDependencies) {
    this.#folder = folder
    this.#clock = clock
    this.#onfault = onfault
  }

  async open(): Promise<void> {
    if (this.#db !== null) return
    const db = new RocksDB(this.#folder)
    await db.ready()
    this.#db = db
  }

  async close(): Promise<void> {
    await this.flush()
    const db = this.#db
    this.#db = null
    await db?.close()
  }

  put(key: string, value: unknown): void {
    this.#gather(key, JSON.stringify(value))
  }

  delete(key: string): void {
    this.#gather(key, null)
  }

  #gather(key: string, value: string | null): void {
    this.#gathered.set(key, value)
    this.#cancel ??= this.#clock.after(gatherMs, () => {
      this.flush().catch((fault: unknown) => this.#onfault(fault))
    })
  }

  /** Everything put before is in the files of the operating system: it survives the process. */
  async flush(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
    if (this.#gathered.size > 0) {
      const gathered = this.#gathered
      this.#gathered = new Map()
      this.#writing = this.#writing.then(() => this.#write(gathered))
    }
    await this.#writing
  }

  async #write(gathered: Map<string, string | null>): Promise<void> {
    const batch = this.#opened().write()
    for (const [key, value] of gathered) {
      if (value === null) batch.tryDelete(key)
      else batch.tryPut(key, value)
    }
    await batch.flush()
    batch.destroy()
  }

  /** The same, and it survives a loss of power. */
  async sync(): Promise<void> {
    await this.flush()
    await this.#opened().flush()
  }

  /** The value as JSON gave it; null when there is none. */
  async get(key: string): Promise<unknown> {
    const gathered = this.#gathered.get(key)
    if (gathered !== undefined) return gathered === null ? null : parse(gathered)
    await this.#writing
    const value = await this.#opened().get(key)
    return value === null ? null : parse(value.toString())
  }

  /** Keys without their prefix, and values. */
  async range(range: StoreRange): Promise<{ key: string; value: unknown }[]> {
    const { prefix, below, above, newestFirst = false, limit } = range
    await this.flush()
    const bounds = {
      ...(above === undefined ? { gte: prefix } : { gt: prefix + above }),
      lt: below === undefined ? afterPrefix(prefix) : prefix + below,
      reverse: newestFirst,
      limit
    }
    const found: { key: string; value: unknown }[] = []
    for await (const { key, value } of this.#opened().iterator(bounds)) {
      found.push({ key: key.toString().slice(prefix.length), value: parse(value.toString()) })
    }
    return found
  }

  #opened(): RocksDB {
    if (this.#db === null) throw new Error('the history is not open')
    return this.#db
  }
}

/** A number as part of a key: keys sort as the numbers do. */
export function part(value: number): string {
  return String(value).padStart(16, '0')
}

/** The least text above every text with this beginning (keys are ASCII). */
function afterPrefix(prefix: string): string {
  return `${prefix}\u007f`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HistoryFault('history_unreadable', 'a value is not JSON', {}, cause)
  }
}
