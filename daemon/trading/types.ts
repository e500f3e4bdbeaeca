// What the desk needs of the daemon, and what it keeps of each order of the accounts that this
// daemon hosts.
import type { Engine, Reason } from '../../matching/index.ts'
import type { TypedHasher } from '../../protocol/eip712.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { TapeBlock } from '../../protocol/tape-block.ts'
import type { Address, Bytes32, Entry, Order, Signature } from '../../protocol/types.ts'
import type { LaneKey, Placed, Ticket } from '../lanes/types.ts'
import type { Outcome } from '../outcomes.ts'
import type { Applied } from '../replica/types.ts'

/** The daemon, as the desk sees it. */
export type TradingNode = {
  readonly manifest: Manifest
  readonly hasher: TypedHasher
  readonly engine: Engine
  /** The lane in use: its Hypercore key. */
  readonly lane: { key: LaneKey; lane: Bytes32 }
  /** Entries are taken only once the daemon is in step with its peers. */
  readonly synced: boolean
  /** @throws DaemonFault, LaneFault */
  submit(entry: Entry): Ticket
  outcome(placed: Placed): Promise<Outcome>
  onapplied(listener: (applied: Applied) => void): void
  /** The engine began anew from a snapshot: blocks may have been passed over. */
  onrestored(listener: () => void): void
  onlane(listener: () => void): void
  /** A block of the tape, or null when it is not here. */
  readBlock(index: number): Promise<TapeBlock | null>
  /** Entries that the own lane holds and the tape has not taken. */
  waitingEntries(): Entry[]
  /** Who signed the digest; null when nobody could have. */
  recover(digest: Bytes32, signature: Signature): Address | null
}

/** An unlocked key. */
export type AccountSigner = {
  readonly address: Address
  sign(digest: Bytes32): Signature
}

/** `unknown`: it has ended in blocks that this daemon has not seen, filled or not. */
export type OrderState =
  'pending' | 'open' | 'untriggered' | 'filled' | 'cancelled' | 'rejected' | 'unknown'

/** One fill of an order of ours. */
export type FillRecord = {
  /** Sequence of the trade: tape index and event number. */
  index: number
  event: number
  time: number
  lots: number
  price: number
  maker: boolean
  /** Quote quanta; a taking command's fee stands in its last fill. */
  fee: number
  batch: number
}

export type OrderRecord = {
  order: Order
  digest: Bytes32
  clientOrderId: string | null
  type: 'limit' | 'market'
  state: OrderState
  reason: Reason | null
  /** The engine's number; null while it is pending, or was rejected. */
  id: number | null
  /** Ticks at which it rests. */
  restingPrice: number | null
  /** Lots still to go: less than quantity minus filled after an amend, or a decrement. */
  remaining: number
  filled: number
  /** Sum of lots * price * tickValue over its fills. */
  filledQuote: number
  fee: number
  /** Fills since this process began; the history has all. */
  fills: FillRecord[]
  createdAt: number
  updatedAt: number
  /** Tape index of the block that changed it last. */
  tapeIndex: number | null
  /** Nonce of the order that this one amended; null when it was placed. */
  replaces: number | null
  /** Nonce of the first order of the list in which it was sent; its own when it came alone. */
  list: number
  /** Where its entry went: block of the lane, then place on the tape. */
  laneBlock: number | null
  place: { index: number; entry: number } | null
}

export type PlaceOptions = {
  clientOrderId?: string | null
  type?: OrderRecord['type']
  /** Called with the order's record before it is sent. */
  beforeSent?: (record: OrderRecord) => void
}

export type WithdrawalTerms = {
  token: number
  quanta: number
  /** Of the same withdrawal before; `expiry` in whole seconds. */
  again?: { nonce: number; expiry: number }
}

/** What was sent, and what comes of it. */
export type Sent<T> = {
  value: T
  /** In the journal: it will reach the tape, or the lane is abandoned. */
  journaled: Promise<void>
  /** The engine's answer. @throws TradingFault outcome_unknown */
  outcome: Promise<Outcome>
}
