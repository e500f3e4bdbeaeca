// The one file of the daemon that is synced (design 2.2). Appends of one turn, and all that come
// while the disk is busy, share a write and an asynchronous fdatasync: at 0.3 ms a sync the
// waiting time hardly grows with the load.
//
// A file is named by its number. Rotation writes `<number>.new` with the checkpoint while appends
// go on to the old file, then stops for one short group that brings what was appended meanwhile,
// syncs, renames to `<number>.journal`, syncs the folder, and only then removes the old file. At
// start the highest `.journal` counts; whatever else lies there was left by a crash.

import path from 'node:path'
import { JournalFault } from './journal-fault.ts'
import { replayFile } from './replay.ts'
import { GroupWriter } from './group-writer.ts'
import {
  BODY_BYTES_MAX,
  GROUP_BYTES_TARGET,
  RECORD_BYTES_MAX,
  SALT_BYTES,
  recordBytes
} from './frame.ts'
import type { FileSystem } from './file-system.ts'
import type { Journal, JournalRecord, ReplayRecord, ReplayResult } from './types.ts'

export type JournalOptions = {
  /** The journal's own folder. */
  folder: string
}

export type JournalDependencies = {
  files: FileSystem
  /** Unpredictable bytes; only for the salt of a file. */
  randomBytes: (length: number) => Uint8Array
  /** Called once, after a failed write or sync: nothing can be promised any more, the daemon
   * must end. */
  onFault: (fault: JournalFault) => void
}

type Waiting = {
  records: readonly JournalRecord[]
  bytes: number
  resolve: () => void
  reject: (error: Error) => void
}

type Rotation = {
  /** What has been appended since the rotation began and is in the old file only. */
  since: JournalRecord[]
  /** The new file, once its checkpoint is written. */
  next: GroupWriter | null
  resolve: () => void
  reject: (error: Error) => void
}

const SUFFIX = '.journal'
const UNFINISHED = '.new'

export class FileJournal implements Journal {
  #folder: string
  #files: FileSystem
  #randomBytes: (length: number) => Uint8Array
  #onFault: (fault: JournalFault) => void
  #opening: Promise<ReplayResult> | null = null
  #closing: Promise<void> | null = null
  #fault: JournalFault | null = null
  #writer: GroupWriter | null = null
  #queue: Waiting[] = []
  /** Somebody waits for what is in the queue. */
  #isDue = false
  #pendingBytes = 0
  /** The last group that was written, or is being written: code that awaits it may not have run
   * yet when a rotation begins. */
  #recent: JournalRecord[] = []
  #rotation: Rotation | null = null
  #rotated: Promise<void> = Promise.resolve()
  #running: Promise<void> | null = null

  constructor(options: JournalOptions, dependencies: JournalDependencies) {
    this.#folder = options.folder
    this.#files = dependencies.files
    this.#randomBytes = dependencies.randomBytes
    this.#onFault = dependencies.onFault
  }

  get byteLength(): number {
    return this.#writer === null ? 0 : this.#writer.end
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  open(onrecord: ReplayRecord): Promise<ReplayResult> {
    this.#opening ??= this.#open(onrecord)
    return this.#opening
  }

  append(kind: number, payload: Uint8Array): Promise<void> {
    return this.appendAll([{ kind, payload }])
  }

  appendLazily(kind: number, payload: Uint8Array): Promise<void> {
    return this.#append([{ kind, payload }], false)
  }

  flush(): void {
    if (this.#queue.length === 0) return
    this.#isDue = true
    this.#wake()
  }

  appendAll(records: readonly JournalRecord[]): Promise<void> {
    return this.#append(records, true)
  }

  #append(records: readonly JournalRecord[], urgent: boolean): Promise<void> {
    const bytes = sumOf(records)
    const refused = this.#refusal() ?? tooLarge(records, bytes)
    if (refused !== null) return Promise.reject(refused)
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, bytes, resolve, reject })
      this.#pendingBytes += bytes
      if (urgent || this.#pendingBytes > GROUP_BYTES_TARGET) this.flush()
    })
  }

  rotate(checkpoint: Iterable<JournalRecord>): Promise<void> {
    const refused = this.#refusal()
    if (refused !== null) return Promise.reject(refused)
    if (this.#rotation !== null) {
      return Promise.reject(
        new JournalFault('journal_rotating', 'A rotation of the journal is under way')
      )
    }
    const records = [...checkpoint]
    this.#rotated = new Promise((resolve, reject) => {
      const rotation = { since: [...this.#recent], next: null, resolve, reject }
      this.#rotation = rotation
      this.#prepare(rotation, records).catch((error: unknown) => this.#fail(error))
    })
    return this.#rotated
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #open(onrecord: ReplayRecord): Promise<ReplayResult> {
    await this.#files.makeFolder(this.#folder)
    const names = await this.#files.list(this.#folder)
    await this.#remove(names.filter((name) => name.endsWith(SUFFIX + UNFINISHED)))
    const current = Math.max(0, ...names.map(numberOf))
    if (current === 0) return this.#create()
    const result = await this.#reopen(current, onrecord)
    await this.#remove(names.filter((name) => numberOf(name) > 0 && numberOf(name) < current))
    return result
  }

  async #create(): Promise<ReplayResult> {
    const writer = await this.#createWriter(1, [])
    this.#writer = writer
    await this.#name(writer)
    return { records: 0, bytes: 0, tornBytes: 0, existed: false }
  }

  async #reopen(number: number, onrecord: ReplayRecord): Promise<ReplayResult> {
    const file = await this.#files.open(this.#path(number), 'read-write')
    try {
      const length = await file.length()
      const { seal, end, records } = await replayFile(file, onrecord)
      if (end < length) await file.truncate(end)
      // The last group may have come back from the page cache only: whoever relies on what was
      // replayed must find it again after a power loss.
      await file.sync()
      this.#writer = new GroupWriter({ file, number, seal, end })
      return { records, bytes: end, tornBytes: length - end, existed: true }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async #close(): Promise<void> {
    if (this.#opening === null) return
    await Promise.allSettled([this.#opening, this.#rotated])
    this.flush()
    while (this.#running !== null) await this.#running
    await this.#writer?.close()
    this.#writer = null
  }

  #refusal(): JournalFault | null {
    if (this.#fault !== null) return this.#fault
    if (this.#writer !== null && this.#closing === null) return null
    return new JournalFault('journal_closed', 'The journal is not open')
  }

  /** Serves the queue after this turn of the event loop, again and again while there is work: what
   * all that came in with a turn appends, the end of a sync included, shares a group. */
  #wake(): void {
    this.#running ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#serve())
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running = null
        if (this.#fault === null && this.#hasWork()) this.#wake()
      })
  }

  #hasWork(): boolean {
    return this.#isDue || (this.#rotation !== null && this.#rotation.next !== null)
  }

  async #serve(): Promise<void> {
    const rotation = this.#rotation
    if (rotation !== null && rotation.next !== null) {
      await this.#switch(rotation, rotation.next)
    } else {
      await this.#commit()
    }
  }

  async #commit(): Promise<void> {
    const writer = this.#writer
    if (writer === null) return
    const group = this.#take(writer.roomBytes)
    const records = group.flatMap((waiting) => waiting.records)
    this.#recent = records
    this.#rotation?.since.push(...records)
    try {
      await writer.write(records)
      await writer.sync()
    } catch (error) {
      this.#queue.unshift(...group)
      throw error
    }
    for (const waiting of group) {
      this.#pendingBytes -= waiting.bytes
      waiting.resolve()
    }
  }

  /** The first appends of the queue that fit into one group, at least one. */
  #take(roomBytes: number): Waiting[] {
    let count = 0
    let bytes = 0
    while (count < this.#queue.length) {
      bytes += this.#queue[count].bytes
      if (count > 0 && bytes > roomBytes) break
      count++
    }
    this.#isDue = count < this.#queue.length
    return this.#queue.splice(0, count)
  }

  async #prepare(rotation: Rotation, checkpoint: readonly JournalRecord[]): Promise<void> {
    const number = this.#writer === null ? 1 : this.#writer.number + 1
    rotation.next = await this.#createWriter(number, checkpoint)
    this.#wake()
  }

  async #switch(rotation: Rotation, next: GroupWriter): Promise<void> {
    const last = this.#writer
    rotation.next = null
    try {
      await next.writeAll(rotation.since)
      await this.#name(next)
    } catch (error) {
      await next.close()
      throw error
    }
    this.#writer = next
    if (last !== null) {
      await last.close()
      await this.#remove([nameOf(last.number)])
    }
    this.#rotation = null
    rotation.resolve()
  }

  /** A new file with its checkpoint, not yet under its name. */
  async #createWriter(number: number, checkpoint: readonly JournalRecord[]): Promise<GroupWriter> {
    const file = await this.#files.open(this.#path(number) + UNFINISHED, 'create')
    const writer = GroupWriter.create(file, number, this.#randomBytes(SALT_BYTES))
    try {
      await writer.writeAll(checkpoint)
      await writer.sync()
    } catch (error) {
      await writer.close()
      throw error
    }
    return writer
  }

  /** From here on the file counts. */
  async #name(writer: GroupWriter): Promise<void> {
    await writer.finish()
    const name = this.#path(writer.number)
    await this.#files.rename(name + UNFINISHED, name)
    await this.#files.syncFolder(this.#folder)
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#files.remove(path.join(this.#folder, name))
    if (names.length > 0) await this.#files.syncFolder(this.#folder)
  }

  #path(number: number): string {
    return path.join(this.#folder, nameOf(number))
  }

  /** May be called twice: the disk can fail under a group and under a rotation at once. */
  #fail(cause: unknown): void {
    const first = this.#fault === null
    const text = cause instanceof Error ? cause.message : String(cause)
    const fault =
      this.#fault ?? new JournalFault('journal_failed', `The journal failed: ${text}`, {}, cause)
    this.#fault = fault
    this.#rotation?.reject(fault)
    this.#rotation = null
    for (const waiting of this.#queue.splice(0)) waiting.reject(fault)
    this.#pendingBytes = 0
    if (first) this.#onFault(fault)
  }
}

function nameOf(number: number): string {
  return String(number).padStart(8, '0') + SUFFIX
}

/** 0 for a file that is not a journal. */
function numberOf(name: string): number {
  const match = /^(\d{8,})\.journal$/.exec(name)
  return match === null ? 0 : Number(match[1])
}

function sumOf(records: readonly JournalRecord[]): number {
  let bytes = 0
  for (const record of records) bytes += recordBytes(record)
  return bytes
}

function tooLarge(records: readonly JournalRecord[], bytes: number): JournalFault | null {
  const fits = records.every((record) => record.payload.length <= RECORD_BYTES_MAX)
  if (fits && bytes <= BODY_BYTES_MAX) return null
  return new JournalFault('journal_too_large', 'A record is too large for the journal', { bytes })
}
