import test from 'brittle'
import { designMarket } from '../../protocol/market-design.ts'
import {
  formatAmount,
  formatPrice,
  formatQuantity,
  parseAmount,
  parsePrice,
  parseQuantity
} from '../../protocol/money.ts'
import { seededRandom } from '../helpers/random.ts'
import * as generate from './generate.ts'
import type { ManifestToken } from '../../protocol/manifest.ts'

const token = (symbol: string, decimals: number, quantum: string): ManifestToken => ({
  symbol,
  address: '0x' + '0'.repeat(40),
  decimals,
  quantum
})
const weth = token('WETH', 18, '10000000000')
const usdc = token('USDC', 6, '1')
const yen = token('YEN', 0, '1')
const tokens = [weth, usdc, yen]
const market = designMarket(
  {
    base: 'WETH',
    quote: 'USDC',
    lot: '0.001',
    tick: '0.01',
    priceMaxTicks: 10_000_000,
    quantityMaxLots: 10_000_000
  },
  tokens
)

test('money - a market designed by lot and tick has them', (t) => {
  t.is(market.symbol, 'WETH/USDC')
  t.is(market.lotSize, 100_000, 'a thousandth of WETH in quanta of 1e-8')
  t.is(market.tickValue, 10, '0.01 USDC on 0.001 WETH is ten millionths')
  t.is(formatPrice(1, market, tokens), '0.01')
  t.is(formatQuantity(1, market, tokens), '0.001')
})

test('money - decimals become integers exactly', (t) => {
  t.is(parseAmount('1', weth), 100_000_000)
  t.is(parseAmount('0.00000001', weth), 1)
  t.is(parseAmount('0', weth), 0)
  t.is(parseAmount('1.50', usdc), 1_500_000)
  t.is(parseAmount('90071992.54740991', weth), Number.MAX_SAFE_INTEGER)
  t.is(parsePrice('2000', market, tokens), 200_000)
  t.is(parsePrice('1999.99', market, tokens), 199_999)
  t.is(parseQuantity('1.5', market, tokens), 1500)
  t.is(formatAmount(123_456_789, weth), '1.23456789')
  t.is(formatAmount(-100_000_000, weth), '-1')
  t.is(formatAmount(0, weth), '0')
  t.is(formatAmount(7, yen), '7')
})

test('money - what is off the grid names its neighbours', async (t) => {
  await t.exception(
    () => parsePrice('2000.005', market, tokens),
    /"2000.005" is not a price of WETH\/USDC: it must be a multiple of 0.01; nearest: 2000 and 2000.01/
  )
  await t.exception(
    () => parseQuantity('0.0015', market, tokens),
    /multiple of 0.001; nearest: 0.001 and 0.002/
  )
  await t.exception(
    () => parseAmount('0.000000001', weth),
    /an amount of WETH: it must be a multiple of 0.00000001; nearest: 0 and 0.00000001/
  )
  await t.exception(() => parsePrice('0', market, tokens), /nearest: 0.01$/)
  await t.exception(() => parseQuantity('0.0005', market, tokens), /nearest: 0.001$/)
  await t.exception(() => parseAmount('1.5', yen), /multiple of 1; nearest: 1 and 2/)
  await t.exception(() => parsePrice('0.005', market, tokens), { code: 'price_off_tick' })
})

test('money - only plain decimals within bounds are numbers', async (t) => {
  const wrong = ['', ' 1', '1 ', '+1', '-1', '1.', '.5', '1e3', '0x10', '1,000', '01', 'NaN', '١']
  for (const text of wrong) {
    await t.exception(() => parseAmount(text, weth), { code: 'amount_invalid' }, `"${text}"`)
  }
  await t.exception(() => parseAmount('90071992.54740992', weth), /at most 90071992.54740991/)
  await t.exception(() => parseAmount('90071992.547409911', weth), /at most/)
  await t.exception(() => parsePrice('42949672.96', market, tokens), /at most 42949672.95/)
  await t.exception(() => parseQuantity('1073741.824', market, tokens), /at most 1073741.823/)
})

test('money - every integer survives the way out and back', (t) => {
  const random = seededRandom(1)
  for (let i = 0; i < 2000; i++) {
    const quanta = generate.integer(random, 0, Number.MAX_SAFE_INTEGER)
    const ticks = generate.integer(random, 1, 2 ** 32 - 1)
    const lots = generate.integer(random, 1, 2 ** 30 - 1)
    for (const each of tokens) {
      if (parseAmount(formatAmount(quanta, each), each) !== quanta) t.fail(`${quanta} quanta`)
    }
    if (parsePrice(formatPrice(ticks, market, tokens), market, tokens) !== ticks) {
      t.fail(`${ticks} ticks`)
    }
    if (parseQuantity(formatQuantity(lots, market, tokens), market, tokens) !== lots) {
      t.fail(`${lots} lots`)
    }
  }
  t.pass()
})

test('money - a trade costs what its price and quantity say', (t) => {
  const random = seededRandom(2)
  for (let i = 0; i < 500; i++) {
    const ticks = generate.integer(random, 1, 10_000_000)
    const lots = generate.integer(random, 1, 10_000_000)
    const quanta = BigInt(lots) * BigInt(ticks) * BigInt(market.tickValue)
    const price = units(formatPrice(ticks, market, tokens), 20)
    const quantity = units(formatQuantity(lots, market, tokens), 20)
    if (price * quantity !== quanta * 10n ** 34n) t.fail(`${lots} lots at ${ticks} ticks`)
  }
  t.pass()
})

function units(text: string, scale: number): bigint {
  const [whole, fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}

test('money - odd ticks are exact or refused', async (t) => {
  const eighth = { symbol: 'A', base: 'WETH', quote: 'USDC', lotSize: 800_000, tickValue: 1 }
  t.is(formatPrice(1, eighth, tokens), '0.000125')
  t.is(parsePrice('0.00025', eighth, tokens), 2)
  const third = { ...eighth, lotSize: 300_000 }
  await t.exception(() => formatPrice(1, third, tokens), /no finite decimal form/)
  await t.exception(
    () =>
      designMarket(
        {
          base: 'WETH',
          quote: 'USDC',
          lot: '0.0000001',
          tick: '0.01',
          priceMaxTicks: 1,
          quantityMaxLots: 1
        },
        tokens
      ),
    { code: 'amount_off_quantum' },
    'a tick of a lot that is not a whole number of quanta'
  )
})
