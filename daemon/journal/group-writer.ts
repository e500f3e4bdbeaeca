import {
  BODY_BYTES_MAX,
  FORMAT,
  GROUP_BYTES_TARGET,
  GROUP_HEADER_BYTES,
  HEADER_BYTES,
  createSeal,
  encodeGroup,
  encodeHeader,
  recordBytes,
  type Seal
} from './frame.ts'
import type { OpenFile } from './file-system.ts'
import type { JournalRecord } from './types.ts'

const KEEP_BYTES = 256 * 1024

/** Writes groups at the end of one journal file. */
export class GroupWriter {
  readonly number: number
  /** What one group takes before the next one begins. */
  readonly roomBytes = GROUP_BYTES_TARGET
  #file: OpenFile
  #seal: Seal
  #end: number
  #scratch = new Uint8Array(KEEP_BYTES)

  constructor(place: { file: OpenFile; number: number; seal: Seal; end: number }) {
    this.number = place.number
    this.#file = place.file
    this.#seal = place.seal
    this.#end = place.end
  }

  /** A file that does not count before `finish`. */
  static create(file: OpenFile, number: number, salt: Uint8Array): GroupWriter {
    return new GroupWriter({ file, number, seal: createSeal(salt), end: HEADER_BYTES })
  }

  /** Writes the header, which says that all so far was synced, and syncs. */
  async finish(): Promise<void> {
    const checkpointBytes = this.#end - HEADER_BYTES
    const salt = this.#seal.salt
    await this.#file.write(0, [
      encodeHeader({ format: FORMAT, number: this.number, checkpointBytes, salt })
    ])
    await this.#file.sync()
  }

  /** Where the next group goes. */
  get end(): number {
    return this.#end
  }

  /** One group. Its buffer is used again by the next: await it first. */
  async write(records: readonly JournalRecord[]): Promise<void> {
    let bytes = GROUP_HEADER_BYTES
    for (const record of records) bytes += recordBytes(record)
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(bytes)
    const length = encodeGroup(this.#scratch, records, this.#end, this.#seal)
    await this.#file.write(this.#end, [this.#scratch.subarray(0, length)])
    this.#end += length
    if (this.#scratch.length > GROUP_BYTES_TARGET * 2) this.#scratch = new Uint8Array(KEEP_BYTES)
  }

  /** As many groups as it takes. */
  async writeAll(records: readonly JournalRecord[]): Promise<void> {
    let first = 0
    while (first < records.length) {
      let next = first
      let bytes = 0
      do bytes += recordBytes(records[next++])
      while (next < records.length && bytes + recordBytes(records[next]) <= BODY_BYTES_MAX / 4)
      await this.write(records.slice(first, next))
      first = next
    }
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
