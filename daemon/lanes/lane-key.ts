// Who a lane is. A daemon's secret, the venue and an incarnation give the ed25519 key that signs
// the lane; that key and the venue give the Hypercore manifest, and its hash is the lane's key.
// So whoever has the signing key can name the lane and check its heads without opening a core.
import { asciiBytes, toHex } from '../../protocol/bytes.ts'
import {
  type LogManifest,
  decodeHeadSignature,
  encodeHeadSignature,
  headSignable,
  manifestKey
} from '../../protocol/log-manifest.ts'
import { type HashParts, writeUint64 } from '../../protocol/merkle-log.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { HeadClaim, LaneKey, Sign, Verify } from './types.ts'

const SEED_TAG = asciiBytes('curb/lane/seed/1')
const ACK_TAG = asciiBytes('curb/lane/ack/1 ')

/** Seed of the ed25519 key of a daemon's lane. `secret`: 32 bytes that never leave the daemon. */
export function laneSeed(
  hash: HashParts,
  secret: Bytes32,
  venue: Bytes32,
  incarnation: number
): Bytes32 {
  const count = new Uint8Array(8)
  writeUint64(count, 0, incarnation)
  return hash([SEED_TAG, secret, venue, count])
}

/** The Hypercore manifest of a lane: one signer, and the venue that it serves. */
export function laneManifest(signer: Bytes32, venue: Bytes32): LogManifest {
  return { version: 2, quorum: 1, signers: [signer], prologue: null, userData: venue }
}

/** The lane's Hypercore key. */
export function laneKey(hash: HashParts, signer: Bytes32, venue: Bytes32): Bytes32 {
  return manifestKey(hash, laneManifest(signer, venue))
}

/** The lane's signature of a head, as Hypercore stores it: 68 bytes. */
export function signHead(sign: Sign, lane: Bytes32, length: number, treeHash: Bytes32): Uint8Array {
  const signature = sign(headSignable(lane, treeHash, length, 0))
  return encodeHeadSignature([{ signer: 0, signature }])
}

/** True when `signer` signed the head, in the one form that we accept. One ed25519 check. */
export function verifyHead(verify: Verify, head: HeadClaim, signer: Bytes32): boolean {
  const proofs = decodeHeadSignature(head.signature, 1)
  if (proofs === null || proofs[0].signer !== 0) return false
  return verify(proofs[0].signature, headSignable(head.lane, head.treeHash, head.length, 0), signer)
}

/** What a validator signs (ed25519, with its swarm key) to acknowledge a head: 120 bytes. */
export function ackSignable(
  venue: Bytes32,
  lane: Bytes32,
  length: number,
  treeHash: Bytes32
): Uint8Array {
  const bytes = new Uint8Array(120)
  bytes.set(ACK_TAG, 0)
  bytes.set(venue, 16)
  bytes.set(lane, 48)
  writeUint64(bytes, 80, length)
  bytes.set(treeHash, 88)
  return bytes
}

/** Lane keys by signing key. Hashing a manifest costs a few microseconds, and every run needs it;
 * the table is bounded, since hostile peers can make up signing keys. */
export class LaneNames {
  readonly #hash: HashParts
  readonly #venue: Bytes32
  readonly #limit: number
  readonly #known = new Map<string, { key: LaneKey; lane: Bytes32 }>()

  constructor(options: { venue: Bytes32; limit: number }, dependencies: { hash: HashParts }) {
    this.#venue = options.venue
    this.#limit = options.limit
    this.#hash = dependencies.hash
  }

  of(signer: Bytes32): { key: LaneKey; lane: Bytes32 } {
    const id = toHex(signer)
    let name = this.#known.get(id)
    if (name === undefined) {
      const lane = laneKey(this.#hash, signer, this.#venue)
      name = { key: toHex(lane), lane }
      if (this.#known.size >= this.#limit) this.#known.clear()
      this.#known.set(id, name)
    }
    return name
  }
}
