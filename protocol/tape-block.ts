// A tape block is a cut (header, chain events, slices) followed by the lanes' blocks that it takes
// in, verbatim. The cut alone is what a leader proposes: voters hold the blocks already. So the
// tape is self-contained, and its tree hash commits to every byte of it.
import { LANES_PER_CUT_MAX, BLOCK_BYTES_MAX, SAFE_MAX } from './limits.ts'
import type { Bytes32, ChainCursor } from './types.ts'
import { compareBytes } from './bytes.ts'
import { Reader, Writer } from './wire.ts'

export const CUT_VERSION = 1
/** Events of the vault in one cut; a chain block with more is taken in pieces. */
export const CUT_EVENTS_MAX = 1024
export const CHAIN_EVENT_BYTES_MAX = 4096
/** A head signature of a Hypercore with one signer, as Hypercore itself encodes it. */
export const LANE_SIGNATURE_BYTES_MAX = 128

/** What the venue's engines agree to have computed: the event hash after block `index`. */
export type Executed = { index: number; eventHash: Bytes32 }

/** A state that can be fetched from any peer: that after block `index`. */
export type SnapshotMark = { index: number; hash: Bytes32 }

/** Blocks [from, to) of a lane; `to` is a length that the lane signed. */
export type Slice = {
  /** The lane's Hypercore key. */
  lane: Bytes32
  from: number
  to: number
  /** The lane's tree hash at `to`. */
  treeHash: Bytes32
  /** The lane's own signature of its head at `to`. */
  signature: Uint8Array
}

export type Cut = {
  /** Place on the tape, from 0. */
  index: number
  /** Consensus iteration in which it was proposed, from 1. */
  height: number
  /** Tape time, milliseconds since 1970, strictly increasing. */
  time: number
  /** Null on a venue without a chain. */
  cursor: ChainCursor | null
  executed: Executed | null
  snapshot: SnapshotMark | null
  /** Encoded vault events after the parent's cursor up to this one. */
  events: Uint8Array[]
  /** Ascending by lane key, one a lane. */
  slices: Slice[]
}

export type TapeBlock = {
  cut: Cut
  /** One list of lane blocks for each slice, in the slices' order. */
  blocks: Uint8Array[][]
}

/** The canonical bytes of a cut. @throws EncodeFault on a field out of range. */
export function encodeCut(cut: Cut): Uint8Array {
  const writer = new Writer(256 + 160 * cut.slices.length)
  writeCut(writer, cut)
  return writer.take()
}

/** @throws DecodeFault */
export function decodeCut(bytes: Uint8Array): Cut {
  const reader = new Reader(bytes)
  const cut = readCut(reader)
  reader.finish()
  return cut
}

/** The bytes of the tape block of an encoded cut. */
export function encodeTapeBlock(
  cut: Uint8Array,
  blocks: readonly (readonly Uint8Array[])[]
): Uint8Array {
  let size = cut.length
  for (const list of blocks) for (const block of list) size += block.length + 9
  const writer = new Writer(size)
  writer.fixed('cut', cut, cut.length)
  for (const list of blocks) {
    for (const block of list) {
      writer.uint('lane block', block.length, 0, BLOCK_BYTES_MAX)
      writer.fixed('lane block', block, block.length)
    }
  }
  return writer.take()
}

/** @throws DecodeFault */
export function decodeTapeBlock(bytes: Uint8Array): TapeBlock {
  const reader = new Reader(bytes)
  const cut = readCut(reader)
  const blocks: Uint8Array[][] = []
  for (const slice of cut.slices) {
    const list: Uint8Array[] = []
    for (let i = slice.from; i < slice.to; i++) {
      list.push(reader.fixed(reader.uint(0, BLOCK_BYTES_MAX)))
    }
    blocks.push(list)
  }
  reader.finish()
  return { cut, blocks }
}

function writeCut(writer: Writer, cut: Cut): void {
  writer.uint('version', CUT_VERSION, 0, 255)
  writer.uint('index', cut.index, 0, SAFE_MAX)
  writer.uint('height', cut.height, 1, SAFE_MAX)
  writer.uint('time', cut.time, 0, SAFE_MAX)
  writer.u8((cut.cursor ? 1 : 0) | (cut.executed ? 2 : 0) | (cut.snapshot ? 4 : 0))
  if (cut.cursor) {
    writer.uint('cursor block', cut.cursor.block, 0, SAFE_MAX)
    writer.fixed('cursor hash', cut.cursor.hash, 32)
    writer.uint('cursor time', cut.cursor.blockTime, 0, SAFE_MAX)
    writer.uint('cursor log', cut.cursor.logIndex, 0, SAFE_MAX)
  }
  if (cut.executed) {
    writer.uint('executed', cut.executed.index, 0, SAFE_MAX)
    writer.fixed('event hash', cut.executed.eventHash, 32)
  }
  if (cut.snapshot) {
    writer.uint('snapshot', cut.snapshot.index, 0, SAFE_MAX)
    writer.fixed('snapshot hash', cut.snapshot.hash, 32)
  }
  writer.uint('events', cut.events.length, 0, CUT_EVENTS_MAX)
  for (const event of cut.events) {
    writer.uint('event', event.length, 1, CHAIN_EVENT_BYTES_MAX)
    writer.fixed('event', event, event.length)
  }
  writer.uint('slices', cut.slices.length, 0, LANES_PER_CUT_MAX)
  for (const slice of cut.slices) writeSlice(writer, slice)
}

function writeSlice(writer: Writer, slice: Slice): void {
  writer.fixed('lane', slice.lane, 32)
  writer.uint('from', slice.from, 0, SAFE_MAX)
  writer.uint('to', slice.to, slice.from + 1, SAFE_MAX)
  writer.fixed('tree hash', slice.treeHash, 32)
  writer.uint('signature', slice.signature.length, 1, LANE_SIGNATURE_BYTES_MAX)
  writer.fixed('signature', slice.signature, slice.signature.length)
}

function readCut(reader: Reader): Cut {
  reader.uint(CUT_VERSION, CUT_VERSION)
  const index = reader.uint(0, SAFE_MAX)
  const height = reader.uint(1, SAFE_MAX)
  const time = reader.uint(0, SAFE_MAX)
  const flags = reader.u8()
  if (flags > 7) reader.fail('unknown flag')
  const cursor = flags & 1 ? readCursor(reader) : null
  const executed =
    flags & 2 ? { index: reader.uint(0, SAFE_MAX), eventHash: reader.fixed(32) } : null
  const snapshot = flags & 4 ? { index: reader.uint(0, SAFE_MAX), hash: reader.fixed(32) } : null
  const events: Uint8Array[] = []
  for (let left = reader.uint(0, CUT_EVENTS_MAX); left > 0; left--) {
    events.push(reader.fixed(reader.uint(1, CHAIN_EVENT_BYTES_MAX)))
  }
  const slices: Slice[] = []
  for (let left = reader.uint(0, LANES_PER_CUT_MAX); left > 0; left--) {
    const slice = readSlice(reader)
    const before = slices.at(-1)
    if (before && compareBytes(before.lane, slice.lane) >= 0) reader.fail('slices out of order')
    slices.push(slice)
  }
  return { index, height, time, cursor, executed, snapshot, events, slices }
}

function readCursor(reader: Reader): ChainCursor {
  return {
    block: reader.uint(0, SAFE_MAX),
    hash: reader.fixed(32),
    blockTime: reader.uint(0, SAFE_MAX),
    logIndex: reader.uint(0, SAFE_MAX)
  }
}

function readSlice(reader: Reader): Slice {
  const lane = reader.fixed(32)
  const from = reader.uint(0, SAFE_MAX)
  const to = reader.uint(from + 1, SAFE_MAX)
  const treeHash = reader.fixed(32)
  const signature = reader.fixed(reader.uint(1, LANE_SIGNATURE_BYTES_MAX))
  return { lane, from, to, treeHash, signature }
}
