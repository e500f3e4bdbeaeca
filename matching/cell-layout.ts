// A cell of the ledger (ledger.ts), by account and token: doubles that hold safe integers.

/** Doubles of a cell. */
export const CELL = 4
export const SETTLED = 0
export const PENDING = 1
export const RESERVED = 2
/** The block in which it was last touched. */
export const STAMP = 3
