// Offences proven. Of each validator and kind of offence the first few pieces are kept, for good:
// more would prove nothing further, and a proposal can be as large as a cut.
import { leaderOf } from './quorum.ts'
import type { Evidence } from './types.ts'

/** Pieces kept of one validator's offences of one kind. */
const PIECES_MAX = 3

export class EvidenceBook {
  readonly #validators: number
  readonly #pieces = new Map<string, Map<number, Evidence>>()

  constructor(options: { validators: number }) {
    this.#validators = options.validators
  }

  /** In the order in which the kinds of offence came, each by height as it came. */
  get list(): Evidence[] {
    return [...this.#pieces.values()].flatMap((pieces) => [...pieces.values()])
  }

  /** False for what would not be kept: it need not be checked. */
  wants(evidence: Evidence): boolean {
    const pieces = this.#pieces.get(this.#keyOf(evidence))
    return !pieces || (pieces.size < PIECES_MAX && !pieces.has(heightOf(evidence)))
  }

  /** Whether it is kept; false for what is known, and for what proves nothing further. */
  add(evidence: Evidence): boolean {
    if (!this.wants(evidence)) return false
    const key = this.#keyOf(evidence)
    const pieces = this.#pieces.get(key) ?? new Map<number, Evidence>()
    this.#pieces.set(key, pieces.set(heightOf(evidence), evidence))
    return true
  }

  #keyOf(evidence: Evidence): string {
    return `${evidence.offence}.${offenderOf(evidence, this.#validators)}`
  }
}

function heightOf({ first }: Evidence): number {
  return first.block.height
}

/** Who committed the offence. */
export function offenderOf(evidence: Evidence, validators: number): number {
  if (evidence.offence !== 'propose') return evidence.first.validator
  return leaderOf(evidence.first.block.height, validators)
}
