import test from 'brittle'
import { blake2b256 } from '../../crypto/blake2b.ts'
import { loadKeccak } from '../../crypto/keccak.ts'
import { asciiBytes, asciiText, concatBytes } from '../../protocol/bytes.ts'
import { checkManifest } from '../../protocol/manifest-check.ts'
import { developmentManifest } from '../../protocol/market-design.ts'
import {
  decodeManifest,
  encodeManifest,
  quorumOf,
  signingTerms,
  venueId,
  venueTopic
} from '../../protocol/venue.ts'
import { shuffle, seededRandom } from '../helpers/random.ts'
import type { Manifest } from '../../protocol/manifest.ts'

const validators = [1, 2, 3, 4].map((i) => ({
  peer: String(i).repeat(64),
  signer: '0x' + String(i).repeat(40)
}))
const addresses = { WETH: '0x' + 'a'.repeat(40), USDC: '0x' + 'b'.repeat(40) }
const chain = { id: 31337, vault: '0x' + 'c'.repeat(40), confirmations: 2 }
const bare = { name: 'test', validators, addresses: { ...addresses, WBTC: '0x' + 'd'.repeat(40) } }
const chained = developmentManifest({ ...bare, chain })
const chainless = developmentManifest({
  ...bare,
  chain: null,
  endow: [
    { account: '0x' + '2'.repeat(40), token: 'WETH', quanta: 5 },
    { account: '0x' + '1'.repeat(40), token: 'USDC', quanta: 7 },
    { account: '0x' + '1'.repeat(40), token: 'WETH', quanta: 7 }
  ]
})

/** The manifest as plain JSON with one path changed; a value of undefined removes it. */
function changed(manifest: Manifest, path: string, value: unknown): unknown {
  const json: unknown = JSON.parse(JSON.stringify(manifest))
  const parts = path.split('.')
  const last = parts.pop() ?? ''
  let at = json as Record<string, unknown>
  for (const part of parts) at = at[part] as Record<string, unknown>
  if (value === undefined) delete at[last]
  else at[last] = value
  return json
}

test('manifest - canonical bytes come back, whatever the order of the JSON', (t) => {
  const random = seededRandom(1)
  const scramble = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(scramble)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      shuffle(random, Object.entries(value)).map(([key, field]) => [key, scramble(field)])
    )
  }
  for (const manifest of [chained, chainless]) {
    const bytes = encodeManifest(manifest)
    t.alike(decodeManifest(bytes), manifest)
    for (let i = 0; i < 20; i++) {
      t.alike(encodeManifest(checkManifest(scramble(manifest))), bytes)
    }
    t.is(asciiText(bytes)?.includes(' '), false)
  }
})

test('manifest - other bytes of the same manifest are refused', async (t) => {
  const text = asciiText(encodeManifest(chained)) ?? ''
  const others = [
    text + ' ',
    text.replace('{"admission"', '{ "admission"'),
    text.replace('"confirmations":2', '"confirmations":2.0'),
    text.replace('"test"', '"\\u0074est"')
  ]
  for (const other of others) {
    t.not(other, text)
    await t.exception(() => decodeManifest(asciiBytes(other)), /not canonical/)
  }
  await t.exception(() => decodeManifest(asciiBytes('{')), /not JSON/)
  await t.exception(() => decodeManifest(Uint8Array.of(0xc3, 0xa9)), /not ASCII/)
  const upper = JSON.stringify(changed(chained, 'chain.vault', '0x' + 'C'.repeat(40)))
  t.is(checkManifest(JSON.parse(upper)).chain?.vault, chain.vault, 'people may write upper case')
})

test('manifest - missing parts get their defaults, lists without an order are sorted', (t) => {
  const sparse = checkManifest({
    version: 1,
    name: 'sparse',
    chain: null,
    validators: validators.slice(0, 1),
    tokens: [
      { symbol: 'A', decimals: 2, quantum: '1' },
      { symbol: 'B', decimals: 2, quantum: '1' }
    ],
    markets: [
      {
        symbol: 'A/B',
        base: 'A',
        quote: 'B',
        lotSize: 1,
        tickValue: 1,
        limits: { priceMaxTicks: 1000, quantityMaxLots: 1000 }
      }
    ],
    admission: ['0x' + 'F'.repeat(40), '0x' + '1'.repeat(40)]
  })
  t.is(sparse.pacing.heartbeatMs, 1000)
  t.is(sparse.limits.bond, null)
  t.is(sparse.markets[0].fees.takerBps, 10)
  t.alike(sparse.admission, ['0x' + '1'.repeat(40), '0x' + 'f'.repeat(40)])
  t.alike(
    chainless.endow.map((each) => each.quanta),
    [7, 7, 5]
  )
  t.is(chainless.endow[0].token, 'USDC')
})

test('manifest - a broken rule names the field and what to do', async (t) => {
  const cases: [Manifest, string, unknown, RegExp][] = [
    [chained, 'version', 2, /version must be 1/],
    [chained, 'name', 'é', /name must be 1 to 64 printable ASCII/],
    [chained, 'nam', 'x', /nam is not a field of a manifest here/],
    [chained, 'chain', undefined, /chain must be given: null, or/],
    [chained, 'chain.id', 0, /chain.id must be a whole number from 1/],
    [chained, 'chain.vault', '0x12', /chain.vault must be an address/],
    [chained, 'validators', [], /validators must be a list of 1 to 64/],
    [chained, 'validators.1', validators[0], /validators names the peer 1+ twice/],
    [chained, 'validators.0.peer', 'ab', /validators\[0\].peer must be an ed25519 public key/],
    [chained, 'tokens.0.quantum', '0', /tokens\[0\].quantum must be a positive whole number/],
    [chained, 'tokens.0.quantum', 5, /as a string/],
    [chained, 'tokens.1.symbol', 'WETH', /symbol WETH twice/],
    [chained, 'tokens.1.address', addresses.WETH, /address 0xa+ twice/],
    [chained, 'tokens.0.decimals', 37, /decimals must be a whole number from 0 to 36/],
    [chained, 'markets.0.base', 'DOGE', /names DOGE, which is not among the tokens/],
    [chained, 'markets.0.quote', 'WETH', /quote must differ from base/],
    [chained, 'markets.0.lotSize', 1.5, /lotSize must be a whole number/],
    [chained, 'markets.0.lotSize', 2 ** 40, /base quanta, above 2\^53-1: lower it/],
    [chained, 'markets.0.tickValue', 10 ** 6, /allow an order of 100000000000000000000 quote/],
    [chained, 'markets.0.lotSize', 3, /no finite decimal form/],
    [chained, 'markets.0.fees.takerBps', 10_001, /from 0 to 10000/],
    [chained, 'markets.0.limits.notionalMin', 2 ** 52, /no order could be placed/],
    [chained, 'limits.fillsPerCommandMax', 300, /one command cost 22416000 gas/],
    [chained, 'limits.bond', { token: 'X', min: 1, entriesPerCutPerBond: 1 }, /limits.bond.token/],
    [chained, 'markets.0.limits.notionalMin', null, /notionalMin must be a whole number/],
    [chained, 'pacing', null, /pacing must be an object/],
    [chained, 'admission', null, /admission must be a list/],
    [chained, 'pacing.staleMaxMs', 500, /must be above heartbeatMs/],
    [chained, 'settlement.graceSeconds', 14_400, /must cover horizonSeconds/],
    [chained, 'settlement.exitDelaySeconds', 14_400, /must be at least 18665/],
    [chained, 'settlement.unsettledMaxMs', 10_000_000, /at most half of horizonSeconds/],
    [chained, 'settlement.unsettledGasMax', 1, /at least batchGasMax/],
    [chained, 'settlement.batchGasMax', 20_000_000, /from 1 to 16777216/],
    [chained, 'endow', chainless.endow, /must be empty in a venue with a chain/],
    [chained, 'admission', ['0x' + '1'.repeat(40), '0x' + '1'.repeat(40)], /twice/],
    [chainless, 'endow.0.quanta', 0, /endow\[0\].quanta must be/],
    [chainless, 'endow.1', chainless.endow[0], /twice/]
  ]
  for (const [manifest, path, value, reason] of cases) {
    await t.exception(() => checkManifest(changed(manifest, path, value)), reason, path)
  }
  for (const json of [null, 5, 'x', [], undefined]) {
    await t.exception(() => checkManifest(json), /the file must be an object/)
  }
})

test('manifest - what the vault would refuse, a venue with a chain refuses', async (t) => {
  const digits = (i: number, length: number): string => i.toString(16).padStart(length, '0')
  const validatorsOf = (count: number): unknown =>
    Array.from({ length: count }, (_, i) => ({
      peer: digits(i + 1, 64),
      signer: '0x' + digits(i + 1, 40)
    }))
  // The tokens that are no market's, so that no rule of prices speaks first.
  const tokensOf = ({ tokens }: Manifest, count: number, quantum = tokens[0].quantum): unknown => [
    ...tokens,
    ...Array.from({ length: count - tokens.length }, (_, i) => ({
      ...tokens[0],
      quantum,
      symbol: `T${i}`,
      address: '0x' + digits(i + 1, 40)
    }))
  ]
  const zero = '0x' + '0'.repeat(40)
  const cases: [path: string, (manifest: Manifest) => unknown, RegExp | null][] = [
    ['validators', () => validatorsOf(32), null],
    ['validators', () => validatorsOf(33), /validators must be at most 32/],
    ['tokens', (manifest) => tokensOf(manifest, 32), null],
    ['tokens', (manifest) => tokensOf(manifest, 33), /tokens must be at most 32/],
    ['validators.1.signer', () => zero, /validators\[1\].signer must not be zero/],
    ['tokens.1.address', () => zero, /tokens\[1\].address must not be zero/],
    ['tokens', (manifest) => tokensOf(manifest, 4, String(2n ** 96n - 1n)), null],
    ['tokens', (manifest) => tokensOf(manifest, 4, String(2n ** 96n)), /quantum must be at most 2/],
    ['settlement.settlerWindowSeconds', (m) => m.settlement.horizonSeconds, /at most half of hor/],
    ['settlement.graceSeconds', (m) => m.settlement.horizonSeconds - 1, /must cover horizonSec/],
    ['settlement.exitDelaySeconds', (m) => m.settlement.horizonSeconds, /must be at least/],
    ['settlement.graceSeconds', () => 2 ** 32, /from 1 to 4294967295/],
    ['settlement.exitDelaySeconds', () => 2 ** 32, /from 1 to 4294967295/]
  ]
  for (const [path, valueOf, reason] of cases) {
    const json = changed(chained, path, valueOf(chained))
    if (reason === null) t.ok(checkManifest(json), path)
    else await t.exception(() => checkManifest(json), reason, path)
  }
  for (const [path, valueOf] of cases.filter(([path]) => !path.startsWith('settlement'))) {
    t.ok(checkManifest(changed(chainless, path, valueOf(chainless))), `${path} without a chain`)
  }
})

test('manifest - fees count towards the largest order', async (t) => {
  const limits = { ...chained.markets[0].limits, priceMaxTicks: 90_071_992 }
  const json = changed(chained, 'markets.0.limits', limits)
  const free = changed(chained, 'markets.0', {
    ...chained.markets[0],
    limits,
    fees: { makerBps: 0, takerBps: 0, takerFeeMin: 0 }
  })
  t.is(checkManifest(free).markets[0].limits.priceMaxTicks, 90_071_992)
  await t.exception(() => checkManifest(json), /of fees, above 2\^53-1/)
})

test('manifest - the venue id is the hash of the canonical bytes, the topic of the id', async (t) => {
  const id = venueId(chained, blake2b256)
  t.alike(id, blake2b256(encodeManifest(chained)))
  t.alike(venueTopic(id, blake2b256), blake2b256(concatBytes(asciiBytes('curb/venue/1'), id)))
  t.unlike(venueId(chainless, blake2b256), id)
  const keccak = await loadKeccak()
  const terms = signingTerms(chained, { keccak, blake2b: blake2b256 })
  t.is(terms.chainId, 31337)
  t.is(terms.vault, chain.vault)
  t.is(terms.markets.length, 2)
  t.unlike(terms.markets[0], terms.markets[1])
  t.is(signingTerms(chainless, { keccak, blake2b: blake2b256 }).chainId, 0)
})

test('manifest - quorum and faults of n validators', (t) => {
  const table = [1, 2, 3, 4, 5, 6, 7, 10, 64].map((n) => [n, ...Object.values(quorumOf(n))])
  t.alike(table, [
    [1, 1, 0],
    [2, 2, 0],
    [3, 3, 0],
    [4, 3, 1],
    [5, 4, 1],
    [6, 5, 1],
    [7, 5, 2],
    [10, 7, 3],
    [64, 43, 21]
  ])
})
