// The routines on secp256k1, y^2 = x^3 + 7, that checking signatures by tables needs, as one
// WebAssembly module: sums of many points at once and doubling, in affine coordinates, and the
// arithmetic of scalars. Of what is public only: time tells what is computed.
import { i32, i64, loop, Module } from './assembler.ts'
import { FIELD_PRIME, productCode } from './field-code.ts'
import { LIMB_BITS, LIMBS, NUMBER_BYTES } from './limbs.ts'
import { GROUP_ORDER, montgomeryCode } from './scalar-code.ts'
import type { Code, Routine, Variable } from './assembler.ts'

/** x, then y. */
export const POINT_BYTES = 2 * NUMBER_BYTES

/** Digits of a scalar, one byte each, and the odd multiples of each in a table. */
export const DIGITS = 32
export const MULTIPLES = 128

/** Powers of what is inverted, and steps of a doubling. */
const WINDOW_BITS = 5
const POWERS = 2 ** (WINDOW_BITS - 1)
const ONE_AND_A_HALF = POWERS * NUMBER_BYTES
const STEP = ONE_AND_A_HALF + NUMBER_BYTES
/** Bytes at the start of the memory that belong to the routines. */
const DIGITS_AT = STEP + 3 * NUMBER_BYTES
export const WORK_BYTES = DIGITS_AT + DIGITS
/** The address at which 3/2 is expected, and its value. */
export const CONSTANT = {
  at: ONE_AND_A_HALF,
  value: ((3n * (FIELD_PRIME + 1n)) / 2n) % FIELD_PRIME
}

/** Parameters are addresses, and counts where it is said. Results may be written over operands
 * unless it is said otherwise. */
export type CurveRoutines = {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** `to` = 1 / `number`, 0 of 0; another place than `number`. */
  invert(to: number, number: number): void
  /** With points P[0] to P[2 half - 1], and a number 1 at `products`: products[k + 1] becomes
   * products[k] times the difference of the x of P[half + k] and P[k], for k below `half`. */
  chordProducts(points: number, half: number, products: number): void
  /** P[half + k] becomes P[k] + P[half + k], for points none of which has the x of the other.
   * `inverse` is of the last product, and is lost. */
  chordSums(points: number, half: number, products: number, inverse: number): void
  /** `to` = 2 `point`; another place than `point`. */
  double(to: number, point: number): void
  /** Montgomery's product modulo the order of the group. */
  scalarMultiply(to: number, a: number, b: number): void
  /** In Montgomery's form; another place than `number`. */
  scalarInvert(to: number, number: number): void
  /** With the table of a point P: [digit][m] is (2m + 1) 256^digit P. Writes the 32 of them whose sum
   * is the scalar (odd, below 2^256) times P, or times -P when `sign` is -1 and not 1, `step` bytes
   * from one to the next. */
  lookUp(to: number, step: number, table: number, scalar: number, sign: number): void
}

/** The module, with a memory of so many bytes. */
export function curveModule(bytes: number): Uint8Array<ArrayBuffer> {
  const module = new Module(bytes)
  const multiply = module.routine('multiply', 3, (draft, to, a, b) =>
    productCode(draft, to.get, { number: a.get }, { number: b.get })
  )
  const square = module.routine('square', 2, (draft, to, a) =>
    productCode(draft, to.get, { number: a.get }, null)
  )
  // a (b - c)
  const scale = module.routine('scale', 4, (draft, to, a, b, c) =>
    productCode(draft, to.get, { number: b.get, less: c.get }, { number: a.get })
  )
  // The third point of the line through two, mirrored: slope^2 - x1 - x2 ...
  const thirdX = module.routine('thirdX', 4, (draft, to, slope, x1, x2) =>
    productCode(draft, to.get, { number: slope.get }, null, [x1.get, x2.get])
  )
  // ... and slope (x1 - x3) - y1
  const thirdY = module.routine('thirdY', 5, (draft, to, slope, x1, x3, y1) =>
    productCode(draft, to.get, { number: x1.get, less: x3.get }, { number: slope.get }, [y1.get])
  )
  const invert = powerRoutine(module, 'invert', FIELD_PRIME - 2n, multiply, (to, a) =>
    square.call(to, a)
  )

  module.routine('chordProducts', 3, (draft, points, half, products) => {
    const at = draft.local('i32')
    const distance = draft.local('i32')
    return [
      ...distance.set(i32.mul(half.get, i32.of(POINT_BYTES))),
      ...loop(at, points.get, i32.add(points.get, distance.get), POINT_BYTES, [
        ...scale.call(
          i32.add(products.get, i32.of(NUMBER_BYTES)),
          products.get,
          i32.add(at.get, distance.get),
          at.get
        ),
        ...products.set(i32.add(products.get, i32.of(NUMBER_BYTES)))
      ])
    ]
  })

  module.routine('chordSums', 4, (draft, points, half, products, inverse) => {
    const at = draft.local('i32')
    const other = draft.local('i32')
    const distance = draft.local('i32')
    const product = draft.local('i32')
    const last = i32.sub(i32.add(points.get, distance.get), i32.of(POINT_BYTES))
    const slope = i32.of(STEP)
    return [
      ...distance.set(i32.mul(half.get, i32.of(POINT_BYTES))),
      ...product.set(i32.add(products.get, i32.mul(half.get, i32.of(NUMBER_BYTES)))),
      ...loop(at, last, i32.sub(points.get, i32.of(POINT_BYTES)), -POINT_BYTES, [
        ...product.set(i32.sub(product.get, i32.of(NUMBER_BYTES))),
        ...other.set(i32.add(at.get, distance.get)),
        ...multiply.call(slope, inverse.get, product.get),
        ...scale.call(inverse.get, inverse.get, other.get, at.get),
        ...scale.call(slope, slope, yOf(other), yOf(at)),
        ...thirdX.call(other.get, slope, at.get, other.get),
        ...thirdY.call(yOf(other), slope, at.get, other.get, yOf(at))
      ])
    ]
  })

  module.routine('double', 2, (_draft, to, point) => {
    // The slope, 3 x^2 / 2 y.
    const slope = i32.of(STEP)
    const inverse = i32.of(STEP + NUMBER_BYTES)
    return [
      ...invert.call(inverse, yOf(point)),
      ...square.call(slope, point.get),
      ...multiply.call(slope, slope, inverse),
      ...multiply.call(slope, slope, i32.of(ONE_AND_A_HALF)),
      ...thirdX.call(to.get, slope, point.get, point.get),
      ...thirdY.call(yOf(to), slope, point.get, to.get, yOf(point))
    ]
  })

  const scalarMultiply = module.routine('scalarMultiply', 3, (draft, to, a, b) =>
    montgomeryCode(draft, to.get, a.get, b.get)
  )
  powerRoutine(module, 'scalarInvert', GROUP_ORDER - 2n, scalarMultiply, (to, a) =>
    scalarMultiply.call(to, a, a)
  )

  module.routine('lookUp', 5, (draft, to, step, table, scalar, sign) => {
    const at = draft.local('i32')
    const source = draft.local('i32')
    const byte = draft.local('i64')
    const isHigh = draft.local('i64')
    const factor = draft.local('i64')
    // Byte 128 + m means 2m + 1, and 127 - m means -(2m + 1).
    const multiple = i64.toI32(i64.xor(byte.get, i64.add(i64.of(MULTIPLES - 1), isHigh.get)))
    const signOfByte = i64.sub(i64.add(isHigh.get, isHigh.get), i64.of(1))
    return [
      ...digitsCode(scalar.get),
      ...loop(at, i32.of(DIGITS_AT), i32.of(DIGITS_AT + DIGITS), 1, [
        ...byte.set(i64.load8(at.get)),
        ...isHigh.set(i64.shr(byte.get, i64.of(7))),
        ...source.set(i32.add(table.get, i32.mul(multiple, i32.of(POINT_BYTES)))),
        ...factor.set(i64.mul(i64.extend32(sign.get), signOfByte)),
        ...copyCode(to.get, source.get, factor.get),
        ...to.set(i32.add(to.get, step.get)),
        ...table.set(i32.add(table.get, i32.of(MULTIPLES * POINT_BYTES)))
      ])
    ]
  })
  return module.assemble()
}

/** Writes the bytes of (k - 1) / 2 + 2^255 for a scalar k. All bits of that taken as 1 and -1 make k
 * (the sum of all powers of two below 2^256 is 2^256 - 1); so each byte is an odd digit. */
function digitsCode(scalar: Code): Code {
  const code: Code[] = []
  for (let word = 0; word < DIGITS / 4; word++) {
    const bit = 32 * word + 1
    let bits: Code | null = null
    for (let i = Math.floor(bit / LIMB_BITS); i < LIMBS && i * LIMB_BITS < bit + 32; i++) {
      const limb = i64.load32(scalar, 4 * i)
      const shift = i64.of(Math.abs(i * LIMB_BITS - bit))
      const part = i * LIMB_BITS < bit ? i64.shr(limb, shift) : i64.shl(limb, shift)
      bits = bits === null ? part : i64.or(bits, part)
    }
    if (bits === null) continue
    if (word === DIGITS / 4 - 1) bits = i64.or(bits, i64.of(2 ** 31))
    code.push(i64.store32(i32.of(DIGITS_AT), 4 * word, bits))
  }
  return code.flat()
}

/** Copies a point, its y times a factor. */
function copyCode(to: Code, from: Code, factor: Code): Code {
  const code: Code[] = []
  for (let i = 0; i + 1 < LIMBS; i += 2) code.push(i64.store(to, 4 * i, i64.load(from, 4 * i)))
  code.push(i64.store32(to, 4 * (LIMBS - 1), i64.load32(from, 4 * (LIMBS - 1))))
  for (let i = LIMBS; i < 2 * LIMBS; i++) {
    code.push(i64.store32(to, 4 * i, i64.mul(i64.load32(from, 4 * i), factor)))
  }
  return code.flat()
}

function yOf(point: Variable): Code {
  return i32.add(point.get, i32.of(NUMBER_BYTES))
}

/** A routine that raises a number to a fixed power, by windows that slide over its bits. Fermat's
 * little theorem makes it an inversion. */
function powerRoutine(
  module: Module,
  name: string,
  exponent: bigint,
  multiply: Routine,
  square: (to: Code, a: Code) => Code
): Routine {
  return module.routine(name, 2, (draft, to, number) => {
    const count = draft.local('i32')
    // The odd powers: the number itself, then those in the work space, whose first is the square.
    const power = (odd: number): Code =>
      odd === 1 ? number.get : i32.of(((odd - 1) / 2) * NUMBER_BYTES)
    const code: Code[] = [square(i32.of(0), number.get)]
    for (let odd = 3; odd < 2 * POWERS; odd += 2) {
      code.push(multiply.call(power(odd), power(odd - 2), i32.of(0)))
    }
    let from: Code | null = null
    for (const { squares, odd } of windowsOf(exponent)) {
      if (from === null) {
        from = power(odd)
        continue
      }
      code.push(square(to.get, from))
      from = to.get
      if (squares > 1) {
        code.push(loop(count, i32.of(1), i32.of(squares), 1, square(to.get, to.get)))
      }
      if (odd > 0) code.push(multiply.call(to.get, to.get, power(odd)))
    }
    return code.flat()
  })
}

/** The exponent from its highest bit on: so many squarings, then a factor, an odd power (or none). */
function windowsOf(exponent: bigint): { squares: number; odd: number }[] {
  const bits = exponent.toString(2)
  const windows: { squares: number; odd: number }[] = []
  let squares = 0
  for (let at = 0; at < bits.length;) {
    if (bits[at] === '0') {
      squares++
      at++
      continue
    }
    const window = bits.slice(at, at + WINDOW_BITS).replace(/0+$/, '')
    windows.push({ squares: squares + window.length, odd: Number.parseInt(window, 2) })
    squares = 0
    at += window.length
  }
  return squares === 0 ? windows : [...windows, { squares, odd: 0 }]
}
