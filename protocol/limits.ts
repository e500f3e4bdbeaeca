// Every constant that daemons must agree on and that a manifest does not choose. Sizes of integers
// follow from the vault's packing (contracts/src/Vault.sol) and from safe integers.

/** Quanta, fees, batch indexes: safe integers. */
export const SAFE_MAX = Number.MAX_SAFE_INTEGER
/** Ticks: 32 bits. */
export const PRICE_MAX = 2 ** 32 - 1
/** Lots: 30 bits, so that a mark shares a storage word with an account's balances. */
export const QUANTITY_MAX = 2 ** 30 - 1
/** Nonces, floors, sequences: 40 bits. */
export const NONCE_MAX = 2 ** 40 - 1
/** Whole seconds since 1970: 40 bits. */
export const EXPIRY_MAX = 2 ** 40 - 1
/** Ring slots an account can have at most. */
export const SLOTS_LIMIT = 65_536
export const U32_MAX = 2 ** 32 - 1

/** Sizes of a venue. */
export const VALIDATORS_LIMIT = 64
export const TOKENS_LIMIT = 64
export const MARKETS_LIMIT = 256

/** Sizes of a venue with a vault (contracts/src/Terms.sol). */
export const VAULT_VALIDATORS_MAX = 32
export const VAULT_TOKENS_MAX = 32
/** Base units of a token in a quantum. */
export const VAULT_QUANTUM_MAX = 2n ** 96n - 1n

/** Lane blocks. */
export const BLOCK_VERSION = 1
export const BLOCK_BYTES_MAX = 64 * 1024
export const BLOCK_ENTRIES_MAX = 512
/** How long a lane gathers entries into one block. */
export const COALESCE_IDLE_MS = 2
export const COALESCE_BUSY_MS = 10
/** At most, where finality takes long. */
export const COALESCE_SLOW_MS = 40

/** Lists inside an entry. */
export const BULK_ORDERS_MAX = 256
export const BULK_HEIGHT_MAX = 8
export const CANCEL_NONCES_MAX = 256

/** Cuts. */
export const CUT_BYTES_MAX = 1024 * 1024
export const CUT_ENTRIES_MAX = 4096
export const LANES_PER_CUT_MAX = 256
/** Lanes of a whole tape: each is state in every daemon and snapshot, for ever. */
export const VENUE_LANES_MAX = 65_536
/** Accounts that links may bring in: a key costs nothing. Deposits, which cost gas, may bring more. */
export const VENUE_ACCOUNTS_MAX = 1_048_576
/** A subscriber of the tape that is more blocks behind is told so, and asks for the history run by
 * run. */
export const STREAM_BEHIND_MAX = 1024

/** Signed messages. */
export const EIP712_NAME = 'Curb'
export const EIP712_VERSION = '1'

/** Most of the gas that Ethereum grants one transaction (EIP-7825). */
export const TRANSACTION_GAS_MAX = 16_777_216
