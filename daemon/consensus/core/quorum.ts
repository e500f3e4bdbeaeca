/** Validators that may be Byzantine: ⌊(n-1)/3⌋. */
export function faultsOf(validators: number): number {
  return Math.floor((validators - 1) / 3)
}

/** Votes that make a certificate: ⌊2n/3⌋+1, so that any two share an honest validator. */
export function quorumOf(validators: number): number {
  return Math.floor((2 * validators) / 3) + 1
}

/** Leader of a height: the validators take turns. */
export function leaderOf(height: number, validators: number): number {
  return height % validators
}
