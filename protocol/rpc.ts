// The methods and channels of the JSON-RPC: what daemon/rpc promises and client/ relies on. Types
// alone; the daemon's zod schemas are held to them by the compiler. Names and shapes follow
// Deribit's JSON-RPC API where it has the like; docs/rpc.md lists the differences.
import type {
  Decimal,
  RpcBalance,
  RpcBatch,
  RpcBook,
  RpcCandle,
  RpcExplain,
  RpcFullBook,
  RpcInstrument,
  RpcLevelChange,
  RpcMyTrade,
  RpcOrder,
  RpcOrderResult,
  RpcOrderState,
  RpcProof,
  RpcRawChange,
  RpcResolution,
  RpcSide,
  RpcStatus,
  RpcTicker,
  RpcTrade,
  RpcTransfer,
  RpcTrigger,
  RpcVenue
} from './rpc-types.ts'

export type * from './rpc-types.ts'

/** Parameters of one order, as a person or a bot names them. */
export type RpcPlaceParams = {
  account?: string
  market: string
  amount: Decimal
  /** Left out in a market order. */
  price?: Decimal
  type?: 'limit' | 'market'
  timeInForce?: 'gtc' | 'ioc' | 'fok'
  postOnly?: 'no' | 'reject' | 'slide'
  clientOrderId?: string
  leased?: boolean
  selfTradePrevention?: RpcOrder['selfTradePrevention']
  trigger?: RpcTrigger
  /** Whole seconds since 1970. */
  expiry?: number
  /** False answers at once with the order `pending`. */
  wait?: boolean
}

export type RpcQuoteParams = {
  account?: string
  market: string
  /** Every order that shall stand afterwards. */
  quotes: {
    side: RpcSide
    price: Decimal
    amount: Decimal
    postOnly?: RpcPlaceParams['postOnly']
  }[]
  leased?: boolean
  expiry?: number
  wait?: boolean
}

export type RpcWithSide = RpcPlaceParams & { side: RpcSide }
export type RpcByOrder = { orderId: string }

type None = Record<string, never>
type OfAccount = { account?: string }
type Page = { account?: string; market?: string; count?: number; before?: number }

/** Every method: its parameters and its result. */
export type RpcMethods = {
  'rpc.discover': { params: None; result: Record<string, unknown> }
  'public/get_time': { params: None; result: number }
  'public/test': { params: None; result: { version: string } }
  'public/get_instruments': { params: None; result: RpcInstrument[] }
  'public/get_instrument': { params: { market: string }; result: RpcInstrument }
  'public/get_order_book': {
    params: { market: string; depth?: number; level?: 2 | 3 }
    result: RpcBook | RpcFullBook
  }
  'public/get_last_trades': { params: { market: string; count?: number }; result: RpcTrade[] }
  'public/get_candles': {
    params: { market: string; resolution: RpcResolution; from?: number; to?: number }
    result: { candles: RpcCandle[]; completeFrom: number }
  }
  'public/ticker': { params: { market: string }; result: RpcTicker }
  'public/get_venue': { params: None; result: RpcVenue }
  'public/status': { params: None; result: RpcStatus }
  'public/get_proof': { params: { tapeIndex: number }; result: RpcProof }
  'public/get_batches': { params: { count?: number; before?: number }; result: RpcBatch[] }
  'public/get_batch': { params: { index: number }; result: RpcBatch & { trades: RpcTrade[] } }
  'public/subscribe': { params: { channels: string[] }; result: string[] }
  'public/unsubscribe': { params: { channels: string[] }; result: string[] }
  'public/set_heartbeat': { params: { interval: number }; result: 'ok' }
  'private/buy': { params: RpcPlaceParams; result: RpcOrderResult }
  'private/sell': { params: RpcPlaceParams; result: RpcOrderResult }
  'private/place': {
    params: {
      account?: string
      actions: (
        ({ action: 'buy' | 'sell' } & RpcPlaceParams) | { action: 'cancel'; orderId: string }
      )[]
      wait?: boolean
    }
    result: (RpcOrderResult | { error: { code: number; message: string; reason: string } })[]
  }
  'private/edit': {
    params: { orderId: string; amount?: Decimal; price?: Decimal; expiry?: number; wait?: boolean }
    result: RpcOrderResult
  }
  'private/cancel': { params: RpcByOrder & { wait?: boolean }; result: RpcOrder }
  'private/cancel_by_client_id': {
    params: { clientOrderId: string; account?: string; wait?: boolean }
    result: RpcOrder
  }
  'private/cancel_all': {
    params: { account?: string; market?: string; side?: RpcSide; wait?: boolean }
    result: { cancelled: string[] }
  }
  'private/mass_quote': {
    params: RpcQuoteParams
    result: { orders: RpcOrder[]; trades: RpcMyTrade[] }
  }
  'private/get_open_orders': { params: { account?: string; market?: string }; result: RpcOrder[] }
  'private/get_order': {
    params: { orderId?: string; clientOrderId?: string; account?: string }
    result: RpcOrder
  }
  'private/get_order_history': { params: Page; result: RpcOrder[] }
  'private/get_my_trades': { params: Page; result: RpcMyTrade[] }
  'private/get_balances': { params: OfAccount; result: RpcBalance[] }
  'private/get_exposure': {
    params: OfAccount
    result: {
      orderId: string
      market: string
      side: RpcSide
      price: Decimal
      amount: Decimal
      validUntil: number
      state: RpcOrderState
    }[]
  }
  'private/get_accounts': {
    params: None
    result: {
      account: string
      unlocked: boolean
      linked: boolean
      lane: string | null
      lastNonce: number
    }[]
  }
  'private/deposit': {
    params: { account?: string; token: string; amount: Decimal; clientRequestId?: string }
    result: { transaction: string }
  }
  'private/withdraw': {
    params: {
      account?: string
      token: string
      amount: Decimal
      clientRequestId?: string
      wait?: boolean
    }
    result: { nonce: number; state: 'pending' | 'accepted' }
  }
  'private/exit': {
    params: {
      account?: string
      token: string
      action?: 'request' | 'claim' | 'cancel'
      clientRequestId?: string
    }
    result: { transaction: string; readyAt: number | null }
  }
  'private/raise_floor': {
    params: {
      account?: string
      action?: 'request' | 'apply'
      nonce?: number
      clientRequestId?: string
    }
    result: { transaction: string; readyAt: number | null }
  }
  'private/get_transfers': { params: OfAccount; result: RpcTransfer[] }
  'private/submit_signed_order': {
    params: {
      /** As `eth_signTypedData_v4` took it: the message of the typed data. */
      order: Record<string, unknown>
      signature: string
      clientOrderId?: string
      wait?: boolean
    }
    result: RpcOrderResult
  }
  'private/prepare_order': {
    params: Omit<RpcWithSide, 'clientOrderId' | 'wait'>
    result: { typedData: unknown; digest: string }
  }
  'private/link_account': {
    params: { account: string; signature?: string; nonce?: number; expiry?: number }
    result: { account: string; linked: boolean; typedData: unknown }
  }
  'private/enable_cancel_on_disconnect': {
    params: { scope: 'connection' | 'account' }
    result: 'ok'
  }
  'private/disable_cancel_on_disconnect': { params: None; result: 'ok' }
  'private/set_lease': { params: { ttlMs: number }; result: 'ok' }
  'private/set_market_maker_protection': {
    params: { account?: string; market: string; amount: Decimal; windowMs: number }
    result: 'ok'
  }
  'private/set_delegate': {
    params: {
      account?: string
      delegate: string
      market?: string
      cosign?: boolean
      from?: number
      until: number
      clientRequestId?: string
    }
    result: { transaction: string }
  }
  'private/explain_order': { params: RpcByOrder; result: RpcExplain }
  'private/get_since': {
    params: { tapeIndex: number; count?: number; account?: string }
    result: {
      /** From which index the answer is complete. */
      completeFrom: number
      /** The last block that is in it: ask from there next. */
      tapeIndex: number
      /** There is more after that block. */
      more: boolean
      orders: RpcOrder[]
      trades: RpcMyTrade[]
      balances: RpcBalance[]
    }
  }
  'admin/create_token': {
    params: { name: string; scope: 'read' | 'trade' | 'admin'; lifeSeconds?: number }
    result: { token: string }
  }
  'admin/list_tokens': {
    params: None
    result: { name: string; scope: string; expiresAt: number | null }[]
  }
  'admin/revoke_token': { params: { name: string }; result: boolean }
  'admin/void_batch': { params: { index: number }; result: 'ok' }
  /** Refuses these peers (hex keys) until called again: how a devnet makes a partition. */
  'admin/block_peers': { params: { peers: string[] }; result: 'ok' }
}

export type RpcMethodName = keyof RpcMethods

/** Data of each channel; names in docs/rpc.md. Sequence is [tape index, event number]. */
export type RpcChannelData = {
  book:
    | ({ type: 'snapshot' } & RpcBook)
    | {
        type: 'change'
        market: string
        changeId: number
        prevChangeId: number
        time: number
        bids: RpcLevelChange[]
        asks: RpcLevelChange[]
        checksum: number
      }
  rawBook:
    | ({ type: 'snapshot' } & RpcFullBook)
    | {
        type: 'change'
        market: string
        changeId: number
        prevChangeId: number
        time: number
        changes: RpcRawChange[]
        checksum: number
      }
  trades: (RpcTrade & { sequence: [number, number] })[]
  candles: { market: string; resolution: RpcResolution; candle: RpcCandle }
  ticker: RpcTicker
  orders: RpcOrder & { sequence: [number, number] }
  myTrades: RpcMyTrade & { sequence: [number, number] }
  balances: RpcBalance & { sequence: [number, number] }
  status: RpcStatus
}
