// To which phases of a block an entry belongs (docs/matching.md, section 3): that follows from its kind,
// its orders' postOnly and its account's nonceBefore alone, never from its outcome.

import type { EntryInput, OrderInput } from './types.ts'

export const PHASE_TWO = 1
export const PHASE_THREE = 2
export const PHASE_FOUR = 4
export const PHASE_FIVE = 8

/** Bits of the phases. `nonceBefore` is the account's last consumed nonce before this block. */
export function phasesOf(input: EntryInput, nonceBefore: number): number {
  switch (input.kind) {
    case 'place':
      return phaseOfOrder(input.order)
    case 'cancel': {
      let phases = PHASE_THREE
      for (const nonce of input.nonces) if (nonce > nonceBefore) phases |= PHASE_FIVE
      return phases
    }
    case 'quote': {
      let phases = PHASE_THREE
      for (const order of input.orders) phases |= phaseOfOrder(order)
      return phases
    }
    case 'amend':
      if (input.oldNonce > nonceBefore) return PHASE_FIVE
      return PHASE_THREE | phaseOfOrder(input.order)
    case 'cancelAll':
      return PHASE_THREE | PHASE_FIVE
    case 'withdraw':
      return PHASE_FIVE
    case 'lease':
    case 'protect':
    case 'cosign':
    case 'attest':
      return PHASE_TWO
    case 'open':
    case 'link':
      return 0
  }
}

/** Where an order enters. */
function phaseOfOrder(order: OrderInput): number {
  return order.postOnly === 'no' ? PHASE_FIVE : PHASE_FOUR
}
