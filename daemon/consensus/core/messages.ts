// The canonical bytes of consensus messages, as sent on `curb/consensus/1` and as journaled.
// First a version and the kind; a decoder takes nothing but the one encoding of a value.
import { CUT_BYTES_MAX, SAFE_MAX, VALIDATORS_LIMIT } from '../../../protocol/limits.ts'
import { Reader, Writer } from '../../../protocol/wire.ts'
import { writeBlockId } from './signing.ts'
import type {
  BlockId,
  Evidence,
  ExecutedNote,
  Final,
  Finalize,
  Message,
  Notarization,
  Nullification,
  Nullify,
  Propose,
  Signed,
  Standing,
  Vote
} from './types.ts'

export const MESSAGE_VERSION = 1
/** ed25519 makes 64; other schemes (tests) may make less. */
const SIGNATURE_BYTES_MAX = 96
/** The longest message: two proposals as evidence. */
export const MESSAGE_BYTES_MAX = 2 * CUT_BYTES_MAX + 4096

/** In the order of their numbers on the wire. */
export const MESSAGE_KINDS = [
  'propose',
  'vote',
  'nullify',
  'finalize',
  'notarization',
  'nullification',
  'final',
  'executed',
  'want',
  'evidence',
  'hail',
  'standing',
  'entitled'
] as const satisfies readonly Message['kind'][]

const OFFENCES = ['propose', 'vote', 'finalize'] as const satisfies readonly Evidence['offence'][]

/** @throws EncodeFault on a field out of range: never for a message that was decoded. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer(message.kind === 'propose' ? message.cut.length + 256 : 512)
  writer.u8(MESSAGE_VERSION)
  writer.u8(MESSAGE_KINDS.indexOf(message.kind))
  switch (message.kind) {
    case 'propose':
      writePropose(writer, message)
      break
    case 'vote':
    case 'finalize':
      writeBlockVote(writer, message)
      break
    case 'nullify':
      writeNullify(writer, message)
      break
    case 'notarization':
      writeNotarization(writer, message)
      break
    case 'nullification':
      writer.uint('height', message.height, 0, SAFE_MAX)
      writeSigned(writer, message.signatures)
      break
    case 'final':
      writeNotarization(writer, message.notarization)
      writeSigned(writer, message.partials)
      break
    case 'executed':
      writeExecuted(writer, message)
      break
    case 'want':
      writeBlockId(writer, message.block)
      break
    case 'evidence':
      writeEvidence(writer, message)
      break
    case 'hail':
      writer.uint('nonce', message.nonce, 0, SAFE_MAX)
      break
    case 'standing':
      writer.uint('nonce', message.nonce, 0, SAFE_MAX)
      writer.uint('height', message.height, 1, SAFE_MAX)
      writer.bool(message.votes)
      break
    case 'entitled':
      writer.uint('from', message.from, 1, SAFE_MAX)
      break
  }
  return writer.take()
}

/** @throws DecodeFault */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes)
  if (reader.u8() !== MESSAGE_VERSION) reader.fail('unknown version')
  const kind = MESSAGE_KINDS[reader.u8()]
  const message = readMessage(reader, kind)
  reader.finish()
  return message
}

function readMessage(reader: Reader, kind: Message['kind'] | undefined): Message {
  switch (kind) {
    case 'propose':
      return readPropose(reader)
    case 'vote':
      return readVote(reader)
    case 'finalize':
      return readFinalize(reader)
    case 'nullify':
      return readNullify(reader)
    case 'notarization':
      return readNotarization(reader)
    case 'nullification':
      return readNullification(reader)
    case 'final':
      return readFinal(reader)
    case 'executed':
      return readExecuted(reader)
    case 'want':
      return { kind, block: readBlockId(reader) }
    case 'evidence':
      return readEvidence(reader)
    case 'hail':
      return { kind, nonce: reader.uint(0, SAFE_MAX) }
    case 'standing':
      return readStanding(reader)
    case 'entitled':
      return { kind, from: reader.uint(1, SAFE_MAX) }
    default:
      return reader.fail('unknown kind')
  }
}

function writePropose(writer: Writer, message: Propose): void {
  writeBlockId(writer, message.block)
  writeBlockId(writer, message.parent)
  writeBytes(writer, 'cut', message.cut, CUT_BYTES_MAX)
  writeBytes(writer, 'signature', message.signature, SIGNATURE_BYTES_MAX)
}

function readPropose(reader: Reader): Propose {
  const block = readBlockId(reader)
  const parent = readBlockId(reader)
  const cut = readBytes(reader, CUT_BYTES_MAX)
  return { kind: 'propose', block, parent, cut, signature: readBytes(reader, SIGNATURE_BYTES_MAX) }
}

function writeBlockVote(writer: Writer, message: Vote | Finalize): void {
  writeBlockId(writer, message.block)
  writeOne(writer, message)
}

function readVote(reader: Reader): Vote {
  return { kind: 'vote', block: readBlockId(reader), ...readOne(reader) }
}

function readFinalize(reader: Reader): Finalize {
  return { kind: 'finalize', block: readBlockId(reader), ...readOne(reader) }
}

function writeNullify(writer: Writer, message: Nullify): void {
  writer.uint('height', message.height, 0, SAFE_MAX)
  writeOne(writer, message)
}

function readNullify(reader: Reader): Nullify {
  return { kind: 'nullify', height: reader.uint(0, SAFE_MAX), ...readOne(reader) }
}

function writeNotarization(writer: Writer, message: Notarization): void {
  writeBlockId(writer, message.block)
  writeSigned(writer, message.signatures)
}

function readNotarization(reader: Reader): Notarization {
  return { kind: 'notarization', block: readBlockId(reader), signatures: readSigned(reader) }
}

function readNullification(reader: Reader): Nullification {
  const height = reader.uint(0, SAFE_MAX)
  return { kind: 'nullification', height, signatures: readSigned(reader) }
}

function readFinal(reader: Reader): Final {
  const notarization = readNotarization(reader)
  return { kind: 'final', notarization, partials: readSigned(reader) }
}

function writeExecuted(writer: Writer, message: ExecutedNote): void {
  writer.uint('index', message.executed.index, 0, SAFE_MAX)
  writer.fixed('event hash', message.executed.eventHash, 32)
  writer.bool(message.snapshot !== null)
  if (message.snapshot) {
    writer.uint('snapshot', message.snapshot.index, 0, SAFE_MAX)
    writer.fixed('snapshot hash', message.snapshot.hash, 32)
  }
  writeOne(writer, message)
}

function readExecuted(reader: Reader): ExecutedNote {
  const executed = { index: reader.uint(0, SAFE_MAX), eventHash: reader.fixed(32) }
  const snapshot = reader.bool()
    ? { index: reader.uint(0, SAFE_MAX), hash: reader.fixed(32) }
    : null
  return { kind: 'executed', executed, snapshot, ...readOne(reader) }
}

function writeEvidence(writer: Writer, message: Evidence): void {
  writer.u8(OFFENCES.indexOf(message.offence))
  if (message.offence === 'propose') {
    writePropose(writer, message.first)
    writePropose(writer, message.second)
  } else if (message.offence === 'vote') {
    writeBlockVote(writer, message.first)
    writeBlockVote(writer, message.second)
  } else {
    writeBlockVote(writer, message.first)
    writeNullify(writer, message.second)
    writeNotarization(writer, message.notarization)
  }
}

function readEvidence(reader: Reader): Evidence {
  const kind = 'evidence'
  const offence = OFFENCES[reader.u8()]
  switch (offence) {
    case 'propose':
      return { kind, offence, first: readPropose(reader), second: readPropose(reader) }
    case 'vote':
      return { kind, offence, first: readVote(reader), second: readVote(reader) }
    case 'finalize': {
      const first = readFinalize(reader)
      const second = readNullify(reader)
      return { kind, offence, first, second, notarization: readNotarization(reader) }
    }
    default:
      return reader.fail('unknown offence')
  }
}

function readStanding(reader: Reader): Standing {
  const nonce = reader.uint(0, SAFE_MAX)
  const height = reader.uint(1, SAFE_MAX)
  return { kind: 'standing', nonce, height, votes: reader.bool() }
}

function readBlockId(reader: Reader): BlockId {
  return {
    height: reader.uint(0, SAFE_MAX),
    length: reader.uint(0, SAFE_MAX),
    treeHash: reader.fixed(32)
  }
}

function writeOne(writer: Writer, signed: Signed): void {
  writer.uint('validator', signed.validator, 0, VALIDATORS_LIMIT - 1)
  writeBytes(writer, 'signature', signed.signature, SIGNATURE_BYTES_MAX)
}

function readOne(reader: Reader): Signed {
  const validator = reader.uint(0, VALIDATORS_LIMIT - 1)
  return { validator, signature: readBytes(reader, SIGNATURE_BYTES_MAX) }
}

function writeSigned(writer: Writer, list: readonly Signed[]): void {
  writer.uint('signatures', list.length, 1, VALIDATORS_LIMIT)
  for (const signed of list) writeOne(writer, signed)
}

function readSigned(reader: Reader): Signed[] {
  const list: Signed[] = []
  for (let left = reader.uint(1, VALIDATORS_LIMIT); left > 0; left--) {
    const signed = readOne(reader)
    const before = list.at(-1)
    if (before && before.validator >= signed.validator) reader.fail('signers out of order')
    list.push(signed)
  }
  return list
}

function writeBytes(writer: Writer, field: string, bytes: Uint8Array, max: number): void {
  writer.uint(field, bytes.length, 0, max)
  writer.fixed(field, bytes, bytes.length)
}

function readBytes(reader: Reader, max: number): Uint8Array {
  return reader.fixed(reader.uint(0, max))
}
