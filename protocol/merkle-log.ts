// The flat in-memory Merkle tree of an append-only log, byte-compatible with Hypercore 11 (manifest
// versions 1 to 3): leaf, parent and root hashes are BLAKE2b-256 as in the DAT/Hypercore
// specification (domain bytes 0, 1, 2 against second preimages). Only the roots are kept, in a
// persistent list, so that a log can be branched for nothing: `append` returns a new log and leaves
// the old one as it was. A tree hash at a length commits to every byte before it.
import type { Bytes32 } from './types.ts'

/** BLAKE2b-256 of the concatenation of the parts. */
export type HashParts = (parts: readonly Uint8Array[]) => Bytes32

/** A full subtree: its size in bytes and its hash. Its place follows from the log's length. */
export type LogRoot = { size: number; hash: Bytes32 }

type Peak = { index: number; height: number; size: number; hash: Bytes32; left: Peak | null }

const LEAF = 0
const PARENT = 1
const ROOTS = 2

/** Writes `value` (a safe integer, at least 0) as eight bytes, little-endian. */
export function writeUint64(target: Uint8Array, offset: number, value: number): void {
  let low = value % 0x100000000
  let high = (value - low) / 0x100000000
  for (let i = 0; i < 4; i++) {
    target[offset + i] = low & 0xff
    low >>>= 8
    target[offset + 4 + i] = high & 0xff
    high >>>= 8
  }
}

function prefix(kind: number, size: number): Uint8Array {
  const bytes = new Uint8Array(9)
  bytes[0] = kind
  writeUint64(bytes, 1, size)
  return bytes
}

/** The hash under which a block is a leaf. */
export function leafHash(hash: HashParts, block: Uint8Array): Bytes32 {
  return hash([prefix(LEAF, block.byteLength), block])
}

export class MerkleLog {
  /** Blocks. */
  readonly length: number
  readonly byteLength: number
  readonly #hash: HashParts
  readonly #last: Peak | null
  #treeHash: Bytes32 | null = null

  private constructor(hash: HashParts, length: number, byteLength: number, last: Peak | null) {
    this.#hash = hash
    this.length = length
    this.byteLength = byteLength
    this.#last = last
  }

  static empty(hash: HashParts): MerkleLog {
    return new MerkleLog(hash, 0, 0, null)
  }

  /** A log of `length` blocks from its roots, left to right (as `roots()` gives them). Null when
   * their number does not fit the length. Whether they are the right ones only `treeHash()` says. */
  static from(hash: HashParts, length: number, roots: readonly LogRoot[]): MerkleLog | null {
    let last: Peak | null = null
    let start = 0
    let used = 0
    let byteLength = 0
    for (let height = 52; height >= 0; height--) {
      const span = 2 ** height
      if (length - start < span) continue
      if (used === roots.length) return null
      const { size, hash: rootHash } = roots[used++]
      last = { index: 2 * start + span - 1, height, size, hash: rootHash, left: last }
      start += span
      byteLength += size
    }
    return start === length && used === roots.length && Number.isSafeInteger(byteLength)
      ? new MerkleLog(hash, length, byteLength, last)
      : null
  }

  /** The log with one more block. */
  append(block: Uint8Array): MerkleLog {
    return this.appendLeaf(block.byteLength, leafHash(this.#hash, block))
  }

  /** The log with one more block, known only by its size in bytes and its `leafHash`. */
  appendLeaf(size: number, hash: Bytes32): MerkleLog {
    let peak: Peak = { index: 2 * this.length, height: 0, size, hash, left: this.#last }
    while (peak.left !== null && peak.left.height === peak.height) {
      const left: Peak = peak.left
      peak = {
        index: (left.index + peak.index) / 2,
        height: peak.height + 1,
        size: left.size + peak.size,
        hash: this.#hash([prefix(PARENT, left.size + peak.size), left.hash, peak.hash]),
        left: left.left
      }
    }
    return new MerkleLog(this.#hash, this.length + 1, this.byteLength + size, peak)
  }

  /** Commits to every byte so far. Computed once. */
  treeHash(): Bytes32 {
    if (this.#treeHash === null) {
      const peaks = this.#peaks()
      const bytes = new Uint8Array(1 + 48 * peaks.length)
      bytes[0] = ROOTS
      let offset = 1
      for (const peak of peaks) {
        bytes.set(peak.hash, offset)
        writeUint64(bytes, offset + 32, peak.index)
        writeUint64(bytes, offset + 40, peak.size)
        offset += 48
      }
      this.#treeHash = this.#hash([bytes])
    }
    return this.#treeHash
  }

  /** The full subtrees, left to right: what a snapshot keeps of a log. */
  roots(): LogRoot[] {
    return this.#peaks().map(({ size, hash }) => ({ size, hash }))
  }

  #peaks(): Peak[] {
    const peaks: Peak[] = []
    for (let peak = this.#last; peak !== null; peak = peak.left) peaks.push(peak)
    return peaks.reverse()
  }
}
