// The fixed-layout hasher against ethers' general one, on random values of every signed kind.
import test from 'brittle'
import { concat, keccak256, TypedDataEncoder, Wallet } from 'ethers'
import { loadCrypto } from '../../crypto/crypto.ts'
import { treeHeight, treeProofs, treeRoot } from '../../protocol/bulk.ts'
import { equalBytes, fromHex, toHex, toHex0x } from '../../protocol/bytes.ts'
import { typedHasher } from '../../protocol/eip712.ts'
import { marketHash } from '../../protocol/market.ts'
import { signedPart } from '../../protocol/signed.ts'
import { bulkTypeString, forWallet, typedData, typeString } from '../../protocol/typed-data.ts'
import { between, randomBytes, seededRandom } from '../helpers/random.ts'
import * as generate from './generate.ts'
import type { Random } from '../../daemon/clock.ts'
import type { TypedHasher } from '../../protocol/eip712.ts'
import type { SignedMessage, TypedData } from '../../protocol/typed-data.ts'
import type { Address, Entry, Order } from '../../protocol/types.ts'

const VALUES = 10_000

const crypto = await loadCrypto()

/** ethers' digest, its encoder kept for each set of types. */
const encoders = new Map<string, TypedDataEncoder>()
const domains = new Map<string, string>()
function ethersDigest(typed: TypedData): string {
  const shape = JSON.stringify(typed.types)
  const encoder = encoders.get(shape) ?? TypedDataEncoder.from(typed.types)
  encoders.set(shape, encoder)
  const key = JSON.stringify(typed.domain)
  const domain = domains.get(key) ?? TypedDataEncoder.hashDomain(typed.domain)
  domains.set(key, domain)
  return keccak256(concat(['0x1901', domain, encoder.hash(typed.message)]))
}

function messages(random: Random): Record<SignedMessage['kind'], SignedMessage> {
  const height = random() < 0.005 ? between(random, 3, 8) : random() < 0.9 ? 1 : 2
  const orders = Array.from({ length: 2 ** height }, () => generate.order(random))
  const net = generate.netDelta(random)
  const [, linkEntry] = generate.everyEntry(random)
  if (linkEntry.kind !== 'link') throw new Error('the second kind of entry is a link')
  const batch = {
    index: net.batch,
    parent: net.parent,
    content: randomBytes(random, 32),
    sealedAt: net.floor
  }
  return {
    order: { kind: 'order', order: orders[0] },
    bulk: { kind: 'bulk', orders },
    link: { kind: 'link', link: { ...linkEntry, lane: randomBytes(random, 32) } },
    withdraw: {
      kind: 'withdraw',
      withdraw: {
        account: net.account,
        token: between(random, 0, 63),
        quanta: generate.integer(random, 1, Number.MAX_SAFE_INTEGER),
        nonce: net.sequence,
        expiry: net.floor
      }
    },
    netDelta: { kind: 'netDelta', net },
    batch: { kind: 'batch', batch },
    void: { kind: 'void', batch }
  }
}

function digest(hasher: TypedHasher, message: SignedMessage): Uint8Array {
  switch (message.kind) {
    case 'order':
      return hasher.orderDigest(message.order)
    case 'bulk':
      return hasher.quoteDigest(message.orders)
    case 'link':
      return hasher.linkDigest(message.link)
    case 'withdraw':
      return hasher.withdrawDigest(message.withdraw)
    case 'netDelta':
      return hasher.netDeltaDigest(message.net)
    case 'batch':
      return hasher.batchDigest(message.batch)
    case 'void':
      return hasher.voidDigest(message.batch)
  }
}

test('eip712 - digests equal those of ethers for 10,000 values of every kind', (t) => {
  const random = seededRandom(712)
  const terms = generate.signingTerms(random)
  const hasher = typedHasher(terms, crypto.keccak)
  const equal: Record<string, number> = {}
  for (let i = 0; i < VALUES; i++) {
    for (const message of Object.values(messages(random))) {
      const ours = toHex0x(digest(hasher, message))
      const theirs = ethersDigest(typedData(terms, message))
      if (ours !== theirs) {
        t.fail(`${message.kind} ${i}: ${ours}, ethers ${theirs}`)
        return
      }
      equal[message.kind] = (equal[message.kind] ?? 0) + 1
    }
  }
  t.alike(new Set(Object.values(equal)), new Set([VALUES]))
  t.is(Object.keys(equal).length, 7)
})

test('eip712 - domains of other chains and vaults equal those of ethers', (t) => {
  const random = seededRandom(1)
  for (let i = 0; i < 200; i++) {
    const terms = generate.signingTerms(random)
    const message: SignedMessage = { kind: 'order', order: generate.order(random) }
    const ours = digest(typedHasher(terms, crypto.keccak), message)
    t.is(toHex0x(ours), ethersDigest(typedData(terms, message)))
  }
})

test('eip712 - type strings are those of the contract', (t) => {
  t.is(
    typeString('Order'),
    'Order(bytes32 market,address account,uint8 side,uint32 price,uint32 quantity,' +
      'uint8 timeInForce,uint8 postOnly,bool quote,bool leased,uint8 selfTradePrevention,' +
      'uint8 trigger,uint32 triggerPrice,uint40 expiry,uint64 feeMax,uint40 nonce,uint16 slot)'
  )
  t.is(bulkTypeString(2), `BulkOrder(Order[2][2] tree)${typeString('Order')}`)
  t.is(
    typeString('NetDelta'),
    'NetDelta(uint64 batch,bytes24 parent,address account,int64[] deltas,uint40 sequence,' +
      'uint40 floor,uint256[] marks)'
  )
})

test('eip712 - signatures of ethers wallets are accepted for every kind', async (t) => {
  const random = seededRandom(3)
  const terms = generate.signingTerms(random)
  const hasher = typedHasher(terms, crypto.keccak)
  for (let i = 0; i < 10; i++) {
    const wallet = new Wallet(toHex0x(randomBytes(random, 32)))
    for (const message of Object.values(messages(random))) {
      const { domain, types, message: value } = typedData(terms, message)
      const signed = fromHex(await wallet.signTypedData(domain, types, value))
      t.ok(signed !== null)
      if (signed === null) return
      t.is(crypto.recover(digest(hasher, message), signed), wallet.address.toLowerCase())
    }
  }
})

test("eip712 - a batch's link is the head of its struct's hash", (t) => {
  const random = seededRandom(4)
  const terms = generate.signingTerms(random)
  const hasher = typedHasher(terms, crypto.keccak)
  const { batch, void: voided } = messages(random)
  if (batch.kind !== 'batch' || voided.kind !== 'void') {
    t.fail('kinds mixed up')
    return
  }
  for (const message of [batch, voided]) {
    const typed = typedData(terms, message)
    const struct = TypedDataEncoder.hashStruct(typed.primaryType, typed.types, typed.message)
    const link = message === batch ? hasher.batchLink(batch.batch) : hasher.voidLink(voided.batch)
    t.is(toHex0x(link), struct.slice(0, 2 + 48))
  }
})

test('eip712 - every place in a bulk proves the digest of the whole', async (t) => {
  const random = seededRandom(5)
  const hasher = typedHasher(generate.signingTerms(random), crypto.keccak)
  for (const count of [1, 2, 3, 4, 5, 8, 9, 100, 255, 256]) {
    const orders = Array.from({ length: count }, () => generate.order(random))
    const leaves = orders.map((order) => hasher.orderStruct(order))
    const whole = hasher.quoteDigest(orders)
    const proofs = treeProofs(leaves, crypto.keccak)
    const fit = orders.every((order, i) => equalBytes(hasher.placeDigest(order, proofs[i]), whole))
    t.ok(fit, `${count} orders`)
    t.is(treeHeight(count), Math.max(1, Math.ceil(Math.log2(count))))
    t.alike(hasher.bulkDigest(treeHeight(count), treeRoot(leaves, crypto.keccak)), whole)
    const wrong = { ...proofs[0], index: proofs[0].index ^ 1 }
    t.unlike(hasher.placeDigest(orders[0], wrong), whole)
  }
  await t.exception(() => treeHeight(0), /1 to 256 orders, not 0/)
  await t.exception(() => treeHeight(257), /1 to 256 orders, not 257/)
})

test('eip712 - a wallet gets whole trees only, and the domain type when it asks', async (t) => {
  const random = seededRandom(6)
  const terms = generate.signingTerms(random)
  const orders = Array.from({ length: 3 }, () => generate.order(random))
  await t.exception(() => typedData(terms, { kind: 'bulk', orders }), /2, 4, 8 ... 256 orders/)
  const typed = forWallet(typedData(terms, { kind: 'order', order: orders[0] }))
  t.is(typed.types.EIP712Domain.length, 4)
  await t.execution(() => JSON.stringify(typed))
})

test('eip712 - changing any field of an order changes its digest', (t) => {
  const random = seededRandom(7)
  const terms = generate.signingTerms(random)
  const hasher = typedHasher(terms, crypto.keccak)
  const base: Order = generate.order(random, {
    trigger: null,
    side: 'buy',
    timeInForce: 'gtc',
    postOnly: 'no',
    selfTradePrevention: 'cancelNewest'
  })
  const changes: Partial<Order>[] = [
    { market: (base.market + 1) % 256 },
    { account: generate.address(random) },
    { side: 'sell' },
    { price: base.price === 1 ? 2 : base.price - 1 },
    { quantity: base.quantity === 1 ? 2 : base.quantity - 1 },
    { timeInForce: 'fok' },
    { postOnly: 'slide' },
    { quote: !base.quote },
    { leased: !base.leased },
    { selfTradePrevention: 'decrement' },
    { trigger: { kind: 'stop', price: 1 } },
    { trigger: { kind: 'takeProfit', price: 1 } },
    { trigger: { kind: 'stop', price: 2 } },
    { expiry: base.expiry === 1 ? 2 : base.expiry - 1 },
    { feeMax: base.feeMax === 0 ? 1 : base.feeMax - 1 },
    { nonce: base.nonce === 1 ? 2 : base.nonce - 1 },
    { slot: base.slot === 0 ? 1 : base.slot - 1 }
  ]
  const digests = [{}, ...changes].map((change) =>
    toHex(hasher.orderDigest({ ...base, ...change }))
  )
  t.is(new Set(digests).size, digests.length)
})

test('eip712 - unknown markets and tokens of hostile entries still have a digest', (t) => {
  const random = seededRandom(8)
  const hasher = typedHasher(
    { ...generate.signingTerms(random), markets: [], tokens: [] },
    crypto.keccak
  )
  const lane = randomBytes(random, 32)
  const signed = generate.everyEntry(random).filter((entry) => signedPart(hasher, entry, lane))
  t.alike(
    signed.map((entry) => entry.kind),
    ['link', 'place', 'quote', 'amend', 'withdraw', 'cosign', 'attest']
  )
  const message: SignedMessage = { kind: 'order', order: generate.order(random) }
  t.is(toHex0x(digest(hasher, message)), ethersDigest(typedData(hasher.terms, message)))
})

test('eip712 - the signer of each signed entry is found', (t) => {
  const random = seededRandom(9)
  const hasher = typedHasher(generate.signingTerms(random), crypto.keccak)
  const lane = randomBytes(random, 32)
  const key = randomBytes(random, 32)
  const account: Address = crypto.address(key)
  for (let i = 0; i < 200; i++) {
    const entry: Entry = generate.entry(random)
    const part = signedPart(hasher, entry, lane)
    if (part === null) continue
    const signature = crypto.sign(part.digest, key)
    const again = signedPart(hasher, { ...entry, signature } as Entry, lane)
    t.is(again && crypto.recover(again.digest, again.signature), account, entry.kind)
    const other = signedPart(hasher, { ...entry, signature } as Entry, key)
    if (entry.kind === 'link') t.unlike(other && other.digest, part.digest, 'a link names its lane')
  }
})

test('eip712 - a market hash is the hash of its abi encoding', (t) => {
  const terms = {
    vault: '0x00000000000000000000000000000000000000ff',
    baseToken: 0,
    quoteToken: 1,
    lotSize: 100_000,
    tickValue: Number.MAX_SAFE_INTEGER,
    makerBps: 2,
    takerBps: 10,
    takerFeeMin: 1000
  }
  const words = Object.values(terms).map((value) => BigInt(value).toString(16).padStart(64, '0'))
  t.is(toHex0x(marketHash(terms, crypto.keccak)), keccak256('0x' + words.join('')))
})
