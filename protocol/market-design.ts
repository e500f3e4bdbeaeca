// Help for whoever writes a manifest: markets from the decimals that people think in, and the
// whole manifest of a development venue.
import { Fault } from './faults.ts'
import { checkManifest } from './manifest-check.ts'
import { defaultFees, defaultMarketLimits } from './manifest-defaults.ts'
import { parseAmount } from './money.ts'
import type { Manifest, ManifestMarket, ManifestToken, MarketFees } from './manifest.ts'
import type { Address } from './types.ts'

export type MarketDesign = {
  base: string
  quote: string
  /** Smallest quantity, in base tokens, such as `0.001`. */
  lot: string
  /** Smallest step of a price, in quote tokens per base token, such as `0.01`. */
  tick: string
  priceMaxTicks: number
  quantityMaxLots: number
  fees?: Partial<MarketFees>
}

/** The market whose lot and tick are the given ones.
 * @throws Fault amount_off_quantum, amount_invalid, manifest_invalid */
export function designMarket(
  design: MarketDesign,
  tokens: readonly ManifestToken[]
): ManifestMarket {
  const base = named(design.base, tokens)
  const quote = named(design.quote, tokens)
  const lotSize = parseAmount(design.lot, base)
  // A lot at one tick costs lot * tick quote tokens; as a decimal string that is exact.
  const tickValue = parseAmount(product(design.lot, design.tick), quote)
  return {
    symbol: `${design.base}/${design.quote}`,
    base: design.base,
    quote: design.quote,
    lotSize,
    tickValue,
    limits: {
      ...defaultMarketLimits,
      priceMaxTicks: design.priceMaxTicks,
      quantityMaxLots: design.quantityMaxLots
    },
    fees: { ...defaultFees, ...design.fees }
  }
}

export type DevelopmentVenue = {
  name: string
  chain: Manifest['chain']
  validators: Manifest['validators']
  /** Token addresses by symbol; needed with a chain. */
  addresses?: Readonly<Record<string, Address>>
  endow?: Manifest['endow']
  /** Any part of a manifest in the place of its default. */
  change?: Readonly<Record<string, unknown>>
}

/** A venue with WETH/USDC and WBTC/USDC, for development and tests.
 * @throws Fault manifest_invalid */
export function developmentManifest(venue: DevelopmentVenue): Manifest {
  const token = (symbol: string, decimals: number, quantum: string): ManifestToken => ({
    symbol,
    address: venue.addresses?.[symbol] ?? '0x' + '0'.repeat(40),
    decimals,
    quantum
  })
  const tokens = [token('WETH', 18, '10000000000'), token('USDC', 6, '1'), token('WBTC', 8, '1')]
  const priceMaxTicks = 10_000_000
  const quantityMaxLots = 10_000_000
  const size = { priceMaxTicks, quantityMaxLots, fees: { takerFeeMin: 1000 } }
  return checkManifest({
    version: 1,
    name: venue.name,
    chain: venue.chain,
    validators: venue.validators,
    tokens,
    markets: [
      designMarket({ base: 'WETH', quote: 'USDC', lot: '0.001', tick: '0.01', ...size }, tokens),
      designMarket({ base: 'WBTC', quote: 'USDC', lot: '0.0001', tick: '0.1', ...size }, tokens)
    ],
    endow: venue.endow ?? [],
    ...venue.change
  })
}

function named(symbol: string, tokens: readonly ManifestToken[]): ManifestToken {
  const token = tokens.find((each) => each.symbol === symbol)
  if (token === undefined) throw new Fault('manifest_invalid', `there is no token ${symbol}`)
  return token
}

/** The exact product of two plain decimals. */
function product(a: string, b: string): string {
  const [x, y] = [a, b].map((text) => {
    if (!/^[0-9]{1,30}(\.[0-9]{1,20})?$/.test(text)) {
      throw new Fault('amount_invalid', `"${text}" is not a plain decimal such as 0.01`, { text })
    }
    const [whole, fraction = ''] = text.split('.')
    return { digits: BigInt(whole + fraction), places: fraction.length }
  })
  const places = x.places + y.places
  const digits = String(x.digits * y.digits).padStart(places + 1, '0')
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '')
  return digits.slice(0, digits.length - places) + (fraction === '' ? '' : '.' + fraction)
}
