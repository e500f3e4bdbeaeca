// Recoverable ECDSA over secp256k1: native libsecp256k1 where there is a prebuilt binary, else the
// same library as WebAssembly. Both are held to one rule: v is 27 or 28 and s is low.
import { Fault } from '../protocol/faults.ts'
import { signatureProblem } from '../protocol/wire.ts'
import type { Bytes32, Signature } from '../protocol/types.ts'

export type SecpBackend = 'native' | 'wasm'

export type Secp256k1 = {
  readonly backend: SecpBackend
  /** The 64 bytes (x, y) of the key that signed; null when no key did, or the form is not ours. */
  recover(digest: Bytes32, signature: Signature): Uint8Array | null
  /** Deterministic (RFC 6979), low s.
   * @throws Fault key_invalid */
  sign(digest: Bytes32, privateKey: Bytes32): Signature
  /** 64 bytes (x, y).
   * @throws Fault key_invalid */
  publicKey(privateKey: Bytes32): Uint8Array
}

/** `auto`: native, and WebAssembly where there is none.
 * @throws Fault crypto_unavailable when `native` is asked for and there is none */
export async function loadSecp256k1(backend: SecpBackend | 'auto' = 'auto'): Promise<Secp256k1> {
  if (backend === 'wasm') return loadWasm()
  try {
    return await loadNative()
  } catch (cause) {
    if (backend === 'auto') return loadWasm()
    throw new Fault(
      'crypto_unavailable',
      `no native secp256k1 for ${process.platform}-${process.arch}: choose the wasm backend`,
      {},
      cause
    )
  }
}

async function loadNative(): Promise<Secp256k1> {
  // Not the package's main file, which turns to slow JavaScript without a word.
  const { default: native } = await import('secp256k1/bindings.js')
  // The same arrays each time: one that native code has seen has memory of its own outside of the
  // heap from then on, which costs more to make and to collect than the bytes cost to copy.
  const point = new Uint8Array(65)
  const compact = new Uint8Array(64)
  const message = new Uint8Array(32)
  return {
    backend: 'native',
    recover(digest, signature) {
      if (!wellFormed(digest, signature)) return null
      compact.set(signature.subarray(0, 64))
      message.set(digest)
      try {
        native.ecdsaRecover(compact, signature[64] - 27, message, false, point)
      } catch {
        // The library throws for "no such key", which is an answer here.
        return null
      }
      return point.slice(1)
    },
    sign(digest, privateKey) {
      if (!isKey(privateKey) || !native.privateKeyVerify(privateKey)) throw badKey()
      const { signature, recid } = native.ecdsaSign(digest, privateKey)
      return joined(signature, recid)
    },
    publicKey(privateKey) {
      if (!isKey(privateKey) || !native.privateKeyVerify(privateKey)) throw badKey()
      return native.publicKeyCreate(privateKey, false).slice(1)
    }
  }
}

async function loadWasm(): Promise<Secp256k1> {
  const wasm = await import('tiny-secp256k1')
  return {
    backend: 'wasm',
    recover(digest, signature) {
      if (!wellFormed(digest, signature)) return null
      const recoveryId = signature[64] === 27 ? 0 : 1
      try {
        const point = wasm.recover(digest, signature.subarray(0, 64), recoveryId, false)
        return point === null ? null : point.slice(1)
      } catch {
        // As above: r or s outside of the group is thrown.
        return null
      }
    },
    sign(digest, privateKey) {
      if (!isKey(privateKey) || !wasm.isPrivate(privateKey)) throw badKey()
      const { signature, recoveryId } = wasm.signRecoverable(digest, privateKey)
      return joined(signature, recoveryId)
    },
    publicKey(privateKey) {
      const valid = isKey(privateKey) && wasm.isPrivate(privateKey)
      const point = valid ? wasm.pointFromScalar(privateKey, false) : null
      if (point === null) throw badKey()
      return point.slice(1)
    }
  }
}

function wellFormed(digest: Uint8Array, signature: Uint8Array): boolean {
  return digest.length === 32 && signature.length === 65 && signatureProblem(signature, 0) === null
}

function isKey(privateKey: Uint8Array): boolean {
  return privateKey.length === 32
}

function badKey(): Fault<'key_invalid'> {
  return new Fault('key_invalid', 'a secp256k1 private key is 32 bytes, not zero, below the order')
}

function joined(signature: Uint8Array, recoveryId: number): Signature {
  const whole = new Uint8Array(65)
  whole.set(signature, 0)
  whole[64] = 27 + recoveryId
  return whole
}
