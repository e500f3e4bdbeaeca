// Vectors of the wire format, version 1: computed here, compared with the frozen file by
// vectors.test.ts. To add some for a new version:
//
//   node --import tsx test/protocol/vectors.ts > test/vectors/protocol-v1.json
import { pathToFileURL } from 'node:url'
import { loadCrypto } from '../../crypto/crypto.ts'
import { encodeChainEvent } from '../../protocol/chain-events.ts'
import { toHex } from '../../protocol/bytes.ts'
import { encodeBlock } from '../../protocol/entries.ts'
import { typedHasher } from '../../protocol/eip712.ts'
import { developmentManifest } from '../../protocol/market-design.ts'
import { signedPart } from '../../protocol/signed.ts'
import { encodeManifest, signingTerms, venueId, venueTopic } from '../../protocol/venue.ts'
import { randomBytes, seededRandom } from '../helpers/random.ts'
import * as generate from './generate.ts'
import type { Manifest } from '../../protocol/manifest.ts'

export type Vectors = {
  manifest: Manifest
  manifestBytes: string
  venue: string
  topic: string
  markets: string[]
  lane: string
  /** Blocks of one entry, with the digest that is signed. */
  blocks: { kind: string; block: string; digest: string | null }[]
  chainEvents: { kind: string; bytes: string }[]
}

const SEED = 2026

async function makeVectors(): Promise<Vectors> {
  const random = seededRandom(SEED)
  const hashes = await loadCrypto()
  const manifest = developmentManifest({
    name: 'vectors',
    chain: { id: 31337, vault: generate.address(random), confirmations: 2 },
    addresses: {
      WETH: generate.address(random),
      USDC: generate.address(random),
      WBTC: generate.address(random)
    },
    validators: Array.from({ length: 4 }, () => ({
      peer: toHex(randomBytes(random, 32)),
      signer: generate.address(random)
    }))
  })
  const terms = signingTerms(manifest, hashes)
  const hasher = typedHasher(terms, hashes.keccak)
  const venue = venueId(manifest, hashes.blake2b)
  const lane = randomBytes(random, 32)
  const entries = Array.from({ length: 4 }, () => generate.everyEntry(random)).flat()
  return {
    manifest,
    manifestBytes: toHex(encodeManifest(manifest)),
    venue: toHex(venue),
    topic: toHex(venueTopic(venue, hashes.blake2b)),
    markets: terms.markets.map(toHex),
    lane: toHex(lane),
    blocks: entries.map((entry) => {
      const signed = signedPart(hasher, entry, lane)
      return {
        kind: entry.kind,
        block: toHex(encodeBlock([entry])),
        digest: signed === null ? null : toHex(signed.digest)
      }
    }),
    chainEvents: Array.from({ length: 60 }, () => {
      const event = generate.chainEvent(random)
      return { kind: event.kind, bytes: toHex(encodeChainEvent(event)) }
    })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(JSON.stringify(await makeVectors(), null, 1) + '\n')
}
