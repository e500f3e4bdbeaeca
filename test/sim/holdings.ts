// Which lane blocks are in which honest validator's journal, and that it votes for nothing else.
import { decodeRun } from '../../daemon/lanes/messages.ts'
import type { Run } from '../../daemon/lanes/types.ts'
import { equalBytes, toHex } from '../../protocol/bytes.ts'
import { type HashParts, MerkleLog } from '../../protocol/merkle-log.ts'
import type { Cut, Slice } from '../../protocol/tape-block.ts'
import type { BlockId, Vote } from '../../daemon/consensus/core/types.ts'
import { Violation } from './violation.ts'

/** Heights for which a proposal is remembered. */
const PROPOSAL_HEIGHTS = 200

type Kept = { run: Run; lane: string; head: string }

export class Holdings {
  /** By validator, by signer of the lane: runs by their heads. */
  readonly #runs: Map<string, Map<string, Run>>[]
  readonly #nameOf: (signer: Uint8Array) => string
  /** One run is told to many: its bytes are read once. */
  readonly #read = new WeakMap<Uint8Array, Kept>()
  /** The last block of each head that any run led to or past, and the logs by lane and length. */
  readonly #ends = new Map<string, Uint8Array>()
  readonly #logs = new Map<string, MerkleLog[]>()
  readonly #hash: HashParts
  readonly #proposals = new Map<string, { height: number; cut: Cut }>()

  /** `nameOf`: a signer's lane, in hex. */
  constructor(validators: number, hash: HashParts, nameOf: (signer: Uint8Array) => string) {
    this.#hash = hash
    this.#runs = Array.from({ length: validators }, () => new Map<string, Map<string, Run>>())
    this.#nameOf = nameOf
  }

  /** A run is in a validator's journal, and synced. */
  journaled(validator: number, bytes: Uint8Array): void {
    const { run, lane, head } = this.#keep(bytes)
    const runs = this.#runs[validator].get(lane) ?? new Map<string, Run>()
    this.#runs[validator].set(lane, runs)
    const before = runs.get(head)
    if (!before || before.from > run.from) runs.set(head, run)
  }

  #keep(bytes: Uint8Array): Kept {
    const known = this.#read.get(bytes)
    if (known) return known
    const run = decodeRun(bytes)
    const head = `${run.length}.${toHex(run.treeHash)}`
    const kept = { run, lane: this.#nameOf(run.signer), head }
    this.#read.set(bytes, kept)
    this.#learn(run, kept.lane)
    return kept
  }

  /** The heads within the run. A journaled run follows on what was journaled before. */
  #learn(run: Run, lane: string): void {
    const bases =
      run.from === 0 ? [MerkleLog.empty(this.#hash)] : this.#logs.get(`${lane}.${run.from}`)
    for (const base of bases ?? []) {
      const logs: MerkleLog[] = []
      for (const block of run.blocks) logs.push((logs.at(-1) ?? base).append(block))
      if (!equalBytes(logs[logs.length - 1].treeHash(), run.treeHash)) continue
      logs.forEach((log, i) => this.#head(lane, log, run.blocks[i]))
    }
  }

  #head(lane: string, log: MerkleLog, last: Uint8Array): void {
    const end = `${lane}.${log.length}.${toHex(log.treeHash())}`
    if (this.#ends.has(end)) return
    this.#ends.set(end, last)
    const place = `${lane}.${log.length}`
    this.#logs.set(place, [...(this.#logs.get(place) ?? []), log])
  }

  /** Its journal is gone. */
  forgets(validator: number): void {
    this.#runs[validator].clear()
  }

  proposed(block: BlockId, cut: Cut): void {
    this.#proposals.set(toHex(block.treeHash), { height: block.height, cut })
    for (const [old, { height }] of this.#proposals) {
      if (height >= block.height - PROPOSAL_HEIGHTS) break
      this.#proposals.delete(old)
    }
  }

  /** An honest validator's word that it has all that the block is made of. */
  voted({ validator, block }: Vote): void {
    const proposal = this.#proposals.get(toHex(block.treeHash))
    for (const slice of proposal?.cut.slices ?? []) {
      if (this.#holds(validator, slice)) continue
      const what = `lane ${toHex(slice.lane)} [${slice.from}, ${slice.to})`
      throw new Violation('no vote without the data', `validator ${validator}, ${what}`)
    }
  }

  #holds(validator: number, { lane, from, to, treeHash }: Slice): boolean {
    const key = toHex(lane)
    const runs = [...(this.#runs[validator].get(key)?.values() ?? [])]
    const end = this.#ends.get(`${key}.${to}.${toHex(treeHash)}`)
    if (!end) return false
    // Back from the head to where the slice begins; a run may go on beyond the head.
    let at = to
    const last = runs.find(
      (run) => run.from < to && to <= run.length && equalBytes(run.blocks[to - 1 - run.from], end)
    )
    for (let run = last; run && at > from;) {
      at = run.from
      run = runs.find((each) => each.from < at && at <= each.length)
    }
    return at <= from
  }
}
