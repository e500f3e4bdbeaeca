// The vocabulary that peers share. Every value here has exactly one encoding (entries.ts,
// chain-events.ts, manifest.ts) and, where it is signed, exactly one EIP-712 digest (eip712.ts).
//
// Units: prices in ticks, quantities in lots, balances in quanta, times of the tape in
// milliseconds, expiries in whole seconds. All are integers.

/** An Ethereum address: `0x` and forty lower-case hex digits. */
export type Address = string

/** Exactly 32 bytes: a hash, an ed25519 public key, a Hypercore key. */
export type Bytes32 = Uint8Array

/** Exactly 24 bytes: the link of a batch to its parent (settlement keeps 192 bits of the hash). */
export type Bytes24 = Uint8Array

/** r (32), s (32, at most half the group order), v (27 or 28): 65 bytes. */
export type Signature = Uint8Array

export type Side = 'buy' | 'sell'
export type TimeInForce = 'gtc' | 'ioc' | 'fok'
export type PostOnly = 'no' | 'reject' | 'slide'
export type SelfTradePrevention = 'cancelNewest' | 'cancelOldest' | 'cancelBoth' | 'decrement'

/** `stop`: armed until the last trade is at or through the price, against the order's side
 * (a buy at or above it, a sell at or below it). `takeProfit`: the other way round. */
export type Trigger = { kind: 'stop' | 'takeProfit'; price: number }

/** What the account signs. `market` is the index in the manifest's list on the wire and in
 * memory; the signed message carries the market's hash (market.ts) in its place. */
export type Order = {
  market: number
  account: Address
  side: Side
  /** Ticks, 1 to 2^32-1 (and the market's limit). */
  price: number
  /** Lots, 1 to 2^30-1 (and the market's limit). */
  quantity: number
  timeInForce: TimeInForce
  postOnly: PostOnly
  /** A quote of a market maker: counted by market-maker protection, replaced by mass-quote. */
  quote: boolean
  /** Lives only while its lane's lease is fresh. */
  leased: boolean
  selfTradePrevention: SelfTradePrevention
  trigger: Trigger | null
  /** Whole seconds since 1970; the order is dead when tape time reaches it. */
  expiry: number
  /** Ceiling of the order's fees in one batch, in quote quanta, 0 to 2^53-1. */
  feeMax: number
  /** 1 to 2^40-1, from one strictly increasing counter per account. */
  nonce: number
  /** Ring slot of an order that can rest or wait, 0 to the venue's slotsMax-1; 0 in any other. */
  slot: number
}

/** An order's place in a bulk-signed tree: leaf `index` of a tree of `height` levels (1 to 8),
 * siblings from the leaf upwards. */
export type MerkleProof = { height: number; index: number; siblings: Bytes32[] }

/** First entry of a lane: names it. */
export type OpenEntry = {
  kind: 'open'
  venue: Bytes32
  /** The daemon's ed25519 key on the swarm. */
  daemon: Bytes32
  /** Counts the lanes that this daemon has opened and abandoned. */
  incarnation: number
  /** The ed25519 key that signs the lane; its Hypercore manifest and lane key follow from it. */
  laneKey: Bytes32
}

/** Gives the account's trading to this lane, by the account's own signature. */
export type LinkEntry = {
  kind: 'link'
  account: Address
  nonce: number
  expiry: number
  signature: Signature
}

export type PlaceEntry = {
  kind: 'place'
  order: Order
  /** Null when the order itself is signed; else the signature is the root's. */
  proof: MerkleProof | null
  signature: Signature
}

/** Orders (all `quote`, one account, one market, nonces ascending) that replace the account's
 * quotes of the market. One signature covers the tree of all of them: no proofs are carried. */
export type QuoteEntry = {
  kind: 'quote'
  account: Address
  market: number
  /** 1 to 256 orders. */
  orders: Order[]
  signature: Signature
}

/** Cancels by nonce (1 to 256 nonces). */
export type CancelEntry = {
  kind: 'cancel'
  account: Address
  nonces: number[]
  /** Whole seconds; 0 for none. A cancel that arrives after it does nothing. */
  expiry: number
}

export type CancelAllEntry = {
  kind: 'cancelAll'
  account: Address
  /** Null for all markets. */
  market: number | null
  /** Null for both sides. */
  side: Side | null
  expiry: number
}

export type AmendEntry = {
  kind: 'amend'
  /** The order to be replaced, of the same account, market and side. */
  oldNonce: number
  /** Lots of the old order that the signer knew to be filled. */
  filledSeen: number
  order: Order
  proof: MerkleProof | null
  signature: Signature
}

export type WithdrawEntry = {
  kind: 'withdraw'
  account: Address
  /** Index in the manifest's list of tokens. */
  token: number
  quanta: number
  nonce: number
  expiry: number
  signature: Signature
}

/** Keeps the leased orders of the accounts of this lane alive for `ttlMs` of tape time. */
export type LeaseEntry = { kind: 'lease'; ttlMs: number }

/** Market-maker protection: after `lots` lots of quotes traded within `windowMs` the quotes of
 * the market go. `lots` 0 switches it off. Any `protect` entry resets a protection that fired. */
export type ProtectEntry = {
  kind: 'protect'
  account: Address
  market: number
  lots: number
  windowMs: number
}

/** What an account's filled order left behind on chain: filled lots of (slot, nonce). */
export type Mark = { slot: number; nonce: number; filled: number }

/** The account's net result of a batch, fees deducted. */
export type NetDelta = {
  batch: number
  parent: Bytes24
  account: Address
  /** Quanta by index of the venue's tokens; no trailing zero. */
  deltas: number[]
  /** Highest ioc/fok nonce that the batch settles for the account, or 0. */
  sequence: number
  /** Every order with a smaller nonce is dead. */
  floor: number
  /** By slot, ascending, at most one per slot. */
  marks: Mark[]
}

export type CosignEntry = { kind: 'cosign'; signature: Signature } & NetDelta

/** A validator's word on a sealed batch (`content` its calldata's hash), or on its void
 * (`content` null), after its own replay. */
export type AttestEntry = {
  kind: 'attest'
  batch: number
  parent: Bytes24
  content: Bytes32 | null
  /** Tape time at which the batch sealed, whole seconds. */
  sealedAt: number
  signature: Signature
}

export type Entry =
  | OpenEntry
  | LinkEntry
  | PlaceEntry
  | QuoteEntry
  | CancelEntry
  | CancelAllEntry
  | AmendEntry
  | WithdrawEntry
  | LeaseEntry
  | ProtectEntry
  | CosignEntry
  | AttestEntry

export type EntryKind = Entry['kind']

/** Events of the vault, each with the vault's own `sequence` (1, 2, 3 ... without a gap), so
 * that a provider that drops one is caught. */
export type ChainEvent = { sequence: number } & (
  | { kind: 'deposited'; account: Address; token: number; quanta: number }
  | { kind: 'exitRequested'; account: Address; token: number; readyAt: number }
  | { kind: 'exitCancelled'; account: Address; token: number }
  | { kind: 'exitClaimed'; account: Address; token: number; quanta: number }
  | { kind: 'floorRequested'; account: Address; nonce: number; readyAt: number }
  | { kind: 'floorApplied'; account: Address; nonce: number }
  | {
      kind: 'delegateSet'
      account: Address
      delegate: Address
      /** The market's hash, or 32 zero bytes for all markets. One event a grant. */
      market: Bytes32
      /** May also sign net deltas. */
      cosign: boolean
      /** Whole seconds; `until` 0 is a grant that never was, in the past a revocation. */
      from: number
      until: number
    }
  | {
      kind: 'batchSettled'
      index: number
      hash: Bytes24
      submitter: Address
      /** Quanta by token index, no trailing zero. */
      fees: number[]
    }
  | { kind: 'batchVoided'; index: number; hash: Bytes24 }
  | { kind: 'claimed'; account: Address; token: number; quanta: number }
)

/** How far the vault's events are taken in: up to and with `logIndex` of `block`. */
export type ChainCursor = {
  block: number
  hash: Bytes32
  /** The block's own time, whole seconds. */
  blockTime: number
  logIndex: number
}
