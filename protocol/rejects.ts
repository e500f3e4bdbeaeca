// Why an entry was refused, or an order left the book. Rejects are expected and deterministic:
// every daemon gives the same one. The list is closed and ordered: a reason's code, which goes
// into event records, is its place here, from 1 (docs/matching.md, section 13). New reasons go to
// the end.

/** Name and meaning, in the order of the codes. */
export const rejects = [
  ['lane_not_open', 'The lane has not opened itself with an `open` entry.'],
  ['lane_already_open', 'An `open` entry that is not the first entry of its lane.'],
  ['bad_open', "The `open` entry does not fit the lane's key or the venue."],
  ['bad_signature', 'No key, or the wrong one, signed the entry.'],
  ['not_authorised', 'The signer is neither the account nor a delegate whose grant holds.'],
  ['not_linked', 'The account is not linked to the lane that carries the entry.'],
  ['not_admitted', "The account is not on the venue's list of admitted accounts."],
  ['nonce_used', 'The nonce is not above the last one that the account has used.'],
  ['bond_too_small', 'The account holds less of the bond token than the venue asks for.'],
  ['quota', 'The account sent more entries in one cut than its bond allows.'],
  ['settlement_lagging', 'Settlement is behind, so the venue takes no new exposure for now.'],
  ['unknown_market', 'The venue has no such market or token.'],
  ['exit_pending', 'The account has asked the vault to leave with one of the tokens.'],
  ['below_floor', "The nonce is below the account's floor: all such orders are dead."],
  ['replaced', "A mass-quote of the same block replaced the account's quotes of the market."],
  ['price_out_of_range', "The price, or the trigger's price, is 0 or above the market's limit."],
  ['quantity_out_of_range', "The quantity is 0 or above the market's limit."],
  ['invalid_combination', "The order's options contradict each other."],
  ['slot_out_of_range', 'The ring slot is not below the slots that the venue gives an account.'],
  ['expired', 'Its expiry has been reached.'],
  ['expiry_too_far', 'The expiry lies further ahead than the venue allows.'],
  ['expiry_after_delegation', "The order would outlive its delegate's grant."],
  ['notional_too_small', "Price times quantity is below the market's least."],
  ['fee_max_too_low', 'feeMax does not cover the fees that the order could cost.'],
  ['price_band', "The price is too far beyond the market's last trade."],
  ['lease_lapsed', "The order is leased and its lane's lease is not fresh."],
  ['protected', 'Market-maker protection has fired: no quotes until it is reset.'],
  ['too_many_orders', 'The account has as many live orders as the venue allows.'],
  ['slot_busy', 'The ring slot holds a live order.'],
  ['slot_nonce', 'The ring slot has held an order with this nonce or a greater one.'],
  ['would_cross', 'A post-only order would have traded, or has no tick left to slide to.'],
  ['fok_unfillable', 'The book cannot fill the whole quantity at once.'],
  ['insufficient_funds', 'The account cannot cover what this could cost besides its other orders.'],
  ['unknown_order', 'The account has no live order of that nonce.'],
  ['amend_mismatch', 'The new order is of another market or side than the old one.'],
  ['filled_seen_ahead', 'filledSeen is more than the old order has filled.'],
  ['already_filled', 'The old order has filled all that the amended one asked for.'],
  ['quote_list', 'An order of the mass-quote is not a quote of its account and market.'],
  ['no_chain', 'The venue has no chain: there is nothing to withdraw to.'],
  ['cosign_batch', 'The batch is not the one that is waiting for co-signatures.'],
  ['cosign_parent', "The batch's parent is another."],
  ['cosign_account', 'The account has no trade in the batch.'],
  ['cosign_duplicate', 'The account has co-signed the batch already.'],
  ['cosign_deltas', "The deltas are not the account's net result of the batch."],
  ['cosign_nonce', 'The floor or the sequence passes the last nonce that the account has used.'],
  [
    'cosign_reaches_live',
    'The floor or the sequence would kill an order that lives or fills later.'
  ],
  ['cosign_marks', 'A mark is not an order of the batch, or not with its filled lots.'],
  ['cosign_uncovered', 'An order that filled in the batch could be settled a second time.'],
  ['not_validator', "The signer is not one of the venue's validators."],
  ['attest_batch', 'The batch is not waiting for attestations.'],
  ['attest_parent', "The batch's parent is another."],
  ['attest_sealed_at', 'The batch sealed at another time.'],
  ['attest_duplicate', 'The validator has attested this already.'],
  ['void_too_early', 'The batch can still settle: its horizon has not passed.'],
  ['requested', 'Cancelled as its owner asked.'],
  ['amended', 'An amended order took its place.'],
  ['lane_moved', 'The account was linked to another lane.'],
  ['self_trade', 'It would have traded with an order of its own account.'],
  ['fill_limit', 'The command made as many fills as one may; the rest was cancelled.'],
  ['ioc', 'Immediate or cancel: what did not trade at once was cancelled.'],
  ['protection', "Market-maker protection fired and took the account's quotes off the market."],
  ['exit_requested', 'The account asked the vault to leave with one of the tokens.'],
  ['floor', "The account raised its floor above the order's nonce."],
  ['delegate_revoked', 'The grant under which the order was signed has ended.'],
  ['batch_voided', 'A batch was voided, and with it every unsettled trade and all orders.'],
  ['venue_full', 'The venue has as many accounts as it takes by links: deposit first.']
] as const satisfies readonly (readonly [string, string])[]

export type RejectReason = (typeof rejects)[number][0]

/** A reason's code in event records. */
export function rejectCode(reason: RejectReason): number {
  return rejects.findIndex(([name]) => name === reason) + 1
}

/** The reason of a code; null for a code that is not on the list. */
export function rejectOf(code: number): RejectReason | null {
  return code >= 1 && code <= rejects.length ? rejects[code - 1][0] : null
}
