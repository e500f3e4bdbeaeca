// BLAKE2b with 256 bits: whatever only daemons check (venue ids, event hashes, trees, snapshots).
import sodium from 'sodium-native'

/** More than this is hashed where it is. */
const GATHERED_BYTES_MAX = 16 * 1024

// Off V8's heap from the start. An array that lives there, as all small ones do, is moved out of it
// when native code looks at it, and that takes longer than hashing it.
const gathered = new Uint8Array(GATHERED_BYTES_MAX)
const output = new Uint8Array(new ArrayBuffer(32))

/** Of one run of bytes. */
export function blake2b256(data: Uint8Array): Uint8Array {
  return blake2b256Parts([data])
}

/** Of several runs, as if they were one: many times for each block of a lane or of the tape, and
 * mostly of a few bytes. */
export function blake2b256Parts(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  if (length > GATHERED_BYTES_MAX) {
    sodium.crypto_generichash_batch(output, parts)
  } else {
    let at = 0
    for (const part of parts) {
      gathered.set(part, at)
      at += part.length
    }
    sodium.crypto_generichash(output, gathered.subarray(0, length))
  }
  return new Uint8Array(output)
}
