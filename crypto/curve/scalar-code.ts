// Multiplication modulo the order n of secp256k1 (SEC 2, 2.4.1) as WebAssembly: Montgomery's (1985),
// by columns, with R = 2^261. Operands are from 0 to 2n; so are results (a b / R + n), with limbs
// from 0 to 2^29 - 1. A column is at most 18 products below 2^58 and a carry.
import { i64 } from './assembler.ts'
import { productColumn } from './field-code.ts'
import { LIMB_BITS, LIMB_MASK, LIMBS, limbsOf } from './limbs.ts'
import type { Code, Draft } from './assembler.ts'

export const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
/** R^2 modulo n: times this, a number is in Montgomery's form. */
export const MONTGOMERY_SQUARE = 2n ** BigInt(2 * LIMBS * LIMB_BITS) % GROUP_ORDER

const ORDER_LIMBS = limbsOf(GROUP_ORDER)

/** -1/n modulo 2^29, by Newton's iteration: each step doubles the bits that are right. */
const NEGATIVE_INVERSE = ((): number => {
  const modulus = 2n ** BigInt(LIMB_BITS)
  let inverse = 1n
  for (let bits = 1; bits < LIMB_BITS; bits *= 2) inverse *= 2n - GROUP_ORDER * inverse
  return Number(((-inverse % modulus) + modulus) % modulus)
})()

/** Stores a b / R modulo n at the address `to`. */
export function montgomeryCode(draft: Draft, to: Code, a: Code, b: Code): Code {
  const first = Array.from({ length: LIMBS }, () => draft.local('i64'))
  const second = Array.from({ length: LIMBS }, () => draft.local('i64'))
  const factor = Array.from({ length: LIMBS }, () => draft.local('i64'))
  const sum = draft.local('i64')
  const code: Code[] = []
  for (let i = 0; i < LIMBS; i++) {
    code.push(first[i].set(i64.load32(a, 4 * i)))
    code.push(second[i].set(i64.load32(b, 4 * i)))
  }
  const carry = i64.shr(sum.get, i64.of(LIMB_BITS))
  const limb = i64.and(sum.get, i64.of(LIMB_MASK))
  const multiple = (i: number, column: number): Code =>
    i64.mul(factor[i].get, i64.of(ORDER_LIMBS[column - i]))
  for (let k = 0; k <= 2 * LIMBS - 2; k++) {
    let value = productColumn(first, second, k)
    if (k > 0) value = i64.add(value, carry)
    for (let i = Math.max(0, k - LIMBS + 1); i < Math.min(k, LIMBS); i++) {
      value = i64.add(value, multiple(i, k))
    }
    code.push(sum.set(value))
    if (k < LIMBS) {
      // The multiple of n that makes this column zero.
      const chosen = i64.and(i64.mul(limb, i64.of(NEGATIVE_INVERSE)), i64.of(LIMB_MASK))
      code.push(factor[k].set(chosen))
      code.push(sum.set(i64.add(sum.get, multiple(k, k))))
    } else {
      code.push(i64.store32(to, 4 * (k - LIMBS), limb))
    }
  }
  code.push(i64.store32(to, 4 * (LIMBS - 1), carry))
  return code.flat()
}
