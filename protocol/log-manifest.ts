// A Hypercore's manifest, key and signed heads, byte-compatible with Hypercore 11, so that a head
// can be signed and checked without opening a core. The key is the hash of the manifest; a head's
// signature is a list of (signer, ed25519 signature) over key, tree hash, length and fork.
import { type HashParts, writeUint64 } from './merkle-log.ts'
import type { Bytes32 } from './types.ts'

/** What is hashed into a log's key. BLAKE2b, ed25519, no patches, no linked cores. */
export type LogManifest = {
  version: 1 | 2
  /** How many of the signers must sign a head. */
  quorum: number
  /** ed25519 public keys, in the order of their index. */
  signers: readonly Bytes32[]
  /** Heads up to `length` need no signature: the tree hash at `length` is fixed. */
  prologue: { hash: Bytes32; length: number } | null
  /** Free bytes that the key commits to; only with version 2. */
  userData: Uint8Array | null
}

/** One signer's word on a head. */
export type PartialSignature = {
  /** Index in the manifest's `signers`. */
  signer: number
  /** ed25519, 64 bytes. */
  signature: Uint8Array
}

// Hypercore's namespaces: BLAKE2b(BLAKE2b('hypercore') || n) for n = 0 (tree), 3 (manifest) and
// 4 (a signer's default).
const TREE = fromHex('9fac70b50ca14efc4e91c833b204e75b8b5aad8b5881bfc0adb5ef38a3275b9c')
const MANIFEST = fromHex('e64b7108eacce47cfc61ac850568f55f8b15b82ec5ed78c4ec597b036e2a1498')
const SIGNER = fromHex('4144eea531e483d54e0c14f4ca68e0644f355343ff6fcb0f005200e12cd747cb')

const FLAG_PROLOGUE = 2
const FLAG_USER_DATA = 8

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

function uint(value: number): number[] {
  if (value < 0xfd) return [value]
  if (value <= 0xffff) return [0xfd, value & 0xff, value >>> 8]
  if (value <= 0xffffffff) {
    return [0xfe, value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]
  }
  const wide = new Uint8Array(8)
  writeUint64(wide, 0, value)
  return [0xff, ...wide]
}

/** The manifest's bytes, as Hypercore encodes them. */
export function encodeManifest(manifest: LogManifest): Uint8Array {
  const { version, quorum, signers, prologue, userData } = manifest
  const flags = (prologue ? FLAG_PROLOGUE : 0) | (userData ? FLAG_USER_DATA : 0)
  const bytes = [version, flags, 0, ...uint(quorum), ...uint(signers.length)]
  for (const signer of signers) bytes.push(0, ...SIGNER, ...signer)
  if (prologue) bytes.push(...prologue.hash, ...uint(prologue.length))
  if (userData) bytes.push(...uint(userData.byteLength), ...userData)
  return Uint8Array.from(bytes)
}

/** The log's key: a commitment to who may extend it. */
export function manifestKey(hash: HashParts, manifest: LogManifest): Bytes32 {
  return hash([MANIFEST, encodeManifest(manifest)])
}

/** What a signer signs (ed25519) for a head: 112 bytes. `key` is the manifest's. */
export function headSignable(
  key: Bytes32,
  treeHash: Bytes32,
  length: number,
  fork: number
): Uint8Array {
  const bytes = new Uint8Array(112)
  bytes.set(TREE, 0)
  bytes.set(key, 32)
  bytes.set(treeHash, 64)
  writeUint64(bytes, 96, length)
  writeUint64(bytes, 104, fork)
  return bytes
}

/** A head's signature as Hypercore stores it: the proofs in the order given, no patch. One proof
 * of a signer below 253 makes 68 bytes. */
export function encodeHeadSignature(proofs: readonly PartialSignature[]): Uint8Array {
  const bytes = uint(proofs.length)
  for (const { signer, signature } of proofs) bytes.push(...uint(signer), ...signature, 0)
  bytes.push(0)
  return Uint8Array.from(bytes)
}

/** The proofs of a head's signature, or null unless it is in the one form that we accept: exactly
 * `quorum` proofs, signers ascending, no patch, no byte too many. Hypercore itself would also take
 * and pass on a signature with thousands of junk proofs. `quorum` and signers are below 253. */
export function decodeHeadSignature(bytes: Uint8Array, quorum: number): PartialSignature[] | null {
  if (bytes.byteLength !== 2 + 66 * quorum || bytes[0] !== quorum) return null
  if (bytes[bytes.byteLength - 1] !== 0) return null
  const proofs: PartialSignature[] = []
  for (let i = 0, offset = 1, previous = -1; i < quorum; i++, offset += 66) {
    const signer = bytes[offset]
    if (signer <= previous || signer >= 0xfd || bytes[offset + 65] !== 0) return null
    previous = signer
    proofs.push({ signer, signature: bytes.subarray(offset + 1, offset + 65) })
  }
  return proofs
}
