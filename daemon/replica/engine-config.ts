import { toHex } from '../../protocol/bytes.ts'
import { VENUE_ACCOUNTS_MAX } from '../../protocol/limits.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { SigningTerms } from '../../protocol/typed-data.ts'
import { quorumOf, tokenIndex } from '../../protocol/venue.ts'
import type { EngineConfig } from '../../matching/index.ts'

/** What the engine needs of a manifest. `terms` carries the markets' hashes. */
export function engineConfig(manifest: Manifest, terms: SigningTerms): EngineConfig {
  const { limits, settlement, chain } = manifest
  const { slotsMax, liveOrdersMax, orderLifeMaxSeconds, fillsPerCommandMax, triggersPerCutMax } =
    limits
  return {
    tokens: manifest.tokens.length,
    markets: manifest.markets.map((market, index) => ({
      id: toHex(terms.markets[index]),
      base: tokenIndex(manifest, market.base),
      quote: tokenIndex(manifest, market.quote),
      lotSize: market.lotSize,
      tickValue: market.tickValue,
      ...market.limits,
      ...market.fees
    })),
    validators: manifest.validators.map(({ signer }) => signer),
    quorum: quorumOf(manifest.validators.length).quorum,
    slotsMax,
    liveOrdersMax,
    accountsMax: VENUE_ACCOUNTS_MAX,
    orderLifeMaxSeconds,
    fillsPerCommandMax,
    triggersPerCutMax,
    bond: limits.bond && {
      token: tokenIndex(manifest, limits.bond.token),
      min: limits.bond.min,
      entriesPerCutPerBond: limits.bond.entriesPerCutPerBond
    },
    admission: manifest.admission === 'open' ? null : manifest.admission,
    settlement: chain === null ? null : settlementConfig(settlement),
    endow: manifest.endow.map(({ account, token, quanta }) => ({
      account,
      token: tokenIndex(manifest, token),
      quanta
    }))
  }
}

function settlementConfig(settlement: Manifest['settlement']): EngineConfig['settlement'] {
  const { batchFillsMax, batchAgeMs, cosignMs, horizonSeconds } = settlement
  const { chainStaleMaxMs, unsettledMaxMs, unsettledGasMax, batchGasMax } = settlement
  const { gasBase, gasOrder, gasFill, gasWithdrawal } = settlement
  return {
    batchFillsMax,
    batchAgeMs,
    cosignMs,
    horizonSeconds,
    chainStaleMaxMs,
    unsettledMaxMs,
    unsettledGasMax,
    batchGasMax,
    gasBase,
    gasOrder,
    gasFill,
    gasWithdrawal
  }
}
