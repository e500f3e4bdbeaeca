// The face of crypto/: what protocol/ wants injected, and accounts' signatures as addresses.
import { addressAt } from '../protocol/address.ts'
import { blake2b256 } from './blake2b.ts'
import { loadKeccak } from './keccak.ts'
import { loadSecp256k1 } from './secp256k1.ts'
import type { Hash } from '../protocol/hash.ts'
import type { Address, Bytes32, Signature } from '../protocol/types.ts'
import type { Secp256k1, SecpBackend } from './secp256k1.ts'

/** The account that signed the digest; null when none did. */
export type Recover = (digest: Bytes32, signature: Signature) => Address | null

export type Crypto = {
  readonly backend: SecpBackend
  readonly keccak: Hash
  readonly blake2b: Hash
  readonly recover: Recover
  /** The 64 bytes (x, y) of the key that signed the digest; null when none did. */
  recoverKey(digest: Bytes32, signature: Signature): Uint8Array | null
  /** The account of a public key, 64 bytes (x, y). */
  addressOf(publicKey: Uint8Array): Address
  /** @throws Fault key_invalid */
  sign(digest: Bytes32, privateKey: Bytes32): Signature
  /** The account of a private key.
   * @throws Fault key_invalid */
  address(privateKey: Bytes32): Address
}

/** Everything loaded; synchronous from here on.
 * @throws Fault crypto_unavailable when `native` is asked for and there is none */
export async function loadCrypto(backend: SecpBackend | 'auto' = 'auto'): Promise<Crypto> {
  const [keccak, secp256k1] = await Promise.all([loadKeccak(), loadSecp256k1(backend)])
  return cryptoOf(keccak, secp256k1)
}

function cryptoOf(keccak: Hash, secp256k1: Secp256k1): Crypto {
  const addressOf = (publicKey: Uint8Array): Address => addressAt(keccak(publicKey), 12)
  return {
    backend: secp256k1.backend,
    keccak,
    blake2b: blake2b256,
    recoverKey: (digest, signature) => secp256k1.recover(digest, signature),
    addressOf,
    recover(digest, signature) {
      const publicKey = secp256k1.recover(digest, signature)
      return publicKey === null ? null : addressOf(publicKey)
    },
    sign: (digest, privateKey) => secp256k1.sign(digest, privateKey),
    address: (privateKey) => addressOf(secp256k1.publicKey(privateKey))
  }
}
