// A disk whose machine can lose power at any call. What was synced stays. Of what was not, any
// part may have reached the platter: each sector of each write by itself, the file's new length
// or not, the first so many of a folder's changes.

import type { FileSystem, OpenFile } from '../../../daemon/journal/file-system.ts'
import type { Random } from '../../../daemon/clock.ts'
import { between } from '../../helpers/random.ts'

const SECTOR_BYTES = 512

type Content = {
  /** What programs see. */
  bytes: Uint8Array
  /** What a power cut cannot take. */
  synced: Uint8Array
  /** Writes since the last sync, by place. */
  unsynced: { from: number; to: number }[]
}

type FolderChange = { name: string; content: Content | null }

export class PowerCut extends Error {}

export class PowerCutDisk implements FileSystem {
  /** Calls so far that a power cut could hit. */
  calls = 0
  #random: Random
  #cutAt: number
  #off = false
  #durable = new Map<string, Content>()
  #entries = new Map<string, Content>()
  #changes: FolderChange[] = []

  constructor(options: { random: Random }) {
    this.#random = options.random
    this.#cutAt = Infinity
  }

  /** The power goes at the `call`-th call from now on (0: the next), before or within it. */
  cutAfter(call: number): void {
    this.#cutAt = this.calls + call
  }

  get isOff(): boolean {
    return this.#off
  }

  get fileNames(): string[] {
    return [...this.#entries.keys()]
  }

  /** Flips a bit of what is on the disk. */
  damage(name: string, position: number): void {
    const content = this.#content(name)
    content.bytes[position] ^= 1
    content.synced[position] ^= 1
  }

  length(name: string): number {
    return this.#content(name).bytes.length
  }

  /** Switches the machine on again, with what a power cut left. */
  restart(): void {
    const kept = between(this.#random, 0, this.#changes.length)
    for (const change of this.#changes.slice(0, kept)) apply(this.#durable, change)
    this.#changes = []
    for (const content of new Set([...this.#durable.values(), ...this.#entries.values()])) {
      content.bytes = this.#survivors(content)
      content.synced = content.bytes.slice()
      content.unsynced = []
    }
    this.#entries = new Map(this.#durable)
    this.#off = false
    this.#cutAt = Infinity
  }

  async makeFolder(): Promise<void> {}

  async list(): Promise<string[]> {
    await this.#call()
    return [...this.#entries.keys()].map((file) => file.slice(file.lastIndexOf('/') + 1))
  }

  async open(name: string, mode: 'read-write' | 'create'): Promise<OpenFile> {
    await this.#call()
    if (mode === 'create') {
      const empty = { bytes: new Uint8Array(0), synced: new Uint8Array(0), unsynced: [] }
      this.#change({ name, content: empty })
    }
    return this.#openFile(this.#content(name))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call()
    const content = this.#content(from)
    // One change: a rename is atomic.
    this.#change({ name: to, content })
    this.#entries.delete(from)
    this.#changes[this.#changes.length - 1] = { name: `${from}\n${to}`, content }
  }

  async remove(name: string): Promise<void> {
    await this.#call()
    this.#content(name)
    this.#change({ name, content: null })
  }

  async syncFolder(): Promise<void> {
    await this.#call()
    for (const change of this.#changes) apply(this.#durable, change)
    this.#changes = []
  }

  #openFile(content: Content): OpenFile {
    return {
      read: async (position, length) => {
        await this.#call()
        return content.bytes.slice(position, position + length)
      },
      write: async (position, buffers) => {
        await this.#call(() => this.#write(content, position, buffers))
        this.#write(content, position, buffers)
      },
      sync: async () => {
        await this.#call()
        content.synced = content.bytes.slice()
        content.unsynced = []
      },
      truncate: async (length) => {
        await this.#call()
        const end = Math.max(length, content.bytes.length)
        content.unsynced.push({ from: length, to: end })
        content.bytes = resized(content.bytes, length)
      },
      length: async () => {
        await this.#call()
        return content.bytes.length
      },
      close: async () => {
        await this.#call()
      }
    }
  }

  #write(content: Content, position: number, buffers: readonly Uint8Array[]): void {
    let at = position
    for (const buffer of buffers) {
      if (at + buffer.length > content.bytes.length) {
        content.bytes = resized(content.bytes, at + buffer.length)
      }
      content.bytes.set(buffer, at)
      content.unsynced.push({ from: at, to: at + buffer.length })
      at += buffer.length
    }
  }

  /** Every call takes a turn of the event loop, as on a real disk, so that appends pile up. */
  async #call(halfDone: () => void = () => {}): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#off) throw new PowerCut('the machine is off')
    if (this.calls++ < this.#cutAt) return
    this.#off = true
    if (this.#random() < 0.5) halfDone()
    throw new PowerCut('the power is cut')
  }

  #survivors(content: Content): Uint8Array {
    if (content.unsynced.length === 0) return content.synced
    const newLength = this.#random() < 0.7
    const bytes = resized(content.synced, newLength ? content.bytes.length : content.synced.length)
    for (const { from, to } of content.unsynced) {
      for (let sector = from - (from % SECTOR_BYTES); sector < to; sector += SECTOR_BYTES) {
        if (this.#random() < 0.5) continue
        const end = Math.min(sector + SECTOR_BYTES, content.bytes.length, bytes.length)
        if (sector < end) bytes.set(content.bytes.subarray(sector, end), sector)
      }
    }
    return bytes
  }

  #change(change: FolderChange): void {
    this.#changes.push(change)
    apply(this.#entries, change)
  }

  #content(name: string): Content {
    const content = this.#entries.get(name)
    if (content === undefined) throw new Error(`no such file: ${name}`)
    return content
  }
}

function apply(entries: Map<string, Content>, { name, content }: FolderChange): void {
  const [first, second] = name.split('\n')
  if (content === null || second !== undefined) entries.delete(first)
  if (content !== null) entries.set(second ?? first, content)
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const next = new Uint8Array(length)
  next.set(bytes.subarray(0, length))
  return next
}
