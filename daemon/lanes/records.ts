// The lanes' records in the journal. A run is recorded in the very bytes that were received.
import { SAFE_MAX } from '../../protocol/limits.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import {
  decodeRun,
  readEvidence,
  readList,
  readNode,
  writeEvidence,
  writeList,
  writeNode
} from './messages.ts'
import type { Evidence, LaneBase, LaneRecord, Run } from './types.ts'

/** Kinds 16 to 19 of the journal are the lanes'. */
export const laneRecordKinds = {
  run: 16,
  base: 17,
  own: 18,
  evidence: 19
} as const satisfies Record<LaneRecord['kind'], number>

const ROOTS_MAX = 53
const SIGNATURE_BYTES = 68

export type RestoredRecord =
  | { kind: 'run'; run: Run }
  | { kind: 'base'; base: LaneBase }
  | { kind: 'own'; incarnation: number; signer: Uint8Array }
  | { kind: 'evidence'; evidence: Evidence }

/** @throws EncodeFault */
export function encodeRecord(record: LaneRecord): { kind: number; payload: Uint8Array } {
  const kind = laneRecordKinds[record.kind]
  if (record.kind === 'run') return { kind, payload: record.bytes }
  const writer = new Writer(256)
  switch (record.kind) {
    case 'base':
      writeBase(writer, record.base)
      break
    case 'own':
      writer.uint('incarnation', record.incarnation, 0, SAFE_MAX)
      writer.fixed('signer', record.signer, 32)
      break
    case 'evidence':
      writeEvidence(writer, record.evidence)
      break
  }
  return { kind, payload: writer.take() }
}

/** Null when the kind is not the lanes'. @throws DecodeFault */
export function decodeRecord(kind: number, payload: Uint8Array): RestoredRecord | null {
  if (kind === laneRecordKinds.run) return { kind: 'run', run: decodeRun(payload) }
  const reader = new Reader(payload)
  const record = readRecord(kind, reader)
  if (record !== null) reader.finish()
  return record
}

function readRecord(kind: number, reader: Reader): RestoredRecord | null {
  switch (kind) {
    case laneRecordKinds.base:
      return { kind: 'base', base: readBase(reader) }
    case laneRecordKinds.own: {
      const incarnation = reader.uint(0, SAFE_MAX)
      return { kind: 'own', incarnation, signer: reader.fixed(32) }
    }
    case laneRecordKinds.evidence:
      return { kind: 'evidence', evidence: readEvidence(reader) }
    default:
      return null
  }
}

function writeBase(writer: Writer, base: LaneBase): void {
  writer.fixed('lane', base.lane, 32)
  writer.bool(base.signer !== null)
  if (base.signer !== null) writer.fixed('signer', base.signer, 32)
  writer.uint('length', base.length, 0, SAFE_MAX)
  writeList(writer, 'roots', base.roots, ROOTS_MAX, writeNode)
  writer.bool(base.signature !== null)
  if (base.signature !== null) writer.fixed('signature', base.signature, SIGNATURE_BYTES)
}

function readBase(reader: Reader): LaneBase {
  const lane = reader.fixed(32)
  const signer = reader.bool() ? reader.fixed(32) : null
  const length = reader.uint(0, SAFE_MAX)
  const roots = readList(reader, ROOTS_MAX, readNode)
  const signature = reader.bool() ? reader.fixed(SIGNATURE_BYTES) : null
  return { lane, signer, length, roots, signature }
}
