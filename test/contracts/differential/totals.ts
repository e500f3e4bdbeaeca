// What a differential run counts, and how often its rare deeds come.
export type DifferentialTotals = {
  batches: number
  voids: number
  /** Of the voids, those of batches on which no quorum agreed. */
  disputed: number
  trades: number
  cosigned: number
  orderSide: number
  mixed: number
  withdrawals: number
  slid: number
  /** Co-signed deltas that raised their account's floor, and marks in those that did not. */
  deltaFloors: number
  deltaMarks: number
  /** Marks of orders that their own signatures settled. */
  orderMarks: number
  /** By the owner's own transaction, after its delay. */
  exits: number
  exitsCancelled: number
  floors: number
  claims: number
  delegations: number
  gas: number
}

/** Chances of what is rare, a step (of a batch: `stuck`, `disputed`). */
export type DifferentialRates = {
  deposit: number
  delegate: number
  requestExit: number
  cancelExit: number
  claim: number
  floor: number
  /** The delay of exits and floors passes. */
  leave: number
  /** An attested batch that nobody settles; one on which the validators do not agree. */
  stuck: number
  disputed: number
}

/** As a venue would see them, roughly: for runs of thousands of batches. */
export const RARE: DifferentialRates = {
  deposit: 0.02,
  delegate: 0.02,
  requestExit: 0.003,
  cancelExit: 0.002,
  claim: 0.015,
  floor: 0.001,
  leave: 0.001,
  stuck: 0.004,
  disputed: 0.004
}

/** So that a run of some dozen batches has each of them. */
export const OFTEN: DifferentialRates = {
  deposit: 0.02,
  delegate: 0.05,
  requestExit: 0.08,
  cancelExit: 0.03,
  claim: 0.08,
  floor: 0.03,
  leave: 0.03,
  stuck: 0.04,
  disputed: 0.04
}

export function sum(a: DifferentialTotals, b: DifferentialTotals): DifferentialTotals {
  const result = { ...a }
  for (const name of Object.keys(b) as (keyof DifferentialTotals)[]) result[name] += b[name]
  return result
}

/** @returns the names of what the runs did not see once */
export function unseen(totals: DifferentialTotals): string[] {
  return Object.entries(totals).flatMap(([name, count]) => (count > 0 ? [] : [name]))
}
