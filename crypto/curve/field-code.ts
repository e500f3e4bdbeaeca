// Multiplication in the field of secp256k1 (SEC 2, 2.4.1), p = 2^256 - 2^32 - 977, as WebAssembly.
// Schoolbook products of nine limbs; what is beyond 2^261 or 2^256 is folded back, since 2^256 is
// 2^32 + 977 there. Signs are kept: an operand may be a difference, and results may be diminished,
// with no carry in between.
//
// Bounds. A result has limbs from 0 to 2^29 - 1, but for limb 2, which is between -2^14 and
// 2^29 + 2^14, and limb 8, which is below 2^24: as a number it is above -2^73 and below
// 2^256 + 2^73. An operand is a result, its negation, or the difference of two such; so a limb is
// below 2^30 + 2^15 in size, and one factor of two is a plain result. Nine products are then below
// 2^62.2 in size, and what is folded in or taken off below 2^46.
import { i64 } from './assembler.ts'
import { LIMB_BITS, LIMB_MASK, LIMBS } from './limbs.ts'
import type { Code, Draft, Variable } from './assembler.ts'

export const FIELD_PRIME = 2n ** 256n - 2n ** 32n - 977n

/** The addresses of a number, and of one that is taken from it. */
export type Operand = { number: Code; less?: Code }

/** 2^261 = 2^5 (2^32 + 977) = 31264 + 2^8 2^29. */
const FOLD = 31_264
const FOLD_SHIFT = 8
/** Of 2^256 within limb 8. */
const TOP_BITS = 24

/** Stores a b - (the numbers at `less`) at the address `to`; a square when `b` is null. Everything is
 * read before anything is stored. */
export function productCode(
  draft: Draft,
  to: Code,
  a: Operand,
  b: Operand | null,
  less: readonly Code[] = []
): Code {
  const first = Array.from({ length: LIMBS }, () => draft.local('i64'))
  const second = Array.from({ length: LIMBS }, () => draft.local('i64'))
  const high = Array.from({ length: LIMBS }, () => draft.local('i64'))
  const low = Array.from({ length: LIMBS }, () => draft.local('i64'))
  const sum = draft.local('i64')
  const above = draft.local('i64')
  const code: Code[] = []

  for (let i = 0; i < LIMBS; i++) {
    code.push(first[i].set(limbCode(a, i)))
    // Of a square: its limbs doubled.
    code.push(second[i].set(b === null ? i64.shl(first[i].get, i64.of(1)) : limbCode(b, i)))
  }
  const column = b === null ? squareColumn : productColumn
  // Columns 9 to 16, as limbs: what is to be folded.
  for (let k = LIMBS; k <= 2 * LIMBS - 2; k++) {
    const products = column(first, second, k)
    code.push(sum.set(k === LIMBS ? products : i64.add(products, carryOf(sum))))
    code.push(high[k - LIMBS].set(lowBits(sum, LIMB_MASK)))
  }
  code.push(high[LIMBS - 1].set(carryOf(sum)))
  // Columns 0 to 8 with that folded in.
  for (let k = 0; k < LIMBS; k++) {
    let value = i64.add(column(first, second, k), i64.mul(high[k].get, i64.of(FOLD)))
    if (k > 0) {
      value = i64.add(value, i64.shl(high[k - 1].get, i64.of(FOLD_SHIFT)))
      value = i64.add(value, carryOf(sum))
    }
    for (const number of less) value = i64.sub(value, i64.load32(number, 4 * k))
    code.push(sum.set(value))
    code.push(low[k].set(lowBits(sum, k < LIMBS - 1 ? LIMB_MASK : 2 ** TOP_BITS - 1)))
  }
  // What is beyond 2^256; the last high limb is worth 2^8 of 2^(9 * 29), 2^13 of 2^256.
  const last = i64.shl(high[LIMBS - 1].get, i64.of(FOLD_SHIFT + LIMB_BITS - TOP_BITS))
  code.push(above.set(i64.add(i64.shr(sum.get, i64.of(TOP_BITS)), last)))
  code.push(sum.set(i64.add(low[0].get, i64.mul(above.get, i64.of(977)))))
  code.push(i64.store32(to, 0, lowBits(sum, LIMB_MASK)))
  const shifted = i64.shl(above.get, i64.of(32 - LIMB_BITS))
  code.push(sum.set(i64.add(i64.add(low[1].get, shifted), carryOf(sum))))
  code.push(i64.store32(to, 4, lowBits(sum, LIMB_MASK)))
  code.push(i64.store32(to, 8, i64.add(low[2].get, carryOf(sum))))
  for (let i = 3; i < LIMBS; i++) code.push(i64.store32(to, 4 * i, low[i].get))
  return code.flat()
}

function limbCode({ number, less }: Operand, index: number): Code {
  const limb = i64.load32(number, 4 * index)
  return less === undefined ? limb : i64.sub(limb, i64.load32(less, 4 * index))
}

function carryOf(sum: Variable): Code {
  return i64.shr(sum.get, i64.of(LIMB_BITS))
}

function lowBits(sum: Variable, mask: number): Code {
  return i64.and(sum.get, i64.of(mask))
}

export function productColumn(
  first: readonly Variable[],
  second: readonly Variable[],
  column: number
): Code {
  return totalOf(pairsOf(column).map(([i, j]) => i64.mul(first[i].get, second[j].get)))
}

/** Each product of two different limbs once, since one of them is doubled. */
function squareColumn(
  limbs: readonly Variable[],
  doubled: readonly Variable[],
  column: number
): Code {
  return totalOf(
    pairsOf(column)
      .filter(([i, j]) => i <= j)
      .map(([i, j]) => i64.mul(limbs[i].get, (i === j ? limbs : doubled)[j].get))
  )
}

/** The limbs whose product belongs to a column. */
function pairsOf(column: number): [number, number][] {
  const pairs: [number, number][] = []
  for (let i = Math.max(0, column - LIMBS + 1); i <= Math.min(column, LIMBS - 1); i++) {
    pairs.push([i, column - i])
  }
  return pairs
}

function totalOf(terms: readonly Code[]): Code {
  return terms.reduce((total, term) => i64.add(total, term))
}
