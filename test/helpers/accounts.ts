import { asciiBytes } from '../../protocol/bytes.ts'
import { typedHasher } from '../../protocol/eip712.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { signedPart } from '../../protocol/signed.ts'
import { signingTerms } from '../../protocol/venue.ts'
import type { Address, Entry } from '../../protocol/types.ts'
import { blake2b256 } from '../../crypto/blake2b.ts'
import { entrySigner } from '../../crypto/block-signers.ts'
import { type Crypto, loadCrypto } from '../../crypto/crypto.ts'

const NO_LANE = new Uint8Array(32)

/** A key that follows from a name, as long as tests last. */
export function privateKeyOf(name: string): Uint8Array {
  return blake2b256(asciiBytes(`curb test account ${name}`))
}

/** Signs what the accounts of a venue put into their entries. */
export class EntrySigner {
  readonly #crypto: Crypto
  readonly #hasher: ReturnType<typeof typedHasher>

  private constructor(crypto: Crypto, manifest: Manifest) {
    const { keccak, blake2b } = crypto
    this.#crypto = crypto
    this.#hasher = typedHasher(signingTerms(manifest, { keccak, blake2b }), keccak)
  }

  static async load(manifest: Manifest): Promise<EntrySigner> {
    return new EntrySigner(await loadCrypto(), manifest)
  }

  address(name: string): Address {
    return this.#crypto.address(privateKeyOf(name))
  }

  /** Who signed an entry of a lane. */
  signerOf(lane: Uint8Array, entry: Entry): Address | null {
    return entrySigner(this.#hasher, this.#crypto.recover, lane, entry)
  }

  /** The entry with the account's signature in place of what stood there. */
  sign<E extends Entry & { signature: Uint8Array }>(
    entry: E,
    name: string,
    lane: Uint8Array = NO_LANE
  ): E {
    const part = signedPart(this.#hasher, entry, lane)
    if (part === null) throw new Error(`a ${entry.kind} is not signed`)
    return { ...entry, signature: this.#crypto.sign(part.digest, privateKeyOf(name)) }
  }
}

export async function addressesOf(names: readonly string[]): Promise<Map<string, Address>> {
  const { address } = await loadCrypto()
  return new Map(names.map((name) => [name, address(privateKeyOf(name))]))
}
