// The journal's bytes. All integers are little-endian.
//
//   file    header, groups
//   header  magic "CURBJRNL" 8, format u32, number u32, checkpoint bytes u64, salt 32,
//           BLAKE2b-128 of all that 16
//   group   marker 8, body bytes u32, records u32, checksum 16, body
//   body    records: kind u8, payload bytes u32, payload
//
// A group is what one write and one sync bring to the disk; it counts as a whole or not at all.
// Its checksum is BLAKE2b-128, keyed with the file's random salt, over its position, its counts
// and its body. The marker comes from the salt too. So neither blocks of an older file, nor a
// group at another place, nor a payload that a peer composed to look like a group, is taken for
// one.
//
// Groups are written one after the other, each synced before the next. The first `checkpoint
// bytes` after the header were synced before the file got its name.

import sodium from 'sodium-native'
import type { JournalRecord } from './types.ts'

export const FORMAT = 1
export const HEADER_BYTES = 72
export const GROUP_HEADER_BYTES = 32
export const RECORD_HEADER_BYTES = 5
export const SALT_BYTES = 32
export const RECORD_BYTES_MAX = 8 * 1024 * 1024
/** A group is closed when it has reached this; one atomic append may be larger, up to
 * `BODY_BYTES_MAX`. */
export const GROUP_BYTES_TARGET = 1024 * 1024
export const BODY_BYTES_MAX = 16 * 1024 * 1024

const MAGIC = Uint8Array.from([0x43, 0x55, 0x52, 0x42, 0x4a, 0x52, 0x4e, 0x4c])
const MARKER_BYTES = 8
const CHECKSUM_BYTES = 16
const HASHED_HEADER_BYTES = HEADER_BYTES - CHECKSUM_BYTES
const TWO_TO_32 = 0x1_0000_0000

export type Header = { format: number; number: number; checkpointBytes: number; salt: Uint8Array }

/** What the groups of one file have in common. */
export type Seal = { salt: Uint8Array; marker: Uint8Array }

export type GroupHeader = { bodyBytes: number; records: number; checksum: Uint8Array }

export function createSeal(salt: Uint8Array): Seal {
  const marker = new Uint8Array(CHECKSUM_BYTES)
  sodium.crypto_generichash(marker, MAGIC, salt)
  return { salt, marker: marker.subarray(0, MARKER_BYTES) }
}

export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = viewOf(bytes)
  bytes.set(MAGIC)
  view.setUint32(8, header.format, true)
  view.setUint32(12, header.number, true)
  writeUint64(view, 16, header.checkpointBytes)
  bytes.set(header.salt, 24)
  sodium.crypto_generichash(
    bytes.subarray(HASHED_HEADER_BYTES),
    bytes.subarray(0, HASHED_HEADER_BYTES)
  )
  return bytes
}

/** Null when it is no header, or a damaged one. */
export function decodeHeader(bytes: Uint8Array): Header | null {
  if (bytes.length < HEADER_BYTES || !sameBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return null
  const checksum = new Uint8Array(CHECKSUM_BYTES)
  sodium.crypto_generichash(checksum, bytes.subarray(0, HASHED_HEADER_BYTES))
  if (!sameBytes(checksum, bytes.subarray(HASHED_HEADER_BYTES, HEADER_BYTES))) return null
  const view = viewOf(bytes)
  return {
    format: view.getUint32(8, true),
    number: view.getUint32(12, true),
    checkpointBytes: readUint64(view, 16),
    salt: bytes.slice(24, 24 + SALT_BYTES)
  }
}

export function recordBytes(record: JournalRecord): number {
  return RECORD_HEADER_BYTES + record.payload.length
}

/** Writes a group into `target`, which has room for it, and returns its length. `position` is
 * where in the file it will stand. */
export function encodeGroup(
  target: Uint8Array,
  records: readonly JournalRecord[],
  position: number,
  seal: Seal
): number {
  const view = viewOf(target)
  let end = GROUP_HEADER_BYTES
  for (const record of records) {
    target[end] = record.kind
    view.setUint32(end + 1, record.payload.length, true)
    target.set(record.payload, end + RECORD_HEADER_BYTES)
    end += recordBytes(record)
  }
  target.set(seal.marker)
  view.setUint32(8, end - GROUP_HEADER_BYTES, true)
  view.setUint32(12, records.length, true)
  const checksum = target.subarray(16, 16 + CHECKSUM_BYTES)
  hashGroup(checksum, target.subarray(0, end), position, seal)
  return end
}

/** Null when the bytes do not begin with the marker of this file, or name impossible sizes. */
export function decodeGroupHeader(bytes: Uint8Array, seal: Seal): GroupHeader | null {
  if (bytes.length < GROUP_HEADER_BYTES) return null
  if (!sameBytes(bytes.subarray(0, MARKER_BYTES), seal.marker)) return null
  const view = viewOf(bytes)
  const bodyBytes = view.getUint32(8, true)
  const records = view.getUint32(12, true)
  if (bodyBytes > BODY_BYTES_MAX || records * RECORD_HEADER_BYTES > bodyBytes) return null
  return { bodyBytes, records, checksum: bytes.subarray(16, 16 + CHECKSUM_BYTES) }
}

/** `bytes` is the whole group. */
export function isIntact(bytes: Uint8Array, position: number, seal: Seal): boolean {
  const checksum = new Uint8Array(CHECKSUM_BYTES)
  hashGroup(checksum, bytes, position, seal)
  return sameBytes(checksum, bytes.subarray(16, 16 + CHECKSUM_BYTES))
}

/** The records of an intact group. Each payload is a copy. */
export function* decodeRecords(bytes: Uint8Array): Generator<JournalRecord> {
  const view = viewOf(bytes)
  let position = GROUP_HEADER_BYTES
  while (position < bytes.length) {
    const length = view.getUint32(position + 1, true)
    const start = position + RECORD_HEADER_BYTES
    yield { kind: bytes[position], payload: bytes.slice(start, start + length) }
    position = start + length
  }
}

function hashGroup(checksum: Uint8Array, bytes: Uint8Array, position: number, seal: Seal): void {
  const place = new Uint8Array(8)
  writeUint64(viewOf(place), 0, position)
  const counts = bytes.subarray(0, 16)
  sodium.crypto_generichash_batch(
    checksum,
    [place, counts, bytes.subarray(GROUP_HEADER_BYTES)],
    seal.salt
  )
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_TO_32, true)
  view.setUint32(at + 4, Math.floor(value / TWO_TO_32), true)
}

function readUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_TO_32 + view.getUint32(at, true)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}
