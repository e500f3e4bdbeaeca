// Numbers of 256 bits as nine limbs of 29, least significant first, each in 32 bits of memory: the
// sum of nine products of two limbs, signs and differences included, stays within 64 bits.
export const LIMBS = 9
export const LIMB_BITS = 29
export const LIMB_MASK = 2 ** LIMB_BITS - 1
/** Words of 32 bits of a number in memory. */
export const NUMBER_WORDS = LIMBS
export const NUMBER_BYTES = 4 * LIMBS

export type Limbs = readonly number[]

/** Of a number from 0 to 2^261 - 1. */
export function limbsOf(value: bigint): number[] {
  const mask = BigInt(LIMB_MASK)
  return Array.from({ length: LIMBS }, (_, i) => Number((value >> BigInt(i * LIMB_BITS)) & mask))
}

/** Writes the 32 bytes at `offset`, most significant first, as a number at word `at`. */
export function readNumber(
  memory: Int32Array,
  at: number,
  bytes: Uint8Array,
  offset: number
): void {
  let limb = 0
  let held = 0
  let bits = 0
  for (let i = offset + 31; i >= offset; i--) {
    const byte = bytes[i]
    const room = LIMB_BITS - bits
    held |= (byte << bits) & LIMB_MASK
    bits += 8
    if (bits < LIMB_BITS) continue
    memory[at + limb++] = held
    held = byte >>> room
    bits -= LIMB_BITS
  }
  memory[at + limb] = held
}

/** Subtracts `modulus` from the number at word `at` if it is as large, so that a number below twice
 * the modulus has its one form. Limbs from 0 on, below 2^29. */
export function reduceOnce(memory: Int32Array, at: number, modulus: Limbs): void {
  for (let i = LIMBS - 1; i >= 0; i--) {
    if (memory[at + i] < modulus[i]) return
    if (memory[at + i] > modulus[i]) break
  }
  let borrow = 0
  for (let i = 0; i < LIMBS; i++) {
    const limb = memory[at + i] - modulus[i] + borrow
    memory[at + i] = limb & LIMB_MASK
    borrow = limb >> LIMB_BITS
  }
}

/** The number at word `at` becomes the modulus less it. Limbs from 0 on, no more than the modulus. */
export function negate(memory: Int32Array, at: number, modulus: Limbs): void {
  let borrow = 0
  for (let i = 0; i < LIMBS; i++) {
    const limb = modulus[i] - memory[at + i] + borrow
    memory[at + i] = limb & LIMB_MASK
    borrow = limb >> LIMB_BITS
  }
}
