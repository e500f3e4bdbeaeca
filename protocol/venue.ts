// What follows from a manifest: its canonical bytes, the venue id, the swarm topic, the terms that
// signatures are bound to.
//
// The canonical bytes are the checked manifest as JSON, every field present, object keys sorted,
// no spaces, ASCII only: `jq -cjS .` of a complete manifest prints them.
import { ZERO_ADDRESS } from './address.ts'
import { asciiBytes, asciiText, concatBytes, equalBytes } from './bytes.ts'
import { DecodeFault } from './faults.ts'
import { checkManifest } from './manifest-check.ts'
import { marketHash } from './market.ts'
import type { Hash } from './hash.ts'
import type { Manifest } from './manifest.ts'
import type { Bytes32 } from './types.ts'
import type { SigningTerms } from './typed-data.ts'

const TOPIC = 'curb/venue/1'

export function encodeManifest(manifest: Manifest): Uint8Array {
  return asciiBytes(canonicalJson(manifest))
}

/** Takes the canonical bytes and nothing else (from peers and disks; checkManifest is for people).
 * @throws DecodeFault when they are not canonical, Fault manifest_invalid when a rule is broken */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const text = asciiText(bytes)
  if (text === null) throw new DecodeFault('manifest not ASCII', 0)
  const manifest = checkManifest(parseJson(text))
  if (!equalBytes(encodeManifest(manifest), bytes)) {
    throw new DecodeFault('manifest not canonical', 0)
  }
  return manifest
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new DecodeFault('manifest not JSON', 0)
  }
}

/** BLAKE2b-256 of the canonical bytes. */
export function venueId(manifest: Manifest, blake2b: Hash): Bytes32 {
  return blake2b(encodeManifest(manifest))
}

/** Where the venue's daemons meet: BLAKE2b-256 of 'curb/venue/1' and the venue id. */
export function venueTopic(venue: Bytes32, blake2b: Hash): Bytes32 {
  return blake2b(concatBytes(asciiBytes(TOPIC), venue))
}

/** Validators that make a quorum, floor(2n/3) + 1, and that may be faulty, floor((n-1)/3). */
export function quorumOf(validators: number): { quorum: number; faulty: number } {
  return {
    quorum: Math.floor((2 * validators) / 3) + 1,
    faulty: Math.floor((validators - 1) / 3)
  }
}

/** The index of a token by its symbol; -1 for none. */
export function tokenIndex(manifest: Manifest, symbol: string): number {
  return manifest.tokens.findIndex((token) => token.symbol === symbol)
}

export function signingTerms(
  manifest: Manifest,
  hashes: { keccak: Hash; blake2b: Hash }
): SigningTerms {
  const vault = manifest.chain?.vault ?? ZERO_ADDRESS
  return {
    chainId: manifest.chain?.id ?? 0,
    vault,
    venue: venueId(manifest, hashes.blake2b),
    tokens: manifest.tokens.map((token) => token.address),
    markets: manifest.markets.map((market) =>
      marketHash(
        {
          vault,
          baseToken: tokenIndex(manifest, market.base),
          quoteToken: tokenIndex(manifest, market.quote),
          lotSize: market.lotSize,
          tickValue: market.tickValue,
          ...market.fees
        },
        hashes.keccak
      )
    )
  }
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
  return `{${fields.join(',')}}`
}
