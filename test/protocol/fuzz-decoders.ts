// Mutated bytes into every decoder. Whatever comes in, a decoder either throws its own fault or
// gives a value whose encoding is those very bytes: it never throws anything else, never reads
// outside of its bytes, never takes two encodings of one value.
//
//   node --import tsx test/protocol/fuzz-decoders.ts --cases 1000000 --seed 1
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  decodeChainEvent,
  encodeChainEvent,
  readChainCursor,
  writeChainCursor
} from '../../protocol/chain-events.ts'
import { equalBytes, toHex } from '../../protocol/bytes.ts'
import { decodeBlock, decodeEntry, encodeBlock, encodeEntry } from '../../protocol/entries.ts'
import { DecodeFault, Fault } from '../../protocol/faults.ts'
import { developmentManifest } from '../../protocol/market-design.ts'
import { decodeTapeBlock, encodeCut, encodeTapeBlock } from '../../protocol/tape-block.ts'
import { decodeManifest, encodeManifest } from '../../protocol/venue.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import { between, pick, randomBytes, seededRandom } from '../helpers/random.ts'
import * as generate from './generate.ts'
import { peerCodecs } from './peer-codecs.ts'
import type { Random } from '../../daemon/clock.ts'

/** `again` decodes and encodes what it decoded. */
export type Codec = {
  name: string
  weight: number
  sample: (random: Random) => Uint8Array
  again: (bytes: Uint8Array) => Uint8Array
  refuses: (fault: unknown) => boolean
}

const isDecodeFault = (fault: unknown): boolean => fault instanceof DecodeFault

const manifest = developmentManifest({
  name: 'fuzz',
  chain: null,
  validators: [{ peer: 'ab'.repeat(32), signer: '0x' + 'cd'.repeat(20) }]
})

export const codecs: readonly Codec[] = [
  {
    name: 'block',
    weight: 5,
    sample: (random) =>
      encodeBlock(Array.from({ length: between(random, 1, 4) }, () => generate.entry(random))),
    again: (bytes) => encodeBlock(decodeBlock(bytes)),
    refuses: isDecodeFault
  },
  {
    name: 'entry',
    weight: 8,
    sample: (random) => encodeEntry(generate.entry(random)),
    again: (bytes) => encodeEntry(decodeEntry(bytes)),
    refuses: isDecodeFault
  },
  {
    name: 'chain event',
    weight: 5,
    sample: (random) => encodeChainEvent(generate.chainEvent(random)),
    again: (bytes) => encodeChainEvent(decodeChainEvent(bytes)),
    refuses: isDecodeFault
  },
  {
    name: 'chain cursor',
    weight: 1,
    sample: (random) => randomBytes(random, between(random, 30, 50)),
    again: (bytes) => {
      const reader = new Reader(bytes)
      const cursor = readChainCursor(reader)
      reader.finish()
      const writer = new Writer()
      writeChainCursor(writer, cursor)
      return writer.take()
    },
    refuses: isDecodeFault
  },
  {
    name: 'tape block',
    weight: 4,
    sample: (random) => {
      const { cut, blocks } = generate.tapeBlock(random)
      return encodeTapeBlock(encodeCut(cut), blocks)
    },
    again: (bytes) => {
      const { cut, blocks } = decodeTapeBlock(bytes)
      return encodeTapeBlock(encodeCut(cut), blocks)
    },
    refuses: isDecodeFault
  },
  {
    name: 'manifest',
    weight: 1,
    sample: () => encodeManifest(manifest),
    again: (bytes) => encodeManifest(decodeManifest(bytes)),
    refuses: (fault) =>
      isDecodeFault(fault) || (fault instanceof Fault && fault.code === 'manifest_invalid')
  },
  ...peerCodecs
]

const wheel = codecs.flatMap((codec) => Array.from({ length: codec.weight }, () => codec))

/** One to four small changes of the kinds that upset decoders. */
export function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  let changed = bytes
  for (let i = between(random, 1, 4); i > 0; i--) changed = mutateOnce(random, changed)
  return changed
}

function mutateOnce(random: Random, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return randomBytes(random, 1)
  const at = between(random, 0, bytes.length - 1)
  const head = bytes.subarray(0, at)
  const tail = bytes.subarray(at)
  const changed = new Uint8Array(bytes)
  switch (between(random, 0, 7)) {
    case 0:
      changed[at] ^= 1 << between(random, 0, 7)
      return changed
    case 1:
      changed[at] = pick(random, [0, 1, 2, 3, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff])
      return changed
    case 2:
      changed[at] = between(random, 0, 255)
      return changed
    case 3:
      return new Uint8Array(head)
    case 4:
      return Uint8Array.of(...head, ...randomBytes(random, between(random, 1, 9)), ...tail)
    case 5:
      return Uint8Array.of(...head, ...tail.subarray(between(random, 1, 9)))
    case 6:
      // A longer form of a small integer.
      return Uint8Array.of(...head, 0xfd, tail[0], 0, ...tail.subarray(1))
    default:
      return Uint8Array.of(...bytes, ...tail.subarray(0, between(random, 1, 40)))
  }
}

export type FuzzResult = { cases: number; accepted: number; failure: string | null }

/** Stops at the first case that breaks a rule, and says which bytes did. */
export function fuzz(cases: number, seed: number): FuzzResult {
  const random = seededRandom(seed)
  let accepted = 0
  for (let i = 0; i < cases; i++) {
    const codec = pick(random, wheel)
    const sample = codec.sample(random)
    const bytes = random() < 0.02 ? sample : mutate(random, sample)
    // Inside a larger buffer, so that reading on does not meet the end of memory.
    const around = randomBytes(random, 16)
    const held = Uint8Array.of(...around, ...bytes, ...around).subarray(16, 16 + bytes.length)
    try {
      if (!equalBytes(codec.again(held), bytes)) {
        return { cases: i, accepted, failure: `${codec.name}: two encodings: ${toHex(bytes)}` }
      }
      accepted++
    } catch (fault) {
      if (!codec.refuses(fault)) {
        return { cases: i, accepted, failure: `${codec.name}: ${String(fault)}: ${toHex(bytes)}` }
      }
    }
  }
  return { cases, accepted, failure: null }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' }
    }
  })
  const { cases, accepted, failure } = fuzz(Number(values.cases), Number(values.seed))
  if (failure !== null) {
    console.error(`case ${cases} of seed ${values.seed} fails: ${failure}`)
    process.exitCode = 1
  } else {
    console.log(`${cases} cases clean (${accepted} accepted, the others refused)`)
  }
}
