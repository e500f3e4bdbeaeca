// What a final cut may say, recomputed from the bytes on the tape and from what honest engines made
// of them: none of it asks the vote rules, so that a rule that is missing shows.
import type { ChainView, CutLimits } from '../../daemon/consensus/core/types.ts'
import { verifyHead } from '../../daemon/lanes/lane-key.ts'
import type { Verify } from '../../daemon/lanes/types.ts'
import { entriesOf } from '../../daemon/replica/intake.ts'
import { toHex } from '../../protocol/bytes.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import type { Cut, Slice, TapeBlock } from '../../protocol/tape-block.ts'
import { hashParts } from './scheme.ts'
import { Violation } from './violation.ts'

/** What honest engines computed after a block: in hex, '' for no snapshot. */
type Result = { eventHash: string; snapshot: string }

export type CutCheckOptions = { limits: CutLimits; chain: ChainView; verify: Verify }

export class CutChecks {
  readonly #limits: CutLimits
  readonly #chain: ChainView
  readonly #verify: Verify
  readonly #lanes = new Map<string, MerkleLog>()
  /** Who signs a lane, by its first entry. */
  readonly #signers = new Map<string, Uint8Array>()
  /** By tape index. */
  readonly #results: Result[] = []
  /** Claims of cuts about blocks that no honest engine has reported yet. */
  #claims: { index: number; kind: keyof Result; hash: string }[] = []
  #last: Cut | null = null
  #snapshotIndex = -1

  /** `chain`: the whole of it. */
  constructor({ limits, chain, verify }: CutCheckOptions) {
    this.#limits = limits
    this.#verify = verify
    this.#chain = chain
  }

  /** The next final block. */
  final({ cut, blocks }: TapeBlock): void {
    this.#placed(cut)
    this.#within(cut, blocks)
    cut.slices.forEach((slice, i) => {
      this.#follows(toHex(slice.lane), slice.treeHash, blocks[i])
      this.#signed(slice, blocks[i])
    })
    this.#names(cut)
    this.#chained(cut)
    this.#last = cut
  }

  /** What an honest engine computed after a block. */
  computed(index: number, eventHash: Uint8Array, snapshot: Uint8Array | null): void {
    const result = { eventHash: toHex(eventHash), snapshot: snapshot ? toHex(snapshot) : '' }
    const known = this.#results[index]
    if (!known) {
      this.#results[index] = result
      const due = this.#claims.filter((claim) => claim.index === index)
      this.#claims = this.#claims.filter((claim) => claim.index !== index)
      for (const claim of due) this.#judge(claim)
    } else if (known.eventHash !== result.eventHash) {
      throw new Violation('event hashes agree', `index ${index}`)
    } else if (known.snapshot !== result.snapshot) {
      throw new Violation('snapshots agree', `index ${index}`)
    }
  }

  #placed({ index, height, time }: Cut): void {
    const last = this.#last
    if (index !== (last?.index ?? -1) + 1) throw new Violation('a cut names its place', `${index}`)
    if (last && height <= last.height) throw new Violation('heights grow', `${height}`)
    if (time <= (last?.time ?? 0)) throw new Violation('tape time grows', `${time} at ${index}`)
  }

  #within(cut: Cut, blocks: readonly (readonly Uint8Array[])[]): void {
    const { lanesMax, bytesMax, entriesMax, laneEntriesMax } = this.#limits
    const counts = blocks.map((list) =>
      list.reduce((sum, block) => sum + entriesOf(block).length, 0)
    )
    const bytes = blocks.flat().reduce((sum, { length }) => sum + length, 0)
    const entries = counts.reduce((sum, count) => sum + count, 0)
    const over =
      (blocks.length > lanesMax && 'lanes') ||
      (bytes > bytesMax && 'bytes') ||
      (entries > entriesMax && 'entries') ||
      (counts.some((count) => count > laneEntriesMax) && 'entries of a lane')
    if (over) throw new Violation('cuts keep the limits', `${over} at index ${cut.index}`)
  }

  /** The slice goes on in the history that the tape took before. */
  #follows(lane: string, treeHash: Uint8Array, blocks: readonly Uint8Array[]): void {
    let log = this.#lanes.get(lane) ?? MerkleLog.empty(hashParts)
    for (const block of blocks) log = log.append(block)
    if (toHex(log.treeHash()) !== toHex(treeHash)) {
      throw new Violation('a lane keeps one history', `lane ${lane} at ${log.length}`)
    }
    this.#lanes.set(lane, log)
  }

  #signed({ lane, from, to: length, treeHash, signature }: Slice, blocks: Uint8Array[]): void {
    const key = toHex(lane)
    const first = from === 0 ? entriesOf(blocks[0])[0] : null
    if (first?.kind === 'open') this.#signers.set(key, first.laneKey)
    const signer = this.#signers.get(key)
    const head = { lane, length, treeHash, signature }
    if (!signer || !verifyHead(this.#verify, head, signer)) {
      throw new Violation('lanes sign what is theirs', `lane ${key} at ${length}`)
    }
  }

  #names({ index, executed, snapshot }: Cut): void {
    const before = this.#last?.executed ?? null
    if (before && (!executed || executed.index < before.index)) {
      throw new Violation('executed never goes back', `index ${index}`)
    }
    if (executed) {
      if (executed.index >= index) throw new Violation('executed is behind', `index ${index}`)
      const hash = toHex(executed.eventHash)
      this.#judge({ index: executed.index, kind: 'eventHash', hash })
    }
    if (!snapshot) return
    if (snapshot.index >= index || snapshot.index <= this.#snapshotIndex) {
      throw new Violation('snapshots follow each other', `index ${index}`)
    }
    this.#snapshotIndex = snapshot.index
    this.#judge({ index: snapshot.index, kind: 'snapshot', hash: toHex(snapshot.hash) })
  }

  #chained({ index, cursor, events }: Cut): void {
    const before = this.#last?.cursor ?? null
    const isSame = cursor ? cursor.block === before?.block : before === null
    const isTrue = isSame
      ? events.length === 0
      : cursor && this.#chain.check(before, cursor, events) === 'yes'
    if (!isTrue) throw new Violation('cuts tell the truth of the chain', `index ${index}`)
  }

  #judge(claim: { index: number; kind: keyof Result; hash: string }): void {
    const { index, kind, hash } = claim
    const result = this.#results[index]
    if (!result) this.#claims.push(claim)
    else if (result[kind] !== hash) {
      const what = kind === 'eventHash' ? 'an event hash' : 'a snapshot'
      throw new Violation(`cuts tell the truth of ${what}`, `of block ${index}`)
    }
  }
}
