// A small venue on which everything collides: few prices, few slots, few lots, low limits. Which
// rules are switched on follows from the seed.
import type { Address, EngineConfig, MarketConfig } from '../../../matching/types.ts'
import type { Random } from '../../../daemon/clock.ts'
import { randomBytes } from '../../helpers/random.ts'

export type Venue = {
  config: EngineConfig
  traders: Address[]
  delegates: Address[]
  /** May not trade where there is an allow-list. */
  stranger: Address
  submitter: Address
  /** Lane keys, 32 bytes each, ascending. */
  lanes: Uint8Array[]
}

export function addressOf(group: number, index: number): Address {
  return '0x' + (group * 256 + index).toString(16).padStart(40, '0')
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const common: MarketConfig = {
  id: '',
  base: 0,
  quote: 1,
  lotSize: 10,
  tickValue: 3,
  priceMaxTicks: 130,
  quantityMaxLots: 40,
  notionalMin: 250,
  bandBps: 0,
  makerBps: 20,
  takerBps: 50,
  takerFeeMin: 9
}

function markets(): MarketConfig[] {
  return [
    { ...common, id: '11'.repeat(32), bandBps: 600 },
    { ...common, id: '22'.repeat(32), base: 2, takerFeeMin: 1500 },
    { ...common, id: '33'.repeat(32), quote: 2, makerBps: 70, takerBps: 30, takerFeeMin: 0 }
  ]
}

/** @param seed also picks the kind of venue: every fourth has no chain, others a bond or an
 * allow-list. */
export function makeVenue(random: Random, seed: number): Venue {
  const traders = Array.from({ length: 9 }, (_, index) => addressOf(1, index))
  const delegates = [addressOf(2, 0), addressOf(2, 1), traders[0]]
  const stranger = addressOf(3, 0)
  const submitter = addressOf(4, 0)
  const lanes = Array.from({ length: 4 }, () => randomBytes(random, 32)).sort((one, other) =>
    hexOf(one) < hexOf(other) ? -1 : 1
  )
  const chain = seed % 4 !== 3
  const config: EngineConfig = {
    tokens: 3,
    markets: markets(),
    validators: Array.from({ length: 4 }, (_, index) => addressOf(5, index)),
    quorum: 3,
    slotsMax: 12,
    liveOrdersMax: 8,
    accountsMax: seed % 8 === 0 ? 7 : 64,
    orderLifeMaxSeconds: 300,
    fillsPerCommandMax: 3,
    triggersPerCutMax: 2,
    bond: seed % 4 === 1 ? { token: 1, min: 200_000, entriesPerCutPerBond: 2 } : null,
    admission: seed % 4 === 2 ? traders : null,
    settlement: chain
      ? {
          batchFillsMax: 20,
          batchAgeMs: 2500,
          cosignMs: 300,
          horizonSeconds: 40,
          chainStaleMaxMs: 9000,
          unsettledMaxMs: 44_000,
          unsettledGasMax: 4_500_000,
          batchGasMax: 560_000,
          gasBase: 50_000,
          gasOrder: 9000,
          gasFill: 20_000,
          gasWithdrawal: 30_000
        }
      : null,
    endow: chain ? [] : endowments(traders)
  }
  return { config, traders, delegates, stranger, submitter, lanes }
}

/** Three traders start poor, so that funds run out. */
export function dollars(trader: number): number {
  if (trader === 2 || trader === 5) return 20
  return trader === 0 ? 3000 : 900_000
}

function endowments(traders: Address[]): EngineConfig['endow'] {
  return traders.flatMap((account, index) => [
    { account, token: 0, quanta: 40_000 },
    { account, token: 1, quanta: dollars(index) },
    { account, token: 2, quanta: 700_000 }
  ])
}
