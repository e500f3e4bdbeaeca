// The messages of the channel 'curb/lanes/1'. One value has one encoding; a decoder takes nothing
// else, and bounds every list before it reads it. A run's encoding is also its journal record, so
// that received bytes are written once and as they came.
import { BLOCK_BYTES_MAX, SAFE_MAX, VALIDATORS_LIMIT } from '../../protocol/limits.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import type { MessageRule } from '../network/types.ts'
import type {
  Ack,
  Certificate,
  Evidence,
  LaneMessage,
  Run,
  ShownHead,
  SignedHead
} from './types.ts'

export const LANES_CHANNEL = 'curb/lanes/1'

/** Blocks under one signed head, and their bytes. */
export const RUN_BLOCKS_MAX = 512
export const RUN_BYTES_MAX = 256 * 1024
export const HEADS_MAX = 128
export const ACKS_MAX = 256
/** Leaves by which an evidence of unequal lengths proves itself. */
export const EVIDENCE_LEAVES_MAX = 4096
const ROOTS_MAX = 53
const SIGNATURE_BYTES = 68
const ACK_BYTES = 64

/** A message's number is its place in the channel's list. */
export const laneMessageTypes = {
  run: 0,
  acks: 1,
  certificate: 2,
  request: 3,
  heads: 4,
  evidence: 5,
  claim: 6,
  known: 7
} as const satisfies Record<LaneMessage['kind'], number>

/** In the order of the types. A message costs the sender tokens in the measure in which it can cost
 * the receiver signature checks. */
export const laneMessageRules: readonly MessageRule[] = [
  { name: 'run', bytesMax: RUN_BYTES_MAX + 5 * RUN_BLOCKS_MAX + 256 },
  { name: 'acks', bytesMax: ACKS_MAX * 140 + 3 },
  { name: 'certificate', bytesMax: VALIDATORS_LIMIT * 65 + 80 },
  { name: 'request', bytesMax: 84 },
  { name: 'heads', bytesMax: HEADS_MAX * 145 + 3, cost: HEADS_MAX },
  { name: 'evidence', bytesMax: EVIDENCE_LEAVES_MAX * 41 + ROOTS_MAX * 41 + 512, cost: 4 },
  { name: 'claim', bytesMax: 32 },
  { name: 'known', bytesMax: 180 }
]

/** Type number and payload of a message. @throws EncodeFault on a field out of range. */
export function encodeMessage(message: LaneMessage): { type: number; payload: Uint8Array } {
  const type = laneMessageTypes[message.kind]
  if (message.kind === 'run') return { type, payload: message.bytes }
  const writer = new Writer(256)
  switch (message.kind) {
    case 'acks':
      writeList(writer, 'acks', message.acks, ACKS_MAX, writeAck)
      break
    case 'certificate':
      writeCertificate(writer, message.certificate)
      break
    case 'request':
      writer.fixed('lane', message.lane, 32)
      writer.uint('from', message.from, 0, SAFE_MAX)
      writer.uint('length', message.length, 0, SAFE_MAX)
      writer.fixed('treeHash', message.treeHash, 32)
      break
    case 'heads':
      writeList(writer, 'heads', message.heads, HEADS_MAX, (to, { head, held }) => {
        writeHead(to, head)
        to.bool(held)
      })
      break
    case 'evidence':
      writeEvidence(writer, message.evidence)
      break
    case 'claim':
      writer.fixed('signer', message.signer, 32)
      break
    case 'known':
      writer.fixed('signer', message.signer, 32)
      writer.bool(message.head !== null)
      if (message.head !== null) writeHead(writer, message.head)
      break
  }
  return { type, payload: writer.take() }
}

/** @throws DecodeFault on anything that `encodeMessage` does not make. */
export function decodeMessage(type: number, payload: Uint8Array): LaneMessage {
  const reader = new Reader(payload)
  const message = readMessage(reader, type, payload)
  reader.finish()
  return message
}

function readMessage(reader: Reader, type: number, payload: Uint8Array): LaneMessage {
  switch (type) {
    case laneMessageTypes.run:
      return { kind: 'run', run: readRun(reader), bytes: payload }
    case laneMessageTypes.acks:
      return { kind: 'acks', acks: readList(reader, ACKS_MAX, readAck) }
    case laneMessageTypes.certificate:
      return { kind: 'certificate', certificate: readCertificate(reader) }
    case laneMessageTypes.request: {
      const lane = reader.fixed(32)
      const from = reader.uint(0, SAFE_MAX)
      const length = reader.uint(from + 1, SAFE_MAX)
      return { kind: 'request', lane, from, length, treeHash: reader.fixed(32) }
    }
    case laneMessageTypes.heads:
      return { kind: 'heads', heads: readList(reader, HEADS_MAX, readShown) }
    case laneMessageTypes.evidence:
      return { kind: 'evidence', evidence: readEvidence(reader) }
    case laneMessageTypes.claim:
      return { kind: 'claim', signer: reader.fixed(32) }
    case laneMessageTypes.known: {
      const signer = reader.fixed(32)
      return { kind: 'known', signer, head: reader.bool() ? readHead(reader) : null }
    }
    default:
      return reader.fail('unknown message type')
  }
}

/** A run's bytes: message payload and journal record. @throws EncodeFault */
export function encodeRun(run: Run): Uint8Array {
  const writer = new Writer(256 + run.blocks.reduce((size, block) => size + block.length + 5, 0))
  writeHead(writer, run)
  writer.uint('blocks', run.blocks.length, 1, RUN_BLOCKS_MAX)
  for (const block of run.blocks) {
    writer.uint('block', block.length, 1, BLOCK_BYTES_MAX)
    writer.fixed('block', block, block.length)
  }
  return writer.take()
}

/** @throws DecodeFault */
export function decodeRun(bytes: Uint8Array): Run {
  const reader = new Reader(bytes)
  const run = readRun(reader)
  reader.finish()
  return run
}

function readRun(reader: Reader): Run {
  const head = readHead(reader)
  const count = reader.uint(1, Math.min(RUN_BLOCKS_MAX, head.length))
  const blocks: Uint8Array[] = []
  let bytes = 0
  for (let i = 0; i < count; i++) {
    const size = reader.uint(1, BLOCK_BYTES_MAX)
    bytes += size
    if (bytes > RUN_BYTES_MAX) reader.fail('run too large')
    blocks.push(reader.fixed(size))
  }
  return { ...head, from: head.length - count, blocks }
}

export function writeHead(writer: Writer, head: SignedHead): void {
  writer.fixed('signer', head.signer, 32)
  writer.uint('length', head.length, 1, SAFE_MAX)
  writer.fixed('treeHash', head.treeHash, 32)
  writer.fixed('signature', head.signature, SIGNATURE_BYTES)
}

export function readHead(reader: Reader): SignedHead {
  return {
    signer: reader.fixed(32),
    length: reader.uint(1, SAFE_MAX),
    treeHash: reader.fixed(32),
    signature: reader.fixed(SIGNATURE_BYTES)
  }
}

function readShown(reader: Reader): ShownHead {
  const head = readHead(reader)
  return { head, held: reader.bool() }
}

function writeAck(writer: Writer, ack: Ack): void {
  writer.fixed('lane', ack.lane, 32)
  writer.uint('length', ack.length, 1, SAFE_MAX)
  writer.fixed('treeHash', ack.treeHash, 32)
  writer.fixed('signature', ack.signature, ACK_BYTES)
}

function readAck(reader: Reader): Ack {
  return {
    lane: reader.fixed(32),
    length: reader.uint(1, SAFE_MAX),
    treeHash: reader.fixed(32),
    signature: reader.fixed(ACK_BYTES)
  }
}

function writeCertificate(writer: Writer, certificate: Certificate): void {
  writer.fixed('lane', certificate.lane, 32)
  writer.uint('length', certificate.length, 1, SAFE_MAX)
  writer.fixed('treeHash', certificate.treeHash, 32)
  writeList(writer, 'acks', certificate.acks, VALIDATORS_LIMIT, (to, ack) => {
    to.uint('validator', ack.validator, 0, VALIDATORS_LIMIT - 1)
    to.fixed('signature', ack.signature, ACK_BYTES)
  })
}

function readCertificate(reader: Reader): Certificate {
  const lane = reader.fixed(32)
  const length = reader.uint(1, SAFE_MAX)
  const treeHash = reader.fixed(32)
  let next = 0
  const acks = readList(reader, VALIDATORS_LIMIT, (from) => {
    const validator = from.uint(next, VALIDATORS_LIMIT - 1)
    next = validator + 1
    return { validator, signature: from.fixed(ACK_BYTES) }
  })
  return { lane, length, treeHash, acks }
}

export function writeEvidence(writer: Writer, evidence: Evidence): void {
  writeHead(writer, evidence.a)
  writeHead(writer, evidence.b)
  writeList(writer, 'roots', evidence.roots, ROOTS_MAX, writeNode)
  writeList(writer, 'leaves', evidence.leaves, EVIDENCE_LEAVES_MAX, writeNode)
}

export function readEvidence(reader: Reader): Evidence {
  return {
    a: readHead(reader),
    b: readHead(reader),
    roots: readList(reader, ROOTS_MAX, readNode),
    leaves: readList(reader, EVIDENCE_LEAVES_MAX, readNode)
  }
}

type TreeNode = { size: number; hash: Bytes32 }

export function writeNode(writer: Writer, node: TreeNode): void {
  writer.uint('size', node.size, 0, SAFE_MAX)
  writer.fixed('hash', node.hash, 32)
}

export function readNode(reader: Reader): TreeNode {
  return { size: reader.uint(0, SAFE_MAX), hash: reader.fixed(32) }
}

export function writeList<T>(
  writer: Writer,
  field: string,
  list: readonly T[],
  max: number,
  write: (writer: Writer, value: T) => void
): void {
  writer.uint(field, list.length, 0, max)
  for (const value of list) write(writer, value)
}

export function readList<T>(reader: Reader, max: number, read: (reader: Reader) => T): T[] {
  const count = reader.uint(0, max)
  const list: T[] = []
  for (let i = 0; i < count; i++) list.push(read(reader))
  return list
}
