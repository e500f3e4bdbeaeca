// The arithmetic under the tables of known keys, against BigInt.
import test from 'brittle'
import { CONSTANT, curveModule, POINT_BYTES, WORK_BYTES } from '../../crypto/curve/curve-code.ts'
import { FIELD_PRIME } from '../../crypto/curve/field-code.ts'
import { LIMBS, limbsOf, readNumber, reduceOnce } from '../../crypto/curve/limbs.ts'
import { GROUP_ORDER, MONTGOMERY_SQUARE } from '../../crypto/curve/scalar-code.ts'
import { between, pick, randomBytes, seededRandom } from '../helpers/random.ts'
import type { CurveRoutines } from '../../crypto/curve/curve-code.ts'

/** Those that the module uses itself. */
type Inner = {
  multiply(to: number, a: number, b: number): void
  square(to: number, a: number): void
  scale(to: number, a: number, b: number, c: number): void
  thirdX(to: number, slope: number, x1: number, x2: number): void
  thirdY(to: number, slope: number, x1: number, x3: number, y1: number): void
}

const { instance } = await WebAssembly.instantiate(curveModule(1 << 16))
const routines = instance.exports as CurveRoutines & Inner
const memory = new Int32Array(routines.memory.buffer)
const place = (index: number): number => WORK_BYTES + 4096 + 4 * LIMBS * index
memory.set(limbsOf(CONSTANT.value), CONSTANT.at / 4)

const random = seededRandom(31)
const modulo = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

/** Any number of 256 bits; half of them have limbs of zeros and ones only. */
function anyNumber(): bigint {
  if (between(random, 0, 1) === 0) return numberOf(randomBytes(random, 32))
  const limbs = Array.from({ length: LIMBS }, () => pick(random, [0n, 1n, 2n ** 29n - 1n]))
  return limbs.reduce((value, limb) => (value << 29n) | limb, 0n) & (2n ** 256n - 1n)
}

function write(at: number, value: bigint): void {
  memory.set(limbsOf(value), at / 4)
}

function read(at: number): bigint {
  const limbs = memory.subarray(at / 4, at / 4 + LIMBS)
  return limbs.reduceRight((value, limb) => (value << 29n) + BigInt(limb), 0n)
}

/** What field-code.ts says of its results. */
function isResult(at: number): boolean {
  return memory.subarray(at / 4, at / 4 + LIMBS).every((limb, i) => {
    if (i === 2) return limb >= -(2 ** 14) && limb <= 2 ** 29 + 2 ** 14
    return limb >= 0 && limb < (i === LIMBS - 1 ? 2 ** 24 : 2 ** 29)
  })
}

test('curve - products in the field are those of BigInt, within their bounds', (t) => {
  const [a, b, c, d, to] = [0, 1, 2, 3, 4].map(place)
  const expect = (name: string, value: bigint): void => {
    if (modulo(read(to) - value, FIELD_PRIME) !== 0n) t.fail(name)
    if (!isResult(to))
      t.fail(`${name} out of bounds: ${memory.subarray(to / 4, to / 4 + LIMBS).join()}`)
  }
  for (let i = 0; i < 20_000; i++) {
    for (const at of [a, b, c, d]) {
      write(at, anyNumber())
      // A product, or its negation, as another product takes it.
      if (between(random, 0, 1) === 0) routines.square(at, at)
    }
    for (const at of [b, d]) {
      if (between(random, 0, 1) === 1) continue
      for (let limb = at / 4; limb < at / 4 + LIMBS; limb++) memory[limb] = -memory[limb]
    }
    const [x, y, z, w] = [a, b, c, d].map(read)
    routines.multiply(to, a, b)
    expect('multiply', x * y)
    routines.square(to, b)
    expect('square', y * y)
    routines.scale(to, a, b, d)
    expect('scale', x * (y - w))
    routines.scale(to, a, c, d)
    expect('scale', x * (z - w))
    routines.thirdX(to, a, b, d)
    expect('thirdX', x * x - y - w)
    routines.thirdY(to, a, b, c, d)
    expect('thirdY', x * (y - z) - w)
    routines.multiply(a, a, b)
    write(to, read(a))
    expect('in place', x * y)
  }
  t.pass()
})

test('curve - inverses in the field and of scalars', (t) => {
  const [number, inverse, product] = [0, 1, 2].map(place)
  for (let i = 0; i < 300; i++) {
    const value = i === 0 ? 0n : i === 1 ? 1n : i === 2 ? FIELD_PRIME - 1n : anyNumber()
    write(number, value)
    routines.invert(inverse, number)
    routines.multiply(product, inverse, number)
    const expected = value % FIELD_PRIME === 0n ? 0n : 1n
    if (modulo(read(product), FIELD_PRIME) !== expected) t.fail(`1 / ${value}`)
    if (read(number) !== value) t.fail('the number changed')
  }
  for (let i = 0; i < 300; i++) {
    const value = i === 0 ? 0n : i === 1 ? 1n : i === 2 ? GROUP_ORDER - 1n : anyNumber()
    write(number, value)
    write(product, MONTGOMERY_SQUARE)
    routines.scalarMultiply(number, number, product)
    routines.scalarInvert(inverse, number)
    // Out of Montgomery's form.
    write(product, 1n)
    routines.scalarMultiply(inverse, inverse, product)
    const expected = value % GROUP_ORDER === 0n ? 0n : 1n
    if (modulo(read(inverse) * value, GROUP_ORDER) !== expected) t.fail(`1 / ${value} of scalars`)
  }
  t.pass()
})

test('curve - products of scalars are below twice the order, and right', (t) => {
  const [a, b, to] = [0, 1, 2].map(place)
  const r = 2n ** 261n
  for (let i = 0; i < 20_000; i++) {
    const [x, y] = [anyNumber() + (i % 3 === 0 ? GROUP_ORDER : 0n), anyNumber()]
    const [first, second] = [modulo(x, 2n * GROUP_ORDER), y]
    write(a, first)
    write(b, second)
    routines.scalarMultiply(to, a, b)
    const result = read(to)
    if (modulo(result * r - first * second, GROUP_ORDER) !== 0n) t.fail('product')
    if (result < 0n || result >= 2n * GROUP_ORDER) t.fail('too large')
    reduceOnce(memory, to / 4, limbsOf(GROUP_ORDER))
    if (read(to) !== result % GROUP_ORDER) t.fail('not reduced')
  }
  t.pass()
})

test('curve - a number is read from its bytes', (t) => {
  for (let i = 0; i < 1000; i++) {
    const value = anyNumber()
    const bytes = Uint8Array.from({ length: 40 }, (_, k) =>
      k < 4 || k >= 36 ? 0xff : Number((value >> BigInt(8 * (35 - k))) & 0xffn)
    )
    readNumber(memory, place(0) / 4, bytes, 4)
    if (read(place(0)) !== value) t.fail(value.toString(16))
  }
  t.pass()
})

test('curve - a point doubled lies on the curve, and on its tangent', (t) => {
  const [point, to] = [place(0), place(0) + POINT_BYTES]
  write(point, 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n)
  write(point + 36, 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n)
  for (let i = 0; i < 300; i++) {
    routines.double(to, point)
    const [x, y, x2, y2] = [point, point + 36, to, to + 36].map(read)
    // -2P is on the line through P with the slope 3 x^2 / 2 y.
    const onTangent = 2n * y * (-y2 - y) - 3n * x * x * (x2 - x)
    if (modulo(onTangent, FIELD_PRIME) !== 0n) t.fail(`tangent ${i}`)
    if (modulo(y2 * y2 - x2 ** 3n - 7n, FIELD_PRIME) !== 0n) t.fail(`curve ${i}`)
    if (modulo(x - x2, FIELD_PRIME) === 0n) t.fail(`the same ${i}`)
    memory.copyWithin(point / 4, to / 4, (to + POINT_BYTES) / 4)
  }
  t.pass()
})
