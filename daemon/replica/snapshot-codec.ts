// A snapshot is the whole state after a tape block: the tape's own tree there, where every lane
// stands, and the engine. One state has one encoding, so validators agree on its hash, which a
// later cut carries.
import { SAFE_MAX, VENUE_LANES_MAX } from '../../protocol/limits.ts'
import { readChainCursor, writeChainCursor } from '../../protocol/chain-events.ts'
import type { LogRoot } from '../../protocol/merkle-log.ts'
import { LANE_SIGNATURE_BYTES_MAX } from '../../protocol/tape-block.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import { compareBytes } from '../../protocol/bytes.ts'
import type { LedgerBase, LedgerHead } from './lane-ledger.ts'
import { readRoots, writeRoots } from '../tape/messages.ts'

const SNAPSHOT_VERSION = 1

export type Snapshot = {
  venue: Bytes32
  /** Of the last tape block that is in it, whose index is the snapshot's. */
  head: LedgerHead
  /** The tape's tree at index + 1. */
  roots: LogRoot[]
  /** Ascending by key. */
  lanes: LedgerBase[]
  /** The engine's own canonical bytes. */
  engine: Uint8Array
}

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const { venue, head, roots, lanes, engine } = snapshot
  const writer = new Writer(1024 + 256 * lanes.length + engine.length)
  writer.u8(SNAPSHOT_VERSION)
  writer.fixed('venue', venue, 32)
  writeHead(writer, head)
  writeRoots(writer, roots)
  writer.uint('lanes', lanes.length, 0, VENUE_LANES_MAX)
  for (const lane of lanes) writeLane(writer, lane)
  writer.uint('engine', engine.length, 0, SAFE_MAX)
  writer.fixed('engine', engine, engine.length)
  return writer.take()
}

/** @throws DecodeFault */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const reader = new Reader(bytes)
  if (reader.u8() !== SNAPSHOT_VERSION) reader.fail('unknown snapshot version')
  const venue = reader.fixed(32)
  const head = readHead(reader)
  const roots = readRoots(reader)
  const lanes: LedgerBase[] = []
  for (let left = reader.uint(0, VENUE_LANES_MAX); left > 0; left--) {
    const lane = readLane(reader)
    const before = lanes.at(-1)
    if (before && compareBytes(before.lane, lane.lane) >= 0) reader.fail('lanes out of order')
    lanes.push(lane)
  }
  const engine = reader.fixed(reader.uint(0, SAFE_MAX))
  reader.finish()
  return { venue, head, roots, lanes, engine }
}

function writeHead(writer: Writer, head: LedgerHead): void {
  writer.uint('index', head.index, 0, SAFE_MAX - 1)
  writer.uint('height', head.height, 1, SAFE_MAX)
  writer.uint('time', head.time, 0, SAFE_MAX)
  writer.u8((head.cursor ? 1 : 0) | (head.executed ? 2 : 0) | (head.snapshotIndex < 0 ? 0 : 4))
  if (head.cursor) writeChainCursor(writer, head.cursor)
  if (head.executed) {
    writer.uint('executed', head.executed.index, 0, SAFE_MAX)
    writer.fixed('event hash', head.executed.eventHash, 32)
  }
  if (head.snapshotIndex >= 0) writer.uint('snapshot', head.snapshotIndex, 0, SAFE_MAX)
}

function readHead(reader: Reader): LedgerHead {
  const index = reader.uint(0, SAFE_MAX - 1)
  const height = reader.uint(1, SAFE_MAX)
  const time = reader.uint(0, SAFE_MAX)
  const flags = reader.u8()
  if (flags > 7) reader.fail('unknown flag')
  const cursor = flags & 1 ? readChainCursor(reader) : null
  const executed =
    flags & 2 ? { index: reader.uint(0, SAFE_MAX), eventHash: reader.fixed(32) } : null
  const snapshotIndex = flags & 4 ? reader.uint(0, SAFE_MAX) : -1
  return { index, height, time, cursor, executed, snapshotIndex }
}

function writeLane(writer: Writer, lane: LedgerBase): void {
  writer.fixed('lane', lane.lane, 32)
  writer.u8((lane.signer ? 1 : 0) | (lane.signature ? 2 : 0))
  if (lane.signer) writer.fixed('signer', lane.signer, 32)
  writer.uint('length', lane.length, 0, SAFE_MAX)
  writer.uint('taken at', lane.takenAt, 0, SAFE_MAX)
  writeRoots(writer, lane.roots)
  if (lane.signature) {
    writer.uint('signature', lane.signature.length, 1, LANE_SIGNATURE_BYTES_MAX)
    writer.fixed('signature', lane.signature, lane.signature.length)
  }
}

function readLane(reader: Reader): LedgerBase {
  const lane = reader.fixed(32)
  const flags = reader.u8()
  if (flags > 3) reader.fail('unknown flag')
  const signer = flags & 1 ? reader.fixed(32) : null
  const length = reader.uint(0, SAFE_MAX)
  const takenAt = reader.uint(0, SAFE_MAX)
  const roots = readRoots(reader)
  const signature = flags & 2 ? reader.fixed(reader.uint(1, LANE_SIGNATURE_BYTES_MAX)) : null
  return { lane, signer, length, roots, signature, takenAt }
}
