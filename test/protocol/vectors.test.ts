// Encodings and digests that are frozen. Whoever changes one bumps a version, adds vectors
// (vectors.ts) and keeps these readable.
import test from 'brittle'
import { readFileSync } from 'node:fs'
import { loadCrypto } from '../../crypto/crypto.ts'
import { decodeChainEvent, encodeChainEvent } from '../../protocol/chain-events.ts'
import { fromHex, toHex } from '../../protocol/bytes.ts'
import { decodeBlock, encodeBlock } from '../../protocol/entries.ts'
import { typedHasher } from '../../protocol/eip712.ts'
import { checkManifest } from '../../protocol/manifest-check.ts'
import { signedPart } from '../../protocol/signed.ts'
import { decodeManifest, encodeManifest, signingTerms, venueId } from '../../protocol/venue.ts'
import { venueTopic } from '../../protocol/venue.ts'
import type { Vectors } from './vectors.ts'

const file = new URL('../vectors/protocol-v1.json', import.meta.url)
const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'))

function bytes(hex: string): Uint8Array {
  const found = fromHex(hex)
  if (found === null) throw new Error('a vector is not hex')
  return found
}

test('vectors - the manifest keeps its bytes, id, topic and market hashes', async (t) => {
  const hashes = await loadCrypto()
  const manifest = checkManifest(vectors.manifest)
  t.is(toHex(encodeManifest(manifest)), vectors.manifestBytes)
  t.alike(decodeManifest(bytes(vectors.manifestBytes)), manifest)
  const venue = venueId(manifest, hashes.blake2b)
  t.is(toHex(venue), vectors.venue)
  t.is(toHex(venueTopic(venue, hashes.blake2b)), vectors.topic)
  t.alike(signingTerms(manifest, hashes).markets.map(toHex), vectors.markets)
})

test('vectors - blocks keep their bytes and digests', async (t) => {
  const hashes = await loadCrypto()
  const hasher = typedHasher(signingTerms(vectors.manifest, hashes), hashes.keccak)
  t.ok(vectors.blocks.length >= 48)
  for (const { kind, block, digest } of vectors.blocks) {
    const [entry] = decodeBlock(bytes(block))
    t.is(entry.kind, kind)
    t.is(toHex(encodeBlock([entry])), block)
    const signed = signedPart(hasher, entry, bytes(vectors.lane))
    t.is(signed === null ? null : toHex(signed.digest), digest)
  }
})

test('vectors - chain events keep their bytes', (t) => {
  for (const { kind, bytes: hex } of vectors.chainEvents) {
    const event = decodeChainEvent(bytes(hex))
    t.is(event.kind, kind)
    t.is(toHex(encodeChainEvent(event)), hex)
  }
})
