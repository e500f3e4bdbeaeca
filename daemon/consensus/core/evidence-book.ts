import { leaderOf } from './quorum.ts'
import type { Evidence } from './types.ts'

/** More pieces than this convict nobody further. */
const EVIDENCE_MAX = 1024

/** Offences proven, one piece for each height, validator and kind. */
export class EvidenceBook {
  readonly list: Evidence[] = []
  readonly #keys = new Set<string>()

  has(evidence: Evidence): boolean {
    return this.#keys.has(keyOf(evidence))
  }

  /** False when it is known already, or the book is full. */
  add(evidence: Evidence): boolean {
    const key = keyOf(evidence)
    if (this.#keys.has(key) || this.list.length >= EVIDENCE_MAX) return false
    this.#keys.add(key)
    this.list.push(evidence)
    return true
  }
}

/** The height names the leader, so proposals need no validator. */
function keyOf(evidence: Evidence): string {
  const { offence, first } = evidence
  const { height } = first.block
  return offence === 'propose' ? `${offence}.${height}` : `${offence}.${height}.${first.validator}`
}

/** Who committed the offence. */
export function offenderOf(evidence: Evidence, validators: number): number {
  if (evidence.offence !== 'propose') return evidence.first.validator
  return leaderOf(evidence.first.block.height, validators)
}
