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

/** An entry that is signed, and the place for the answer. `orders`: as many were hashed for it, or
 * what takes as long. */
export type EntryClaim = Claim & { signers: Signers; index: number; orders: number }

/** Marks of a cosign whose hash takes as long as an order's. */
const MARKS_PER_ORDER = 6
/** Of a block that does not decode, what takes as long to read as an entry that nobody signed. */
const STEP_BYTES = 4096

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
 * added to `all`, empty; null there is a block that does not decode, which takes steps as well: it
 * cost time to find that out. */
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
    if (entries === null || signers === null) {
      for (let at = 0; at < block.length; at += STEP_BYTES) yield null
      continue
    }
    for (const [index, entry] of entries.entries()) {
      const signed = signedPart(hasher, entry, lane)
      yield signed === null ? null : { ...signed, signers, index, orders: ordersOf(entry) }
    }
  }
}

function ordersOf(entry: Entry): number {
  if (entry.kind === 'quote') return entry.orders.length
  return entry.kind === 'cosign' ? Math.ceil(entry.marks.length / MARKS_PER_ORDER) : 1
}

function decoded(block: Uint8Array): Entry[] | null {
  try {
    return decodeBlock(block)
  } catch (fault) {
    if (fault instanceof DecodeFault) return null
    throw fault
  }
}
