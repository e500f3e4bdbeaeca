// Addresses are 20 bytes on the wire and lower-case `0x` strings in memory. Making the string is
// the dearest part of decoding an entry, so decoded ones come from a table of the recent ones.
import { asciiBytes, toHex } from './bytes.ts'
import { Fault } from './faults.ts'
import type { Address } from './types.ts'
import type { Hash } from './hash.ts'

export const ZERO_ADDRESS: Address = '0x' + '0'.repeat(40)

const PLAIN = /^0x[0-9a-f]{40}$/
const MIXED = /^0x[0-9a-fA-F]{40}$/

/** True for the one form that an address has in memory. */
export function isAddress(value: unknown): value is Address {
  return typeof value === 'string' && PLAIN.test(value)
}

/** The address that a person or another program wrote, in lower case. Mixed case must be right by
 * EIP-55, since it was written to catch a mistyped digit; all-lower and all-upper are taken.
 * @throws Fault address_invalid */
export function parseAddress(text: string, keccak: Hash): Address {
  if (!MIXED.test(text)) {
    throw new Fault('address_invalid', `"${text}" is not an address: 0x and 40 hex digits`)
  }
  const lower = text.toLowerCase()
  const digits = text.slice(2)
  const mixed = digits !== lower.slice(2) && digits !== digits.toUpperCase()
  if (mixed && text !== checksumAddress(lower, keccak)) {
    throw new Fault('address_invalid', `"${text}" has a wrong checksum: a digit is mistyped`)
  }
  return lower
}

/** The address in the mixed case of EIP-55, for showing. */
export function checksumAddress(address: Address, keccak: Hash): string {
  const digits = address.slice(2)
  const hash = toHex(keccak(asciiBytes(digits)))
  let text = '0x'
  for (let i = 0; i < 40; i++) text += hash[i] >= '8' ? digits[i].toUpperCase() : digits[i]
  return text
}

// A direct-mapped table: an address is in one place or nowhere, so hostile ones can only push
// others out, and memory stays what it is.
const TABLE_SIZE = 1 << 14
const words = new Uint32Array(TABLE_SIZE * 5)
const texts: Address[] = new Array<Address>(TABLE_SIZE).fill('')

/** The address string of the 20 bytes at `offset`, which must be there. */
export function addressAt(bytes: Uint8Array, offset: number): Address {
  const a = word(bytes, offset)
  const b = word(bytes, offset + 4)
  const c = word(bytes, offset + 8)
  const d = word(bytes, offset + 12)
  const e = word(bytes, offset + 16)
  const mixed = Math.imul(a ^ Math.imul(c ^ e, 0x85ebca6b) ^ b ^ d, 0x9e3779b1)
  const index = mixed >>> 18
  const at = index * 5
  if (
    words[at] === a >>> 0 &&
    words[at + 1] === b >>> 0 &&
    words[at + 2] === c >>> 0 &&
    words[at + 3] === d >>> 0 &&
    words[at + 4] === e >>> 0 &&
    texts[index] !== ''
  ) {
    return texts[index]
  }
  const text = '0x' + toHex(bytes.subarray(offset, offset + 20))
  words[at] = a
  words[at + 1] = b
  words[at + 2] = c
  words[at + 3] = d
  words[at + 4] = e
  texts[index] = text
  return text
}

function word(bytes: Uint8Array, offset: number): number {
  return (
    bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24)
  )
}

/** Writes the 20 bytes of an address. The text must be in memory's form (isAddress). */
export function writeAddress(address: Address, into: Uint8Array, offset: number): void {
  for (let i = 0; i < 20; i++) {
    into[offset + i] =
      nibble(address.charCodeAt(2 + 2 * i)) * 16 + nibble(address.charCodeAt(3 + 2 * i))
  }
}

function nibble(code: number): number {
  return code <= 57 ? code - 48 : code - 87
}
