// The worst-case gas by which a batch closes (protocol/manifest-defaults.ts) must be worse than
// anything that a trader can bring about: an unheard-of account, its order in a tree of its own
// with the longest proof, signed by a delegate whose right is found last, armed, slid, in a ring
// slot never used, in a market of two tokens that share no storage word.
import test from 'brittle'
import {
  encodeAttestations,
  encodeContent,
  type Group,
  type SealedOrder,
  type Sweep
} from '../../../contracts/batch.ts'
import { type Crypto, loadCrypto } from '../../../crypto/crypto.ts'
import { blake2b256 } from '../../../crypto/blake2b.ts'
import { marketTerms } from '../../../daemon/settlement/assembly.ts'
import { asciiBytes, toHex } from '../../../protocol/bytes.ts'
import { proofRoot } from '../../../protocol/bulk.ts'
import { type TypedHasher, typedHasher } from '../../../protocol/eip712.ts'
import { TRANSACTION_GAS_MAX } from '../../../protocol/limits.ts'
import { checkManifest } from '../../../protocol/manifest-check.ts'
import { defaultSettlement } from '../../../protocol/manifest-defaults.ts'
import type { Address, MerkleProof, Order } from '../../../protocol/types.ts'
import { signingTerms } from '../../../protocol/venue.ts'
import { hex, TestChain } from '../../contracts/differential/chain.ts'

type Person = { key: Uint8Array; address: Address; delegate: Uint8Array }

const [BASE, QUOTE] = [2, 6]
const FUNDS = 10_000_000
const SIGNATURE_GAS = 5000
const NEW_WORD_GAS = 22_100
const EVERYWHERE = '0x' + '0'.repeat(64)

class Bench {
  readonly chain: TestChain
  readonly crypto: Crypto
  readonly hasher: TypedHasher
  readonly manifest: ReturnType<typeof checkManifest>
  readonly validators: Person[]
  #people = 0
  #index = 0
  #parent: Uint8Array = new Uint8Array(24)

  constructor(
    chain: TestChain,
    crypto: Crypto,
    manifest: ReturnType<typeof checkManifest>,
    validators: Person[]
  ) {
    this.chain = chain
    this.crypto = crypto
    this.manifest = manifest
    this.validators = validators
    const terms = signingTerms(manifest, { keccak: crypto.keccak, blake2b: blake2b256 })
    this.hasher = typedHasher(terms, crypto.keccak)
  }

  static async open(): Promise<Bench> {
    const [chain, crypto] = await Promise.all([TestChain.open(), loadCrypto()])
    const validators = [0, 1, 2, 3].map((index) => personOf(crypto, `validator ${index}`))
    const tokens = await chain.tokens(7)
    const manifest = checkManifest({
      version: 1,
      name: 'gas',
      chain: { id: chain.id, vault: await chain.nextAddress(), confirmations: 0 },
      validators: validators.map(({ address }, index) => ({
        peer: toHex(new Uint8Array(32).fill(index + 1)),
        signer: address
      })),
      tokens: tokens.map((address, index) => {
        return { symbol: `T${index}`, address, decimals: 18, quantum: '1000000000' }
      }),
      markets: [
        {
          symbol: 'T2/T6',
          base: 'T2',
          quote: 'T6',
          lotSize: 10,
          tickValue: 1,
          limits: { priceMaxTicks: 10_000, quantityMaxLots: 10_000 },
          fees: { makerBps: 5, takerBps: 10, takerFeeMin: 3 }
        }
      ]
    })
    await chain.deployVault(manifest)
    const bench = new Bench(chain, crypto, manifest, validators)
    await chain.fund(validators[0].address, [tokens[BASE], tokens[QUOTE]])
    return bench
  }

  /** Somebody whom the vault has seen only by a deposit of what he sells and a delegate. */
  async person(token: number): Promise<Person> {
    const person = personOf(this.crypto, `person ${this.#people++}`)
    await this.chain.fund(person.address, [])
    const [payer] = this.validators
    await this.#call(payer.address, 'deposit', [token, FUNDS, person.address])
    const delegate = this.crypto.address(person.delegate)
    const until = this.chain.time + 1_000_000
    await this.#call(person.address, 'setDelegate', [delegate, EVERYWHERE, false, 1, until])
    return person
  }

  #call(from: Address, method: string, values: readonly unknown[]): Promise<number> {
    return this.chain.call(from, method, values, 0)
  }

  /** An order as a leaf of a tree of 256, signed by the delegate. */
  sealed(person: Person, order: Partial<Order>): SealedOrder {
    const full: Order = {
      market: 0,
      account: person.address,
      side: 'sell',
      price: 0xff01,
      quantity: 9999,
      timeInForce: 'gtc',
      postOnly: 'no',
      quote: true,
      leased: true,
      selfTradePrevention: 'decrement',
      trigger: { kind: 'takeProfit', price: 0x7f7f7f7f },
      expiry: 0x7f7f7f7f7f,
      feeMax: 2 ** 52 + 1,
      nonce: 2 ** 39 + 0x7f7f7f7f,
      slot: 1021,
      ...order
    }
    const siblings = Array.from({ length: 8 }, (_, level) => new Uint8Array(32).fill(0xf0 + level))
    const proof: MerkleProof = { height: 8, index: 0xff, siblings }
    const root = proofRoot(this.hasher.orderStruct(full), proof, this.crypto.keccak)
    const signature = this.crypto.sign(this.hasher.bulkDigest(8, root), person.delegate)
    return { order: full, restingPrice: full.price, proof, signature }
  }

  /** @returns gas of the whole transaction */
  async settle(groups: Group[], sweeps: Sweep[], withdrawals = 0): Promise<number> {
    const paid = await Promise.all(Array.from({ length: withdrawals }, () => this.person(BASE)))
    const bytes = encodeContent(
      {
        groups: groups.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
        sweeps,
        withdrawals: paid.map(({ address: account, key }) => {
          const terms = { account, token: BASE, quanta: 2 ** 22, nonce: 7, expiry: 0x7f7f7f7f7f }
          return { ...terms, signature: this.crypto.sign(this.hasher.withdrawDigest(terms), key) }
        })
      },
      marketTerms(this.manifest)
    )
    const index = ++this.#index
    const batch = {
      index,
      parent: this.#parent,
      content: this.crypto.keccak(bytes),
      sealedAt: this.chain.time
    }
    const digest = this.hasher.batchDigest(batch)
    const attestations = encodeAttestations(
      new Map([0, 1, 2].map((at) => [at, this.crypto.sign(digest, this.validators[at].key)]))
    )
    this.#parent = this.hasher.batchLink(batch)
    const values = [index, batch.sealedAt, hex(bytes), hex(attestations)]
    return this.#call(this.validators[0].address, 'settle', values)
  }

  /** Takers with so many makers each, everybody new. */
  async trades(takers: number, makersEach: number): Promise<number> {
    const groups: Group[] = []
    const sweeps: Sweep[] = []
    const add = (person: Person, sealed: SealedOrder) => {
      groups.push({ kind: 'orders', account: person.address, orders: [sealed] })
      return { account: person.address, nonce: sealed.order.nonce }
    }
    for (let count = 0; count < takers; count++) {
      const buyer = await this.person(QUOTE)
      // Without a ring slot its guard is the sequence, in the account's own word: no cheaper.
      const buy = { side: 'buy' as const, price: 0xffff, slot: 1022 }
      const taker = add(buyer, this.sealed(buyer, buy))
      const fills = []
      for (let each = 0; each < makersEach; each++) {
        const seller = await this.person(BASE)
        const price = 0xfff0
        const slides = { ...this.sealed(seller, { postOnly: 'slide' }), restingPrice: price }
        fills.push({ maker: add(seller, slides), lots: 1, price })
      }
      sweeps.push({ taker, fills })
    }
    return this.settle(groups, sweeps)
  }
}

function nameOf(group: Group): Address {
  return group.kind === 'orders' ? group.account : group.delta.account
}

function personOf(crypto: Crypto, name: string): Person {
  const key = blake2b256(asciiBytes(`gas ${name}`))
  return { key, address: crypto.address(key), delegate: blake2b256(key) }
}

test('gas constants - are worse than the worst order, fill and withdrawal', async (t) => {
  const bench = await Bench.open()
  t.teardown(() => bench.chain.close())
  const first = await bench.trades(1, 1)
  const more = await bench.trades(1, 6)
  const takers = await bench.trades(4, 1)
  const gasFill = Math.ceil((more - first) / 5)
  const gasOrder = Math.ceil((takers - first) / 3) - gasFill
  const gasBase = first - gasFill - gasOrder
  const none = await bench.settle([], [], 1)
  const gasWithdrawal = Math.ceil(((await bench.settle([], [], 6)) - none) / 5)
  t.comment(JSON.stringify({ gasBase, gasOrder, gasFill, gasWithdrawal }))
  t.ok(gasFill <= defaultSettlement.gasFill, `a fill with a new maker: ${gasFill}`)
  t.ok(gasOrder <= defaultSettlement.gasOrder, `a new taker: ${gasOrder}`)
  t.ok(gasWithdrawal <= defaultSettlement.gasWithdrawal, `a withdrawal: ${gasWithdrawal}`)
  // The largest roster's quorum is 22, and 30 further tokens have 8 words for the settler's fees:
  // what is kept free below a transaction's cap covers that too.
  const spare = TRANSACTION_GAS_MAX - defaultSettlement.batchGasMax
  const largest = gasBase + 19 * SIGNATURE_GAS + 8 * NEW_WORD_GAS
  t.ok(largest <= defaultSettlement.gasBase + spare, `with everything at its largest: ${largest}`)
  t.ok(gasBase <= defaultSettlement.gasBase, `everything else: ${gasBase}`)
})
