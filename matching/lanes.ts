// Lanes, numbered in the order in which blocks first name them.

import type { LaneView } from './results.ts'

export type Lane = {
  key: Uint8Array
  /** Its first entry was a good `open`. */
  open: boolean
  /** It has had an entry. */
  begun: boolean
  length: number
  treeHash: Uint8Array
  leaseUntil: number
}

/** A string for each byte. */
const digits = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))

/** Bytes as a string to look up. */
function nameOf(key: Uint8Array): string {
  let name = ''
  for (let i = 0; i < key.length; i++) name += digits[key[i]]
  return name
}

export class Lanes {
  readonly list: Lane[] = []
  readonly #numbers = new Map<string, number>()

  /** The lane's number; it is counted in when it is new. */
  number(key: Uint8Array): number {
    const name = nameOf(key)
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.list.length
    this.#numbers.set(name, number)
    const treeHash = new Uint8Array(32)
    this.list.push({
      key: key.slice(),
      open: false,
      begun: false,
      length: 0,
      treeHash,
      leaseUntil: 0
    })
    return number
  }

  view(number: number): LaneView {
    const { key, open, length, treeHash, leaseUntil } = this.list[number]
    return { lane: number, key, open, length, treeHash, leaseUntil }
  }
}
