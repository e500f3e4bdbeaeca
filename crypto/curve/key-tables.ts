// Whether a key that is known made a signature, by tables of the key's multiples: four times as fast
// as recovering the key, and the same answer. Of a signature (r, s, v) over z by the key Q it is
// asked whether R = (z/s) G + (r/s) Q has the x r, and a y as odd as v says (SEC 1, 4.1.4 and 4.1.6;
// of two values of v ours never means an x beyond n). Both scalars are written with digits that are
// odd and never zero (Hamburg 2012, "Fast and compact elliptic-curve cryptography", 3.3), eight bits
// each, whose multiples are looked up. So R is the sum of 64 points, in six rounds of adding pairs,
// and each round costs one inversion for all signatures together (Montgomery's trick, 1987).
//
// Two points with the same x have no such sum: by chance that never happens, but who wants it can
// bring it about. Then, and where anything else is unusual, the library has to be asked. Nothing here
// is secret.
import { CONSTANT, curveModule, DIGITS, MULTIPLES, POINT_BYTES, WORK_BYTES } from './curve-code.ts'
import { FIELD_PRIME } from './field-code.ts'
import {
  LIMB_BITS,
  LIMB_MASK,
  LIMBS,
  limbsOf,
  negate,
  NUMBER_BYTES,
  readNumber,
  reduceOnce
} from './limbs.ts'
import { GROUP_ORDER, MONTGOMERY_SQUARE } from './scalar-code.ts'
import { signatureProblem } from '../../protocol/wire.ts'
import type { Bytes32, Signature } from '../../protocol/types.ts'
import type { CurveRoutines } from './curve-code.ts'

/** A signature, and the table of the key that may have made it. */
export type TabledSignature = { digest: Bytes32; signature: Signature; table: number }

/** Signatures that are checked together, at most. */
export const BATCH_MAX = 32

const BITS = 256
const DIGIT_BITS = BITS / DIGITS
const PAIRS_MAX = DIGITS * BATCH_MAX
const TABLE_BYTES = DIGITS * MULTIPLES * POINT_BYTES

const PRIME = limbsOf(FIELD_PRIME)
const ORDER = limbsOf(GROUP_ORDER)
const ONE = limbsOf(1n)
/** SEC 2, 2.4.1. */
const GENERATOR_X = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n
const GENERATOR_Y = 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n

// Places in the memory, in bytes.
const PRODUCTS = WORK_BYTES
const INVERSE = PRODUCTS + (PAIRS_MAX + 1) * NUMBER_BYTES
const FACTOR = INVERSE + NUMBER_BYTES
const SQUARE = FACTOR + NUMBER_BYTES
/** r, s, z and the two scalars of each signature. */
const NUMBERS_EACH = 5
const NUMBERS = SQUARE + NUMBER_BYTES
const POINTS = NUMBERS + BATCH_MAX * NUMBERS_EACH * NUMBER_BYTES
const DOUBLES = POINTS + 2 * PAIRS_MAX * POINT_BYTES
const TABLES = DOUBLES + BITS * POINT_BYTES

const NUMBER_WORDS = NUMBER_BYTES / 4

export class KeyTables {
  /** Tables that it can hold: 295 KB each, from 0 on. */
  readonly size: number
  readonly #routines: CurveRoutines
  readonly #memory: Int32Array

  private constructor(size: number, routines: CurveRoutines) {
    this.size = size
    this.#routines = routines
    this.#memory = new Int32Array(routines.memory.buffer)
    this.#write(CONSTANT.at, limbsOf(CONSTANT.value))
    this.#write(SQUARE, limbsOf(MONTGOMERY_SQUARE))
    this.#write(POINTS, [...limbsOf(GENERATOR_X), ...limbsOf(GENERATOR_Y)])
    this.#tabulate(TABLES)
  }

  /** The memory of a table is used once it is made. */
  static async load(size: number): Promise<KeyTables> {
    const module = curveModule(TABLES + (1 + size) * TABLE_BYTES)
    const { instance } = await WebAssembly.instantiate(module)
    return new KeyTables(size, instance.exports as CurveRoutines)
  }

  /** Makes the table of a key: 64 bytes (x, y) of a point on the curve. Some 3 ms. */
  make(table: number, publicKey: Uint8Array): void {
    readNumber(this.#memory, POINTS / 4, publicKey, 0)
    readNumber(this.#memory, POINTS / 4 + NUMBER_WORDS, publicKey, 32)
    this.#tabulate(tableAt(table))
  }

  /** Of 1 to 32 signatures: true when the key of the table surely made it. False says nothing: the
   * library has to be asked. */
  check(signatures: readonly TabledSignature[]): boolean[] {
    const usual = signatures.map(isUsual)
    this.#computeScalars(signatures, usual)
    const count = signatures.length
    signatures.forEach(({ table }, k) => {
      this.#lookUp(numberAt(k, 3), TABLES, POINTS + k * POINT_BYTES, count)
      const points = POINTS + (DIGITS * count + k) * POINT_BYTES
      this.#lookUp(numberAt(k, 4), tableAt(table), points, count)
    })
    let points = POINTS
    for (let half = DIGITS * count; half >= count; half /= 2) {
      for (const pair of this.#addHalves(points, half)) usual[pair % count] = false
      points += half * POINT_BYTES
    }
    return signatures.map(({ signature }, k) => {
      const sum = (points + k * POINT_BYTES) / 4
      return usual[k] && this.#isCommitment(sum, numberAt(k, 0) / 4, signature[64])
    })
  }

  /** z/s and r/s of each; of one that is not usual, something. */
  #computeScalars(signatures: readonly TabledSignature[], usual: readonly boolean[]): void {
    const { scalarMultiply, scalarInvert } = this.#routines
    this.#write(PRODUCTS, ONE)
    scalarMultiply(PRODUCTS, PRODUCTS, SQUARE)
    let product = PRODUCTS
    signatures.forEach(({ digest, signature }, k) => {
      if (usual[k]) {
        readNumber(this.#memory, numberAt(k, 0) / 4, signature, 0)
        readNumber(this.#memory, numberAt(k, 1) / 4, signature, 32)
        readNumber(this.#memory, numberAt(k, 2) / 4, digest, 0)
      } else {
        for (const number of [0, 1, 2]) this.#write(numberAt(k, number), ONE)
      }
      scalarMultiply(numberAt(k, 1), numberAt(k, 1), SQUARE)
      scalarMultiply(product + NUMBER_BYTES, product, numberAt(k, 1))
      product += NUMBER_BYTES
    })
    scalarInvert(INVERSE, product)
    for (let k = signatures.length - 1; k >= 0; k--) {
      product -= NUMBER_BYTES
      scalarMultiply(FACTOR, INVERSE, product)
      scalarMultiply(INVERSE, INVERSE, numberAt(k, 1))
      scalarMultiply(numberAt(k, 3), FACTOR, numberAt(k, 2))
      scalarMultiply(numberAt(k, 4), FACTOR, numberAt(k, 0))
    }
  }

  /** Writes the multiples whose sum is the scalar times the table's key, at every `step`-th point:
   * the scalar k when it is odd, else the negative of n - k, which is. */
  #lookUp(scalar: number, table: number, points: number, step: number): void {
    const at = scalar / 4
    reduceOnce(this.#memory, at, ORDER)
    const isOdd = (this.#memory[at] & 1) === 1
    if (!isOdd) negate(this.#memory, at, ORDER)
    this.#routines.lookUp(points, step * POINT_BYTES, table, scalar, isOdd ? 1 : -1)
  }

  /** Adds the first half of 2 `half` points to the second. Returns the pairs whose points met: two
   * others were added in their place. */
  #addHalves(points: number, half: number): number[] {
    const { chordProducts, chordSums, invert } = this.#routines
    const product = PRODUCTS + half * NUMBER_BYTES
    this.#write(PRODUCTS, ONE)
    chordProducts(points, half, PRODUCTS)
    const met = isZero(this.#memory, product / 4) ? this.#part(points, half) : []
    if (met.length > 0) chordProducts(points, half, PRODUCTS)
    invert(INVERSE, product)
    chordSums(points, half, PRODUCTS, INVERSE)
    return met
  }

  /** Puts two multiples of the generator in the place of each pair with one x. */
  #part(points: number, half: number): number[] {
    const memory = this.#memory
    const met: number[] = []
    for (let pair = 0; pair < half; pair++) {
      const a = points + pair * POINT_BYTES
      const b = a + half * POINT_BYTES
      toField(memory, a / 4)
      toField(memory, b / 4)
      if (!isSame(memory, a / 4, b / 4)) continue
      met.push(pair)
      this.#copy(a, TABLES)
      this.#copy(b, TABLES + POINT_BYTES)
    }
    return met
  }

  #copy(to: number, from: number): void {
    this.#memory.copyWithin(to / 4, from / 4, (from + POINT_BYTES) / 4)
  }

  /** Whether a point has this x, and a y that v means. */
  #isCommitment(point: number, x: number, v: number): boolean {
    const memory = this.#memory
    toField(memory, point)
    toField(memory, point + LIMBS)
    return isSame(memory, point, x) && (memory[point + LIMBS] & 1) === v - 27
  }

  /** The table of the point at POINTS: of each digit, the odd multiples 1 to 255 of the point times
   * 256^digit. The multiples below 2m and 2m itself, a double, make those from there to 4m. */
  #tabulate(table: number): void {
    this.#copy(DOUBLES, POINTS)
    for (let bit = 1; bit < BITS; bit++) this.#routines.double(doubleAt(bit), doubleAt(bit - 1))
    const multiple = (digit: number, index: number): number =>
      table + (digit * MULTIPLES + index) * POINT_BYTES
    for (let digit = 0; digit < DIGITS; digit++)
      this.#copy(multiple(digit, 0), doubleAt(DIGIT_BITS * digit))
    for (let step = 0, made = 1; made < MULTIPLES; step++, made *= 2) {
      const together = Math.min(DIGITS, PAIRS_MAX / made)
      const half = together * made
      for (let first = 0; first < DIGITS; first += together) {
        for (let pair = 0; pair < half; pair++) {
          const digit = first + Math.floor(pair / made)
          this.#copy(POINTS + pair * POINT_BYTES, doubleAt(DIGIT_BITS * digit + step + 1))
          this.#copy(POINTS + (half + pair) * POINT_BYTES, multiple(digit, pair % made))
        }
        this.#addHalves(POINTS, half)
        for (let pair = 0; pair < half; pair++) {
          const digit = first + Math.floor(pair / made)
          this.#copy(multiple(digit, made + (pair % made)), POINTS + (half + pair) * POINT_BYTES)
        }
      }
    }
  }

  #write(at: number, words: readonly number[]): void {
    this.#memory.set(words, at / 4)
  }
}

function tableAt(table: number): number {
  return TABLES + (1 + table) * TABLE_BYTES
}

function doubleAt(bit: number): number {
  return DOUBLES + bit * POINT_BYTES
}

function numberAt(signature: number, which: number): number {
  return NUMBERS + (signature * NUMBERS_EACH + which) * NUMBER_BYTES
}

/** Of our form, and neither r nor s is near zero or n, where the rules of what a signature is have
 * their seams. */
function isUsual({ digest, signature }: TabledSignature): boolean {
  if (digest.length !== 32 || signature.length !== 65) return false
  if (signatureProblem(signature, 0) !== null) return false
  const r = firstWord(signature, 0)
  return r !== 0 && r !== -1 && firstWord(signature, 32) !== 0
}

function firstWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
}

/** Gives a result of field-code.ts its one form, from 0 to p - 1. */
function toField(memory: Int32Array, at: number): void {
  let carry = 0
  for (let i = 0; i < LIMBS; i++) {
    const limb = memory[at + i] + carry
    memory[at + i] = i === LIMBS - 1 ? limb : limb & LIMB_MASK
    carry = limb >> LIMB_BITS
  }
  if (memory[at + LIMBS - 1] < 0) addTo(PRIME, memory, at)
  else reduceOnce(memory, at, PRIME)
}

function addTo(modulus: readonly number[], memory: Int32Array, at: number): void {
  let carry = 0
  for (let i = 0; i < LIMBS; i++) {
    const limb = modulus[i] + memory[at + i] + carry
    memory[at + i] = i === LIMBS - 1 ? limb : limb & LIMB_MASK
    carry = limb >> LIMB_BITS
  }
}

function isSame(memory: Int32Array, a: number, b: number): boolean {
  for (let i = 0; i < LIMBS; i++) if (memory[a + i] !== memory[b + i]) return false
  return true
}

function isZero(memory: Int32Array, at: number): boolean {
  toField(memory, at)
  let all = 0
  for (let i = 0; i < LIMBS; i++) all |= memory[at + i]
  return all === 0
}
