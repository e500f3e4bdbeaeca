import { Fault } from '../../protocol/faults.ts'

/** Why the desk refuses a call, each with its meaning in a line; the RPC answers with the same
 * names. */
export const tradingFaults = {
  unknown_market: 'The venue has no such market.',
  unknown_token: 'The venue has no such token.',
  unknown_account: 'The daemon does not host the account.',
  too_many_accounts: 'The daemon hosts as many accounts as it may.',
  account_locked: 'The account’s key is locked: unlock it, or hand in an order signed outside.',
  not_linked: 'The account’s lane is another daemon’s, or none: link it here first.',
  invalid_amount: 'An amount or a price is off lot, off tick or out of range.',
  empty_book: 'A market order found no price to start from.',
  order_not_found: 'No live order by this name.',
  duplicate_client_order_id: 'The clientOrderId was used with another body.',
  duplicate_client_request_id: 'The clientRequestId was used for another request.',
  nonce_used: 'The nonce is not above the account’s last one; ask for a fresh order to sign.',
  no_free_slot: 'All ring slots of the account hold live orders; cancel some.',
  outcome_unknown: 'Taken into the lane, but not final in time; ask again with the same client id.',
  bad_signature: 'The signature is not of this account or a delegate of it.'
} as const satisfies Record<string, string>

export type TradingFaultCode = keyof typeof tradingFaults

export class TradingFault extends Fault<TradingFaultCode> {
  override readonly name = 'TradingFault'
  /** The parameter at fault, as the RPC names it. */
  readonly param: string | null

  constructor(
    code: TradingFaultCode,
    message: string = tradingFaults[code],
    param: string | null = null
  ) {
    super(code, message)
    this.param = param
  }
}
