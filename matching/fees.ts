// Fees in quote quanta (docs/matching.md, section 2).

/**
 * floor(n/10000)*bps + floor((n%10000)*bps/10000), without a product above 2^53. A quotient of
 * safe integers is never rounded up to a whole number, so Math.floor of it is exact.
 */
export function feeOf(notional: number, bps: number): number {
  const whole = Math.floor(notional / 10000)
  const rest = notional - whole * 10000
  return whole * bps + Math.floor((rest * bps) / 10000)
}
