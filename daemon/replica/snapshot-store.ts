// Snapshots on disk, the newest few: what a restart begins from and what peers are served. Each is
// a file of its own, written under another name, synced, and renamed.
import fs from 'node:fs/promises'
import path from 'node:path'
import { equalBytes } from '../../protocol/bytes.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import { type SnapshotBase, readBase, writeBase } from '../tape/messages.ts'

export type SnapshotStoreOptions = {
  folder: string
  /** How many are kept. */
  keep: number
}

export type StoredSnapshot = { base: SnapshotBase; bytes: Uint8Array }

const SUFFIX = '.snapshot'
const UNFINISHED = '.new'

/** One that was found whole: where in its file the bytes begin. */
type Whole = { base: SnapshotBase; start: number }

export class SnapshotStore {
  readonly #options: SnapshotStoreOptions
  /** By index: what was found when it was first asked for. Only those on disk have a place here. */
  readonly #looked = new Map<number, Promise<Whole | null>>()
  readonly #hash: (bytes: Uint8Array) => Uint8Array
  /** One at a time, in order. */
  #writing: Promise<void> = Promise.resolve()

  constructor(
    options: SnapshotStoreOptions,
    dependencies: { hash: (bytes: Uint8Array) => Uint8Array }
  ) {
    this.#options = options
    this.#hash = dependencies.hash
  }

  async open(): Promise<void> {
    await fs.mkdir(this.#options.folder, { recursive: true })
    for (const name of await fs.readdir(this.#options.folder)) {
      if (name.endsWith(UNFINISHED)) await fs.rm(path.join(this.#options.folder, name))
    }
  }

  /** The newest that is whole, or null. */
  async newest(): Promise<StoredSnapshot | null> {
    for (const index of (await this.#indexes()).reverse()) {
      const stored = await this.read(index)
      if (stored !== null) return stored
    }
    return null
  }

  /** Null when there is none of that index, or it is damaged. */
  async read(index: number): Promise<StoredSnapshot | null> {
    let file: Uint8Array
    try {
      file = await fs.readFile(this.#path(index))
    } catch {
      // Not there any more: only the newest are kept.
      return null
    }
    try {
      const reader = new Reader(file)
      const base = readBase(reader)
      if (base === null) return null
      const bytes = reader.fixed(base.bytes)
      reader.finish()
      return base.index === index && equalBytes(this.#hash(bytes), base.hash)
        ? { base, bytes }
        : null
    } catch (fault) {
      if (fault instanceof DecodeFault) return null
      throw fault
    }
  }

  /** What a snapshot is, without its bytes; null as `read`. It is read and checked the first time
   * only: strangers may ask as often as they like. */
  async base(index: number): Promise<SnapshotBase | null> {
    return (await this.#whole(index))?.base ?? null
  }

  /** Bytes [offset, offset + length) of a snapshot, as far as it goes; null as `read`. */
  async piece(index: number, offset: number, length: number): Promise<Uint8Array | null> {
    const whole = await this.#whole(index)
    if (whole === null || offset >= whole.base.bytes) return null
    const bytes = new Uint8Array(Math.min(length, whole.base.bytes - offset))
    let handle: fs.FileHandle
    try {
      handle = await fs.open(this.#path(index))
    } catch {
      return null
    }
    try {
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, whole.start + offset)
      return bytesRead === bytes.length ? bytes : null
    } finally {
      await handle.close()
    }
  }

  async #whole(index: number): Promise<Whole | null> {
    const known = this.#looked.get(index)
    if (known !== undefined) return known
    if (!(await this.#indexes()).includes(index)) return null
    const looking = this.#looked.get(index) ?? this.#look(index)
    this.#looked.set(index, looking)
    return looking
  }

  async #look(index: number): Promise<Whole | null> {
    const stored = await this.read(index)
    if (stored === null) return null
    const { base } = stored
    const writer = new Writer(8192)
    writeBase(writer, base)
    return { base, start: writer.take().length }
  }

  write(stored: StoredSnapshot): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(stored))
    return this.#writing
  }

  async #write({ base, bytes }: StoredSnapshot): Promise<void> {
    const writer = new Writer(8192)
    writeBase(writer, base)
    const file = this.#path(base.index)
    const handle = await fs.open(file + UNFINISHED, 'w')
    try {
      await handle.writeFile(writer.take())
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.rename(file + UNFINISHED, file)
    this.#looked.delete(base.index)
    const indexes = await this.#indexes()
    for (const index of indexes.slice(0, Math.max(0, indexes.length - this.#options.keep))) {
      await fs.rm(this.#path(index), { force: true })
      this.#looked.delete(index)
    }
  }

  async close(): Promise<void> {
    await this.#writing
  }

  async #indexes(): Promise<number[]> {
    const names = await fs.readdir(this.#options.folder)
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => Number(name.slice(0, -SUFFIX.length)))
      .filter((index) => Number.isSafeInteger(index))
      .sort((a, b) => a - b)
  }

  #path(index: number): string {
    return path.join(this.#options.folder, `${index}${SUFFIX}`)
  }
}
