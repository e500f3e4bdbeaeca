// One table of what a call can answer instead of a result: code, stable name, meaning, the class
// a ccxt client maps it to, and whether the same call may succeed later. docs/rpc.md is made of it.

export type RpcErrorSpec = { code: number; meaning: string; ccxt: string; retryable: boolean }

export const rpcErrors = {
  parse_error: spec(-32700, 'The body is not JSON.', 'BadRequest', false),
  invalid_request: spec(-32600, 'Not a JSON-RPC 2.0 request.', 'BadRequest', false),
  method_not_found: spec(-32601, 'No such method; rpc.discover lists them.', 'NotSupported', false),
  invalid_params: spec(
    -32602,
    'A parameter is missing, unknown or malformed.',
    'BadRequest',
    false
  ),
  internal_error: spec(-32603, 'A fault of the daemon; its log has more.', 'ExchangeError', false),
  unauthorized: spec(
    10001,
    'No token, or one that is unknown or expired.',
    'AuthenticationError',
    false
  ),
  forbidden: spec(
    10002,
    'The token’s scope does not allow this method.',
    'PermissionDenied',
    false
  ),
  too_many_requests: spec(10003, 'The token’s rate bucket is empty.', 'RateLimitExceeded', true),
  busy: spec(10004, 'The daemon sheds load; nothing was taken.', 'ExchangeNotAvailable', true),
  not_ready: spec(
    10005,
    'The tape is stale or still syncing, or no validator is reachable; orders are refused.',
    'ExchangeNotAvailable',
    true
  ),
  settlement_lagging: spec(
    10006,
    'The chain or settlement lags; only cancels and reductions are taken.',
    'OnMaintenance',
    true
  ),
  engine_stopped: spec(
    10007,
    'The engine stopped on a failed assertion; see venue status.',
    'OnMaintenance',
    false
  ),
  unknown_market: spec(10010, 'The venue has no such market.', 'BadSymbol', false),
  unknown_token: spec(10011, 'The venue has no such token.', 'BadRequest', false),
  unknown_account: spec(10012, 'The daemon does not host the account.', 'BadRequest', false),
  too_many_accounts: spec(
    10038,
    'The daemon hosts as many accounts as it may; link this one to another.',
    'PermissionDenied',
    false
  ),
  account_locked: spec(
    10013,
    'The account’s key is locked; unlock it or hand in a signed order.',
    'PermissionDenied',
    false
  ),
  not_linked: spec(
    10014,
    'The account’s lane is another daemon’s; link it here first.',
    'PermissionDenied',
    false
  ),
  invalid_amount: spec(
    10015,
    'An amount or price is off lot, off tick or out of range.',
    'InvalidOrder',
    false
  ),
  insufficient_funds: spec(
    10020,
    'The available balance does not cover it.',
    'InsufficientFunds',
    false
  ),
  order_not_found: spec(10021, 'No live order by this name.', 'OrderNotFound', false),
  would_cross: spec(
    10022,
    'A post-only order would have traded.',
    'OrderImmediatelyFillable',
    false
  ),
  fok_unfillable: spec(
    10023,
    'A fill-or-kill order could not be filled whole.',
    'OrderNotFillable',
    false
  ),
  duplicate_client_order_id: spec(
    10024,
    'The clientOrderId was used with another body.',
    'DuplicateOrderId',
    false
  ),
  duplicate_client_request_id: spec(
    10037,
    'The clientRequestId was used for another request.',
    'DuplicateOrderId',
    false
  ),
  rejected: spec(10025, 'The engine rejected it; data.reason says why.', 'InvalidOrder', false),
  empty_book: spec(10026, 'A market order found no price to start from.', 'OrderNotFillable', true),
  outcome_unknown: spec(
    10030,
    'Taken into the lane, but not final in time; ask again with the same client id.',
    'RequestTimeout',
    true
  ),
  chain_unavailable: spec(10031, 'The chain’s node does not answer.', 'ExchangeNotAvailable', true),
  not_found: spec(10032, 'No such object.', 'BadRequest', false),
  unknown_channel: spec(10033, 'No such channel.', 'BadRequest', false),
  subscription_lost: spec(10034, 'Subscriptions need a WebSocket.', 'NotSupported', false),
  history_incomplete: spec(
    10036,
    'The daemon has not seen every block since the one named; data.reason says from where on it has.',
    'BadRequest',
    false
  ),
  transaction_failed: spec(
    10035,
    'The transaction is on the chain, but it did not succeed.',
    'ExchangeError',
    false
  )
} as const satisfies Record<string, RpcErrorSpec>

export type RpcErrorName = keyof typeof rpcErrors

function spec(code: number, meaning: string, ccxt: string, retryable: boolean): RpcErrorSpec {
  return { code, meaning, ccxt, retryable }
}

/** What a handler throws to answer with an error of the table.
 * `reason` is the engine's or a sentence; `param` names the parameter at fault. */
export class RpcError extends Error {
  readonly rpcName: RpcErrorName
  readonly reason: string
  readonly param: string | null

  constructor(
    name: RpcErrorName,
    reason: string = rpcErrors[name].meaning,
    param: string | null = null
  ) {
    super(`${name}: ${reason}`)
    this.name = 'RpcError'
    this.rpcName = name
    this.reason = reason
    this.param = param
  }

  toWire(): {
    code: number
    message: string
    data: { reason: string; param: string | null; retryable: boolean }
  } {
    const { code, retryable } = rpcErrors[this.rpcName]
    return {
      code,
      message: this.rpcName,
      data: { reason: this.reason, param: this.param, retryable }
    }
  }
}
