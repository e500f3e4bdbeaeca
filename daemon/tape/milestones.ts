// Hypercore keeps only its newest signature, but a peer that fetches history in bulk wants to check
// it run by run. So the signatures at some lengths are kept beside the archive, in pages of 64
// lengths each. Which lengths follows from the tape alone: every archive can serve the same runs.
import { SAFE_MAX } from '../../protocol/limits.ts'
import type { MerkleLog } from '../../protocol/merkle-log.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import { RUN_BYTES_MAX } from './messages.ts'

const PAGE = 64

/** True when the signature at `log.length` is kept: every 64 blocks, each MiB, and wherever a
 * snapshot is due. */
export function isMilestone(before: MerkleLog, log: MerkleLog, snapshotCuts: number): boolean {
  return (
    log.length % PAGE === 0 ||
    log.length % snapshotCuts === 0 ||
    Math.floor(log.byteLength / RUN_BYTES_MAX) > Math.floor(before.byteLength / RUN_BYTES_MAX)
  )
}

/** Where the pages are: the archive's own key-value store. */
export type PageStore = {
  getUserData(key: string): Promise<Uint8Array | null>
  setUserData(key: string, value: Uint8Array): Promise<void>
}

export type Milestone = { length: number; signature: Uint8Array }

export class Milestones {
  readonly #signatureBytes: number
  readonly #store: PageStore
  /** The newest page, which still grows. */
  #page = 0
  #newest: Milestone[] = []

  constructor(options: { signatureBytes: number }, dependencies: { store: PageStore }) {
    this.#signatureBytes = options.signatureBytes
    this.#store = dependencies.store
  }

  /** `length`: of the archive. */
  async open(length: number): Promise<void> {
    this.#page = Math.floor(length / PAGE)
    this.#newest = (await this.#read(this.#page)).filter((milestone) => milestone.length <= length)
  }

  /** Ascending, each beyond those before. */
  async add(milestones: readonly Milestone[]): Promise<void> {
    let changed = false
    for (const milestone of milestones) {
      const page = Math.floor(milestone.length / PAGE)
      if (page !== this.#page) {
        if (changed) await this.#write()
        this.#page = page
        this.#newest = []
      }
      this.#newest.push(milestone)
      changed = true
    }
    if (changed) await this.#write()
  }

  /** The first milestone with a length above `length` and at most `limit`; null without one. */
  async after(length: number, limit: number): Promise<Milestone | null> {
    const last = Math.floor(limit / PAGE)
    for (let page = Math.floor((length + 1) / PAGE); page <= last; page++) {
      const list = page === this.#page ? this.#newest : await this.#read(page)
      const found = list.find((milestone) => milestone.length > length)
      if (found !== undefined) return found.length <= limit ? found : null
    }
    return null
  }

  async at(length: number): Promise<Uint8Array | null> {
    const found = await this.after(length - 1, length)
    return found === null ? null : found.signature
  }

  async #read(page: number): Promise<Milestone[]> {
    const bytes = await this.#store.getUserData(pageKey(page))
    if (bytes === null) return []
    const reader = new Reader(bytes)
    const list: Milestone[] = []
    for (let left = reader.uint(0, PAGE); left > 0; left--) {
      const length = reader.uint(0, SAFE_MAX)
      // A copy: the page's buffer is the store's.
      list.push({ length, signature: reader.fixed(this.#signatureBytes).slice() })
    }
    reader.finish()
    return list
  }

  #write(): Promise<void> {
    const writer = new Writer(16 + this.#newest.length * (this.#signatureBytes + 9))
    writer.uint('milestones', this.#newest.length, 0, PAGE)
    for (const milestone of this.#newest) {
      writer.uint('length', milestone.length, 0, SAFE_MAX)
      writer.fixed('signature', milestone.signature, this.#signatureBytes)
    }
    return this.#store.setUserData(pageKey(this.#page), writer.take())
  }
}

function pageKey(page: number): string {
  return `curb/signatures/${page}`
}
