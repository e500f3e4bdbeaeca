// What the tape adds up to before any engine has seen it: what its last header says, and where every
// lane stands: its Merkle log, grown with the blocks of each slice, so that
// a daemon can check for itself, without any lane's archive, that nothing on the tape was invented:
// each slice leads from what the tape took before to the tree hash that the lane's own key signed.
// The key is that of the lane's `open` entry; a lane without a valid one is checked by its hashes
// only, and the engine takes nothing from it.
import { compareBytes, equalBytes, toHex } from '../../protocol/bytes.ts'
import { DaemonFault } from '../errors.ts'
import { decodeHeadSignature, headSignable } from '../../protocol/log-manifest.ts'
import { type HashParts, MerkleLog } from '../../protocol/merkle-log.ts'
import type { Cut, Slice, TapeBlock } from '../../protocol/tape-block.ts'
import type { Bytes32, OpenEntry } from '../../protocol/types.ts'
import type { FinalSlice, LaneBase } from '../lanes/types.ts'
import type { VerifySignature } from '../tape/tape-key.ts'
import { entriesOf } from './intake.ts'

export type LedgerLane = {
  readonly lane: Bytes32
  /** The ed25519 key of its `open` entry; null when it has no valid one. */
  readonly signer: Bytes32 | null
  log: MerkleLog
  /** The lane's signature of its head at `log.length`. */
  signature: Uint8Array | null
  /** The tape block that took it last. */
  takenAt: number
}

/** The last header, and the last snapshot that any header named. */
export type LedgerHead = Pick<Cut, 'index' | 'height' | 'time' | 'cursor' | 'executed'> & {
  /** -1 for none. */
  snapshotIndex: number
}

/** A lane in a snapshot. */
export type LedgerBase = LaneBase & { takenAt: number }

const BEFORE: LedgerHead = {
  index: -1,
  height: 0,
  time: 0,
  cursor: null,
  executed: null,
  snapshotIndex: -1
}

export type LedgerDependencies = {
  hash: HashParts
  verify: VerifySignature
  opens: (entry: OpenEntry, lane: Bytes32) => boolean
}

export class LaneLedger {
  readonly #dependencies: LedgerDependencies
  readonly #lanes = new Map<string, LedgerLane>()
  #head: LedgerHead = BEFORE
  /** Of each lane the last slice whose signature is not checked yet. */
  readonly #unchecked = new Map<string, { slice: Slice; signer: Bytes32 }>()

  constructor(dependencies: LedgerDependencies) {
    this.#dependencies = dependencies
  }

  get head(): LedgerHead {
    return this.#head
  }

  get(lane: Bytes32): LedgerLane | null {
    return this.#lanes.get(toHex(lane)) ?? null
  }

  /** Ascending by key. */
  lanes(): LedgerLane[] {
    return [...this.#lanes.values()].sort((a, b) => compareBytes(a.lane, b.lane))
  }

  base(lane: LedgerLane): LedgerBase {
    const { log, signer, signature, takenAt } = lane
    return { lane: lane.lane, signer, length: log.length, roots: log.roots(), signature, takenAt }
  }

  clear(): void {
    this.#lanes.clear()
    this.#unchecked.clear()
    this.#head = BEFORE
  }

  /** Goes on from a snapshot. @throws Fault when a lane's roots do not fit its length: then nothing
   * has changed. */
  restore(head: LedgerHead, bases: readonly LedgerBase[]): void {
    const lanes = bases.map((base) => this.#laneOf(base))
    this.#lanes.clear()
    this.#unchecked.clear()
    this.#head = head
    for (const lane of lanes) this.#lanes.set(toHex(lane.lane), lane)
  }

  #laneOf({ lane, signer, length, roots, signature, takenAt }: LedgerBase): LedgerLane {
    const log = MerkleLog.from(this.#dependencies.hash, length, roots)
    if (log !== null) return { lane, signer, log, signature, takenAt }
    throw new DaemonFault('snapshot_invalid', "a lane's roots do not fit its length")
  }

  /** Takes a final block, slice by slice. `trusted` leaves out the lane's signature, which this daemon
   * has checked before.
   * @throws Fault tape_slice_invalid: more than f validators signed what they must not. */
  take(block: TapeBlock, trusted: boolean): FinalSlice[] {
    const slices = this.takeUnchecked(block, trusted)
    this.check()
    return slices
  }

  /** The same, with the lanes' signatures left to `check`. */
  takeUnchecked({ cut, blocks }: TapeBlock, trusted: boolean): FinalSlice[] {
    const { index, height, time, cursor, executed, snapshot } = cut
    const slices = cut.slices.map((slice, at) => this.#take(slice, blocks[at], index, trusted))
    const snapshotIndex = snapshot?.index ?? this.#head.snapshotIndex
    this.#head = { index, height, time, cursor, executed, snapshotIndex }
    return slices
  }

  #take(slice: Slice, blocks: readonly Uint8Array[], index: number, trusted: boolean): FinalSlice {
    const key = toHex(slice.lane)
    const lane = this.#lanes.get(key) ?? this.#open(slice, blocks)
    if (lane.log.length !== slice.from) {
      throw invalid(slice, `begins at ${slice.from}, the tape took ${lane.log.length}`)
    }
    let { log } = lane
    for (const block of blocks) log = log.append(block)
    if (!equalBytes(log.treeHash(), slice.treeHash)) throw invalid(slice, 'has another tree hash')
    // A tree hash commits to all before it: the lane's last signature is one of every slice.
    if (trusted || lane.signer === null) this.#unchecked.delete(key)
    else this.#unchecked.set(key, { slice, signer: lane.signer })
    // Copies: what they are views of is a whole tape block.
    lane.log = log
    lane.signature = slice.signature.slice()
    lane.takenAt = index
    if (!this.#lanes.has(key)) this.#lanes.set(key, lane)
    const { from, to: length, treeHash, signature } = slice
    return { lane: lane.lane, from, length, treeHash, signature, blocks }
  }

  /** Every slice taken so far is its lane's own: by one signature a lane, that of its last slice.
   * @throws Fault tape_slice_invalid */
  check(): void {
    for (const { slice, signer } of this.#unchecked.values()) {
      if (!this.#signed(slice, signer)) throw invalid(slice, 'is not signed by its lane')
    }
    this.#unchecked.clear()
  }

  #open(slice: Slice, blocks: readonly Uint8Array[]): LedgerLane {
    const { hash, opens } = this.#dependencies
    const first = slice.from === 0 && blocks.length > 0 ? entriesOf(blocks[0])[0] : undefined
    const valid = first !== undefined && first.kind === 'open' && opens(first, slice.lane)
    return {
      lane: slice.lane.slice(),
      signer: valid ? first.laneKey.slice() : null,
      log: MerkleLog.empty(hash),
      signature: null,
      takenAt: -1
    }
  }

  #signed(slice: Slice, signer: Bytes32): boolean {
    const proofs = decodeHeadSignature(slice.signature, 1)
    if (proofs === null || proofs[0].signer !== 0) return false
    const signable = headSignable(slice.lane, slice.treeHash, slice.to, 0)
    return this.#dependencies.verify(proofs[0].signature, signable, signer)
  }
}

function invalid(slice: Slice, problem: string): DaemonFault {
  const lane = toHex(slice.lane)
  return new DaemonFault('tape_slice_invalid', `the slice of lane ${lane} ${problem}`, { lane })
}
