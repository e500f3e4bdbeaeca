// Who signed the entries of a lane block: the work that the pool gives to its threads.
import { decodeBlock } from '../protocol/entries.ts'
import { DecodeFault } from '../protocol/faults.ts'
import { signedPart } from '../protocol/signed.ts'
import type { TypedHasher } from '../protocol/eip712.ts'
import type { Address, Bytes32, Entry } from '../protocol/types.ts'
import type { Recover } from './crypto.ts'

/** One place an entry: the account whose key signed it, or null (not signed, or by no key). */
export type Signers = (Address | null)[]

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

/** One entry a step. Null for a block that does not decode. */
export function* blockSigners(
  hasher: TypedHasher,
  recover: Recover,
  lane: Bytes32,
  block: Uint8Array
): Generator<void, Signers | null> {
  let entries: Entry[]
  try {
    entries = decodeBlock(block)
  } catch (fault) {
    if (fault instanceof DecodeFault) return null
    throw fault
  }
  const signers: Signers = []
  for (const entry of entries) {
    signers.push(entrySigner(hasher, recover, lane, entry))
    yield
  }
  return signers
}
