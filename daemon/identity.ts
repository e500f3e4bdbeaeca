// Who a daemon is: all its ed25519 keys follow from one seed.
import { asciiBytes } from '../protocol/bytes.ts'
import type { Bytes32 } from '../protocol/types.ts'
import { blake2b256Parts } from '../crypto/blake2b.ts'
import { type KeyPair, ed25519KeyPair, ed25519Sign } from '../crypto/ed25519.ts'
import type { Sign } from './lanes/types.ts'

export type Identity = {
  /** On the swarm; a validator's also signs cuts and the tape. */
  keyPair: KeyPair
  sign: Sign
  /** From which the keys of the daemon's lanes follow. */
  laneSecret: Bytes32
}

export function identityOf(seed: Bytes32): Identity {
  const keyPair = ed25519KeyPair(seed)
  return {
    keyPair,
    sign: (message) => ed25519Sign(message, keyPair.secretKey),
    laneSecret: blake2b256Parts([asciiBytes('curb/lane/secret/1'), seed])
  }
}

/** A key pair and its signature function, of a seed of 32 bytes. */
export function signerOf(seed: Bytes32): { publicKey: Bytes32; sign: Sign } {
  const { publicKey, secretKey } = ed25519KeyPair(seed)
  return { publicKey, sign: (message) => ed25519Sign(message, secretKey) }
}
