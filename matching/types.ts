// What goes into the engine and what comes out of it. The folder imports nothing outside itself,
// so these types repeat the shapes of protocol/types.ts where both speak of the same thing; the
// replica hands decoded entries over as they are, with their signers recovered.

/** `0x` and forty lower-case hex digits. */
export type Address = string

export type Side = 'buy' | 'sell'
export type TimeInForce = 'gtc' | 'ioc' | 'fok'
export type PostOnly = 'no' | 'reject' | 'slide'
export type SelfTradePrevention = 'cancelNewest' | 'cancelOldest' | 'cancelBoth' | 'decrement'

/** BLAKE2b-256 of the parts, one after the other. */
export type Hash256 = (parts: Uint8Array[]) => Uint8Array

export type MarketConfig = {
  /** The market's hash, 64 hex digits: what a delegate's grant names. */
  id: string
  /** Indices of tokens. */
  base: number
  quote: number
  /** Base quanta of a lot. */
  lotSize: number
  /** Quote quanta of a lot at one tick. */
  tickValue: number
  priceMaxTicks: number
  quantityMaxLots: number
  /** Quote quanta. */
  notionalMin: number
  /** 0 switches the band off. */
  bandBps: number
  makerBps: number
  takerBps: number
  /** Quote quanta. */
  takerFeeMin: number
}

export type EngineConfig = {
  /** Number of tokens. */
  tokens: number
  markets: MarketConfig[]
  /** Signer addresses of the validators, and how many make a quorum. */
  validators: Address[]
  quorum: number
  slotsMax: number
  liveOrdersMax: number
  /** Accounts that links may bring in; deposits may bring more. */
  accountsMax: number
  orderLifeMaxSeconds: number
  fillsPerCommandMax: number
  triggersPerCutMax: number
  bond: null | { token: number; min: number; entriesPerCutPerBond: number }
  /** Null admits everyone. */
  admission: null | Address[]
  /** Null in a venue without a chain. */
  settlement: null | SettlementConfig
  /** What accounts start with (venues without a chain). */
  endow: { account: Address; token: number; quanta: number }[]
}

export type SettlementConfig = {
  batchFillsMax: number
  batchAgeMs: number
  cosignMs: number
  horizonSeconds: number
  chainStaleMaxMs: number
  unsettledMaxMs: number
  unsettledGasMax: number
  /** Gas at which a batch closes (nine tenths of the transaction cap), and worst-case gas by kind. */
  batchGasMax: number
  gasBase: number
  gasOrder: number
  gasFill: number
  gasWithdrawal: number
}

export type OrderInput = {
  market: number
  account: Address
  side: Side
  price: number
  quantity: number
  timeInForce: TimeInForce
  postOnly: PostOnly
  quote: boolean
  leased: boolean
  selfTradePrevention: SelfTradePrevention
  trigger: { kind: 'stop' | 'takeProfit'; price: number } | null
  expiry: number
  feeMax: number
  nonce: number
  slot: number
}

/** Entries with their signers recovered; `signer` is null where no signer could be recovered. */
export type EntryInput =
  /** `valid`: lane key, venue and daemon fit. */
  | { kind: 'open'; valid: boolean }
  | { kind: 'link'; account: Address; nonce: number; expiry: number; signer: Address | null }
  | { kind: 'place'; order: OrderInput; signer: Address | null }
  | {
      kind: 'quote'
      account: Address
      market: number
      orders: OrderInput[]
      signer: Address | null
    }
  | { kind: 'cancel'; account: Address; nonces: number[]; expiry: number }
  | {
      kind: 'cancelAll'
      account: Address
      market: number | null
      side: Side | null
      expiry: number
    }
  | {
      kind: 'amend'
      oldNonce: number
      filledSeen: number
      order: OrderInput
      signer: Address | null
    }
  | {
      kind: 'withdraw'
      account: Address
      token: number
      quanta: number
      nonce: number
      expiry: number
      signer: Address | null
    }
  | { kind: 'lease'; ttlMs: number }
  | { kind: 'protect'; account: Address; market: number; lots: number; windowMs: number }
  | {
      kind: 'cosign'
      account: Address
      batch: number
      /** Link of the parent batch, 48 hex digits. */
      parent: string
      deltas: number[]
      sequence: number
      floor: number
      marks: { slot: number; nonce: number; filled: number }[]
      signer: Address | null
    }
  | {
      kind: 'attest'
      batch: number
      parent: string
      /** Link that the attested content (or void) gives the batch, 48 hex digits. */
      link: string
      void: boolean
      sealedAt: number
      signer: Address | null
    }

export type ChainEventInput =
  | { kind: 'deposited'; account: Address; token: number; quanta: number }
  | { kind: 'exitRequested'; account: Address; token: number }
  | { kind: 'exitCancelled'; account: Address; token: number }
  | { kind: 'exitClaimed'; account: Address; token: number; quanta: number }
  | { kind: 'floorRequested'; account: Address; nonce: number }
  | { kind: 'floorApplied'; account: Address; nonce: number }
  | {
      kind: 'delegateSet'
      account: Address
      delegate: Address
      /** Market id, or null for all markets. */
      market: string | null
      cosign: boolean
      from: number
      until: number
    }
  | { kind: 'batchSettled'; index: number; link: string; submitter: Address }
  | { kind: 'batchVoided'; index: number; link: string }
  | { kind: 'claimed'; account: Address; token: number; quanta: number }

export type LaneInput = {
  /** The lane's key, 32 bytes. Slices come sorted by it. */
  lane: Uint8Array
  /** Lane blocks taken in after this slice, and the tree hash at that length (kept in snapshots). */
  length: number
  treeHash: Uint8Array
  entries: EntryInput[]
}

export type BlockInput = {
  /** Index on the tape, from 0. */
  index: number
  /** Milliseconds, strictly increasing. */
  time: number
  seed: Uint8Array
  /** Null in a venue without a chain. */
  cursor: null | { block: number; hash: Uint8Array; blockTime: number; logIndex: number }
  chain: ChainEventInput[]
  lanes: LaneInput[]
}
