// Between what people write and the integers inside: amounts and quanta, prices and ticks,
// quantities and lots. Exact both ways; what is off the grid is a fault that names its neighbours,
// never a rounding.
import { Fault } from './faults.ts'
import { PRICE_MAX, QUANTITY_MAX, SAFE_MAX } from './limits.ts'
import type { ManifestMarket, ManifestToken } from './manifest.ts'

/** The finite decimal `unit / 10^scale`, in lowest terms (`unit` not divisible by ten, or
 * `scale` 0). */
export type Decimal = { unit: bigint; scale: number }

type AmountTerms = Pick<ManifestToken, 'symbol' | 'decimals' | 'quantum'>
type MarketTerms = Pick<ManifestMarket, 'symbol' | 'base' | 'quote' | 'lotSize' | 'tickValue'>

/** Quanta of an amount of a token such as `1.25`.
 * @throws Fault amount_invalid, amount_off_quantum */
export function parseAmount(text: string, token: AmountTerms): number {
  return gridSteps(text, quantumDecimal(token), {
    min: 0,
    max: SAFE_MAX,
    code: 'amount_off_quantum',
    what: `an amount of ${token.symbol}`
  })
}

export function formatAmount(quanta: number, token: AmountTerms): string {
  return formatSteps(quanta, quantumDecimal(token))
}

/** Ticks of a price in quote tokens per base token.
 * @throws Fault amount_invalid, price_off_tick */
export function parsePrice(
  text: string,
  market: MarketTerms,
  tokens: readonly ManifestToken[]
): number {
  return gridSteps(text, tickOf(market, tokens), {
    min: 1,
    max: PRICE_MAX,
    code: 'price_off_tick',
    what: `a price of ${market.symbol}`
  })
}

export function formatPrice(
  ticks: number,
  market: MarketTerms,
  tokens: readonly ManifestToken[]
): string {
  return formatSteps(ticks, tickOf(market, tokens))
}

/** Lots of a quantity in base tokens.
 * @throws Fault amount_invalid, quantity_off_lot */
export function parseQuantity(
  text: string,
  market: MarketTerms,
  tokens: readonly ManifestToken[]
): number {
  return gridSteps(text, lotDecimal(market, tokens), {
    min: 1,
    max: QUANTITY_MAX,
    code: 'quantity_off_lot',
    what: `a quantity of ${market.symbol}`
  })
}

export function formatQuantity(
  lots: number,
  market: MarketTerms,
  tokens: readonly ManifestToken[]
): string {
  return formatSteps(lots, lotDecimal(market, tokens))
}

/** One quantum in tokens. */
export function quantumDecimal(token: Pick<ManifestToken, 'decimals' | 'quantum'>): Decimal {
  return lowest(BigInt(token.quantum), token.decimals)
}

/** One lot in base tokens. */
export function lotDecimal(market: MarketTerms, tokens: readonly ManifestToken[]): Decimal {
  const base = tokenOf(market.base, tokens)
  return lowest(BigInt(market.lotSize) * BigInt(base.quantum), base.decimals)
}

/** One tick in quote tokens per base token; null when it has no finite decimal form. */
export function tickDecimal(market: MarketTerms, tokens: readonly ManifestToken[]): Decimal | null {
  const base = tokenOf(market.base, tokens)
  const quote = tokenOf(market.quote, tokens)
  // (tickValue * quoteQuantum / 10^quoteDecimals) / (lotSize * baseQuantum / 10^baseDecimals)
  let top = BigInt(market.tickValue) * BigInt(quote.quantum) * 10n ** BigInt(base.decimals)
  let bottom = BigInt(market.lotSize) * BigInt(base.quantum) * 10n ** BigInt(quote.decimals)
  const divisor = gcd(top, bottom)
  top /= divisor
  bottom /= divisor
  let scale = 0
  while (bottom > 1n) {
    // Ten brings a factor two and a factor five: what else is in the bottom never goes away.
    const common = gcd(bottom, 10n)
    if (common === 1n) return null
    bottom /= common
    top *= 10n / common
    scale++
  }
  return lowest(top, scale)
}

function tickOf(market: MarketTerms, tokens: readonly ManifestToken[]): Decimal {
  const tick = tickDecimal(market, tokens)
  if (tick === null) {
    throw new Fault('manifest_invalid', `the tick of ${market.symbol} has no finite decimal form`)
  }
  return tick
}

function tokenOf(symbol: string, tokens: readonly ManifestToken[]): ManifestToken {
  const token = tokens.find((each) => each.symbol === symbol)
  if (token === undefined) throw new Fault('manifest_invalid', `there is no token ${symbol}`)
  return token
}

type GridCode = 'amount_off_quantum' | 'price_off_tick' | 'quantity_off_lot'
type Grid = { min: number; max: number; code: GridCode; what: string }

const PLAIN = /^(0|[1-9][0-9]{0,39})(\.([0-9]{1,40}))?$/

function gridSteps(text: string, step: Decimal, grid: Grid): number {
  const match = PLAIN.exec(text)
  if (match === null) {
    throw new Fault('amount_invalid', `"${text}" is not ${grid.what}: write it as 12 or 0.5`, {
      text
    })
  }
  const fraction = match[3] ?? ''
  const scale = Math.max(fraction.length, step.scale)
  const value = BigInt(match[1] + fraction) * 10n ** BigInt(scale - fraction.length)
  const size = step.unit * 10n ** BigInt(scale - step.scale)
  const steps = value / size
  if (steps > BigInt(grid.max) || (steps === BigInt(grid.max) && value % size !== 0n)) {
    const most = formatSteps(grid.max, step)
    throw new Fault('amount_invalid', `"${text}" is too large: ${grid.what} is at most ${most}`, {
      text,
      most
    })
  }
  if (value % size !== 0n || steps < BigInt(grid.min)) {
    const least = Math.max(Number(steps), grid.min)
    const near = Number(steps) < grid.min ? [least] : [least, least + 1]
    const nearest = near.map((count) => formatSteps(count, step))
    const unit = formatSteps(1, step)
    throw new Fault(
      grid.code,
      `"${text}" is not ${grid.what}: it must be a multiple of ${unit}; nearest: ${nearest.join(' and ')}`,
      { text, step: unit, nearest: nearest.join(',') }
    )
  }
  return Number(steps)
}

function formatSteps(steps: number, step: Decimal): string {
  const negative = steps < 0
  const digits = String(BigInt(Math.abs(steps)) * step.unit).padStart(step.scale + 1, '0')
  const whole = digits.slice(0, digits.length - step.scale)
  const fraction = digits.slice(digits.length - step.scale).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : '.' + fraction}`
}

function lowest(unit: bigint, scale: number): Decimal {
  let smallest = unit
  let places = scale
  while (places > 0 && smallest % 10n === 0n) {
    smallest /= 10n
    places--
  }
  return { unit: smallest, scale: places }
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}
