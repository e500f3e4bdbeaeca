// Steps of a grid (ticks, lots, quanta) to their decimal text, the same as protocol/money.ts gives
// them, with what follows from the market worked out once.
import type { Decimal } from '../../protocol/money.ts'

export class Grid {
  readonly #unit: bigint
  /** The same as a number; 0 when it is none. */
  readonly #small: number
  readonly #scale: number

  constructor({ unit, scale }: Decimal) {
    this.#unit = unit
    this.#small = unit <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(unit) : 0
    this.#scale = scale
  }

  /** `steps` is a safe integer, not negative. */
  text(steps: number): string {
    const product = steps * this.#small
    const isExact = this.#small > 0 && product <= Number.MAX_SAFE_INTEGER
    const digits = isExact ? String(product) : String(BigInt(steps) * this.#unit)
    return this.#scale === 0 ? digits : pointed(digits, this.#scale)
  }
}

/** Digits with the point `scale` places from the right, and no zeros at the end. */
function pointed(digits: string, scale: number): string {
  const padded = digits.length > scale ? digits : digits.padStart(scale + 1, '0')
  const point = padded.length - scale
  let end = padded.length
  while (end > point && padded.charCodeAt(end - 1) === 48) end--
  return end === point
    ? padded.slice(0, point)
    : `${padded.slice(0, point)}.${padded.slice(point, end)}`
}
