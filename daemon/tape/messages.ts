// The channel curb/tape/1. A subscriber names the index from which it wants the tape and is sent
// runs as they become final; one that is too far behind is told so and fetches the history run by
// run. A run ends at a signed length, so it is checked as a whole before any of it is kept.
// Snapshots go the same way, in pieces.
import { DecodeFault } from '../../protocol/faults.ts'
import { CUT_BYTES_MAX, SAFE_MAX } from '../../protocol/limits.ts'
import type { LogRoot } from '../../protocol/merkle-log.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import type { MessageRule } from '../network/types.ts'
import type { TapeRun } from './types.ts'

export const TAPE_CHANNEL = 'curb/tape/1'

/** The largest tape block: a cut's data, its header, slices and events. */
export const TAPE_BLOCK_BYTES_MAX = 4 * CUT_BYTES_MAX
/** A run is ended here when a signed length allows it. */
export const RUN_BYTES_MAX = CUT_BYTES_MAX
export const RUN_BLOCKS_MAX = 4096
export const PIECE_BYTES_MAX = 256 * 1024
const SIGNATURE_BYTES_MAX = 2 + 66 * 64

/** A state that a peer can serve: the engine's after block `index`, with the tape's roots there. */
export type SnapshotBase = {
  index: number
  /** Of the whole snapshot. */
  hash: Bytes32
  bytes: number
  /** The tape's tree at index + 1, and the quorum's signature of it. */
  roots: LogRoot[]
  signature: Uint8Array
}

export type TapeMessage =
  /** "Send me everything from here on." */
  | { kind: 'subscribe'; from: number }
  | { kind: 'unsubscribe' }
  /** "Too far back: fetch the history first." `length` blocks are final here. */
  | { kind: 'behind'; length: number }
  /** "I have as many subscribers as I can serve." */
  | { kind: 'full' }
  /** Asks for one run of history. */
  | { kind: 'fetch'; from: number }
  /** To a subscriber, or the answer to a fetch. */
  | { kind: 'run'; run: TapeRun }
  /** The answer to a fetch that cannot be served: [first, length) is what is here. */
  | { kind: 'missing'; from: number; first: number; length: number }
  /** Asks for the newest snapshot. */
  | { kind: 'snapshot' }
  | { kind: 'base'; base: SnapshotBase | null }
  /** Asks for a piece of the snapshot of that index. */
  | { kind: 'piece'; index: number; offset: number }
  | { kind: 'bytes'; index: number; offset: number; bytes: Uint8Array }

const KINDS = [
  'subscribe',
  'unsubscribe',
  'behind',
  'full',
  'fetch',
  'run',
  'missing',
  'snapshot',
  'base',
  'piece',
  'bytes'
] as const satisfies readonly TapeMessage['kind'][]

/** The longest message of a run. The journal's records hold as much. */
const RUN_MESSAGE_BYTES_MAX = TAPE_BLOCK_BYTES_MAX + 2 * RUN_BYTES_MAX

/** What the answer costs: a piece of a file; a run put together, whoever reads it. */
const COSTS: Partial<Record<TapeMessage['kind'], number>> = { fetch: 4, piece: 4, subscribe: 32 }

/** In the order of the types on the wire. */
export const TAPE_MESSAGES: readonly MessageRule[] = KINDS.map((name) => ({
  name,
  bytesMax: name === 'run' ? RUN_MESSAGE_BYTES_MAX : name === 'bytes' ? 300_000 : 8192,
  cost: COSTS[name] ?? 1
}))

export function encodeTapeMessage(message: TapeMessage): { type: number; payload: Uint8Array } {
  const writer = new Writer(message.kind === 'run' ? runSize(message.run) : 256)
  writeBody(writer, message)
  return { type: KINDS.indexOf(message.kind), payload: writer.take() }
}

/** @throws DecodeFault */
export function decodeTapeMessage(type: number, payload: Uint8Array): TapeMessage {
  const reader = new Reader(payload)
  const message = readBody(reader, KINDS[type])
  reader.finish()
  return message
}

/** Whether blocks under one signature are no more than a peer takes as one message. */
export function fitsRun(blocks: readonly { bytes: Uint8Array }[]): boolean {
  let size = 32 + SIGNATURE_BYTES_MAX
  for (const { bytes } of blocks) size += 9 + bytes.length
  return blocks.length <= RUN_BLOCKS_MAX && size <= RUN_MESSAGE_BYTES_MAX
}

function runSize(run: TapeRun): number {
  let size = 32 + run.signature.length
  for (const block of run.blocks) size += 9 + block.length
  return size
}

function writeBody(writer: Writer, message: TapeMessage): void {
  switch (message.kind) {
    case 'unsubscribe':
    case 'full':
    case 'snapshot':
      return
    case 'subscribe':
    case 'fetch':
      writer.uint('from', message.from, 0, SAFE_MAX)
      return
    case 'behind':
      writer.uint('length', message.length, 0, SAFE_MAX)
      return
    case 'run':
      writeRun(writer, message.run)
      return
    case 'missing':
      writer.uint('from', message.from, 0, SAFE_MAX)
      writer.uint('first', message.first, 0, SAFE_MAX)
      writer.uint('length', message.length, 0, SAFE_MAX)
      return
    case 'base':
      writeBase(writer, message.base)
      return
    case 'piece':
      writer.uint('index', message.index, 0, SAFE_MAX)
      writer.uint('offset', message.offset, 0, SAFE_MAX)
      return
    case 'bytes':
      writer.uint('index', message.index, 0, SAFE_MAX)
      writer.uint('offset', message.offset, 0, SAFE_MAX)
      writer.uint('piece', message.bytes.length, 1, PIECE_BYTES_MAX)
      writer.fixed('piece', message.bytes, message.bytes.length)
  }
}

function readBody(reader: Reader, kind: TapeMessage['kind'] | undefined): TapeMessage {
  switch (kind) {
    case 'unsubscribe':
    case 'full':
    case 'snapshot':
      return { kind }
    case 'subscribe':
    case 'fetch':
      return { kind, from: reader.uint(0, SAFE_MAX) }
    case 'behind':
      return { kind, length: reader.uint(0, SAFE_MAX) }
    case 'run':
      return { kind, run: readRun(reader) }
    case 'missing':
      return {
        kind,
        from: reader.uint(0, SAFE_MAX),
        first: reader.uint(0, SAFE_MAX),
        length: reader.uint(0, SAFE_MAX)
      }
    case 'base':
      return { kind, base: readBase(reader) }
    case 'piece':
      return { kind, index: reader.uint(0, SAFE_MAX), offset: reader.uint(0, SAFE_MAX) }
    case 'bytes': {
      const index = reader.uint(0, SAFE_MAX)
      const offset = reader.uint(0, SAFE_MAX)
      return { kind, index, offset, bytes: reader.fixed(reader.uint(1, PIECE_BYTES_MAX)) }
    }
    case undefined:
      throw new DecodeFault('unknown tape message', 0)
  }
}

/** The form in which the journal keeps a run. */
export function encodeRun(run: TapeRun): Uint8Array {
  let size = 64 + run.signature.length
  for (const block of run.blocks) size += block.length + 9
  const writer = new Writer(size)
  writeRun(writer, run)
  return writer.take()
}

function writeRun(writer: Writer, run: TapeRun): void {
  writer.uint('from', run.from, 0, SAFE_MAX)
  writer.uint('blocks', run.blocks.length, 1, RUN_BLOCKS_MAX)
  writer.uint('signature', run.signature.length, 1, SIGNATURE_BYTES_MAX)
  writer.fixed('signature', run.signature, run.signature.length)
  for (const block of run.blocks) {
    writer.uint('tape block', block.length, 1, TAPE_BLOCK_BYTES_MAX)
    writer.fixed('tape block', block, block.length)
  }
}

/** @throws DecodeFault */
export function readRun(reader: Reader): TapeRun {
  const from = reader.uint(0, SAFE_MAX - RUN_BLOCKS_MAX)
  const count = reader.uint(1, RUN_BLOCKS_MAX)
  const signature = reader.fixed(reader.uint(1, SIGNATURE_BYTES_MAX))
  const blocks: Uint8Array[] = []
  while (blocks.length < count) blocks.push(reader.fixed(reader.uint(1, TAPE_BLOCK_BYTES_MAX)))
  return { from, blocks, signature }
}

export function writeBase(writer: Writer, base: SnapshotBase | null): void {
  writer.bool(base !== null)
  if (base === null) return
  writer.uint('index', base.index, 0, SAFE_MAX)
  writer.fixed('hash', base.hash, 32)
  writer.uint('bytes', base.bytes, 1, SAFE_MAX)
  writeRoots(writer, base.roots)
  writer.uint('signature', base.signature.length, 1, SIGNATURE_BYTES_MAX)
  writer.fixed('signature', base.signature, base.signature.length)
}

/** @throws DecodeFault */
export function readBase(reader: Reader): SnapshotBase | null {
  if (!reader.bool()) return null
  const index = reader.uint(0, SAFE_MAX - 1)
  const hash = reader.fixed(32)
  const bytes = reader.uint(1, SAFE_MAX)
  const roots = readRoots(reader)
  const signature = reader.fixed(reader.uint(1, SIGNATURE_BYTES_MAX))
  return { index, hash, bytes, roots, signature }
}

export function writeRoots(writer: Writer, roots: readonly LogRoot[]): void {
  writer.uint('roots', roots.length, 0, 53)
  for (const root of roots) {
    writer.uint('root size', root.size, 0, SAFE_MAX)
    writer.fixed('root hash', root.hash, 32)
  }
}

/** @throws DecodeFault */
export function readRoots(reader: Reader): LogRoot[] {
  const roots: LogRoot[] = []
  for (let left = reader.uint(0, 53); left > 0; left--) {
    roots.push({ size: reader.uint(0, SAFE_MAX), hash: reader.fixed(32) })
  }
  return roots
}
