// Who signed the entries of a lane block: the work that the pool gives to its threads.
import { decodeBlock } from '../protocol/entries.ts'
import { DecodeFault } from '../protocol/faults.ts'
import { signedPart } from '../protocol/signed.ts'
import type { TypedHasher } from '../protocol/eip712.ts'
import type { Address, Bytes32, Entry } from '../protocol/types.ts'
import type { Recover } from './crypto.ts'
import type { Claim } from './known-keys.ts'

/** One place an entry: the account whose key signed it, or null (not signed, or by no key). */
export type Signers = (Address | null)[]

/** An entry that is signed, and the place for the answer. */
export type EntryClaim = Claim & { signers: Signers; index: number }

/** Null for an entry that its lane alone vouches for, or that no key signed. */
export function entrySigner(
  hasher: TypedHasher,
  recover: Recover,
  lane: Bytes32,
  entry: Entry
): Address | null {
  const signed = signedPart(hasher, entry, lane)
  return signed === null ? null : recover(signed.digest, signed.signature)
}

/** One entry a step: what it claims, or null when nobody signed it. The places of all entries are
 * added to `all`, empty; null there is a block that does not decode. */
export function* blockClaims(
  hasher: TypedHasher,
  lane: Bytes32,
  blocks: readonly Uint8Array[],
  all: (Signers | null)[]
): Generator<EntryClaim | null, undefined> {
  for (const block of blocks) {
    const entries = decoded(block)
    const signers: Signers | null = entries?.map(() => null) ?? null
    all.push(signers)
    if (entries === null || signers === null) continue
    for (const [index, entry] of entries.entries()) {
      const signed = signedPart(hasher, entry, lane)
      yield signed === null ? null : { ...signed, signers, index }
    }
  }
}

function decoded(block: Uint8Array): Entry[] | null {
  try {
    return decodeBlock(block)
  } catch (fault) {
    if (fault instanceof DecodeFault) return null
    throw fault
  }
}
