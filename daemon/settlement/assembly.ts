// The exact bytes of a sealed batch: a function of the tape alone, so that every daemon arrives at
// the same ones. Who co-signed before it was sealed is settled by that, everyone else by his signed
// orders; both are read again from the tape, where the engine says they are.
import { encodeContent, type MarketTerms, sweepsOf } from '../../contracts/batch.ts'
import type {
  BatchContent,
  Group,
  SealedOrder,
  SealedWithdrawal,
  Trade
} from '../../contracts/batch.ts'
import type { BatchAccount, BatchFill, BatchView } from '../../matching/index.ts'
import { proofRoot, treeProofs } from '../../protocol/bulk.ts'
import type { TypedHasher } from '../../protocol/eip712.ts'
import type { Hash } from '../../protocol/hash.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type {
  Address,
  Entry,
  MerkleProof,
  Order,
  QuoteEntry,
  Signature
} from '../../protocol/types.ts'
import { tokenIndex } from '../../protocol/venue.ts'
import { placeKey, readEntries, type EntryPlace, type ReadTape } from './signed-entries.ts'

export type AssemblyDependencies = {
  markets: readonly MarketTerms[]
  hasher: Pick<TypedHasher, 'orderStruct'>
  keccak: Hash
  read: ReadTape
}

/** The terms that the vault hashes, by the market's index. */
export function marketTerms(manifest: Manifest): MarketTerms[] {
  return manifest.markets.map(({ base, quote, lotSize, tickValue, fees }) => ({
    base: tokenIndex(manifest, base),
    quote: tokenIndex(manifest, quote),
    lotSize,
    tickValue,
    ...fees
  }))
}

/** The sealed bytes of a batch that is sealed or attested. `address` names the engine's accounts.
 * @throws SettlementFault batch_unreadable */
export async function assemble(
  batch: BatchView,
  address: (account: number) => Address,
  dependencies: AssemblyDependencies
): Promise<Uint8Array> {
  const entries = await readEntries(dependencies.read, placesOf(batch))
  const content = contentOf(batch, address, entries, dependencies)
  return encodeContent(content, dependencies.markets)
}

/** Where everything stands that the batch's bytes carry. */
function placesOf(batch: BatchView): EntryPlace[] {
  const cosigned = cosignedOf(batch)
  return [
    ...batch.cosigns.map(({ place }) => place),
    ...batch.withdrawals.map(({ place }) => place),
    ...batch.accounts
      .filter(({ account }) => !cosigned.has(account))
      .flatMap(({ orders }) => orders.map(({ place }) => place))
  ]
}

function cosignedOf(batch: BatchView): Set<number> {
  return new Set(batch.cosigns.map(({ account }) => account))
}

function contentOf(
  batch: BatchView,
  address: (account: number) => Address,
  entries: ReadonlyMap<string, Entry>,
  dependencies: AssemblyDependencies
): BatchContent {
  const cosigned = new Map(batch.cosigns.map(({ account, place }) => [account, place]))
  const orders = new OrderReader(entries, restingPrices(batch.fills), dependencies)
  const groups = batch.accounts.map((part): Group => {
    const place = cosigned.get(part.account)
    if (place === undefined) {
      return { kind: 'orders', account: address(part.account), orders: orders.of(part) }
    }
    const { signature, kind: _kind, ...delta } = entryAt(entries, place, 'cosign')
    return { kind: 'cosigned', delta, signature }
  })
  const isCosigned = new Set([...cosigned.keys()].map(address))
  const trades = batch.fills.map(({ maker, taker, quantity, price }): Trade => ({
    maker: { account: address(maker.account), nonce: maker.nonce },
    taker: { account: address(taker.account), nonce: taker.nonce },
    lots: quantity,
    price
  }))
  return {
    groups: groups.sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1)),
    sweeps: sweepsOf(trades, (account) => isCosigned.has(account)),
    withdrawals: batch.withdrawals.map(({ place }): SealedWithdrawal => {
      const { kind: _kind, ...withdrawal } = entryAt(entries, place, 'withdraw')
      return withdrawal
    })
  }
}

function accountOf(group: Group): Address {
  return group.kind === 'cosigned' ? group.delta.account : group.account
}

/** Where each order rested that was traded with: a post-only order may have slid from its limit,
 * and has one resting price for all its life. */
function restingPrices(fills: readonly BatchFill[]): Map<number, number> {
  return new Map(fills.map(({ maker, price }) => [maker.order, price]))
}

/** An account's filled orders as it signed them. */
class OrderReader {
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #resting: ReadonlyMap<number, number>
  readonly #dependencies: AssemblyDependencies
  /** Proofs of a quote's orders: several of one list are often filled. */
  readonly #proofs = new Map<QuoteEntry, MerkleProof[]>()

  constructor(
    entries: ReadonlyMap<string, Entry>,
    resting: ReadonlyMap<number, number>,
    dependencies: AssemblyDependencies
  ) {
    this.#entries = entries
    this.#resting = resting
    this.#dependencies = dependencies
  }

  /** By nonce, ascending. */
  of({ orders }: BatchAccount): SealedOrder[] {
    return orders
      .map(({ order: id, place }) => {
        const signed = this.#signed(place.index, place.entry, place.ordinal)
        const { order } = signed
        const slides = order.postOnly === 'slide'
        const restingPrice = slides ? (this.#resting.get(id) ?? order.price) : order.price
        return { ...signed, restingPrice }
      })
      .sort((a, b) => a.order.nonce - b.order.nonce)
  }

  #signed(index: number, number: number, ordinal: number): Omit<SealedOrder, 'restingPrice'> {
    const entry = this.#entries.get(placeKey(index, number))
    switch (entry?.kind) {
      case 'place':
      case 'amend':
        return this.#sealed(entry.order, entry.proof, entry.signature)
      case 'quote':
        return this.#sealed(entry.orders[ordinal], this.#proofsOf(entry)[ordinal], entry.signature)
      default:
        throw new Error(`no order at ${index}, entry ${number}: ${entry?.kind}`)
    }
  }

  #sealed(order: Order, proof: MerkleProof | null, signature: Signature) {
    if (proof === null) return { order, proof, signature }
    const { hasher, keccak } = this.#dependencies
    const root = proofRoot(hasher.orderStruct(order), proof, keccak)
    return { order, proof, signature, root }
  }

  #proofsOf(quote: QuoteEntry): MerkleProof[] {
    const known = this.#proofs.get(quote)
    if (known !== undefined) return known
    const { hasher, keccak } = this.#dependencies
    const proofs = treeProofs(
      quote.orders.map((order) => hasher.orderStruct(order)),
      keccak
    )
    this.#proofs.set(quote, proofs)
    return proofs
  }
}

function entryAt<K extends Entry['kind']>(
  entries: ReadonlyMap<string, Entry>,
  { index, entry: number }: EntryPlace,
  kind: K
): Extract<Entry, { kind: K }> {
  const entry = entries.get(placeKey(index, number))
  if (entry === undefined || !isKind(entry, kind)) {
    throw new Error(`no ${kind} at ${index}, entry ${number}: ${entry?.kind}`)
  }
  return entry
}

function isKind<K extends Entry['kind']>(
  entry: Entry,
  kind: K
): entry is Extract<Entry, { kind: K }> {
  return entry.kind === kind
}
