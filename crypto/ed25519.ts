// ed25519 of the daemons: lanes' heads, cuts, acknowledgements.
import sodium from 'sodium-native'
import { Fault } from '../protocol/faults.ts'

export type KeyPair = {
  /** 32 bytes. */
  publicKey: Uint8Array
  /** 64 bytes: seed, then public key. */
  secretKey: Uint8Array
}

/** @throws Fault key_invalid unless the seed is 32 bytes */
export function ed25519KeyPair(seed: Uint8Array): KeyPair {
  if (seed.length !== 32) throw new Fault('key_invalid', 'a seed of an ed25519 key is 32 bytes')
  const publicKey = new Uint8Array(32)
  const secretKey = new Uint8Array(64)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  return { publicKey, secretKey }
}

/** 64 bytes.
 * @throws Fault key_invalid unless the secret key is 64 bytes */
export function ed25519Sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  if (secretKey.length !== 64) throw new Fault('key_invalid', 'an ed25519 secret key is 64 bytes')
  const signature = new Uint8Array(64)
  sodium.crypto_sign_detached(signature, message, secretKey)
  return signature
}

/** False for anything that does not verify, wrong lengths included. */
export function ed25519Verify(
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array
): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  return sodium.crypto_sign_verify_detached(signature, message, publicKey)
}
