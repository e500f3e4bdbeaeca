// The seam under the journal: the few calls that it makes, so that a test can stop the machine
// at each of them and drop what was not synced, and the simulator can keep files in memory.

import { fdatasync, writevSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'

export type OpenFile = {
  /** Up to `length` bytes at `position`; shorter only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>
  /** All bytes of all buffers, in order, at `position`. */
  write(position: number, buffers: readonly Uint8Array[]): Promise<void>
  /** fdatasync: what was written, and the length, survive a power loss. */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  length(): Promise<number>
  close(): Promise<void>
}

export type FileSystem = {
  /** Creates the folder and its parents. */
  makeFolder(folder: string): Promise<void>
  /** Names of the files in a folder. */
  list(folder: string): Promise<string[]>
  /** `create` empties a file that exists. */
  open(file: string, mode: 'read-write' | 'create'): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  remove(file: string): Promise<void>
  /** Makes creations, renames and removals in the folder survive a power loss. */
  syncFolder(folder: string): Promise<void>
}

class DiskFile implements OpenFile {
  #handle: fs.FileHandle

  constructor(handle: fs.FileHandle) {
    this.#handle = handle
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(
        bytes,
        filled,
        length - filled,
        position + filled
      )
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  }

  async write(position: number, buffers: readonly Uint8Array[]): Promise<void> {
    // The operating system takes at most 1,024 buffers in one call, and may write fewer bytes
    // than it was given.
    let bytes = 0
    for (const buffer of buffers) bytes += buffer.length
    const atOnce = bytes <= BYTES_AT_ONCE_MAX
    for (let first = 0; first < buffers.length; first += BUFFERS_PER_CALL) {
      const some = buffers.slice(first, first + BUFFERS_PER_CALL)
      position = await this.#writeSome(position, some, atOnce)
    }
  }

  async #writeSome(position: number, buffers: Uint8Array[], atOnce: boolean): Promise<number> {
    while (buffers.length > 0) {
      const bytesWritten = atOnce
        ? writevSync(this.#handle.fd, buffers, position)
        : (await this.#handle.writev(buffers, position)).bytesWritten
      position += bytesWritten
      buffers = rest(buffers, bytesWritten)
    }
    return position
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#handle.fd, (fault) => (fault === null ? resolve() : reject(fault)))
    })
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  async length(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

const BUFFERS_PER_CALL = 1_000
/** So much is copied into the page cache in less time than a thread of the pool takes to begin:
 * only the sync is worth one. */
const BYTES_AT_ONCE_MAX = 256 * 1024

function rest(buffers: Uint8Array[], written: number): Uint8Array[] {
  let index = 0
  while (index < buffers.length && written >= buffers[index].length) {
    written -= buffers[index].length
    index++
  }
  if (index === buffers.length) return []
  return [buffers[index].subarray(written), ...buffers.slice(index + 1)]
}

export const disk: FileSystem = {
  async makeFolder(folder) {
    // A folder survives a power loss only with its entry in the parent.
    const first = await fs.mkdir(folder, { recursive: true })
    if (first === undefined) return
    for (let made = path.resolve(folder); ; made = path.dirname(made)) {
      await disk.syncFolder(path.dirname(made))
      if (made === path.resolve(first)) break
    }
  },

  list: (folder) => fs.readdir(folder),

  async open(file, mode) {
    return new DiskFile(await fs.open(file, mode === 'create' ? 'w+' : 'r+'))
  },

  rename: (from, to) => fs.rename(from, to),

  remove: (file) => fs.rm(file),

  async syncFolder(folder) {
    const handle = await fs.open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}
