// Who signed, by the keys that are known: an account that signs again and again gets a table of its
// key's multiples, by which its signatures are checked in a third of the time that recovery takes.
// The answer is the one of recovery in any case: what the tables do not confirm, the library decides.
import { BATCH_MAX, KeyTables } from './curve/key-tables.ts'
import type { TabledSignature } from './curve/key-tables.ts'
import type { Address, Bytes32, Signature } from '../protocol/types.ts'
import type { Crypto } from './crypto.ts'

/** A signature, and who is said to have made it (null: nobody is named). */
export type Claim = { digest: Bytes32; signature: Signature; account: Address | null }

/** 19 MB of tables, when as many accounts trade that often. */
const TABLES = 64
/** A table costs as much as recovering the key fifty times. */
const SIGNATURES_BEFORE = 64
/** Accounts whose signatures are counted; the one that was seen longest ago is forgotten. */
const COUNTED_MAX = 4096
/** After so many signatures all counts are halved: who trades now counts for more. */
const HALVE_AFTER = 65_536
/** Fewer together are recovered: each round of sums has a price of its own. */
const TOGETHER_MIN = 2

type TabledClaim = TabledSignature & { place: number }

/** `count`: signatures that were its own, halved as time goes on. */
type Known = { count: number; table: number | null }

export class KnownKeys {
  readonly #crypto: Crypto
  readonly #tables: KeyTables
  readonly #known = new Map<Address, Known>()
  /** Who has each table. */
  readonly #holders: Known[] = []
  #untilHalved = HALVE_AFTER

  private constructor(crypto: Crypto, tables: KeyTables) {
    this.#crypto = crypto
    this.#tables = tables
  }

  static async load(crypto: Crypto): Promise<KnownKeys> {
    return new KnownKeys(crypto, await KeyTables.load(TABLES))
  }

  /** Whether the account has a table. */
  has(account: Address | null): boolean {
    return this.#tableOf(account) !== null
  }

  /** Who signed each: the account whose key it was, named or not; null when no key did. */
  signers(claims: readonly Claim[]): (Address | null)[] {
    const signers: (Address | null)[] = claims.map(() => null)
    const confirmed = new Uint8Array(claims.length)
    let tabled: TabledClaim[] = []
    claims.forEach(({ digest, signature, account }, place) => {
      const table = this.#tableOf(account)
      if (table === null) return
      tabled.push({ digest, signature, table, place })
      if (tabled.length < BATCH_MAX) return
      this.#check(tabled, confirmed)
      tabled = []
    })
    if (tabled.length >= TOGETHER_MIN) this.#check(tabled, confirmed)
    claims.forEach(({ digest, signature, account }, place) => {
      if (confirmed[place] === 0) signers[place] = this.#recover(digest, signature, account)
      else {
        signers[place] = account
        if (account !== null) this.#count(account, null)
      }
    })
    return signers
  }

  #check(tabled: readonly TabledClaim[], confirmed: Uint8Array): void {
    const made = this.#tables.check(tabled)
    tabled.forEach(({ place }, i) => (confirmed[place] = made[i] ? 1 : 0))
  }

  #recover(digest: Bytes32, signature: Signature, account: Address | null): Address | null {
    const publicKey = this.#crypto.recoverKey(digest, signature)
    if (publicKey === null) return null
    const signer = this.#crypto.addressOf(publicKey)
    // Only who is named: anybody can make signatures by keys without end.
    if (signer === account) this.#count(signer, publicKey)
    return signer
  }

  #tableOf(account: Address | null): number | null {
    return account === null ? null : (this.#known.get(account)?.table ?? null)
  }

  #count(account: Address, publicKey: Uint8Array | null): void {
    let known = this.#known.get(account)
    if (known !== undefined) this.#known.delete(account)
    else {
      if (this.#known.size >= COUNTED_MAX) this.#forget()
      known = { count: 0, table: null }
    }
    // To the end: they are in the order in which they were seen last.
    this.#known.set(account, known)
    known.count++
    if (--this.#untilHalved === 0) this.#halve()
    if (publicKey === null || known.table !== null) return
    if (known.count % SIGNATURES_BEFORE === 0) this.#give(known, publicKey)
  }

  /** Who has a table stays: others fewer than all have one. */
  #forget(): void {
    for (const [account, { table }] of this.#known) {
      if (table !== null) continue
      this.#known.delete(account)
      return
    }
  }

  /** A table that is free, or the one of who signs least, if that is half as often. */
  #give(known: Known, publicKey: Uint8Array): void {
    let table = this.#holders.length
    if (table === this.#tables.size) {
      const least = this.#holders.reduce((a, b) => (b.count < a.count ? b : a))
      if (2 * least.count > known.count) return
      table = this.#holders.indexOf(least)
      least.table = null
    }
    // Nobody has the table while it is made: half of one would say nothing true.
    this.#tables.make(table, publicKey)
    this.#holders[table] = known
    known.table = table
  }

  #halve(): void {
    this.#untilHalved = HALVE_AFTER
    for (const [account, known] of this.#known) {
      known.count >>>= 1
      if (known.count === 0 && known.table === null) this.#known.delete(account)
    }
  }
}
