// Writes test/vectors/matching-tape.txt: a recorded stretch of tape and the hash after each block.
// A line of JSON each: the venue, [block, event hash] and so on, the snapshot's hash.
// A change that moves a hash changes what peers agree on: record anew only with a new version.
//   node --import tsx test/matching/tape-vector.ts
import { writeFileSync } from 'node:fs'
import { Engine, type BlockInput, type EngineConfig } from '../../matching/index.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { Stream } from './streams/stream.ts'
import { hexOf } from './streams/venue.ts'

export type TapeVector = {
  config: EngineConfig
  blocks: BlockInput[]
  eventHashes: string[]
  /** BLAKE2b-256 of the snapshot after the last block. */
  snapshotHash: string
}

export const vectorUrl = new URL('../vectors/matching-tape.txt', import.meta.url)

/** Byte arrays as `hex:...`. */
export function toText({ config, blocks, eventHashes, snapshotHash }: TapeVector): string {
  const line = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) =>
      part instanceof Uint8Array ? `hex:${hexOf(part)}` : part
    )
  const rows = blocks.map((block, place) => line([block, eventHashes[place]]))
  return [line(config), ...rows, line(snapshotHash), ''].join('\n')
}

export function fromText(text: string): TapeVector {
  const values = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line, revive))
  const rows: [BlockInput, string][] = values.slice(1, -1)
  return {
    config: values[0],
    blocks: rows.map(([block]) => block),
    eventHashes: rows.map(([, hash]) => hash),
    snapshotHash: values[values.length - 1]
  }
}

function revive(_: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith('hex:')
    ? Uint8Array.from(Buffer.from(value.slice(4), 'hex'))
    : value
}

/** Plays the blocks on a fresh engine. */
export function play(config: EngineConfig, blocks: BlockInput[]): TapeVector {
  const engine = new Engine(config, { hash: blake2b256Parts })
  const eventHashes = blocks.map((block) => hexOf(engine.apply(block).eventHash))
  const snapshotHash = hexOf(blake2b256Parts([engine.snapshot()]))
  return { config, blocks, eventHashes, snapshotHash }
}

function record(): void {
  const stream = new Stream(2024)
  const blocks = Array.from({ length: 24 }, () => {
    const block = stream.next()
    stream.naive.apply(block)
    return block
  })
  writeFileSync(vectorUrl, toText(play(stream.venue.config, blocks)))
}

if (process.argv[1]?.endsWith('tape-vector.ts')) record()
