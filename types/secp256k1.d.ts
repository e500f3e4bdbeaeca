// secp256k1 5: native where there is a prebuild, else it falls back to JavaScript silently.
declare module 'secp256k1' {
  type Output = Uint8Array | ((length: number) => Uint8Array)
  const secp256k1: {
    privateKeyVerify(privateKey: Uint8Array): boolean
    publicKeyCreate(privateKey: Uint8Array, compressed?: boolean, output?: Output): Uint8Array
    publicKeyVerify(publicKey: Uint8Array): boolean
    publicKeyConvert(publicKey: Uint8Array, compressed?: boolean, output?: Output): Uint8Array
    /** `signature`: r and s, 64 bytes, low s; `recid` 0 to 3. */
    ecdsaSign(
      message: Uint8Array,
      privateKey: Uint8Array,
      options?: { data?: Uint8Array; noncefn?: () => Uint8Array },
      output?: Output
    ): { signature: Uint8Array; recid: number }
    /** False for a high s. */
    ecdsaVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
    /** Throws when no key fits; accepts a high s. */
    ecdsaRecover(
      signature: Uint8Array,
      recid: number,
      message: Uint8Array,
      compressed?: boolean,
      output?: Output
    ): Uint8Array
    signatureNormalize(signature: Uint8Array): Uint8Array
  }
  export default secp256k1
}
// The native library alone: the import fails where there is no prebuilt binary.
declare module 'secp256k1/bindings.js' {
  export { default } from 'secp256k1'
}

declare module 'secp256k1/bindings.js' {
  // The native build alone; throws when it cannot be loaded.
  import secp256k1 from 'secp256k1'
  export default secp256k1
}

declare module 'secp256k1/elliptic.js' {
  import secp256k1 from 'secp256k1'
  export default secp256k1
}
