// Lane blocks and the entries in them.
//
//   block = version (1), number of entries (1 to 512), the entries; at most 64 KiB
//   entry = kind (its place in ENTRY_KINDS, from 1), then its fields
//
// A block decodes as a whole or not at all: a block that does not is skipped by everyone. What is
// checked here is form: ranges, flags, the shape of signatures. What an entry may do is the
// engine's to judge. Signatures and keys of decoded entries are views into the block.
import { DecodeFault, EncodeFault } from './faults.ts'
import {
  BLOCK_BYTES_MAX,
  BLOCK_ENTRIES_MAX,
  BLOCK_VERSION,
  EXPIRY_MAX,
  NONCE_MAX,
  QUANTITY_MAX,
  SAFE_MAX,
  TOKENS_LIMIT,
  U32_MAX
} from './limits.ts'
import {
  readAttest,
  readCancel,
  readCancelAll,
  readCosign,
  readProof,
  readQuote,
  writeAttest,
  writeCancel,
  writeCancelAll,
  writeCosign,
  writeProof,
  writeQuote
} from './entry-fields.ts'
import { readMarket, readOrder, writeMarket, writeOrder } from './order.ts'
import { Reader, Writer } from './wire.ts'
import type { Entry, EntryKind } from './types.ts'

export const ENTRY_KINDS: readonly EntryKind[] = [
  'open',
  'link',
  'place',
  'quote',
  'cancel',
  'cancelAll',
  'amend',
  'withdraw',
  'lease',
  'protect',
  'cosign',
  'attest'
]

const scratch = new Writer(BLOCK_BYTES_MAX)

/** The bytes of one entry, as they stand in a block.
 * @throws EncodeFault */
export function encodeEntry(entry: Entry): Uint8Array {
  scratch.reset()
  writeEntry(scratch, entry)
  return scratch.take()
}

/** @throws DecodeFault */
export function decodeEntry(bytes: Uint8Array): Entry {
  const reader = new Reader(bytes)
  const entry = readEntry(reader)
  reader.finish()
  return entry
}

/** @throws EncodeFault on an entry that has no encoding, or a block that is too large. */
export function encodeBlock(entries: readonly Entry[]): Uint8Array {
  scratch.reset()
  writeBlockHead(entries.length)
  for (const entry of entries) writeEntry(scratch, entry)
  return takeBlock()
}

/** The block of entries that are encoded already (encodeEntry).
 * @throws EncodeFault when they are too many or too large for one block. */
export function joinBlock(entries: readonly Uint8Array[]): Uint8Array {
  scratch.reset()
  writeBlockHead(entries.length)
  for (const entry of entries) scratch.fixed('entry', entry, entry.length)
  return takeBlock()
}

/** Bytes that a block needs beyond those of its entries, at most. */
export const BLOCK_HEAD_BYTES = 4

function writeBlockHead(count: number): void {
  scratch.u8(BLOCK_VERSION)
  scratch.uint('entries', count, 1, BLOCK_ENTRIES_MAX)
}

function takeBlock(): Uint8Array {
  if (scratch.length > BLOCK_BYTES_MAX) {
    throw new EncodeFault('block', `is ${scratch.length} bytes, more than ${BLOCK_BYTES_MAX}`)
  }
  return scratch.take()
}

/** The entries of a lane block.
 * @throws DecodeFault and nothing else, whatever the bytes. */
export function decodeBlock(bytes: Uint8Array): Entry[] {
  if (bytes.length > BLOCK_BYTES_MAX) throw new DecodeFault('block too large', BLOCK_BYTES_MAX)
  const reader = new Reader(bytes)
  if (reader.u8() !== BLOCK_VERSION) reader.fail('unknown block version')
  const count = reader.uint(1, BLOCK_ENTRIES_MAX)
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) entries.push(readEntry(reader))
  reader.finish()
  return entries
}

function readEntry(reader: Reader): Entry {
  const kind = reader.u8()
  switch (kind) {
    case 1:
      return {
        kind: 'open',
        venue: reader.fixed(32),
        daemon: reader.fixed(32),
        incarnation: reader.uint(0, U32_MAX),
        laneKey: reader.fixed(32)
      }
    case 2:
      return {
        kind: 'link',
        account: reader.address(),
        nonce: reader.uint(1, NONCE_MAX),
        expiry: reader.uint(1, EXPIRY_MAX),
        signature: reader.signature()
      }
    case 3:
      return {
        kind: 'place',
        order: readOrder(reader),
        proof: readProof(reader),
        signature: reader.signature()
      }
    case 4:
      return readQuote(reader)
    case 5:
      return readCancel(reader)
    case 6:
      return readCancelAll(reader)
    case 7:
      return {
        kind: 'amend',
        oldNonce: reader.uint(1, NONCE_MAX),
        filledSeen: reader.uint(0, QUANTITY_MAX),
        order: readOrder(reader),
        proof: readProof(reader),
        signature: reader.signature()
      }
    case 8:
      return {
        kind: 'withdraw',
        account: reader.address(),
        token: reader.uint(0, TOKENS_LIMIT - 1),
        quanta: reader.uint(1, SAFE_MAX),
        nonce: reader.uint(1, NONCE_MAX),
        expiry: reader.uint(1, EXPIRY_MAX),
        signature: reader.signature()
      }
    case 9:
      return { kind: 'lease', ttlMs: reader.uint(0, U32_MAX) }
    case 10:
      return {
        kind: 'protect',
        account: reader.address(),
        market: readMarket(reader),
        lots: reader.uint(0, SAFE_MAX),
        windowMs: reader.uint(0, U32_MAX)
      }
    case 11:
      return readCosign(reader)
    case 12:
      return readAttest(reader)
    default:
      reader.offset--
      return reader.fail('unknown entry kind')
  }
}

function writeEntry(writer: Writer, entry: Entry): void {
  writer.u8(ENTRY_KINDS.indexOf(entry.kind) + 1)
  switch (entry.kind) {
    case 'open':
      writer.fixed('venue', entry.venue, 32)
      writer.fixed('daemon', entry.daemon, 32)
      writer.uint('incarnation', entry.incarnation, 0, U32_MAX)
      writer.fixed('laneKey', entry.laneKey, 32)
      return
    case 'link':
      writer.address('account', entry.account)
      writer.uint('nonce', entry.nonce, 1, NONCE_MAX)
      writer.uint('expiry', entry.expiry, 1, EXPIRY_MAX)
      writer.signature(entry.signature)
      return
    case 'place':
      writeOrder(writer, entry.order)
      writeProof(writer, entry.proof)
      writer.signature(entry.signature)
      return
    case 'quote':
      return writeQuote(writer, entry)
    case 'cancel':
      return writeCancel(writer, entry)
    case 'cancelAll':
      return writeCancelAll(writer, entry)
    case 'amend':
      writer.uint('oldNonce', entry.oldNonce, 1, NONCE_MAX)
      writer.uint('filledSeen', entry.filledSeen, 0, QUANTITY_MAX)
      writeOrder(writer, entry.order)
      writeProof(writer, entry.proof)
      writer.signature(entry.signature)
      return
    case 'withdraw':
      writer.address('account', entry.account)
      writer.uint('token', entry.token, 0, TOKENS_LIMIT - 1)
      writer.uint('quanta', entry.quanta, 1, SAFE_MAX)
      writer.uint('nonce', entry.nonce, 1, NONCE_MAX)
      writer.uint('expiry', entry.expiry, 1, EXPIRY_MAX)
      writer.signature(entry.signature)
      return
    case 'lease':
      writer.uint('ttlMs', entry.ttlMs, 0, U32_MAX)
      return
    case 'protect':
      writer.address('account', entry.account)
      writeMarket(writer, entry.market)
      writer.uint('lots', entry.lots, 0, SAFE_MAX)
      writer.uint('windowMs', entry.windowMs, 0, U32_MAX)
      return
    case 'cosign':
      return writeCosign(writer, entry)
    case 'attest':
      return writeAttest(writer, entry)
  }
}
