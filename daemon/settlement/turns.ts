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

/** The batch that comes next on the chain, and since when it could go there. */
export type NextBatch = { index: number; readyAt: number }

/** Which validator's turn began last: those before it, from the batch's own on, may still do it.
 * `until`: when the next one joins, milliseconds since 1970; null when all have. */
export function turnNow(
  { validators, turnMs }: Pick<TurnOptions, 'validators' | 'turnMs'>,
  { index, readyAt }: NextBatch,
  now: number
): { validator: number; until: number | null } {
  const passed = Math.floor(Math.max(0, now - readyAt) / turnMs)
  const joined = Math.min(passed, validators - 1)
  const isLast = joined === validators - 1
  return {
    validator: (index + joined) % validators,
    until: isLast ? null : readyAt + (joined + 1) * turnMs
  }
}
