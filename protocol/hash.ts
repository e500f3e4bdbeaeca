/** A hash of 32 bytes, injected: keccak-256 where Ethereum checks the result, BLAKE2b-256 where
 * only daemons do. The result is the caller's to keep. */
export type Hash = (data: Uint8Array) => Uint8Array
