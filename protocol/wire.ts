// Reading and writing bytes: the formats of compact-encoding (little-endian, integers in 1, 3, 5
// or 9 bytes), read strictly: an integer that would fit a shorter form, a value out of its range,
// and a byte too few or too many are all faults. So every value has exactly one encoding.
import { addressAt, isAddress, writeAddress } from './address.ts'
import { DecodeFault, EncodeFault } from './faults.ts'
import { SAFE_MAX } from './limits.ts'
import type { Address, Signature } from './types.ts'

/** A view that is no subclass: what comes from the network is one of Node's buffers, whose `slice`
 * copies nothing, and whoever then wrote into his copy would write into the tape. */
function plain(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Reads one buffer from front to back. What it returns as bytes are views into the buffer. */
export class Reader {
  readonly bytes: Uint8Array
  readonly end: number
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = plain(bytes)
    this.end = bytes.length
    this.offset = offset
  }

  fail(reason: string): never {
    throw new DecodeFault(reason, this.offset)
  }

  u8(): number {
    if (this.offset >= this.end) this.fail('ends early')
    return this.bytes[this.offset++]
  }

  /** An integer from `min` to `max` (at most 2^53-1) in its shortest form. */
  uint(min: number, max: number): number {
    const start = this.offset
    if (start >= this.end) this.fail('ends early')
    const first = this.bytes[start]
    let value = first
    if (first <= 0xfc) this.offset = start + 1
    else value = this.#long(first, start)
    if (value < min || value > max) {
      this.offset = start
      this.fail('integer out of range')
    }
    return value
  }

  #long(first: number, start: number): number {
    const bytes = this.bytes
    const size = first === 0xfd ? 2 : first === 0xfe ? 4 : 8
    if (this.end - start - 1 < size) this.fail('ends early')
    let value = bytes[start + 1] | (bytes[start + 2] << 8)
    let least = 0xfd
    if (size > 2) {
      value = (value | (bytes[start + 3] << 16) | (bytes[start + 4] << 24)) >>> 0
      least = 0x10000
    }
    if (size > 4) {
      const high = (bytes[start + 5] | (bytes[start + 6] << 8) | (bytes[start + 7] << 16)) >>> 0
      if (high >= 0x200000 || bytes[start + 8] !== 0) this.fail('integer above 2^53')
      value += high * 0x1_0000_0000
      least = 0x1_0000_0000
    }
    if (value < least) this.fail('integer longer than it needs')
    this.offset = start + 1 + size
    return value
  }

  /** 0 or 1. */
  bool(): boolean {
    const value = this.u8()
    if (value > 1) this.fail('not a boolean')
    return value === 1
  }

  /** A view of the next `length` bytes. */
  fixed(length: number): Uint8Array {
    const start = this.offset
    if (this.end - start < length) this.fail('ends early')
    this.offset = start + length
    return this.bytes.subarray(start, start + length)
  }

  address(): Address {
    const start = this.offset
    if (this.end - start < 20) this.fail('ends early')
    this.offset = start + 20
    return addressAt(this.bytes, start)
  }

  /** 65 bytes with v in {27, 28} and s at most half the group order (EIP-2). */
  signature(): Signature {
    const start = this.offset
    if (this.end - start < 65) this.fail('ends early')
    const problem = signatureProblem(this.bytes, start)
    if (problem !== null) this.fail(problem)
    this.offset = start + 65
    return this.bytes.subarray(start, start + 65)
  }

  /** Every decoder of a whole value ends with this. */
  finish(): void {
    if (this.offset !== this.end) this.fail('bytes left over')
  }
}

/** Buffers of writers that have handed out what they wrote, by size: a new one for each message costs
 * more than writing it. Most messages are short; a cut with its blocks is not. */
const SPARES: readonly { bytes: number; max: number; free: Uint8Array[] }[] = [
  { bytes: 4096, max: 8, free: [] },
  { bytes: 65_536, max: 2, free: [] }
]
const NONE = new Uint8Array(0)

function spareOf(size: number): Uint8Array {
  for (const { bytes, free } of SPARES) {
    if (size <= bytes) return free.pop() ?? new Uint8Array(bytes)
  }
  return new Uint8Array(size)
}

function spared(buffer: Uint8Array): void {
  for (const { bytes, max, free } of SPARES) {
    if (buffer.length === bytes && free.length < max) free.push(buffer)
  }
}

/** Writes into a buffer that grows; `take()` hands out a copy and starts again. */
export class Writer {
  #bytes: Uint8Array = NONE
  #length = 0
  readonly #capacity: number

  constructor(capacity = 1024) {
    this.#capacity = capacity
  }

  get length(): number {
    return this.#length
  }

  #room(count: number): number {
    const start = this.#length
    const needed = start + count
    if (needed > this.#bytes.length) this.#grow(needed)
    this.#length = needed
    return start
  }

  #grow(needed: number): void {
    const before = this.#bytes
    const size = Math.max(needed, before.length * 2, this.#capacity)
    this.#bytes = spareOf(size)
    if (before.length > 0) this.#bytes.set(before)
  }

  u8(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  /** @throws EncodeFault when the value is not an integer from `min` to `max`. */
  uint(field: string, value: number, min: number, max: number): void {
    if (!(Number.isSafeInteger(value) && value >= min && value <= max)) {
      throw new EncodeFault(field, `must be a whole number from ${min} to ${max}, is ${value}`)
    }
    if (value <= 0xfc) {
      this.u8(value)
      return
    }
    const size = value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8
    const at = this.#room(1 + size)
    const bytes = this.#bytes
    bytes[at] = size === 2 ? 0xfd : size === 4 ? 0xfe : 0xff
    bytes[at + 1] = value
    bytes[at + 2] = value >>> 8
    if (size > 2) {
      bytes[at + 3] = value >>> 16
      bytes[at + 4] = value >>> 24
    }
    if (size > 4) {
      const high = Math.floor(value / 0x1_0000_0000)
      bytes[at + 5] = high
      bytes[at + 6] = high >>> 8
      bytes[at + 7] = high >>> 16
      bytes[at + 8] = 0
    }
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  /** Exactly `length` bytes. */
  fixed(field: string, value: Uint8Array, length: number): void {
    if (value.length !== length) {
      throw new EncodeFault(field, `must be ${length} bytes, is ${value.length}`)
    }
    const at = this.#room(length)
    this.#bytes.set(value, at)
  }

  address(field: string, value: Address): void {
    if (!isAddress(value)) throw new EncodeFault(field, 'must be a lower-case 0x address')
    const at = this.#room(20)
    writeAddress(value, this.#bytes, at)
  }

  signature(value: Signature): void {
    const problem = value.length === 65 ? signatureProblem(value, 0) : 'signature not 65 bytes'
    if (problem !== null) throw new EncodeFault('signature', `is unusable: ${problem}`)
    this.fixed('signature', value, 65)
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length)
    this.#length = 0
    spared(this.#bytes)
    this.#bytes = NONE
    return bytes
  }

  /** Forgets what was written, after a fault in the middle of a value. */
  reset(): void {
    this.#length = 0
  }
}

// Half the order of secp256k1, rounded down, as eight big-endian words.
const HALF_ORDER = [
  0x7fffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x5d576e73, 0x57a4501d, 0xdfe92f46, 0x681b20a0
]

/** Why the 65 bytes at `offset` may not stand as a signature, or null. Native recovery takes
 * forms that ethers and the vault refuse; without this check peers would disagree. */
export function signatureProblem(bytes: Uint8Array, offset: number): string | null {
  const v = bytes[offset + 64]
  if (v !== 27 && v !== 28) return 'signature v not 27 or 28'
  if (bytes[offset + 32] < 0x7f) return null
  for (let i = 0; i < 8; i++) {
    const at = offset + 32 + 4 * i
    const word =
      ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
    if (word !== HALF_ORDER[i]) return word < HALF_ORDER[i] ? null : 'signature s too high'
  }
  return null
}

/** Reads a signed integer: a sign byte (1 is negative, never of zero), then the magnitude. */
export function readInt(reader: Reader): number {
  const negative = reader.bool()
  const magnitude = reader.uint(0, SAFE_MAX)
  if (negative && magnitude === 0) reader.fail('negative zero')
  return negative ? -magnitude : magnitude
}

export function writeInt(writer: Writer, field: string, value: number): void {
  writer.bool(value < 0)
  writer.uint(field, Math.abs(value), 0, SAFE_MAX)
}
