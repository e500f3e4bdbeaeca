// Who may extend the tape: the venue's validators, a quorum of them for each head. The key is a
// hash of that rule and of the venue's id, so it is a commitment to both.
import type { Manifest as CoreManifest } from 'hypercore'
import {
  type LogManifest,
  type PartialSignature,
  decodeHeadSignature,
  encodeHeadSignature,
  headSignable,
  manifestKey
} from '../../protocol/log-manifest.ts'
import type { HashParts } from '../../protocol/merkle-log.ts'
import type { Bytes32 } from '../../protocol/types.ts'

export type VerifySignature = (
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Bytes32
) => boolean

export class TapeKey {
  readonly manifest: LogManifest
  readonly key: Bytes32
  readonly #verify: VerifySignature

  /** `signers`: the validators' ed25519 keys, in the manifest's order. */
  constructor(
    options: { venue: Bytes32; signers: readonly Bytes32[]; quorum: number },
    dependencies: { hash: HashParts; verify: VerifySignature }
  ) {
    const { venue, signers, quorum } = options
    this.manifest = { version: 2, quorum, signers, prologue: null, userData: venue }
    this.key = manifestKey(dependencies.hash, this.manifest)
    this.#verify = dependencies.verify
  }

  /** Bytes of a head's signature: it has one form only. */
  get signatureBytes(): number {
    return 2 + 66 * this.manifest.quorum
  }

  /** The manifest as Hypercore's own code takes it. */
  get coreManifest(): CoreManifest {
    const { quorum, signers, userData } = this.manifest
    return {
      version: 2,
      hash: 'blake2b',
      quorum,
      signers: signers.map((publicKey) => ({ signature: 'ed25519', publicKey })),
      userData
    }
  }

  /** What a validator signs, with its ed25519 key, to make `length` blocks final. */
  signable(length: number, treeHash: Bytes32): Uint8Array {
    return headSignable(this.key, treeHash, length, 0)
  }

  verifyPartial(signer: number, length: number, treeHash: Bytes32, signature: Uint8Array): boolean {
    const publicKey = this.manifest.signers[signer]
    if (publicKey === undefined || signature.length !== 64) return false
    return this.#verify(signature, this.signable(length, treeHash), publicKey)
  }

  /** The head's signature of exactly a quorum of partials, ascending by signer. */
  assemble(partials: readonly PartialSignature[]): Uint8Array {
    if (partials.length !== this.manifest.quorum) {
      throw new RangeError(`${partials.length} partial signatures, not ${this.manifest.quorum}`)
    }
    return encodeHeadSignature([...partials].sort((a, b) => a.signer - b.signer))
  }

  /** True for a quorum's signature in its canonical form: exactly so many proofs, no patch. */
  verifyHead(length: number, treeHash: Bytes32, signature: Uint8Array): boolean {
    const proofs = decodeHeadSignature(signature, this.manifest.quorum)
    if (proofs === null) return false
    const signable = this.signable(length, treeHash)
    return proofs.every((proof) => {
      const publicKey = this.manifest.signers[proof.signer]
      return publicKey !== undefined && this.#verify(proof.signature, signable, publicKey)
    })
  }
}
