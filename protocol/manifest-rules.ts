// The rules of a manifest that hold between its fields: nothing can overflow, prices have finite
// decimals, and the settlement's times leave owners and settlers the room that the design promises.
import { ZERO_ADDRESS } from './address.ts'
import { invalid } from './fields.ts'
import { SAFE_MAX, VAULT_QUANTUM_MAX, VAULT_TOKENS_MAX, VAULT_VALIDATORS_MAX } from './limits.ts'
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

/** What the vault's constructor (contracts/src/Terms.sol) asks of a venue with a chain, its times
 * excepted: a manifest that it would refuse is refused before anything is deployed or signed.
 * @throws Fault manifest_invalid */
export function checkVaultTerms({ chain, validators, tokens }: Manifest): void {
  if (chain === null) return
  if (validators.length > VAULT_VALIDATORS_MAX) {
    invalid('validators', `must be at most ${VAULT_VALIDATORS_MAX} in a venue with a chain`)
  }
  if (tokens.length > VAULT_TOKENS_MAX) {
    invalid('tokens', `must be at most ${VAULT_TOKENS_MAX} in a venue with a chain`)
  }
  for (const [i, { signer }] of validators.entries()) {
    if (signer === ZERO_ADDRESS) invalid(`validators[${i}].signer`, 'must not be zero')
  }
  for (const [i, { address, quantum }] of tokens.entries()) {
    if (address === ZERO_ADDRESS) invalid(`tokens[${i}].address`, 'must not be zero')
    if (BigInt(quantum) > VAULT_QUANTUM_MAX) {
      invalid(`tokens[${i}].quantum`, 'must be at most 2^96-1 in a venue with a chain')
    }
  }
}

/** The vault's own rules between these times (settler window below horizon, horizon at most grace
 * and below exit delay) follow from these stricter ones; each is below 2^32 by its field.
 * @throws Fault manifest_invalid */
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
