// The bounds that field-code.ts and scalar-code.ts claim, for all operands at once: the very code
// that they emit is run on intervals in the place of numbers.
import test from 'brittle'
import { Draft } from '../../crypto/curve/assembler.ts'
import { productCode } from '../../crypto/curve/field-code.ts'
import { LIMBS } from '../../crypto/curve/limbs.ts'
import { montgomeryCode } from '../../crypto/curve/scalar-code.ts'
import type { Code } from '../../crypto/curve/assembler.ts'

type Interval = { low: bigint; high: bigint }
type Numbers = readonly Interval[]

/** Limbs of a result, as field-code.ts says. */
const RESULT = Array.from({ length: LIMBS }, (_, i): Interval => {
  if (i === 2) return { low: -(2n ** 14n), high: 2n ** 29n + 2n ** 14n }
  return { low: 0n, high: 2n ** (i === LIMBS - 1 ? 24n : 29n) - 1n }
})
/** A result or its negation. */
const SIGNED = RESULT.map(({ high }): Interval => ({ low: -high, high }))
const SCALAR = RESULT.map((_, i): Interval => {
  return { low: 0n, high: 2n ** (i === LIMBS - 1 ? 25n : 29n) - 1n }
})

const OPERATIONS: Record<number, (a: bigint, b: bigint) => bigint> = {
  0x7c: (a, b) => a + b,
  0x7d: (a, b) => a - b,
  0x7e: (a, b) => a * b,
  0x86: (a, b) => a << b,
  0x87: (a, b) => a >> b
}

function within({ low, high }: Interval, bits: bigint): Interval {
  if (low < -(2n ** (bits - 1n)) || high >= 2n ** (bits - 1n))
    throw new Error(`beyond ${bits} bits`)
  return { low, high }
}

/** What the code stores at its first parameter when the others are the addresses of `numbers`: sums
 * and products of 64 bits, and the limbs, of 32, must not overflow. */
function stored(code: Code, numbers: readonly Numbers[]): Interval[] {
  const locals = new Map<number, Interval>()
  numbers.forEach((_, i) => locals.set(i + 1, { low: BigInt(i), high: BigInt(i) }))
  locals.set(0, { low: -1n, high: -1n })
  const stack: Interval[] = []
  const limbs: Interval[] = []
  let at = 0
  const leb = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = code[at++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const pop = (): Interval => stack.pop() ?? { low: -(2n ** 64n), high: 2n ** 64n }
  while (at < code.length) {
    const operation = code[at++]
    if (operation === 0x20) {
      stack.push(locals.get(Number(leb())) ?? { low: -(2n ** 64n), high: 2n ** 64n })
    } else if (operation === 0x21) {
      locals.set(Number(leb()), pop())
    } else if (operation === 0x42) {
      const value = leb()
      stack.push({ low: value, high: value })
    } else if (operation === 0x34) {
      at++
      stack.push(numbers[Number(pop().low)][Number(leb() / 4n)])
    } else if (operation === 0x3e) {
      at++
      limbs[Number(leb() / 4n)] = within(pop(), 32n)
      pop()
    } else if (operation === 0x83) {
      const mask = pop()
      const value = pop()
      const isSmall = value.low >= 0n && value.high <= mask.low
      stack.push(isSmall ? value : { low: 0n, high: mask.low })
    } else {
      const b = pop()
      const a = pop()
      const compute = OPERATIONS[operation]
      const ends = [a.low, a.high].flatMap((x) => [compute(x, b.low), compute(x, b.high)])
      const low = ends.reduce((x, y) => (x < y ? x : y))
      const high = ends.reduce((x, y) => (x > y ? x : y))
      stack.push(within({ low, high }, 64n))
    }
  }
  return limbs
}

function draft(): Draft {
  return new Draft(['i32', 'i32', 'i32', 'i32', 'i32'])
}

const [to, a, b, c, d] = [0, 1, 2, 3, 4].map((index) => draft().parameter(index).get)

function areWithin(limbs: readonly Interval[], bounds: Numbers): boolean {
  return bounds.every(({ low, high }, i) => limbs[i].low >= low && limbs[i].high <= high)
}

test('curve bounds - no product of the field overflows, and results are operands again', async (t) => {
  const product = productCode(draft(), to, { number: a }, { number: b })
  const square = productCode(draft(), to, { number: a }, null)
  const scale = productCode(draft(), to, { number: b, less: c }, { number: a })
  const thirdX = productCode(draft(), to, { number: a }, null, [b, c])
  const thirdY = productCode(draft(), to, { number: b, less: c }, { number: a }, [d])
  t.ok(areWithin(stored(product, [RESULT, SIGNED]), RESULT), 'product')
  t.ok(areWithin(stored(square, [SIGNED]), RESULT), 'square')
  t.ok(areWithin(stored(scale, [RESULT, SIGNED, SIGNED]), RESULT), 'scale')
  t.ok(areWithin(stored(thirdX, [RESULT, RESULT, RESULT]), RESULT), 'x of a sum')
  t.ok(areWithin(stored(thirdY, [RESULT, RESULT, RESULT, SIGNED]), RESULT), 'y of a sum')
  // Two differences would be too much, as it says.
  const tooMuch = productCode(draft(), to, { number: a, less: b }, { number: c, less: d })
  await t.exception(() => stored(tooMuch, [SIGNED, SIGNED, SIGNED, SIGNED]), /beyond 64 bits/)
})

test('curve bounds - no product of scalars overflows', (t) => {
  t.ok(areWithin(stored(montgomeryCode(draft(), to, a, b), [SCALAR, SCALAR]), SCALAR))
})
