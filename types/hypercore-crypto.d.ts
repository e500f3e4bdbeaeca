// hypercore-crypto 3: Hypercore's own hashes and ed25519, as its Merkle tree uses them.
declare module 'hypercore-crypto' {
  export type KeyPair = { publicKey: Uint8Array; secretKey: Uint8Array }
  /** A node of the flat tree: index, hash of 32 bytes, bytes below it. */
  export type TreeNode = { index: number; hash: Uint8Array; size: number }

  const crypto: {
    /** `seed`: 32 bytes. */
    keyPair(seed?: Uint8Array): KeyPair
    validateKeyPair(keyPair: KeyPair): boolean
    sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array
    verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean
    /** Leaf hash of a block. */
    data(block: Uint8Array): Uint8Array
    parent(
      a: { index: number; size: number; hash: Uint8Array },
      b: { index: number; size: number; hash: Uint8Array }
    ): Uint8Array
    /** Tree hash over roots. */
    tree(roots: readonly TreeNode[], out?: Uint8Array): Uint8Array
    /** BLAKE2b-256. */
    hash(data: Uint8Array | readonly Uint8Array[], out?: Uint8Array): Uint8Array
    randomBytes(size: number): Uint8Array
    discoveryKey(key: Uint8Array): Uint8Array
    namespace(name: string | Uint8Array, count: number | readonly number[]): Uint8Array[]
  }
  export default crypto
}
