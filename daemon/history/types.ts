// What the history keeps. Integers as the engine has them: ticks, lots, quanta.
import type { Address, Side } from '../../protocol/types.ts'
import type { FillRecord } from '../trading/types.ts'

/** A trade of a market, for everybody. */
export type TradeRecord = {
  index: number
  event: number
  market: number
  takerSide: Side
  price: number
  lots: number
  time: number
  batch: number
}

/** A fill of a hosted account, with what tells whose it is. */
export type MyFill = {
  account: Address
  nonce: number
  market: number
  side: Side
  clientOrderId: string | null
  fill: FillRecord
}

export type CandleRecord = {
  /** Milliseconds since 1970 at which it begins. */
  time: number
  open: number
  high: number
  low: number
  close: number
  lots: number
  /** Quote quanta. */
  quote: number
}

export type TransferRecord = {
  account: Address
  token: number
  kind: 'deposit' | 'withdrawal' | 'exit'
  quanta: number
  /** Of a withdrawal. */
  nonce: number | null
  /** The batch that a withdrawal is settled with. */
  batch: number | null
  state: 'pending' | 'claimable' | 'claimed' | 'delayed' | 'final' | 'cancelled' | 'reverted'
  /** Of its last step on the chain, 0x-hex; null while that is not known here. */
  transaction: string | null
  readyAt: number | null
  time: number
  index: number
  event: number
}
