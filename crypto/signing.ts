// The work of the pool, done where it is called: by its threads, or in place of them.
import { typedHasher } from '../protocol/eip712.ts'
import { blockSigners } from './block-signers.ts'
import { loadCrypto } from './crypto.ts'
import type { TypedHasher } from '../protocol/eip712.ts'
import type { SigningTerms } from '../protocol/typed-data.ts'
import type { Signers } from './block-signers.ts'
import type { Recover } from './crypto.ts'
import type { SecpBackend } from './secp256k1.ts'
import type { Work } from './signer-jobs.ts'

export class Signing {
  readonly #hasher: TypedHasher
  readonly #recover: Recover

  constructor(hasher: TypedHasher, recover: Recover) {
    this.#hasher = hasher
    this.#recover = recover
  }

  /** @throws Fault crypto_unavailable */
  static async load(terms: SigningTerms, backend: SecpBackend | 'auto'): Promise<Signing> {
    const { keccak, recover } = await loadCrypto(backend)
    return new Signing(typedHasher(terms, keccak), recover)
  }

  run(work: Work): (Signers | null)[] {
    if (work.kind === 'blocks') {
      return work.blocks.map((block) => blockSigners(this.#hasher, this.#recover, work.lane, block))
    }
    return [work.digests.map((digest, i) => this.#recover(digest, work.signatures[i]))]
  }
}
