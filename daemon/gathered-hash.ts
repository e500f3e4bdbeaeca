// BLAKE2b-256 of several runs of bytes, as the lanes' and the tape's trees take it: many times for
// each block, and mostly of a few bytes.
import sodium from 'sodium-native'

/** More than this is hashed where it is. */
const GATHERED_BYTES_MAX = 16 * 1024

// Off V8's heap from the start. An array that lives there, as all small ones do, is moved out of it
// when native code looks at it, and that takes longer than hashing it.
const gathered = new Uint8Array(GATHERED_BYTES_MAX)
const output = new Uint8Array(new ArrayBuffer(32))

/** The hash of the runs as if they were one. The result is the caller's to keep. */
export function gatheredHash(parts: readonly Uint8Array[]): Uint8Array {
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
