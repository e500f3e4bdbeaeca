// Whose turn it is to settle a batch: validators one after the other, beginning with the one whose
// index is the batch's modulo their number; who does not do it in his time is joined by the next.
// Others come last, and not before the vault lets them.

export type TurnOptions = {
  validators: number
  /** Index among the validators; null for another settler. */
  self: number | null
  turnMs: number
  settlerWindowSeconds: number
}

/** Milliseconds since 1970 from which this settler may submit the batch.
 * @param readyAt When the batch could first be submitted, milliseconds since 1970.
 * @param sealedAt Whole seconds. */
export function turnAt(
  { validators, self, turnMs, settlerWindowSeconds }: TurnOptions,
  batch: number,
  readyAt: number,
  sealedAt: number
): number {
  if (self === null) {
    const open = (sealedAt + settlerWindowSeconds) * 1000
    return Math.max(open, readyAt) + turnMs
  }
  return readyAt + ((self - (batch % validators) + validators) % validators) * turnMs
}
