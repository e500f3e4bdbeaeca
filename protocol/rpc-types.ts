// What the JSON-RPC speaks of: orders, trades, books, balances, batches. The methods that carry
// them are in rpc.ts.
//
// Names and shapes follow Deribit's JSON-RPC API where it has the like; docs/rpc.md lists the
// differences. Prices and amounts are decimal strings, times are milliseconds since 1970 unless a
// name says otherwise, an order's id is `account:nonce`.

export type Decimal = string
export type RpcSide = 'buy' | 'sell'

/** `pending`: in the lane, not final. `untriggered`: armed. `unknown` never appears: an order that
 * was taken is found again by its clientOrderId. */
export type RpcOrderState =
  'pending' | 'open' | 'untriggered' | 'filled' | 'cancelled' | 'rejected' | 'unknown'

/** A trade is `matched` the moment its cut is final, and `final` when the chain has confirmed its
 * batch. `reverted` means that its batch was voided: an incident. */
export type RpcTradeState =
  'matched' | 'sealed' | 'attested' | 'submitted' | 'mined' | 'final' | 'reverted'

export type RpcTrigger = { kind: 'stop' | 'takeProfit'; price: Decimal }

export type RpcOrder = {
  orderId: string
  clientOrderId: string | null
  account: string
  market: string
  side: RpcSide
  type: 'limit' | 'market'
  state: RpcOrderState
  /** Why it was rejected or cancelled: a reason of docs/errors.md. */
  reason: string | null
  price: Decimal
  /** Where it rests, when post-only slid it. */
  restingPrice: Decimal | null
  amount: Decimal
  filledAmount: Decimal
  remainingAmount: Decimal
  averagePrice: Decimal | null
  fee: Decimal
  timeInForce: 'gtc' | 'ioc' | 'fok'
  postOnly: 'no' | 'reject' | 'slide'
  quote: boolean
  leased: boolean
  selfTradePrevention: 'cancelNewest' | 'cancelOldest' | 'cancelBoth' | 'decrement'
  trigger: RpcTrigger | null
  expiry: number
  nonce: number
  /** Its EIP-712 digest. */
  hash: string
  createdAt: number
  updatedAt: number
  /** Tape index of the block that changed it last; null while pending. */
  tapeIndex: number | null
  /** Its `sequence` in the book of single orders; null until it is accepted. */
  bookSequence: number | null
}

/** What a placing or changing call answers. */
export type RpcOrderResult = { order: RpcOrder; trades: RpcMyTrade[] }

export type RpcTrade = {
  /** `tapeIndex.event`: the same on every daemon. */
  tradeId: string
  market: string
  /** The taker's. */
  side: RpcSide
  price: Decimal
  amount: Decimal
  time: number
  batch: number
  state: RpcTradeState
}

export type RpcMyTrade = RpcTrade & {
  orderId: string
  clientOrderId: string | null
  account: string
  mySide: RpcSide
  liquidity: 'maker' | 'taker'
  /** Quote tokens. A taking command pays once: its last trade carries the fee. */
  fee: Decimal
  transaction: string | null
}

export type RpcInstrument = {
  market: string
  base: string
  quote: string
  tickSize: Decimal
  lotSize: Decimal
  minNotional: Decimal
  maxAmount: Decimal
  maxPrice: Decimal
  bandBps: number
  makerFeeBps: number
  takerFeeBps: number
  minTakerFee: Decimal
  /** The hash that signed orders carry. */
  marketHash: string
}

/** [price, amount] */
export type RpcLevel = [Decimal, Decimal]
/** [change, price, amount]; amount is "0" in a delete. */
export type RpcLevelChange = ['new' | 'change' | 'delete', Decimal, Decimal]

export type RpcBook = {
  market: string
  /** Tape index after which this holds. */
  changeId: number
  time: number
  bids: RpcLevel[]
  asks: RpcLevel[]
  /** CRC-32 over the top ten levels, docs/rpc.md. */
  checksum: number
}

export type RpcBookOrder = {
  sequence: number
  side: RpcSide
  price: Decimal
  amount: Decimal
  /** Place in the level's queue, from 0. */
  position: number
  amountAhead: Decimal
  own: boolean
}

export type RpcFullBook = {
  market: string
  changeId: number
  time: number
  orders: RpcBookOrder[]
  /** CRC-32 over the first ten orders of each side, docs/rpc.md. */
  checksum: number
}

/** An order is named by its `sequence`. A new one stands last at its price; one that replaces
 * another has its place in the queue. */
export type RpcRawChange =
  | ['new', number, RpcSide, Decimal, Decimal]
  | ['change', number, Decimal]
  | ['replace', number, number, Decimal]
  | ['delete', number]

export type RpcTicker = {
  market: string
  time: number
  bestBid: RpcLevel | null
  bestAsk: RpcLevel | null
  last: Decimal | null
  high24h: Decimal | null
  low24h: Decimal | null
  volume24h: Decimal
  quoteVolume24h: Decimal
}

/** [time, open, high, low, close, base volume] */
export type RpcCandle = [number, Decimal, Decimal, Decimal, Decimal, Decimal]
export type RpcResolution = '1m' | '5m' | '15m' | '1h' | '4h' | '1d'

export type RpcBalance = {
  account: string
  token: string
  settled: Decimal
  pending: Decimal
  reserved: Decimal
  available: Decimal
  exiting: boolean
}

export type RpcVenue = {
  venueId: string
  name: string
  chainId: number | null
  vault: string | null
  validators: { peer: string; signer: string }[]
  tokens: { symbol: string; address: string; decimals: number; quantum: Decimal }[]
  instruments: RpcInstrument[]
  tapeKey: string
  /** The manifest as JSON, for `curb venue join`. */
  manifest: unknown
}

export type RpcStatus = {
  role: 'validator' | 'daemon'
  version: string
  ready: boolean
  /** Why not, and what else is amiss: stable names. */
  reasons: string[]
  time: number
  tape: { length: number; time: number; ageMs: number; eventHash: string; cutsPerSecond: number }
  engine: { state: 'running' | 'lagging' | 'stopped'; reason: string | null; index: number }
  validators: { total: number; reached: number; quorum: number }
  peers: RpcPeer[]
  lanes: { known: number; current: number }
  lane: { key: string; length: number; finalLength: number }
  chain: {
    state: 'none' | 'following' | 'unreachable' | 'lying'
    block: number
    ageMs: number
  } | null
  settlement: {
    openBatch: number
    unsettled: number
    lastSettled: number
    gasMoneyLow: boolean
    /** Of the batch that comes next on the chain; null while none is ready. `settler` is the
     * validator whose turn began last, `until` when the next one joins (null: all have). */
    turn: { batch: number; settler: string; until: number | null } | null
    /** Why a batch does not get on here, a line each. */
    problems: string[]
  } | null
  finality: { p50Ms: number; p99Ms: number }
  evidence: { kind: string; by: string; detail: string }[]
}

export type RpcPeer = {
  key: string
  role: 'validator' | 'daemon'
  tapeLength: number
  lagBlocks: number
  connectedAt: number
}

export type RpcBatch = {
  index: number
  state: 'open' | 'closed' | 'sealed' | 'attested' | 'submitted' | 'mined' | 'final' | 'reverted'
  fills: number
  withdrawals: number
  accounts: number
  cosigned: number
  attestations: number
  link: string | null
  transaction: string | null
  gas: number | null
  openedAt: number
  closedAt: number
  sealedAt: number
  submitter: string | null
}

export type RpcProof = {
  tapeIndex: number
  header: Record<string, unknown>
  /** Hex: the encoded cut, the tree hash of the tape up to it, and the quorum's signature. */
  cut: string
  treeHash: string
  /** Length of the tape that the signature is of (it covers every block below). */
  signedLength: number
  signature: string
}

export type RpcTransfer = {
  account: string
  token: string
  kind: 'deposit' | 'withdrawal' | 'exit'
  amount: Decimal
  state:
    | 'submitted'
    | 'mined'
    | 'pending'
    | 'claimable'
    | 'claimed'
    | 'delayed'
    | 'final'
    | 'cancelled'
    | 'reverted'
  transaction: string | null
  readyAt: number | null
  time: number
}

export type RpcExplain = {
  orderId: string
  typedData: unknown
  structHash: string
  digest: string
  signer: string | null
  lane: { key: string; block: number; acknowledgedBy: string[] } | null
  tape: { index: number; entry: number } | null
  state: RpcOrderState
  words: string[]
}
