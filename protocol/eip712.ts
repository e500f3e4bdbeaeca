// Digests of everything that is signed, as EIP-712 defines them, by fixed layouts: the words of a
// struct have their places in one buffer that is used again, only the bytes that vary are written,
// and keccak is injected. A general encoder does the same thirty times slower; tests hold this one
// against it.
import { writeAddress } from './address.ts'
import { asciiBytes } from './bytes.ts'
import { BULK_HEIGHT_MAX, EIP712_NAME, EIP712_VERSION } from './limits.ts'
import { proofRoot, treeHeight, treeRoot } from './bulk.ts'
import { putInteger } from './market.ts'
import { POST_ONLY, SELF_TRADE_PREVENTIONS, SIDES, TIMES_IN_FORCE, triggerCode } from './order.ts'
import { bulkTypeString, markWord, NO_MARKET, typeString } from './typed-data.ts'
import type { Hash } from './hash.ts'
import type { Address, AttestEntry, Bytes24, Bytes32, MerkleProof, NetDelta } from './types.ts'
import type { Order } from './types.ts'
import type { Batch, Link, SigningTerms, Void, Withdraw } from './typed-data.ts'

const WORD = 32

type TypeHashes = {
  order: Bytes32
  link: Bytes32
  withdraw: Bytes32
  netDelta: Bytes32
  batch: Bytes32
  void: Bytes32
  /** By height. */
  bulk: readonly Bytes32[]
}

/** The hasher of a venue's messages. */
export function typedHasher(terms: SigningTerms, keccak: Hash): TypedHasher {
  const hash = (text: string): Bytes32 => keccak(asciiBytes(text))
  const types: TypeHashes = {
    order: hash(typeString('Order')),
    link: hash(typeString('Link')),
    withdraw: hash(typeString('Withdraw')),
    netDelta: hash(typeString('NetDelta')),
    batch: hash(typeString('Batch')),
    void: hash(typeString('Void')),
    bulk: Array.from({ length: BULK_HEIGHT_MAX + 1 }, (_, height) => hash(bulkTypeString(height)))
  }
  return new TypedHasher(terms, keccak, domainSeparator(terms, keccak), types)
}

/** keccak of the domain's type, name, version, chain id and vault. */
export function domainSeparator(
  terms: Pick<SigningTerms, 'chainId' | 'vault'>,
  keccak: Hash
): Bytes32 {
  const words = new Uint8Array(5 * WORD)
  words.set(keccak(asciiBytes(typeString('EIP712Domain'))), 0)
  words.set(keccak(asciiBytes(EIP712_NAME)), WORD)
  words.set(keccak(asciiBytes(EIP712_VERSION)), 2 * WORD)
  putInteger(words, 3 * WORD, terms.chainId)
  writeAddress(terms.vault, words, 4 * WORD + 12)
  return keccak(words)
}

/** Made by `typedHasher`. Not to be shared between threads: the buffers are used again. */
export class TypedHasher {
  readonly terms: SigningTerms
  readonly #keccak: Hash
  readonly #types: TypeHashes
  /** 0x1901, the domain, the struct. */
  readonly #envelope = new Uint8Array(2 + 2 * WORD)
  readonly #order = new Uint8Array(17 * WORD)
  readonly #words = new Uint8Array(8 * WORD)

  constructor(terms: SigningTerms, keccak: Hash, domain: Bytes32, types: TypeHashes) {
    this.terms = terms
    this.#keccak = keccak
    this.#types = types
    this.#envelope[0] = 0x19
    this.#envelope[1] = 0x01
    this.#envelope.set(domain, 2)
    this.#order.set(types.order, 0)
  }

  /** An order's hash, by which the vault and the books of others know it. A market that the venue
   * lacks hashes as zero: such an order has a digest, and the engine refuses it. */
  orderStruct(order: Order): Bytes32 {
    const words = this.#order
    const { trigger } = order
    words.set(this.terms.markets[order.market] ?? NO_MARKET, WORD)
    writeAddress(order.account, words, 2 * WORD + 12)
    words[4 * WORD - 1] = SIDES.indexOf(order.side)
    putInteger(words, 4 * WORD, order.price)
    putInteger(words, 5 * WORD, order.quantity)
    words[7 * WORD - 1] = TIMES_IN_FORCE.indexOf(order.timeInForce)
    words[8 * WORD - 1] = POST_ONLY.indexOf(order.postOnly)
    words[9 * WORD - 1] = order.quote ? 1 : 0
    words[10 * WORD - 1] = order.leased ? 1 : 0
    words[11 * WORD - 1] = SELF_TRADE_PREVENTIONS.indexOf(order.selfTradePrevention)
    words[12 * WORD - 1] = triggerCode(trigger)
    putInteger(words, 12 * WORD, trigger === null ? 0 : trigger.price)
    putInteger(words, 13 * WORD, order.expiry)
    putInteger(words, 14 * WORD, order.feeMax)
    putInteger(words, 15 * WORD, order.nonce)
    putInteger(words, 16 * WORD, order.slot)
    return this.#keccak(words)
  }

  orderDigest(order: Order): Bytes32 {
    return this.#digest(this.orderStruct(order))
  }

  /** Digest of the tree that the proof leads to; of the order alone when there is no proof. */
  placeDigest(order: Order, proof: MerkleProof | null): Bytes32 {
    if (proof === null) return this.orderDigest(order)
    return this.bulkDigest(proof.height, proofRoot(this.orderStruct(order), proof, this.#keccak))
  }

  /** Digest of the tree of all the orders (1 to 256; a single one has a tree of height 1). */
  quoteDigest(orders: readonly Order[]): Bytes32 {
    const leaves = orders.map((order) => this.orderStruct(order))
    return this.bulkDigest(treeHeight(leaves.length), treeRoot(leaves, this.#keccak))
  }

  /** `height` 1 to 8. */
  bulkDigest(height: number, root: Bytes32): Bytes32 {
    const words = this.#words.subarray(0, 2 * WORD)
    words.set(this.#types.bulk[height], 0)
    words.set(root, WORD)
    return this.#digest(this.#keccak(words))
  }

  linkDigest(link: Link): Bytes32 {
    const words = this.#cleared(6)
    words.set(this.#types.link, 0)
    words.set(this.terms.venue, WORD)
    words.set(link.lane, 2 * WORD)
    writeAddress(link.account, words, 3 * WORD + 12)
    putInteger(words, 4 * WORD, link.nonce)
    putInteger(words, 5 * WORD, link.expiry)
    return this.#digest(this.#keccak(words))
  }

  /** A token that the venue lacks hashes as the zero address: the engine refuses it. */
  withdrawDigest(withdraw: Withdraw): Bytes32 {
    const words = this.#cleared(6)
    const token: Address | undefined = this.terms.tokens[withdraw.token]
    words.set(this.#types.withdraw, 0)
    writeAddress(withdraw.account, words, WORD + 12)
    if (token !== undefined) writeAddress(token, words, 2 * WORD + 12)
    putInteger(words, 3 * WORD, withdraw.quanta)
    putInteger(words, 4 * WORD, withdraw.nonce)
    putInteger(words, 5 * WORD, withdraw.expiry)
    return this.#digest(this.#keccak(words))
  }

  netDeltaDigest(net: NetDelta): Bytes32 {
    const deltas = new Uint8Array(net.deltas.length * WORD)
    net.deltas.forEach((delta, i) => putInteger(deltas, i * WORD, delta))
    const marks = new Uint8Array(net.marks.length * WORD)
    net.marks.forEach((mark, i) => putBigInteger(marks, i * WORD, markWord(mark)))
    const deltasHash = this.#keccak(deltas)
    const marksHash = this.#keccak(marks)
    const words = this.#cleared(8)
    words.set(this.#types.netDelta, 0)
    putInteger(words, WORD, net.batch)
    words.set(net.parent, 2 * WORD)
    writeAddress(net.account, words, 3 * WORD + 12)
    words.set(deltasHash, 4 * WORD)
    putInteger(words, 5 * WORD, net.sequence)
    putInteger(words, 6 * WORD, net.floor)
    words.set(marksHash, 7 * WORD)
    return this.#digest(this.#keccak(words))
  }

  batchDigest(batch: Batch): Bytes32 {
    return this.#digest(this.#batchStruct(batch))
  }

  /** The parent of the batch after this one. */
  batchLink(batch: Batch): Bytes24 {
    return this.#batchStruct(batch).slice(0, 24)
  }

  voidDigest(batch: Void): Bytes32 {
    return this.#digest(this.#voidStruct(batch))
  }

  /** The parent of the batch after a void. */
  voidLink(batch: Void): Bytes24 {
    return this.#voidStruct(batch).slice(0, 24)
  }

  attestDigest(entry: Pick<AttestEntry, 'batch' | 'parent' | 'content' | 'sealedAt'>): Bytes32 {
    const { batch: index, parent, content, sealedAt } = entry
    if (content === null) return this.voidDigest({ index, parent, sealedAt })
    return this.batchDigest({ index, parent, content, sealedAt })
  }

  #batchStruct(batch: Batch): Bytes32 {
    const words = this.#cleared(5)
    words.set(this.#types.batch, 0)
    putInteger(words, WORD, batch.index)
    words.set(batch.parent, 2 * WORD)
    words.set(batch.content, 3 * WORD)
    putInteger(words, 4 * WORD, batch.sealedAt)
    return this.#keccak(words)
  }

  #voidStruct(batch: Void): Bytes32 {
    const words = this.#cleared(4)
    words.set(this.#types.void, 0)
    putInteger(words, WORD, batch.index)
    words.set(batch.parent, 2 * WORD)
    putInteger(words, 3 * WORD, batch.sealedAt)
    return this.#keccak(words)
  }

  #cleared(count: number): Uint8Array {
    return this.#words.subarray(0, count * WORD).fill(0)
  }

  #digest(struct: Bytes32): Bytes32 {
    this.#envelope.set(struct, 2 + WORD)
    return this.#keccak(this.#envelope)
  }
}

function putBigInteger(words: Uint8Array, offset: number, value: bigint): void {
  let rest = value
  for (let i = WORD - 1; rest > 0n; i--) {
    words[offset + i] = Number(rest & 0xffn)
    rest >>= 8n
  }
}
