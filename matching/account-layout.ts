// The words of an account's row (accounts.ts), half a cache line: what a placement wants to know of the
// account comes with one miss.

/** Words of a row, as a shift. */
export const ACCOUNT_SHIFT = 3
/** The gate, a double, is the row's first; in doubles a row is this shift. */
export const GATE_SHIFT = 2
/** Live orders. */
export const LIVE = 2
/** The slot page that was looked up last: its number, and where it is (0 while it is not made). */
export const PAGE_NUMBER = 3
export const PAGE_AT = 4
/** Where the account's directory of pages begins, and how many it can name. */
export const DIRECTORY = 5
export const DIRECTORY_PAGES = 6
