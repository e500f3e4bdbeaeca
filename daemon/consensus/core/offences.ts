// Evidence, read off what a height's slot holds.
import { sameBlock, type Slot } from './slot.ts'
import type { Evidence, Notarization, Propose, Vote } from './types.ts'

export function twoProposals(first: Propose, second: Propose): Evidence {
  return { kind: 'evidence', offence: 'propose', first, second }
}

export function twoVotes(first: Vote, second: Vote): Evidence {
  return { kind: 'evidence', offence: 'vote', first, second }
}

/** Votes of a certificate against those that came here: an equivocator shows each side another. */
export function votesAgainst(slot: Slot, { block, signatures }: Notarization): Evidence[] {
  const found: Evidence[] = []
  for (const { validator, signature } of signatures) {
    const first = slot.votes[validator]
    if (!first || sameBlock(first.block, block)) continue
    found.push(twoVotes(first, { kind: 'vote', block, validator, signature }))
  }
  return found
}

/** A validator that finalized the notarized block and nullified the height. */
export function finalizedAndNullified(slot: Slot, validator: number): Evidence | null {
  const first = slot.finalizes[validator]
  const second = slot.nullifies[validator]
  const { notarization } = slot
  if (!first || !second || !notarization) return null
  if (!sameBlock(first.block, notarization.block)) return null
  return { kind: 'evidence', offence: 'finalize', first, second, notarization }
}
