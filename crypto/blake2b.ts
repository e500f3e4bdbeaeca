// BLAKE2b with 256 bits: whatever only daemons check (venue ids, event hashes, trees, snapshots).
import sodium from 'sodium-native'

/** Of one run of bytes. */
export function blake2b256(data: Uint8Array): Uint8Array {
  const output = new Uint8Array(32)
  sodium.crypto_generichash(output, data)
  return output
}

/** Of several runs, as if they were one. */
export function blake2b256Parts(parts: readonly Uint8Array[]): Uint8Array {
  const output = new Uint8Array(32)
  sodium.crypto_generichash_batch(output, parts)
  return output
}
