// What comes out of the engine: events, and the views that the daemon reads between blocks.
// Accounts are numbers (order of first appearance; `Engine.address` names them), order ids,
// nonces, quanta and times are safe integers.

import type { Address, Side } from './types.ts'
import type { Reason } from './reasons.ts'

export type StopReason = 'chain_stale' | 'unsettled_age' | 'unsettled_gas'

/** One event, read out of a record (docs/matching.md, section 12). */
export type Event =
  | {
      kind: 'accepted'
      market: number
      side: Side
      account: number
      /** Lots to go. */
      lots: number
      /** Limit, ticks. */
      price: number
      order: number
      nonce: number
      /** Place on the tape of the order's signed bytes: entry of this block, place in a quote's list. */
      entry: number
      ordinal: number
    }
  | {
      kind: 'rejected'
      reason: Reason
      /** Null when the entry's account is unknown to the engine, or it names none. */
      account: number | null
      entry: number
      /** 0 when the entry has none. */
      nonce: number
    }
  | {
      kind: 'rested'
      market: number
      side: Side
      account: number
      remaining: number
      price: number
      order: number
    }
  | {
      kind: 'traded'
      market: number
      takerSide: Side
      maker: number
      taker: number
      lots: number
      price: number
      makerOrder: number
      takerOrder: number
      /** Quote quanta. */
      makerFee: number
    }
  | { kind: 'charged'; market: number; account: number; order: number; fee: number }
  | {
      kind: 'reduced'
      market: number
      account: number
      remaining: number
      by: number
      order: number
    }
  | {
      kind: 'cancelled'
      reason: Reason
      market: number
      account: number
      remaining: number
      order: number
    }
  | { kind: 'expired'; market: number; account: number; remaining: number; order: number }
  | { kind: 'triggered'; market: number; account: number; order: number }
  | {
      kind: 'amended'
      market: number
      account: number
      remaining: number
      order: number
      oldOrder: number
      /** The new order's, as in `accepted`. */
      nonce: number
      entry: number
    }
  | { kind: 'withdrawn'; account: number; token: number; nonce: number; quanta: number }
  | { kind: 'linked'; account: number; lane: number; nonce: number }
  | { kind: 'leaseRenewed'; lane: number; until: number }
  | { kind: 'protectSet'; market: number; account: number; lots: number; window: number }
  | { kind: 'protectionFired'; market: number; account: number }
  | { kind: 'opened'; lane: number }
  | { kind: 'deposited'; account: number; token: number; quanta: number }
  | { kind: 'exitRequested'; account: number; token: number }
  | { kind: 'exitCancelled'; account: number; token: number }
  | { kind: 'exitClaimed'; account: number; token: number; quanta: number }
  | { kind: 'floorRaised'; account: number; nonce: number }
  | {
      kind: 'delegateSet'
      account: number
      delegate: number
      cosign: boolean
      from: number
      until: number
    }
  | { kind: 'claimed'; account: number; token: number; quanta: number }
  | { kind: 'batchClosed'; batch: number; fills: number; withdrawals: number; gas: number }
  | { kind: 'batchSealed'; batch: number; sealedAt: number }
  | { kind: 'cosigned'; account: number; batch: number; floor: number }
  | { kind: 'attested'; void: boolean; validator: number; batch: number }
  | { kind: 'batchAttested'; batch: number }
  | { kind: 'voidAttested'; batch: number }
  | { kind: 'batchSettled'; submitter: number; batch: number }
  | { kind: 'batchReverted'; batch: number }
  | { kind: 'stopped'; reason: StopReason }
  | { kind: 'resumed' }

export type EventKind = Event['kind']

/** The events of one block: packed records, read one by one when asked. */
export type EventList = Iterable<Event> & {
  readonly length: number
  /** 32 bytes each, as they are hashed but for what the hash folds (docs/matching.md, section 12). */
  readonly records: Uint8Array
  at(position: number): Event
}

/** An account's balance of a token, quanta. available = settled + pending - reserved. */
export type Balance = { settled: number; pending: number; reserved: number; available: number }

export type BalanceChange = { account: number; token: number } & Balance

/** By account and token: packed figures, read one by one when asked. */
export type BalanceList = Iterable<BalanceChange> & { readonly length: number }

export type BlockResult = {
  index: number
  eventHash: Uint8Array
  events: EventList
  /** What differs from before the block. */
  balances: BalanceList
}

export type OrderState = 'armed' | 'fired' | 'resting'

/** Where signed bytes stand on the tape: block, entry of the block, place in a quote's list. */
export type Place = { index: number; entry: number; ordinal: number }

export type OrderView = {
  id: number
  state: OrderState
  account: number
  nonce: number
  slot: number
  market: number
  side: Side
  /** Where it rests or will enter: its limit, unless it slid (post-only) when it entered. */
  price: number
  slid: boolean
  remaining: number
  filled: number
  quote: boolean
  leased: boolean
  /** Whole seconds. */
  expiry: number
  trigger: null | { kind: 'stop' | 'takeProfit'; price: number }
  place: Place
}

export type Level2 = { price: number; lots: number }
export type BookLevels = { bids: Level2[]; asks: Level2[] }

export type Level3 = {
  id: number
  account: number
  nonce: number
  price: number
  lots: number
  /** Place in its level's queue, from 0, and the lots that stand before it. */
  position: number
  lotsAhead: number
}
export type BookOrders = { bids: Level3[]; asks: Level3[] }

export type AccountView = {
  account: number
  address: Address
  /** Number of its lane, or null. */
  lane: number | null
  lastNonce: number
  floor: number
  liveOrders: number
  /** Tokens that it asked the vault to leave with. */
  exits: number[]
}

export type LaneView = {
  lane: number
  key: Uint8Array
  open: boolean
  length: number
  treeHash: Uint8Array
  leaseUntil: number
}

export type BatchState = 'open' | 'closed' | 'sealed' | 'attested'

/** One side of a fill. */
export type FillSide = {
  account: number
  order: number
  nonce: number
  slot: number
  place: Place
  /** Holds a ring slot (gtc, or any order with a trigger); else its guard is the sequence. */
  marked: boolean
  /** The order's filled lots after this fill, over all batches. */
  filled: number
}

export type BatchFill = {
  market: number
  takerSide: Side
  maker: FillSide
  taker: FillSide
  quantity: number
  price: number
  makerFee: number
}

export type BatchOrder = FillSide & { market: number }

export type BatchCosign = { account: number; place: Place }

export type BatchWithdrawal = {
  account: number
  token: number
  quanta: number
  nonce: number
  place: Place
}

/** An account's part of a batch. */
export type BatchAccount = {
  account: number
  /** Net result of its trades by token, fees deducted, quanta. */
  deltas: number[]
  /** Its orders that were filled, `filled` as of the end of the batch, by id. */
  orders: BatchOrder[]
}

export type BatchView = {
  index: number
  state: BatchState
  /** The parent batch's link, 48 hex digits, or null while it is not known. */
  parent: string | null
  /** Tape times, milliseconds; 0 while it has not happened. */
  openedAt: number
  closedAt: number
  /** Whole seconds; 0 while not sealed. */
  sealedAt: number
  /** Known once attested. */
  link: string | null
  /** A quorum voted to void it; the chain has yet to say so. */
  voidDecided: boolean
  fills: BatchFill[]
  /** A taking command's fee, by order. */
  takerFees: { order: number; account: number; fee: number }[]
  /** By account number. */
  accounts: BatchAccount[]
  /** In order of acceptance. */
  cosigns: BatchCosign[]
  withdrawals: BatchWithdrawal[]
  /** By token. */
  fees: number[]
  gas: number
}
