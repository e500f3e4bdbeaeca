// The work of the pool, done where it is called: by its threads, or in place of them.
import { typedHasher } from '../protocol/eip712.ts'
import { blockClaims } from './block-signers.ts'
import { loadCrypto } from './crypto.ts'
import { KnownKeys } from './known-keys.ts'
import type { TypedHasher } from '../protocol/eip712.ts'
import type { SigningTerms } from '../protocol/typed-data.ts'
import type { Address, Bytes32 } from '../protocol/types.ts'
import type { EntryClaim, Signers } from './block-signers.ts'
import type { Claim } from './known-keys.ts'
import type { SecpBackend } from './secp256k1.ts'
import type { Work } from './signer-jobs.ts'

export class Signing {
  readonly #hasher: TypedHasher
  readonly #keys: KnownKeys

  constructor(hasher: TypedHasher, keys: KnownKeys) {
    this.#hasher = hasher
    this.#keys = keys
  }

  /** @throws Fault crypto_unavailable */
  static async load(terms: SigningTerms, backend: SecpBackend | 'auto'): Promise<Signing> {
    const crypto = await loadCrypto(backend)
    return new Signing(typedHasher(terms, crypto.keccak), await KnownKeys.load(crypto))
  }

  run(work: Work): (Signers | null)[] {
    if (work.kind === 'digests') {
      const { digests, signatures } = work
      const claims = digests.map((digest, i): Claim => {
        return { digest, signature: signatures[i], account: null }
      })
      return [this.#keys.signers(claims)]
    }
    const all: (Signers | null)[] = []
    const claims = [...this.claims(work.lane, work.blocks, all)].filter((claim) => claim !== null)
    this.answer(claims)
    return all
  }

  /** One entry a step: its claim to be answered, or null when it has none; a block that does not
   * decode takes some steps too. The places of the answers are added to `all`: a list for each block,
   * null for one that does not decode. */
  claims(
    lane: Bytes32,
    blocks: readonly Uint8Array[],
    all: (Signers | null)[]
  ): Iterator<EntryClaim | null, undefined> & Iterable<EntryClaim | null> {
    return blockClaims(this.#hasher, lane, blocks, all)
  }

  /** Puts the signers of the claims into their places. */
  answer(claims: readonly EntryClaim[]): void {
    const found = this.#keys.signers(claims)
    claims.forEach(({ signers, index }, i) => (signers[index] = found[i]))
  }

  /** Whether a claim of this account takes a third of the time of another. */
  isKnown(account: Address | null): boolean {
    return this.#keys.has(account)
  }
}
