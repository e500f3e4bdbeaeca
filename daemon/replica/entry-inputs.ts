// From what stands in a lane block to what the engine takes: the same fields, with the signer in
// place of the signature. The engine judges; nothing is refused here.
import { toHex } from '../../protocol/bytes.ts'
import type { TypedHasher } from '../../protocol/eip712.ts'
import type { Address, AttestEntry, ChainEvent, Entry, OpenEntry } from '../../protocol/types.ts'
import type { ChainEventInput, EntryInput } from '../../matching/index.ts'

export type EntryContext = {
  hasher: Pick<TypedHasher, 'batchLink' | 'voidLink'>
  /** True when the entry names this very lane, of this venue. */
  opens: (entry: OpenEntry, lane: Uint8Array) => boolean
}

export function entryInput(
  context: EntryContext,
  lane: Uint8Array,
  entry: Entry,
  signer: Address | null
): EntryInput {
  switch (entry.kind) {
    case 'open':
      return { kind: 'open', valid: context.opens(entry, lane) }
    case 'link': {
      const { kind, account, nonce, expiry } = entry
      return { kind, account, nonce, expiry, signer }
    }
    case 'place':
      return { kind: 'place', order: entry.order, signer }
    case 'quote': {
      const { kind, account, market, orders } = entry
      return { kind, account, market, orders, signer }
    }
    case 'amend': {
      const { kind, oldNonce, filledSeen, order } = entry
      return { kind, oldNonce, filledSeen, order, signer }
    }
    case 'withdraw': {
      const { kind, account, token, quanta, nonce, expiry } = entry
      return { kind, account, token, quanta, nonce, expiry, signer }
    }
    case 'cosign': {
      const { kind, account, batch, deltas, sequence, floor, marks } = entry
      const parent = toHex(entry.parent)
      return { kind, account, batch, parent, deltas, sequence, floor, marks, signer }
    }
    case 'attest':
      return {
        kind: 'attest',
        batch: entry.batch,
        parent: toHex(entry.parent),
        link: toHex(attestedLink(context, entry)),
        void: entry.content === null,
        sealedAt: entry.sealedAt,
        signer
      }
    case 'cancel':
    case 'cancelAll':
    case 'lease':
    case 'protect':
      return entry
  }
}

/** The link that the batch has if this word on it counts. */
function attestedLink(context: EntryContext, entry: AttestEntry): Uint8Array {
  const { batch: index, parent, content, sealedAt } = entry
  if (content === null) return context.hasher.voidLink({ index, parent, sealedAt })
  return context.hasher.batchLink({ index, parent, content, sealedAt })
}

const EVERY_MARKET = '0'.repeat(64)

export function chainEventInput(event: ChainEvent): ChainEventInput {
  switch (event.kind) {
    case 'deposited':
    case 'exitClaimed':
    case 'claimed': {
      const { kind, account, token, quanta } = event
      return { kind, account, token, quanta }
    }
    case 'exitRequested':
    case 'exitCancelled': {
      const { kind, account, token } = event
      return { kind, account, token }
    }
    case 'floorRequested':
    case 'floorApplied': {
      const { kind, account, nonce } = event
      return { kind, account, nonce }
    }
    case 'delegateSet': {
      const { kind, account, delegate, cosign, from, until } = event
      const market = toHex(event.market)
      return {
        kind,
        account,
        delegate,
        market: market === EVERY_MARKET ? null : market,
        cosign,
        from,
        until
      }
    }
    case 'batchSettled': {
      const { kind, index, submitter } = event
      return { kind, index, link: toHex(event.hash), submitter }
    }
    case 'batchVoided':
      return { kind: 'batchVoided', index: event.index, link: toHex(event.hash) }
  }
}
