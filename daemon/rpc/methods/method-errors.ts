// What each method itself can answer instead of a result, beside what any call can (docs/rpc.md):
// rpc.discover tells it, and the tests hold every answer that they get to it.
import type { RpcMethodName } from '../../../protocol/rpc.ts'
import type { RpcErrorName } from '../errors.ts'

const account = ['unknown_account'] as const
const market = ['unknown_market'] as const
const socket = ['subscription_lost'] as const
/** An entry goes into the lane, and the engine says what becomes of it. */
const sent = ['not_ready', 'busy', 'engine_stopped', 'outcome_unknown', 'rejected'] as const
const cancelled = [...account, ...sent, 'not_linked'] as const
/** What the engine says of orders. */
const placed = [
  ...cancelled,
  ...market,
  'settlement_lagging',
  'invalid_amount',
  'insufficient_funds',
  'would_cross'
] as const
const taken = [
  ...placed,
  'account_locked',
  'empty_book',
  'fok_unfillable',
  'duplicate_client_order_id'
] as const
/** A transaction of an account to the vault. */
const moved = [
  ...account,
  'account_locked',
  'chain_unavailable',
  'not_ready',
  'rejected',
  'transaction_failed',
  'duplicate_client_request_id'
] as const

export const methodErrors: Record<RpcMethodName, readonly RpcErrorName[]> = {
  'rpc.discover': [],
  'public/get_time': [],
  'public/test': [],
  'public/get_instruments': [],
  'public/get_instrument': market,
  'public/get_order_book': market,
  'public/get_last_trades': market,
  'public/get_candles': market,
  'public/ticker': market,
  'public/get_venue': [],
  'public/status': [],
  'public/get_proof': ['not_found'],
  'public/get_batches': [],
  'public/get_batch': ['not_found'],
  'public/subscribe': [...socket, 'unknown_channel'],
  'public/unsubscribe': socket,
  'public/set_heartbeat': socket,
  'private/buy': taken,
  'private/sell': taken,
  'private/place': [...taken, 'order_not_found'],
  'private/edit': [...placed, 'account_locked', 'order_not_found'],
  'private/cancel': [...cancelled, 'order_not_found'],
  'private/cancel_by_client_id': [...cancelled, 'order_not_found'],
  'private/cancel_all': [...cancelled, ...market],
  'private/mass_quote': [...placed, 'account_locked', 'order_not_found'],
  'private/get_open_orders': [...account, ...market],
  'private/get_order': [...account, 'order_not_found'],
  'private/get_order_history': [...account, ...market],
  'private/get_my_trades': [...account, ...market],
  'private/get_balances': account,
  'private/get_exposure': account,
  'private/get_accounts': [],
  'private/get_since': [...account, 'history_incomplete'],
  'private/explain_order': [...account, 'order_not_found'],
  'private/deposit': [...moved, 'unknown_token', 'invalid_amount'],
  'private/withdraw': [
    ...cancelled,
    'account_locked',
    'unknown_token',
    'invalid_amount',
    'insufficient_funds',
    'settlement_lagging',
    'history_incomplete',
    'duplicate_client_request_id'
  ],
  'private/exit': [...moved, 'unknown_token'],
  'private/raise_floor': moved,
  'private/set_delegate': [...moved, ...market],
  'private/get_transfers': account,
  'private/submit_signed_order': [...placed, 'fok_unfillable', 'duplicate_client_order_id'],
  'private/prepare_order': [
    ...account,
    ...market,
    'not_ready',
    'not_linked',
    'settlement_lagging',
    'invalid_amount',
    'empty_book',
    'rejected'
  ],
  'private/link_account': [...sent, 'too_many_accounts'],
  'private/enable_cancel_on_disconnect': socket,
  'private/disable_cancel_on_disconnect': socket,
  'private/set_lease': sent,
  'private/set_market_maker_protection': [...cancelled, ...market, 'invalid_amount'],
  'admin/create_token': [],
  'admin/list_tokens': [],
  'admin/revoke_token': [],
  'admin/void_batch': [...sent, 'chain_unavailable', 'not_found'],
  'admin/block_peers': []
}
