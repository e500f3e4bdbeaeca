// Section 13 of docs/matching.md, word for word: the code is the place in this list, from 1.
const names =
  'lane_not_open, lane_already_open, bad_open, bad_signature, not_authorised, not_linked, not_admitted, nonce_used, bond_too_small, quota, settlement_lagging, unknown_market, exit_pending, below_floor, replaced, price_out_of_range, quantity_out_of_range, invalid_combination, slot_out_of_range, expired, expiry_too_far, expiry_after_delegation, notional_too_small, fee_max_too_low, price_band, lease_lapsed, protected, too_many_orders, slot_busy, slot_nonce, would_cross, fok_unfillable, insufficient_funds, unknown_order, amend_mismatch, filled_seen_ahead, already_filled, quote_list, no_chain, cosign_batch, cosign_parent, cosign_account, cosign_duplicate, cosign_deltas, cosign_nonce, cosign_reaches_live, cosign_marks, cosign_uncovered, not_validator, attest_batch, attest_parent, attest_sealed_at, attest_duplicate, void_too_early, requested, amended, lane_moved, self_trade, fill_limit, ioc, protection, exit_requested, floor, delegate_revoked, batch_voided, venue_full'

export const reasons: readonly string[] = names.split(', ')

export function reasonCode(reason: string): number {
  const place = reasons.indexOf(reason)
  if (place < 0) throw new Error(`no such reason: ${reason}`)
  return place + 1
}

/** Kinds of section 12. */
export const kinds: Readonly<Record<string, number>> = {
  accepted: 1,
  rejected: 2,
  rested: 3,
  traded: 4,
  charged: 5,
  reduced: 6,
  cancelled: 7,
  expired: 8,
  triggered: 9,
  amended: 10,
  withdrawn: 11,
  linked: 12,
  leaseRenewed: 13,
  protectSet: 14,
  protectionFired: 15,
  opened: 16,
  deposited: 20,
  exitRequested: 21,
  exitCancelled: 22,
  exitClaimed: 23,
  floorRaised: 24,
  delegateSet: 25,
  claimed: 26,
  batchClosed: 30,
  batchSealed: 31,
  cosigned: 32,
  attested: 33,
  batchAttested: 34,
  voidAttested: 35,
  batchSettled: 36,
  batchReverted: 37,
  stopped: 38,
  resumed: 39
}
