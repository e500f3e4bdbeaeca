// What the naive engine remembers: plain objects in plain lists.
import type { Address, OrderInput } from '../../../matching/types.ts'

export type Lane = {
  index: number
  key: string
  /** Whether any entry of it was seen: only the first one may open it. */
  begun: boolean
  open: boolean
  leaseUntil: number
}

export type Protection = {
  lots: number
  windowMs: number
  counts: { time: number; lots: number }[]
  fired: boolean
}

export type Account = {
  index: number
  address: Address
  lane: Lane | null
  lastNonce: number
  /** lastNonce before step 5 of this block. */
  nonceBefore: number
  floor: number
  settled: number[]
  pending: number[]
  reserved: number[]
  exit: boolean[]
  /** Live orders by ascending id. */
  live: Order[]
  /** The greatest nonce that each ring slot has held. */
  slotNonces: Map<number, number>
  /** By market. */
  protections: Map<number, Protection>
  /** Orders counted against the quota in this block. */
  counted: number
}

/** Where an order's signed bytes are on the tape; `leaf` is its place in a mass-quote. */
export type Place = { index: number; entry: number; leaf: number }

export type OrderState = 'pending' | 'armed' | 'fired' | 'resting' | 'entering' | 'gone'

export type Order = {
  id: number
  account: Account
  /** Who signed: the account or a delegate. */
  signer: Address
  input: OrderInput
  place: Place
  /** Where it rests: its limit, or less when it slid. */
  price: number
  remaining: number
  filled: number
  /** Fees paid in the open batch. */
  feesPaid: number
  /** Quanta of the market's base and quote token that it holds back. */
  reservedBase: number
  reservedQuote: number
  state: OrderState
}

export type Trade = {
  market: number
  price: number
  /** Every order accepted before this trade has a smaller id. */
  nextOrderId: number
}

/** One side of a fill: what settlement has to prove. */
export type Leg = {
  order: Order
  /** Lots of the order filled so far, this fill included. */
  filledAfter: number
}

export type Fill = {
  market: number
  maker: Leg
  taker: Leg
  lots: number
  price: number
  makerFee: number
}

export type Withdrawal = {
  account: Account
  token: number
  quanta: number
  nonce: number
  place: Place
}

export type Vote = { validator: number; void: boolean; link: string }

export type Batch = {
  index: number
  state: 'open' | 'closed' | 'sealed' | 'attested'
  /** Tape time of the first trade or withdrawal; 0 while there is none. */
  openedAt: number
  closedAt: number
  /** Whole seconds. */
  sealedAt: number
  /** Tape time at which a quorum attested it. */
  attestedAt: number
  /** What the quorum attested. */
  link: string | null
  fills: Fill[]
  takerFees: { order: Order; fee: number }[]
  withdrawals: Withdrawal[]
  cosigned: Account[]
  votes: Vote[]
}

export type Grant = {
  account: Address
  delegate: Address
  market: string | null
  cosign: boolean
  from: number
  until: number
}
