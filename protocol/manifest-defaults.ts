// What a manifest has where its author said nothing. They are written into the manifest that is
// hashed, so changing one here never changes a venue that exists.
import { TRANSACTION_GAS_MAX } from './limits.ts'
import type {
  ManifestLimits,
  ManifestPacing,
  ManifestSettlement,
  MarketFees,
  MarketLimits
} from './manifest.ts'

const HOUR_SECONDS = 3600
const BATCH_GAS_MAX = Math.floor((TRANSACTION_GAS_MAX / 10) * 9)

export const defaultLimits: ManifestLimits = {
  slotsMax: 1024,
  liveOrdersMax: 1024,
  orderLifeMaxSeconds: 30 * 24 * HOUR_SECONDS,
  fillsPerCommandMax: 100,
  triggersPerCutMax: 64,
  entriesPerLanePerCut: 512,
  bond: null
}

export const defaultPacing: ManifestPacing = {
  heartbeatMs: 1000,
  batchHeartbeatMs: 100,
  snapshotCuts: 10_000,
  clockDriftMaxMs: 1000,
  inclusionMaxMs: 500,
  standstillMs: 1000,
  roundMs: 300,
  absentLeaderMs: 5,
  staleMaxMs: 10_000
}

export const defaultSettlement: ManifestSettlement = {
  batchFillsMax: 200,
  batchGasMax: BATCH_GAS_MAX,
  batchAgeMs: 60_000,
  cosignMs: 5000,
  settlerWindowSeconds: 300,
  horizonSeconds: 4 * HOUR_SECONDS,
  graceSeconds: 6 * HOUR_SECONDS,
  exitDelaySeconds: 24 * HOUR_SECONDS,
  unsettledMaxMs: HOUR_SECONDS * 1000,
  unsettledGasMax: 10 * BATCH_GAS_MAX,
  chainStaleMaxMs: 600_000,
  gasBase: 400_000,
  // Measured at their worst 70,378 and 67,526 and 34,571 (test/daemon/settlement/gas-constants).
  gasOrder: 76_000,
  gasFill: 73_000,
  gasWithdrawal: 40_000
}

/** The greatest price and quantity have no default: they follow from the tokens' quanta. */
export const defaultMarketLimits: Omit<MarketLimits, 'priceMaxTicks' | 'quantityMaxLots'> = {
  notionalMin: 0,
  bandBps: 0
}

export const defaultFees: MarketFees = { makerBps: 0, takerBps: 10, takerFeeMin: 0 }
