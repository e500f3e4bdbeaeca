// Reads one journal file back. A damaged group is a torn tail (a write that the machine did not
// live to sync, and so never acknowledged) only if it is the last one: an intact group behind it
// proves that it had been synced, as does its place within the checkpoint. Then it is damage to
// something acknowledged, and the daemon must not go on as if it had never promised it.

import { JournalFault } from './journal-fault.ts'
import type { OpenFile } from './file-system.ts'
import type { ReplayRecord } from './types.ts'
import {
  BODY_BYTES_MAX,
  FORMAT,
  GROUP_HEADER_BYTES,
  HEADER_BYTES,
  createSeal,
  decodeGroupHeader,
  decodeHeader,
  decodeRecords,
  isIntact,
  type Header,
  type Seal
} from './frame.ts'

const WINDOW_BYTES = 4 * 1024 * 1024

export type ReplayedFile = { header: Header; seal: Seal; end: number; records: number }

/** Gives every record of the file to `onrecord`. `end` is where the next group goes; bytes from
 * there on are a torn tail. Throws `journal_corrupt` or `journal_version`. */
export async function replayFile(file: OpenFile, onrecord: ReplayRecord): Promise<ReplayedFile> {
  const length = await file.length()
  const header = decodeHeader(await file.read(0, HEADER_BYTES))
  if (header === null) {
    throw new JournalFault('journal_corrupt', 'The journal has no intact header', { length })
  }
  if (header.format !== FORMAT) {
    throw new JournalFault(
      'journal_version',
      `The journal has format ${header.format}; this program reads ${FORMAT}`,
      { format: header.format }
    )
  }
  const seal = createSeal(header.salt)
  const window = new Window(file, length)
  let position = HEADER_BYTES
  let records = 0
  for (;;) {
    const group = await readGroup(window, position, seal)
    if (group === null) break
    for (const record of decodeRecords(group)) {
      onrecord(record.kind, record.payload)
      records++
    }
    position += group.length
  }
  await checkTail(window, position, header, seal)
  return { header, seal, end: position, records }
}

/** The whole group at `position`; null when there is none that is intact. */
async function readGroup(window: Window, position: number, seal: Seal): Promise<Uint8Array | null> {
  const header = decodeGroupHeader(await window.read(position, GROUP_HEADER_BYTES), seal)
  if (header === null) return null
  const length = GROUP_HEADER_BYTES + header.bodyBytes
  const bytes = await window.read(position, length)
  if (bytes.length < length || !isIntact(bytes, position, seal)) return null
  return bytes
}

async function checkTail(window: Window, end: number, header: Header, seal: Seal): Promise<void> {
  const damaged = (message: string) =>
    new JournalFault('journal_corrupt', message, { position: end, length: window.length })
  if (end < HEADER_BYTES + header.checkpointBytes) {
    throw damaged('The checkpoint at the head of the journal is damaged')
  }
  if (window.length - end > GROUP_HEADER_BYTES + BODY_BYTES_MAX) {
    throw damaged('Synced records of the journal are damaged: more follows than one write')
  }
  const tail = await window.read(end, window.length - end)
  for (let at = indexOf(tail, seal.marker, 1); at !== -1; at = indexOf(tail, seal.marker, at + 1)) {
    if ((await readGroup(window, end + at, seal)) !== null) {
      throw damaged('Synced records of the journal are damaged: intact ones follow')
    }
  }
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(wanted, from)
}

/** Reads a file in large pieces, whatever the size of what is asked for. */
class Window {
  readonly length: number
  #file: OpenFile
  #start = 0
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(file: OpenFile, length: number) {
    this.#file = file
    this.length = length
  }

  /** Shorter than asked for only at the end of the file. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const end = Math.min(position + length, this.length)
    if (position < this.#start || end > this.#start + this.#bytes.length) {
      this.#bytes = await this.#file.read(position, Math.max(length, WINDOW_BYTES))
      this.#start = position
    }
    return this.#bytes.subarray(position - this.#start, end - this.#start)
  }
}
