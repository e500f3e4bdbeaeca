// A snapshot is the whole state after a tape block: the tape's own tree there, where every lane
// stands, and the engine. One state has one encoding, so validators agree on its hash, which a
// later cut carries.
import { SAFE_MAX } from '../../protocol/limits.ts'
import type { LogRoot } from '../../protocol/merkle-log.ts'
import { LANE_SIGNATURE_BYTES_MAX } from '../../protocol/tape-block.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import { compareBytes } from '../../protocol/bytes.ts'
import type { LaneBase } from '../lanes/types.ts'
import { readRoots, writeRoots } from '../tape/messages.ts'

const SNAPSHOT_VERSION = 1
const LANES_MAX = 2 ** 20

export type Snapshot = {
  venue: Bytes32
  /** The last tape block that is in it. */
  index: number
  /** The tape's tree at index + 1. */
  roots: LogRoot[]
  /** Ascending by key. */
  lanes: LaneBase[]
  /** The engine's own canonical bytes. */
  engine: Uint8Array
}

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const { venue, index, roots, lanes, engine } = snapshot
  const writer = new Writer(1024 + 256 * lanes.length + engine.length)
  writer.u8(SNAPSHOT_VERSION)
  writer.fixed('venue', venue, 32)
  writer.uint('index', index, 0, SAFE_MAX - 1)
  writeRoots(writer, roots)
  writer.uint('lanes', lanes.length, 0, LANES_MAX)
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
  const index = reader.uint(0, SAFE_MAX - 1)
  const roots = readRoots(reader)
  const lanes: LaneBase[] = []
  for (let left = reader.uint(0, LANES_MAX); left > 0; left--) {
    const lane = readLane(reader)
    const before = lanes.at(-1)
    if (before && compareBytes(before.lane, lane.lane) >= 0) reader.fail('lanes out of order')
    lanes.push(lane)
  }
  const engine = reader.fixed(reader.uint(0, SAFE_MAX))
  reader.finish()
  return { venue, index, roots, lanes, engine }
}

function writeLane(writer: Writer, lane: LaneBase): void {
  writer.fixed('lane', lane.lane, 32)
  writer.u8((lane.signer ? 1 : 0) | (lane.signature ? 2 : 0))
  if (lane.signer) writer.fixed('signer', lane.signer, 32)
  writer.uint('length', lane.length, 0, SAFE_MAX)
  writeRoots(writer, lane.roots)
  if (lane.signature) {
    writer.uint('signature', lane.signature.length, 1, LANE_SIGNATURE_BYTES_MAX)
    writer.fixed('signature', lane.signature, lane.signature.length)
  }
}

function readLane(reader: Reader): LaneBase {
  const lane = reader.fixed(32)
  const flags = reader.u8()
  if (flags > 3) reader.fail('unknown flag')
  const signer = flags & 1 ? reader.fixed(32) : null
  const length = reader.uint(0, SAFE_MAX)
  const roots = readRoots(reader)
  const signature = flags & 2 ? reader.fixed(reader.uint(1, LANE_SIGNATURE_BYTES_MAX)) : null
  return { lane, signer, length, roots, signature }
}
