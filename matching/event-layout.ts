// What the words of the event records mean (event-writer.ts).

/** Words of a record as readers get it. */
export const RECORD = 8

/** Words and doubles of a unit. */
export const UNIT = 4
export const EXTRAS = 4
/** In the head of `accepted`: its order rested at once, whole and at its limit. In that of `traded`:
 * its taker was charged right after it, by its trades alone. */
export const FOLDED = 2 << 8
/** In the head of `traded`: the taker is not the order that was accepted last, and a second unit has
 * its id. */
export const NAMED = 4 << 8

export const ACCEPTED = 1
export const REJECTED = 2
export const RESTED = 3
export const TRADED = 4
export const CHARGED = 5
export const REDUCED = 6
export const CANCELLED = 7
export const EXPIRED_EVENT = 8
export const TRIGGERED = 9
export const AMENDED_EVENT = 10
export const WITHDRAWN = 11
export const LINKED = 12
export const LEASE_RENEWED = 13
export const PROTECT_SET = 14
export const PROTECTION_FIRED = 15
export const OPENED = 16
export const DEPOSITED = 20
export const EXIT_REQUESTED_EVENT = 21
export const EXIT_CANCELLED = 22
export const EXIT_CLAIMED = 23
export const FLOOR_RAISED = 24
export const DELEGATE_SET = 25
export const CLAIMED = 26
export const BATCH_CLOSED = 30
export const BATCH_SEALED = 31
export const COSIGNED = 32
export const ATTESTED = 33
export const BATCH_ATTESTED = 34
export const VOID_ATTESTED = 35
export const BATCH_SETTLED = 36
export const BATCH_REVERTED = 37
export const STOPPED = 38
export const RESUMED = 39
