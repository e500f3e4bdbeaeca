// The rules of a manifest that hold between its fields: nothing can overflow, prices have finite
// decimals, and the settlement's times leave owners and settlers the room that the design promises.
import { invalid } from './fields.ts'
import { SAFE_MAX } from './limits.ts'
import { tickDecimal } from './money.ts'
import type { Manifest, ManifestMarket, ManifestToken } from './manifest.ts'

const MARGIN_MS = 3_600_000

/** The largest order, with the most that its fees can be, and the total of a token's deposits
 * stay below 2^53.
 * @throws Fault manifest_invalid */
export function checkMarketNumbers(
  market: ManifestMarket,
  path: string,
  tokens: readonly ManifestToken[]
): void {
  if (market.base === market.quote) invalid(`${path}.quote`, 'must differ from base')
  const { priceMaxTicks, quantityMaxLots } = market.limits
  const base = BigInt(quantityMaxLots) * BigInt(market.lotSize)
  if (base > SAFE_MAX) {
    invalid(
      `${path}.limits.quantityMaxLots`,
      `times lotSize is ${base} base quanta, above 2^53-1: lower it, or choose a larger quantum`
    )
  }
  const notional = BigInt(quantityMaxLots) * BigInt(priceMaxTicks) * BigInt(market.tickValue)
  const bps = BigInt(Math.max(market.fees.makerBps, market.fees.takerBps))
  const fee = (notional * bps) / 10_000n + BigInt(market.fees.takerFeeMin)
  if (notional + fee > SAFE_MAX) {
    invalid(
      `${path}.limits`,
      `allow an order of ${notional} quote quanta and ${fee} of fees, above 2^53-1: ` +
        'lower priceMaxTicks or quantityMaxLots, or choose a larger quantum'
    )
  }
  if (market.limits.notionalMin > notional) {
    invalid(`${path}.limits.notionalMin`, 'is above the largest order: no order could be placed')
  }
  if (tickDecimal(market, tokens) === null) {
    invalid(
      `${path}.tickValue`,
      'makes a price tick that has no finite decimal form: choose lotSize and quanta as powers of ten'
    )
  }
}

/** @throws Fault manifest_invalid */
export function checkSettlementTimes(manifest: Manifest): void {
  const { settlement, limits } = manifest
  const horizonMs = settlement.horizonSeconds * 1000
  const sealMs = settlement.batchAgeMs + settlement.cosignMs
  if (settlement.graceSeconds * 1000 < horizonMs + sealMs) {
    invalid('settlement.graceSeconds', 'must cover horizonSeconds, batchAgeMs and cosignMs')
  }
  const delayMs = settlement.chainStaleMaxMs + sealMs + horizonMs + MARGIN_MS
  if (settlement.exitDelaySeconds * 1000 < delayMs) {
    invalid(
      'settlement.exitDelaySeconds',
      `must be at least ${Math.ceil(delayMs / 1000)}: chainStaleMaxMs, batchAgeMs, cosignMs and ` +
        'horizonSeconds together, and an hour'
    )
  }
  if (settlement.unsettledMaxMs * 2 > horizonMs) {
    invalid('settlement.unsettledMaxMs', 'must be at most half of horizonSeconds')
  }
  if (settlement.settlerWindowSeconds * 2 > settlement.horizonSeconds) {
    invalid('settlement.settlerWindowSeconds', 'must be at most half of horizonSeconds')
  }
  const { gasBase, gasOrder, gasFill, gasWithdrawal, batchGasMax } = settlement
  const gas = gasBase + gasOrder + limits.fillsPerCommandMax * gasFill + gasWithdrawal
  if (gas > batchGasMax) {
    invalid(
      'limits.fillsPerCommandMax',
      `lets one command cost ${gas} gas, above settlement.batchGasMax: lower it`
    )
  }
  if (settlement.unsettledGasMax < batchGasMax) {
    invalid('settlement.unsettledGasMax', 'must be at least batchGasMax')
  }
}
