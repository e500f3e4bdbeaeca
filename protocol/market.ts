// What a signed order names in place of its market's index: the hash of everything that decides
// what the order may cost its owner. The vault computes the same (contracts/src/Vault.sol).
import { writeAddress } from './address.ts'
import type { Hash } from './hash.ts'
import type { Address, Bytes32 } from './types.ts'

export type MarketTerms = {
  vault: Address
  /** Indexes in the venue's list of tokens. */
  baseToken: number
  quoteToken: number
  /** Base quanta in a lot. */
  lotSize: number
  /** Quote quanta per lot per tick. */
  tickValue: number
  makerBps: number
  takerBps: number
  /** Quote quanta. */
  takerFeeMin: number
}

/** keccak256(abi.encode(address, uint256 * 7)) of the terms in their order. */
export function marketHash(terms: MarketTerms, keccak: Hash): Bytes32 {
  const words = new Uint8Array(8 * 32)
  writeAddress(terms.vault, words, 12)
  const numbers = [
    terms.baseToken,
    terms.quoteToken,
    terms.lotSize,
    terms.tickValue,
    terms.makerBps,
    terms.takerBps,
    terms.takerFeeMin
  ]
  numbers.forEach((value, i) => putInteger(words, 32 * (i + 1), value))
  return keccak(words)
}

/** Writes a safe integer into the 32-byte word at `offset`, big-endian. Only the last eight bytes
 * are touched, unless it is negative: then the word is sign-extended, as abi.encode does. */
export function putInteger(words: Uint8Array, offset: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  if (value < 0) words.fill(0xff, offset, offset + 24)
  words[offset + 24] = high >>> 24
  words[offset + 25] = high >>> 16
  words[offset + 26] = high >>> 8
  words[offset + 27] = high
  words[offset + 28] = value >>> 24
  words[offset + 29] = value >>> 16
  words[offset + 30] = value >>> 8
  words[offset + 31] = value
}
