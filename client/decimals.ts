// Decimal strings without a sign, as the RPC has them: compared and added exactly.

export function compareDecimals(a: string, b: string): number {
  const [wholeA, fractionA = ''] = a.split('.')
  const [wholeB, fractionB = ''] = b.split('.')
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length
  if (wholeA !== wholeB) return wholeA < wholeB ? -1 : 1
  const length = Math.max(fractionA.length, fractionB.length)
  const [paddedA, paddedB] = [fractionA.padEnd(length, '0'), fractionB.padEnd(length, '0')]
  return paddedA === paddedB ? 0 : paddedA < paddedB ? -1 : 1
}

/** "0" for none. */
export function addDecimals(decimals: readonly string[]): string {
  const parts = decimals.map((decimal) => decimal.split('.'))
  const digits = Math.max(0, ...parts.map(([, fraction = '']) => fraction.length))
  let sum = 0n
  for (const [whole, fraction = ''] of parts) sum += BigInt(whole + fraction.padEnd(digits, '0'))
  const text = sum.toString().padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits)
  const fraction = text.slice(text.length - digits).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}

/** Index of the first of the sorted values whose price is not better than `price`: best first, so
 * bids descend. */
export function placeOf<T>(
  sorted: readonly T[],
  price: string,
  priceOf: (value: T) => string,
  descending: boolean
): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareDecimals(priceOf(sorted[middle]), price)
    if (descending ? order > 0 : order < 0) low = middle + 1
    else high = middle
  }
  return low
}
