// A cheap stand-in for BLAKE2b and ed25519. The cores take hashes and signatures from outside, and
// the simulator spends its time better than on curves. 128 bits of state without cryptographic
// strength: nobody here searches for collisions, and who does not hold a key does not sign.
import type { Random } from '../../daemon/clock.ts'

const state = new Uint32Array(4)

function absorb(bytes: Uint8Array): void {
  let a = state[0]
  let b = state[1]
  let c = state[2]
  let d = state[3]
  const { length } = bytes
  for (let i = 0; i < length; i += 4) {
    const word =
      bytes[i] |
      ((i + 1 < length ? bytes[i + 1] : 0x80) << 8) |
      ((i + 2 < length ? bytes[i + 2] : 0) << 16) |
      ((i + 3 < length ? bytes[i + 3] : 0) << 24)
    a = b ^ Math.imul(a ^ word, 0x239b961b)
    b = c ^ Math.imul(b ^ word, 0xab0e9789)
    c = d ^ Math.imul(c ^ word, 0x38b34ae5)
    d = a ^ Math.imul(d ^ word, 0xa1e38b93)
  }
  state[0] = a ^ length
  state[1] = b
  state[2] = c
  state[3] = d
}

function digest(size: number, words: number): Uint8Array {
  const out = new Uint8Array(size)
  let a = state[0]
  let b = state[1]
  let c = state[2]
  let d = state[3]
  for (let i = 0; i < words; i++) {
    a = Math.imul(a ^ (b >>> 15), 0x2c1b3c6d) ^ d
    b = Math.imul(b ^ (c >>> 13), 0x297a2d39) ^ a
    c = Math.imul(c ^ (d >>> 16), 0x85ebca6b) ^ b
    d = Math.imul(d ^ (a >>> 14), 0xc2b2ae35) ^ c
    const word = a ^ c
    out[4 * i] = word
    out[4 * i + 1] = word >>> 8
    out[4 * i + 2] = word >>> 16
    out[4 * i + 3] = word >>> 24
  }
  return out
}

function reset(seed: number): void {
  state[0] = 0x6a09e667 ^ seed
  state[1] = 0xbb67ae85
  state[2] = 0x3c6ef372 ^ Math.imul(seed, 0x9e3779b9)
  state[3] = 0xa54ff53a
}

/** Leaf hashes of long blocks, which all simulated daemons share and each hashes for itself. */
const leaves = new WeakMap<Uint8Array, Uint8Array>()
const LONG_BYTES = 96
const LEAF = 0

/** 32 bytes of the parts one after the other (each part is padded to words). Whoever changes bytes
 * makes new ones here: what was hashed once under the same prefix is known. */
export function hashParts(parts: readonly Uint8Array[]): Uint8Array {
  const [prefix, block] = parts
  if (
    parts.length !== 2 ||
    prefix.length !== 9 ||
    prefix[0] !== LEAF ||
    block.length < LONG_BYTES
  ) {
    return hashAll(parts)
  }
  let known = leaves.get(block)
  if (!known) leaves.set(block, (known = hashAll(parts)))
  return known
}

function hashAll(parts: readonly Uint8Array[]): Uint8Array {
  reset(0)
  for (const part of parts) absorb(part)
  return digest(32, 8)
}

export function hash(bytes: Uint8Array): Uint8Array {
  reset(0)
  absorb(bytes)
  return digest(32, 8)
}

function seal(secret: number, message: Uint8Array): Uint8Array {
  reset(secret)
  absorb(message)
  return digest(64, 4)
}

export type Key = { publicKey: Uint8Array; sign(message: Uint8Array): Uint8Array }

/** Hands out keys, and checks what they signed. A public key begins with its number. */
export class Keyring {
  readonly #secrets: number[] = []

  create(random: Random): Key {
    const secret = (random() * 0xffffffff) | 1
    const number = this.#secrets.push(secret) - 1
    const publicKey = hash(new Uint8Array([number, number >>> 8, 0x6b]))
    publicKey[0] = number
    publicKey[1] = number >>> 8
    return { publicKey, sign: (message) => seal(secret, message) }
  }

  readonly verify = (
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array
  ): boolean => {
    const secret = this.#secrets[publicKey[0] | (publicKey[1] << 8)]
    if (secret === undefined || signature.length !== 64) return false
    const sealed = seal(secret, message)
    for (let i = 0; i < 16; i++) if (sealed[i] !== signature[i]) return false
    return true
  }
}
