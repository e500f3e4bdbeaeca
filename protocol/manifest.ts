// A venue is its manifest: whoever has it can join and verify everything. It is written as JSON
// by people (manifest-check.ts reads it); its one canonical encoding (venue.ts) is what the venue id is a hash of.
// Validators, tokens, markets and limits are fixed for a venue's life.
import type { Address } from './types.ts'

export type Manifest = {
  version: 1
  /** 1 to 64 printable ASCII characters, for people only. */
  name: string
  /** Null: no chain (development). Balances then start from `endow`. */
  chain: ManifestChain | null
  /** In the order of their index: 1 to 64. */
  validators: ManifestValidator[]
  /** In the order of their index in the vault: 2 to 64. The first two are packed together. */
  tokens: ManifestToken[]
  /** In the order of their index on the wire: 1 to 256. */
  markets: ManifestMarket[]
  limits: ManifestLimits
  pacing: ManifestPacing
  settlement: ManifestSettlement
  /** Who may trade: everyone, or these accounts, ascending. */
  admission: 'open' | Address[]
  /** Starting balances, only with `chain` null, ascending by account then token. */
  endow: ManifestEndowment[]
}

export type ManifestChain = {
  /** EIP-155 chain id. */
  id: number
  vault: Address
  /** Blocks on top of one before its events count. */
  confirmations: number
}

export type ManifestValidator = {
  /** The daemon's ed25519 public key on the swarm, which also signs cuts: 64 hex digits. */
  peer: string
  /** The Ethereum address that attests batches in the vault. */
  signer: Address
}

export type ManifestToken = {
  /** 1 to 16 of A-Z, a-z, 0-9, `.`, `_`, `-`; unique. */
  symbol: string
  address: Address
  /** Of the ERC-20: 0 to 36. */
  decimals: number
  /** The smallest amount that the venue counts, in base units: a positive whole decimal string. */
  quantum: string
}

export type ManifestMarket = {
  /** `BASE/QUOTE` by custom; unique. */
  symbol: string
  /** Token symbols. */
  base: string
  quote: string
  /** Base quanta in a lot. */
  lotSize: number
  /** Quote quanta per lot per tick. */
  tickValue: number
  limits: MarketLimits
  fees: MarketFees
}

export type MarketLimits = {
  /** Greatest price of an order, ticks. */
  priceMaxTicks: number
  /** Greatest quantity of an order, lots. */
  quantityMaxLots: number
  /** Least lots * ticks * tickValue of an order, quote quanta; 0 for none. */
  notionalMin: number
  /** How far from the last trade an order's price may be on its own side's far end, in
   * ten-thousandths; 0 for no band. */
  bandBps: number
}

export type MarketFees = {
  /** Ten-thousandths of a fill's quote quanta. */
  makerBps: number
  takerBps: number
  /** Least fee of a taking command in all, quote quanta. */
  takerFeeMin: number
}

export type ManifestLimits = {
  /** Ring slots of an account, 1 to 65,536. */
  slotsMax: number
  liveOrdersMax: number
  /** How far ahead of tape time an order's expiry may lie. */
  orderLifeMaxSeconds: number
  fillsPerCommandMax: number
  triggersPerCutMax: number
  /** Entries of one lane in one cut. */
  entriesPerLanePerCut: number
  /** What an account must hold to trade and how much that lets it send; null for no bond. */
  bond: null | ManifestBond
}

export type ManifestBond = {
  /** Token symbol. */
  token: string
  /** Quanta below which an account is not admitted. */
  min: number
  /** Entries of one account in one cut for each whole `min` that it holds. */
  entriesPerCutPerBond: number
}

export type ManifestPacing = {
  /** Longest time between two cuts of an idle venue. */
  heartbeatMs: number
  /** The same once a batch is due to be closed or sealed. While its time has not come, an idle venue
   * keeps to `heartbeatMs`. */
  batchHeartbeatMs: number
  /** Cuts from one snapshot to the next. */
  snapshotCuts: number
  /** How far a cut's time may be from a voter's own clock. */
  clockDriftMaxMs: number
  /** How long a lane with a certificate may be left out of cuts. */
  inclusionMaxMs: number
  /** Without a new final for so long, ballots and certificates are sent again. */
  standstillMs: number
  /** First wait for a height's leader; each round without a final doubles it. */
  roundMs: number
  /** Wait for a leader that missed its last turn. */
  absentLeaderMs: number
  /** Age of the tape at which a daemon takes no more orders. */
  staleMaxMs: number
}

export type ManifestSettlement = {
  /** Fills at which a batch closes whatever its gas. */
  batchFillsMax: number
  /** Worst-case gas at which a batch closes. */
  batchGasMax: number
  /** Tape time from a batch's first fill (or withdrawal) to its close at the latest. */
  batchAgeMs: number
  /** Tape time for co-signatures before the batch seals. */
  cosignMs: number
  /** For so long after sealing only validators may submit. */
  settlerWindowSeconds: number
  /** For so long a sealed batch can settle; only after it may a batch be voided. */
  horizonSeconds: number
  /** How long past its expiry an order may still be settled; covers the horizon. */
  graceSeconds: number
  /** From an owner's request to its effect in the vault. */
  exitDelaySeconds: number
  /** Age of the oldest unsettled fill at which matching stops. */
  unsettledMaxMs: number
  /** Worst-case gas of all unsettled batches at which matching stops. */
  unsettledGasMax: number
  /** Age of the chain view at which matching stops. */
  chainStaleMaxMs: number
  /** Worst-case gas of a batch before its content, of a command that traded, of a fill (the
   * maker's order included), of a withdrawal. */
  gasBase: number
  gasOrder: number
  gasFill: number
  gasWithdrawal: number
}

/** Quanta given to an account at the start of a venue without a chain. */
export type ManifestEndowment = { account: Address; token: string; quanta: number }
