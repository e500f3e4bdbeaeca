// From what the daemon throws, and what the engine rejects, to the errors of the table.
import type { Reason } from '../../matching/index.ts'
import { Fault } from '../../protocol/faults.ts'
import { TradingFault } from '../trading/trading-fault.ts'
import { RpcError, rpcErrors, type RpcErrorName } from './errors.ts'

/** Codes of faults that are a caller's or the moment's. What is not here is the daemon's own. */
const byCode: Record<string, RpcErrorName> = {
  no_free_slot: 'rejected',
  nonce_used: 'rejected',
  bad_signature: 'rejected',
  not_synced: 'not_ready',
  tape_stale: 'not_ready',
  no_validator: 'not_ready',
  daemon_closed: 'not_ready',
  engine_stopped: 'engine_stopped',
  lane_busy: 'busy',
  lane_closed: 'not_ready',
  lane_abandoned: 'not_ready',
  lane_entry_too_large: 'invalid_params',
  encode_failed: 'invalid_params',
  address_invalid: 'invalid_params',
  amount_invalid: 'invalid_amount',
  amount_off_quantum: 'invalid_amount',
  price_off_tick: 'invalid_amount',
  quantity_off_lot: 'invalid_amount',
  chain_unreachable: 'chain_unavailable',
  transaction_refused: 'rejected',
  transaction_reverted: 'rejected',
  transaction_superseded: 'rejected',
  transaction_unpayable: 'rejected',
  transactions_closed: 'not_ready',
  batch_unknown: 'not_found',
  batch_not_voidable: 'rejected',
  not_settler: 'rejected',
  token_exists: 'invalid_params'
}

const byReason: Partial<Record<Reason, RpcErrorName>> = {
  insufficient_funds: 'insufficient_funds',
  would_cross: 'would_cross',
  fok_unfillable: 'fok_unfillable',
  unknown_order: 'order_not_found',
  not_linked: 'not_linked',
  settlement_lagging: 'settlement_lagging'
}

/** The error of the table that a fault stands for; any other is given back as it came. */
export function toRpcError(fault: unknown): unknown {
  if (fault instanceof RpcError || !(fault instanceof Fault)) return fault
  const param = fault instanceof TradingFault ? fault.param : null
  const name = isErrorName(fault.code) ? fault.code : byCode[fault.code]
  if (name === undefined) return fault
  return new RpcError(
    name,
    name === 'rejected' ? `${fault.code}: ${fault.message}` : fault.message,
    param
  )
}

/** The engine's refusal. `data.reason` is the very reason of docs/errors.md. */
export function rejection(reason: Reason | null): RpcError {
  if (reason === null) return new RpcError('rejected')
  return new RpcError(byReason[reason] ?? 'rejected', reason)
}

function isErrorName(code: string): code is RpcErrorName {
  return Object.hasOwn(rpcErrors, code)
}
