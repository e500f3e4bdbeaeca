// Fees in quote quanta (docs/matching.md, section 2).

/**
 * floor(n/10000)*bps + floor((n%10000)*bps/10000), without a product above 2^53. Almost all notionals
 * have 31 bits: there dividing by a constant is a multiplication.
 */
export function feeOf(notional: number, bps: number): number {
  if (notional > 0x7fffffff) return feeOfLarge(notional, bps)
  const whole = ((notional | 0) / 10000) | 0
  const rest = ((notional | 0) - Math.imul(whole, 10000)) | 0
  return whole * bps + ((Math.imul(rest, bps) / 10000) | 0)
}

/** A quotient of safe integers is never rounded up to a whole number, so Math.floor of it is exact. */
function feeOfLarge(notional: number, bps: number): number {
  const whole = Math.floor(notional / 10000)
  const rest = notional - whole * 10000
  return whole * bps + Math.floor((rest * bps) / 10000)
}
