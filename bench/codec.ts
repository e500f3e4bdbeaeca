// What taking in an order costs: decoding, digests, recovery; and the same by ethers.
//
//   npm run bench:codec [-- --json]
//
// Every figure is the median of several runs on one thread, except the pool's. Entries are signed
// orders of a thousand accounts in lane blocks of 400; keys and signatures are real.
import { availableParallelism } from 'node:os'
import { AbiCoder, verifyTypedData, TypedDataEncoder } from 'ethers'
import { loadCrypto } from '../crypto/crypto.ts'
import { KnownKeys } from '../crypto/known-keys.ts'
import { SignerPool } from '../crypto/signer-pool.ts'
import { toHex0x } from '../protocol/bytes.ts'
import { typedHasher } from '../protocol/eip712.ts'
import { decodeBlock, encodeBlock } from '../protocol/entries.ts'
import { developmentManifest } from '../protocol/market-design.ts'
import { typedData } from '../protocol/typed-data.ts'
import { signingTerms } from '../protocol/venue.ts'
import { median, report, say } from './report.ts'
import { between, pick, randomBytes, seededRandom } from '../test/helpers/random.ts'
import type { Row } from './report.ts'
import type { Claim } from '../crypto/known-keys.ts'
import type { Order, PlaceEntry } from '../protocol/types.ts'

const RUNS = 7
const RUN_MS = 300
const ACCOUNTS = 1000
const BLOCKS = 16
const BLOCK_ENTRIES = 400
const BULK_ORDERS = 256

const random = seededRandom(2026)
const crypto = await loadCrypto()
const wasm = await loadCrypto('wasm')
const manifest = developmentManifest({
  name: 'bench',
  chain: { id: 1, vault: '0x' + '5'.repeat(40), confirmations: 1 },
  addresses: {
    WETH: '0x' + '1'.repeat(40),
    USDC: '0x' + '2'.repeat(40),
    WBTC: '0x' + '3'.repeat(40)
  },
  validators: [{ peer: '0'.repeat(64), signer: '0x' + '4'.repeat(40) }]
})
const terms = signingTerms(manifest, crypto)
const hasher = typedHasher(terms, crypto.keccak)
const lane = randomBytes(random, 32)

const accounts = Array.from({ length: ACCOUNTS }, () => {
  const key = randomBytes(random, 32)
  return { key, address: crypto.address(key) }
})

function order(account: string, nonce: number, quote: boolean): Order {
  return {
    market: between(random, 0, 1),
    account,
    side: pick(random, ['buy', 'sell']),
    price: between(random, 190_000, 210_000),
    quantity: between(random, 1, 5000),
    timeInForce: 'gtc',
    postOnly: pick(random, ['no', 'reject', 'slide']),
    quote,
    leased: quote,
    selfTradePrevention: 'cancelNewest',
    trigger: null,
    expiry: 1_790_000_000 + between(random, 0, 86_400),
    feeMax: between(random, 1000, 10_000_000),
    nonce,
    slot: between(random, 0, 1023)
  }
}

say(`signing ${BLOCKS * BLOCK_ENTRIES} orders ...`)
let nonce = 1_000_000
const blockEntries = Array.from({ length: BLOCKS }, () =>
  Array.from({ length: BLOCK_ENTRIES }, (): PlaceEntry => {
    const { key, address } = pick(random, accounts)
    const placed = order(address, nonce++, false)
    const signature = crypto.sign(hasher.orderDigest(placed), key)
    return { kind: 'place', order: placed, proof: null, signature }
  })
)
const blocks = blockEntries.map(encodeBlock)
const entries = blockEntries.flat()

const bulkAccount = accounts[0]
const bulkOrders = Array.from({ length: BULK_ORDERS }, () => ({
  ...order(bulkAccount.address, nonce++, true),
  market: 0
}))
const bulkSignature = crypto.sign(hasher.quoteDigest(bulkOrders), bulkAccount.key)

/** Median operations a second; `run` does `count` of them, the n-th time with input n. */
function rate(count: number, run: (n: number) => void): number {
  let n = 0
  const once = (): number => {
    const start = performance.now()
    let done = 0
    while (performance.now() - start < RUN_MS) {
      run(n++)
      done += count
    }
    return (done * 1000) / (performance.now() - start)
  }
  once()
  return Math.round(median(Array.from({ length: RUNS }, once)))
}

function check(holds: boolean): void {
  if (!holds) throw new Error('the benchmark computed a wrong result')
}

const at = (n: number): PlaceEntry => entries[n % entries.length]

const typed = entries.slice(0, 200).map((entry) => ({
  entry,
  data: typedData(terms, { kind: 'order', order: entry.order }),
  signature: toHex0x(entry.signature)
}))
const orderTypes = typed[0].data.types.Order
const tuple = [`tuple(${orderTypes.map(({ type, name }) => `${type} ${name}`).join(',')})`]
const abi = AbiCoder.defaultAbiCoder()
const abiBytes = typed.map(({ data }) => abi.encode(tuple, [data.message]))

async function poolRate(workers: number): Promise<number> {
  const faults: Error[] = []
  const pool = new SignerPool(
    { terms, backend: 'auto', workers, queueBytesMax: 1 << 24 },
    { onFault: (fault) => faults.push(fault) }
  )
  await pool.open()
  const once = async (): Promise<number> => {
    const start = performance.now()
    const found = await Promise.all(blocks.map((block) => pool.blockSigners(lane, [block])))
    check(found[0][0]?.[0] === entries[0].order.account)
    return (entries.length * 1000) / (performance.now() - start)
  }
  await once()
  const rates: number[] = []
  for (let i = 0; i < 5; i++) rates.push(await once())
  await pool.close()
  check(faults.length === 0)
  return Math.round(median(rates))
}

const unit = '/s'
const rows: Row[] = []
function row(name: string, value: number): void {
  say(`${name} ${value}`)
  rows.push({ name: `codec.${name}`, value, unit })
}

row(
  'encode.entriesPerSecond',
  rate(BLOCK_ENTRIES, (n) => {
    encodeBlock(blockEntries[n % BLOCKS])
  })
)
row(
  'decode.entriesPerSecond',
  rate(BLOCK_ENTRIES, (n) => {
    check(decodeBlock(blocks[n % BLOCKS]).length === BLOCK_ENTRIES)
  })
)
row(
  'hash.perSecond',
  rate(1, (n) => {
    hasher.orderDigest(at(n).order)
  })
)
row(
  'recover.perSecond',
  rate(1, (n) => {
    const { order: placed, signature } = at(n)
    check(crypto.recover(hasher.orderDigest(placed), signature) === placed.account)
  })
)
row(
  'recover.wasm.perSecond',
  rate(1, (n) => {
    const { order: placed, signature } = at(n)
    check(wasm.recover(hasher.orderDigest(placed), signature) === placed.account)
  })
)
row(
  'bulk.perSecond',
  rate(BULK_ORDERS, () => {
    check(crypto.recover(hasher.quoteDigest(bulkOrders), bulkSignature) === bulkAccount.address)
  })
)
row(
  'sign.perSecond',
  rate(1, (n) => {
    crypto.sign(hasher.orderDigest(at(n).order), bulkAccount.key)
  })
)
// The same of accounts that sign often, several signatures in one computation.
const known = await KnownKeys.load(crypto)
const often = new Set(accounts.slice(0, 16).map(({ address }) => address))
const oftenEntries = entries.filter((entry) => often.has(entry.order.account))
const claim = (n: number): Claim => {
  const { order: placed, signature } = oftenEntries[n % oftenEntries.length]
  return { digest: hasher.orderDigest(placed), signature, account: placed.account }
}
while (![...often].every((account) => known.has(account))) {
  known.signers(oftenEntries.map((_, i) => claim(i)))
}
for (const together of [2, 4, 8, 32]) {
  row(
    `known.${together}.perSecond`,
    rate(together, (n) => {
      const claims = Array.from({ length: together }, (_, i) => claim(n * together + i))
      check(known.signers(claims)[0] === claims[0].account)
    })
  )
}
row('pool.recover.perSecond', await poolRate(availableParallelism()))
row(
  'ethers.encode.perSecond',
  rate(1, (n) => {
    abi.encode(tuple, [typed[n % typed.length].data.message])
  })
)
row(
  'ethers.decode.perSecond',
  rate(1, (n) => {
    abi.decode(tuple, abiBytes[n % abiBytes.length]).toArray(true)
  })
)
row(
  'ethers.hash.perSecond',
  rate(1, (n) => {
    const { data } = typed[n % typed.length]
    TypedDataEncoder.hash(data.domain, data.types, data.message)
  })
)
row(
  'ethers.recover.perSecond',
  rate(1, (n) => {
    const { data, signature, entry } = typed[n % typed.length]
    const signer = verifyTypedData(data.domain, data.types, data.message, signature)
    check(signer.toLowerCase() === entry.order.account)
  })
)

report('codec', rows)
