// The orders of bench:finality, signed before the clock starts. Two accounts of a daemon take
// turns: one rests an order, the other takes what rests, so that books stay small and every order
// is matched, funds checked, signatures and all.
import { asciiBytes } from '../protocol/bytes.ts'
import { typedHasher } from '../protocol/eip712.ts'
import { encodeEntry, joinBlock } from '../protocol/entries.ts'
import type { Manifest } from '../protocol/manifest.ts'
import { signedPart } from '../protocol/signed.ts'
import type { Address, Entry, Order } from '../protocol/types.ts'
import { signingTerms } from '../protocol/venue.ts'
import { blake2b256 } from '../crypto/blake2b.ts'
import { type Crypto, loadCrypto } from '../crypto/crypto.ts'

const A_DAY_SECONDS = 86_400
const FEE_MAX = 1_000_000_000
const PRICE_TICKS = 1000
const SLOTS = 1024

export function benchKey(name: string): Uint8Array {
  return blake2b256(asciiBytes(`curb bench account ${name}`))
}

export type Prepared = { bytes: Uint8Array; orders: number }

export class OrderBook {
  readonly #crypto: Crypto
  readonly #hasher: ReturnType<typeof typedHasher>
  readonly #accounts: { name: string; address: Address; nonce: number; slot: number }[]
  readonly #expiry = Math.floor(Date.now() / 1000) + A_DAY_SECONDS
  #turn = 0

  private constructor(crypto: Crypto, manifest: Manifest, names: readonly string[]) {
    const { keccak, blake2b } = crypto
    this.#crypto = crypto
    this.#hasher = typedHasher(signingTerms(manifest, { keccak, blake2b }), keccak)
    this.#accounts = names.map((name) => {
      return { name, address: crypto.address(benchKey(name)), nonce: 0, slot: 0 }
    })
  }

  static async load(manifest: Manifest, names: readonly string[]): Promise<OrderBook> {
    return new OrderBook(await loadCrypto(), manifest, names)
  }

  links(lane: Uint8Array): Entry[] {
    return this.#accounts.map((account) => {
      const nonce = ++account.nonce
      const { address, name } = account
      const expiry = this.#expiry
      return this.#sign(
        { kind: 'link', account: address, nonce, expiry, signature: blank() },
        name,
        lane
      )
    })
  }

  /** The next entries, `bulk` orders to an entry and signature. */
  prepare(orders: number, bulk: number): Prepared[] {
    const entries: Prepared[] = []
    for (let made = 0; made < orders; made += bulk) entries.push(this.#next(bulk))
    return entries
  }

  /** A lane block of so many orders. */
  block(orders: number): Uint8Array {
    return joinBlock(this.prepare(orders, 1).map(({ bytes }) => bytes))
  }

  #next(bulk: number): Prepared {
    const turn = this.#turn++
    const account = this.#accounts[turn % this.#accounts.length]
    const rests = turn % this.#accounts.length === 0
    if (bulk > 1) return this.#quotes(account, bulk)
    const order = this.#order(account, rests)
    const entry: Entry = { kind: 'place', order, proof: null, signature: blank() }
    return { bytes: encodeEntry(this.#sign(entry, account.name)), orders: 1 }
  }

  #order(account: { address: Address; nonce: number; slot: number }, rests: boolean): Order {
    return {
      market: 0,
      account: account.address,
      side: rests ? 'sell' : 'buy',
      price: PRICE_TICKS,
      quantity: 1,
      timeInForce: rests ? 'gtc' : 'ioc',
      postOnly: 'no',
      quote: false,
      leased: false,
      selfTradePrevention: 'cancelNewest',
      trigger: null,
      expiry: this.#expiry,
      feeMax: FEE_MAX,
      nonce: ++account.nonce,
      slot: rests ? account.slot++ % SLOTS : 0
    }
  }

  /** A ladder of quotes that replaces the account's last one. */
  #quotes(account: { name: string; address: Address; nonce: number; slot: number }, bulk: number) {
    const orders = Array.from({ length: bulk }, (_, at): Order => {
      const bid = at % 2 === 0
      const step = 1 + (at >>> 1) + (account.nonce % 7)
      return {
        ...this.#order(account, true),
        side: bid ? 'buy' : 'sell',
        price: bid ? PRICE_TICKS - step : PRICE_TICKS + step,
        quote: true
      }
    })
    const entry: Entry = {
      kind: 'quote',
      account: account.address,
      market: 0,
      orders,
      signature: blank()
    }
    return { bytes: encodeEntry(this.#sign(entry, account.name)), orders: bulk }
  }

  #sign<E extends Entry & { signature: Uint8Array }>(entry: E, name: string, lane?: Uint8Array): E {
    const part = signedPart(this.#hasher, entry, lane ?? new Uint8Array(32))
    if (part === null) throw new Error(`a ${entry.kind} is not signed`)
    return { ...entry, signature: this.#crypto.sign(part.digest, benchKey(name)) }
  }
}

function blank(): Uint8Array {
  return new Uint8Array(65)
}
