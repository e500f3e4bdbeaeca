// The calls of libsodium that Curb makes by itself. All write into their first argument.
declare module 'sodium-native' {
  const sodium: {
    readonly crypto_sign_PUBLICKEYBYTES: 32
    readonly crypto_sign_SECRETKEYBYTES: 64
    readonly crypto_sign_SEEDBYTES: 32
    readonly crypto_sign_BYTES: 64
    readonly crypto_generichash_BYTES: 32
    readonly crypto_generichash_BYTES_MIN: 16
    readonly crypto_generichash_BYTES_MAX: 64
    readonly crypto_generichash_KEYBYTES: 32
    readonly crypto_generichash_KEYBYTES_MIN: 16
    readonly crypto_generichash_KEYBYTES_MAX: 64
    readonly crypto_generichash_STATEBYTES: number

    crypto_sign_keypair(publicKey: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_verify_detached(
      signature: Uint8Array,
      message: Uint8Array,
      publicKey: Uint8Array
    ): boolean

    /** BLAKE2b; the length of `output` (16 to 64 bytes) is part of the hash. */
    crypto_generichash(output: Uint8Array, input: Uint8Array, key?: Uint8Array): void
    crypto_generichash_batch(
      output: Uint8Array,
      inputs: readonly Uint8Array[],
      key?: Uint8Array
    ): void
    crypto_generichash_init(state: Uint8Array, key: Uint8Array | null, outputLength: number): void
    crypto_generichash_update(state: Uint8Array, input: Uint8Array): void
    crypto_generichash_final(state: Uint8Array, output: Uint8Array): void

    randombytes_buf(buffer: Uint8Array): void
    sodium_memcmp(a: Uint8Array, b: Uint8Array): boolean
    sodium_memzero(buffer: Uint8Array): void
    sodium_malloc(size: number): Uint8Array
  }
  export default sodium
}
