// Which entries are signed by an Ethereum key, and over what.
import type { TypedHasher } from './eip712.ts'
import type { Address, Bytes32, Entry, Signature } from './types.ts'

/** `account`: who is said to have signed; null when the entry names nobody. */
export type Signed = { digest: Bytes32; signature: Signature; account: Address | null }

/** What to recover the signer of an entry from; null for an entry that its lane alone vouches for
 * (open, cancel, cancelAll, lease, protect). `lane` is the key of the lane that carries it. Any
 * decoded entry has an answer: nothing is thrown. */
export function signedPart(hasher: TypedHasher, entry: Entry, lane: Bytes32): Signed | null {
  switch (entry.kind) {
    case 'link':
      return {
        digest: hasher.linkDigest({
          lane,
          account: entry.account,
          nonce: entry.nonce,
          expiry: entry.expiry
        }),
        signature: entry.signature,
        account: entry.account
      }
    case 'place':
    case 'amend':
      return {
        digest: hasher.placeDigest(entry.order, entry.proof),
        signature: entry.signature,
        account: entry.order.account
      }
    case 'quote':
      return {
        digest: hasher.quoteDigest(entry.orders),
        signature: entry.signature,
        account: entry.account
      }
    case 'withdraw':
      return {
        digest: hasher.withdrawDigest(entry),
        signature: entry.signature,
        account: entry.account
      }
    case 'cosign':
      return {
        digest: hasher.netDeltaDigest(entry),
        signature: entry.signature,
        account: entry.account
      }
    case 'attest':
      return { digest: hasher.attestDigest(entry), signature: entry.signature, account: null }
    case 'open':
    case 'cancel':
    case 'cancelAll':
    case 'lease':
    case 'protect':
      return null
  }
}
