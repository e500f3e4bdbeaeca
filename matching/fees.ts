// Fees in quote quanta (docs/matching.md, section 2).

/**
 * floor(n/10000)*bps + floor((n%10000)*bps/10000), without a product above 2^53. A quotient of
 * safe integers is never rounded up to a whole number, so Math.floor of it is exact.
 */
export function feeOf(notional: number, bps: number): number {
  if (notional <= 0x7fffffff) {
    // The same in 32 bits, where dividing by a constant is a multiplication.
    const small = notional | 0
    const thousands = (small / 10000) | 0
    const left = (small - Math.imul(thousands, 10000)) | 0
    return thousands * bps + ((Math.imul(left, bps) / 10000) | 0)
  }
  const whole = Math.floor(notional / 10000)
  const rest = notional - whole * 10000
  return whole * bps + Math.floor((rest * bps) / 10000)
}
