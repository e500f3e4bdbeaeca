// Why an entry was refused or an order went: a closed list. A reason's code on the record is its
// place in the list, from 1 (docs/matching.md, section 13), so the list only ever grows at its end.

export const reasons = [
  'lane_not_open',
  'lane_already_open',
  'bad_open',
  'bad_signature',
  'not_authorised',
  'not_linked',
  'not_admitted',
  'nonce_used',
  'bond_too_small',
  'quota',
  'settlement_lagging',
  'unknown_market',
  'exit_pending',
  'below_floor',
  'replaced',
  'price_out_of_range',
  'quantity_out_of_range',
  'invalid_combination',
  'slot_out_of_range',
  'expired',
  'expiry_too_far',
  'expiry_after_delegation',
  'notional_too_small',
  'fee_max_too_low',
  'price_band',
  'lease_lapsed',
  'protected',
  'too_many_orders',
  'slot_busy',
  'slot_nonce',
  'would_cross',
  'fok_unfillable',
  'insufficient_funds',
  'unknown_order',
  'amend_mismatch',
  'filled_seen_ahead',
  'already_filled',
  'quote_list',
  'no_chain',
  'cosign_batch',
  'cosign_parent',
  'cosign_account',
  'cosign_duplicate',
  'cosign_deltas',
  'cosign_nonce',
  'cosign_reaches_live',
  'cosign_marks',
  'cosign_uncovered',
  'not_validator',
  'attest_batch',
  'attest_parent',
  'attest_sealed_at',
  'attest_duplicate',
  'void_too_early',
  'requested',
  'amended',
  'lane_moved',
  'self_trade',
  'fill_limit',
  'ioc',
  'protection',
  'exit_requested',
  'floor',
  'delegate_revoked',
  'batch_voided',
  'venue_full'
] as const

export type Reason = (typeof reasons)[number]

function codeOf(reason: Reason): number {
  return reasons.indexOf(reason) + 1
}

/** Codes by reason, as constants that the optimiser can fold. 0 is "no reason". */
export const LANE_NOT_OPEN = codeOf('lane_not_open')
export const LANE_ALREADY_OPEN = codeOf('lane_already_open')
export const BAD_OPEN = codeOf('bad_open')
export const BAD_SIGNATURE = codeOf('bad_signature')
export const NOT_AUTHORISED = codeOf('not_authorised')
export const NOT_LINKED = codeOf('not_linked')
export const NOT_ADMITTED = codeOf('not_admitted')
export const NONCE_USED = codeOf('nonce_used')
export const BOND_TOO_SMALL = codeOf('bond_too_small')
export const QUOTA = codeOf('quota')
export const SETTLEMENT_LAGGING = codeOf('settlement_lagging')
export const UNKNOWN_MARKET = codeOf('unknown_market')
export const EXIT_PENDING = codeOf('exit_pending')
export const BELOW_FLOOR = codeOf('below_floor')
export const REPLACED = codeOf('replaced')
export const PRICE_OUT_OF_RANGE = codeOf('price_out_of_range')
export const QUANTITY_OUT_OF_RANGE = codeOf('quantity_out_of_range')
export const INVALID_COMBINATION = codeOf('invalid_combination')
export const SLOT_OUT_OF_RANGE = codeOf('slot_out_of_range')
export const EXPIRED = codeOf('expired')
export const EXPIRY_TOO_FAR = codeOf('expiry_too_far')
export const EXPIRY_AFTER_DELEGATION = codeOf('expiry_after_delegation')
export const NOTIONAL_TOO_SMALL = codeOf('notional_too_small')
export const FEE_MAX_TOO_LOW = codeOf('fee_max_too_low')
export const PRICE_BAND = codeOf('price_band')
export const LEASE_LAPSED = codeOf('lease_lapsed')
export const PROTECTED = codeOf('protected')
export const TOO_MANY_ORDERS = codeOf('too_many_orders')
export const SLOT_BUSY = codeOf('slot_busy')
export const SLOT_NONCE = codeOf('slot_nonce')
export const WOULD_CROSS = codeOf('would_cross')
export const FOK_UNFILLABLE = codeOf('fok_unfillable')
export const INSUFFICIENT_FUNDS = codeOf('insufficient_funds')
export const UNKNOWN_ORDER = codeOf('unknown_order')
export const AMEND_MISMATCH = codeOf('amend_mismatch')
export const FILLED_SEEN_AHEAD = codeOf('filled_seen_ahead')
export const ALREADY_FILLED = codeOf('already_filled')
export const QUOTE_LIST = codeOf('quote_list')
export const NO_CHAIN = codeOf('no_chain')
export const COSIGN_BATCH = codeOf('cosign_batch')
export const COSIGN_PARENT = codeOf('cosign_parent')
export const COSIGN_ACCOUNT = codeOf('cosign_account')
export const COSIGN_DUPLICATE = codeOf('cosign_duplicate')
export const COSIGN_DELTAS = codeOf('cosign_deltas')
export const COSIGN_NONCE = codeOf('cosign_nonce')
export const COSIGN_REACHES_LIVE = codeOf('cosign_reaches_live')
export const COSIGN_MARKS = codeOf('cosign_marks')
export const COSIGN_UNCOVERED = codeOf('cosign_uncovered')
export const NOT_VALIDATOR = codeOf('not_validator')
export const ATTEST_BATCH = codeOf('attest_batch')
export const ATTEST_PARENT = codeOf('attest_parent')
export const ATTEST_SEALED_AT = codeOf('attest_sealed_at')
export const ATTEST_DUPLICATE = codeOf('attest_duplicate')
export const VOID_TOO_EARLY = codeOf('void_too_early')
export const REQUESTED = codeOf('requested')
export const AMENDED = codeOf('amended')
export const LANE_MOVED = codeOf('lane_moved')
export const SELF_TRADE = codeOf('self_trade')
export const FILL_LIMIT = codeOf('fill_limit')
export const IOC_REST = codeOf('ioc')
export const PROTECTION = codeOf('protection')
export const EXIT_REQUESTED = codeOf('exit_requested')
export const FLOOR = codeOf('floor')
export const DELEGATE_REVOKED = codeOf('delegate_revoked')
export const BATCH_VOIDED = codeOf('batch_voided')
export const VENUE_FULL = codeOf('venue_full')
