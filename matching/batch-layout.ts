// The rows of words in a batch (batch.ts).

/** Words of a fill: lots, price, maker fee (low; high << 8 | the nonce's high 8), then of the maker:
 * owner, flags, id (low, high with the expiry's and the place's high bits), tape index, entry, filled
 * lots, nonce (low). */
export const FILL = 16
export const FILL_OWNER = 4

/** Words of a taking command: its first fill's position, then owner, flags, id (low, high as above),
 * tape index, entry, lots filled before its first fill, nonce (low, high), fee in quote quanta (low,
 * high). */
export const TAKE = 16
export const TAKE_FEE = 10
