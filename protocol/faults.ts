// Faults are operational: thrown, with a code that programs can match, metadata for the log, and
// the cause. (Rejects, which are replicated and returned, are in rejects.ts.) A code is listed
// once, in a table like the one below, from which docs/errors.md is written.

/** Fault codes of protocol/ and crypto/, each with its meaning in a line. */
export const protocolFaults = {
  decode_failed:
    'Bytes from a peer, a disk or a file are not a canonical encoding; they are dropped.',
  encode_failed: 'A value cannot be encoded: a field is out of its range or the lists disagree.',
  manifest_invalid: 'The venue manifest breaks a rule; the message names the field and what to do.',
  amount_invalid:
    'Not a plain decimal number such as 12 or 0.5, or greater than the venue can count.',
  amount_off_quantum:
    'The amount is not a whole number of quanta; the message names the nearest ones.',
  price_off_tick: 'The price is not a whole number of ticks; the message names the nearest ones.',
  quantity_off_lot:
    'The quantity is not a whole number of lots; the message names the nearest ones.',
  address_invalid: 'Not an Ethereum address, or its mixed-case checksum is wrong.',
  bulk_invalid: 'A bulk signature holds no order or too many, or a proof does not fit its tree.',
  key_invalid: 'A private key, public key or seed has the wrong length or value.',
  crypto_unavailable: 'The chosen signature backend does not exist on this machine.',
  pool_busy: 'The signature workers have as much queued as they may; try again.',
  pool_closed: 'The signature workers were closed before the work was done.',
  pool_failed: 'A signature worker ended unexpectedly.'
} as const satisfies Record<string, string>

export type FaultMetadata = Readonly<Record<string, string | number | boolean | null>>

/** A fault with a stable code. `Code` lets a function say in its type which ones it throws. */
export class Fault<Code extends string = string> extends Error {
  override readonly name: string = 'Fault'
  readonly code: Code
  readonly metadata: FaultMetadata

  constructor(code: Code, message: string, metadata: FaultMetadata = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.metadata = metadata
  }
}

/** The one thing that a decoder throws: what was wrong, and at which byte. */
export class DecodeFault extends Fault<'decode_failed'> {
  override readonly name = 'DecodeFault'

  constructor(reason: string, offset: number) {
    super('decode_failed', `${reason} at byte ${offset}`, { reason, offset })
  }
}

/** A value that has no encoding: a mistake of the caller's, found before anything is sent. */
export class EncodeFault extends Fault<'encode_failed'> {
  override readonly name = 'EncodeFault'

  constructor(field: string, problem: string) {
    super('encode_failed', `${field} ${problem}`, { field })
  }
}
