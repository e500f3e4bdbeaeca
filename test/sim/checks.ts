// What must hold, checked apart from the system: these see what validators say and sign, and what
// they make final, and recompute the rest.
import { decodeCut, decodeTapeBlock, type TapeBlock } from '../../protocol/tape-block.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { HashParts } from '../../protocol/merkle-log.ts'
import { quorumOf } from '../../daemon/consensus/core/quorum.ts'
import { offenderOf } from '../../daemon/consensus/core/evidence-book.ts'
import type { FinalSlice } from '../../daemon/lanes/types.ts'
import type {
  BlockId,
  Evidence,
  Final,
  Message,
  Propose
} from '../../daemon/consensus/core/types.ts'
import { type CutCheckOptions, CutChecks } from './cut-checks.ts'
import { Holdings } from './holdings.ts'
import { Inclusion } from './inclusion.ts'
import { Violation } from './violation.ts'

export type CheckOptions = CutCheckOptions & {
  validators: number
  /** Indexes of Byzantine validators. */
  byzantine: ReadonlySet<number>
  inclusionMaxMs: number
  now(): number
  hash: HashParts
  /** A signer's lane, in hex. */
  nameOf(signer: Uint8Array): string
  verifyHead(
    validator: number,
    length: number,
    treeHash: Uint8Array,
    signature: Uint8Array
  ): boolean
  verifyVote(validator: number, block: BlockId, signature: Uint8Array): boolean
}

export class Checks {
  readonly #options: CheckOptions
  /** The one tape: hex tree hash by length. */
  readonly #tape: string[] = []
  readonly blocks: Uint8Array[] = []
  readonly #cuts: CutChecks
  readonly inclusion: Inclusion
  readonly holdings: Holdings
  /** Who signed which head: by length, by tree hash. */
  readonly #heads = new Map<number, Map<string, Set<number>>>()
  /** Ballots of honest validators by height: what each has voted, and whether nullified or not. */
  readonly #votes = new Map<string, string>()
  readonly #stands = new Map<string, 'nullify' | 'finalize'>()
  #lastSent: Message | null = null
  /** Tree hashes of all that was proposed. */
  readonly #proposals = new Set<string>()
  /** How far the tape has taken each lane. */
  readonly taken = new Map<string, { length: number; treeHash: string }>()
  /** Slices by tape index. */
  readonly finals: FinalSlice[][] = []
  /** Honest traders' lanes: the tree hash at each length that its owner has journaled. */
  readonly #lanes = new Map<string, Map<number, string>>()
  /** Those whose owner lost its journal and may not know what it wrote. */
  readonly #forgotten = new Set<string>()
  /** Snapshots that headers have named. */
  snapshots = 0
  /** Height of the last final block. */
  height = 0
  /** Final blocks seen, whoever has made something of them. */
  #announced = 0

  constructor(options: CheckOptions) {
    this.#options = options
    const { validators, inclusionMaxMs } = options
    this.#cuts = new CutChecks(options)
    this.holdings = new Holdings(validators, options.hash, options.nameOf)
    this.inclusion = new Inclusion({
      validators,
      quorum: quorumOf(validators),
      inclusionMaxMs,
      bytesMax: options.limits.bytesMax,
      isHonestLane: (lane) => this.#lanes.has(lane) && !this.#forgotten.has(lane)
    })
  }

  get length(): number {
    return this.blocks.length
  }

  /** Everything that a validator sends goes by here, as it was sent. */
  sent(validator: number, message: Message): void {
    // The same words to the next one: nothing new.
    if (message === this.#lastSent) return
    this.#lastSent = message
    if (message.kind === 'finalize') this.#signedHead(validator, message.block)
    if (message.kind === 'propose') this.#proposed(message)
    if (message.kind === 'nullify') this.inclusion.nullifies(validator, message.height)
    if (this.#options.byzantine.has(validator)) return
    if (message.kind === 'vote') {
      const key = `${validator}.${message.block.height}`
      const vote = toHex(message.block.treeHash)
      const before = this.#votes.get(key)
      if (before !== undefined && before !== vote) {
        throw new Violation('an honest validator votes once a height', `validator.height ${key}`)
      }
      this.#votes.set(key, vote)
      if (before === undefined) this.holdings.voted(message)
    } else if (message.kind === 'nullify' || message.kind === 'finalize') {
      const height = message.kind === 'nullify' ? message.height : message.block.height
      const key = `${validator}.${height}`
      const before = this.#stands.get(key)
      if (before !== undefined && before !== message.kind) {
        throw new Violation('finalize and nullify exclude each other', `validator.height ${key}`)
      }
      this.#stands.set(key, message.kind)
    }
  }

  #proposed({ block, cut: bytes }: Propose): void {
    const hash = toHex(block.treeHash)
    if (this.#proposals.has(hash)) return
    this.#proposals.add(hash)
    const cut = decodeCut(bytes)
    this.inclusion.proposed(block, cut, this.#options.now())
    this.holdings.proposed(block, cut)
  }

  /** No two heads of one length may ever get a quorum, seen or not. */
  #signedHead(validator: number, { length, treeHash }: BlockId): void {
    const byHash = this.#heads.get(length) ?? new Map<string, Set<number>>()
    this.#heads.set(length, byHash)
    const key = toHex(treeHash)
    const signers = byHash.get(key) ?? new Set<number>()
    byHash.set(key, signers.add(validator))
    const quorum = quorumOf(this.#options.validators)
    if (signers.size < quorum || byHash.size === 1) return
    const rivals = [...byHash.values()].filter((each) => each.size >= quorum)
    if (rivals.length > 1)
      throw new Violation('no two tapes', `two signed heads of length ${length}`)
  }

  /** A validator makes a run of blocks final by its own consensus. */
  certificate({ notarization, partials }: Final): void {
    const { verifyHead, verifyVote, validators } = this.#options
    const { block, signatures } = notarization
    const quorum = quorumOf(validators)
    const isWhole = (list: readonly { validator: number }[]) =>
      list.length === quorum && new Set(list.map((each) => each.validator)).size === quorum
    const isValid =
      isWhole(signatures) &&
      isWhole(partials) &&
      signatures.every((each) => verifyVote(each.validator, block, each.signature)) &&
      partials.every((each) =>
        verifyHead(each.validator, block.length, block.treeHash, each.signature)
      )
    if (!isValid) throw new Violation('certificates are valid', `height ${block.height}`)
  }

  /** A block is on a tape, and nothing has been made of it yet. */
  announced(index: number, bytes: Uint8Array): void {
    if (index !== this.#announced) return
    this.#cuts.final(decodeTapeBlock(bytes))
    this.#announced++
  }

  /** A validator's tape grows. */
  final(
    validator: number,
    applied: { index: number; treeHash: Uint8Array; bytes: Uint8Array; block: TapeBlock }
  ): void {
    const { index, treeHash, bytes } = applied
    const { cut, blocks } = applied.block
    const hex = toHex(treeHash)
    const known = this.#tape[index]
    if (known !== undefined) {
      if (known === hex) return
      throw new Violation('all tapes agree', `validator ${validator} differs at index ${index}`)
    }
    if (index !== this.#tape.length) {
      throw new Violation('tapes grow block by block', `index ${index} of ${this.#tape.length}`)
    }
    this.#tape.push(hex)
    this.blocks.push(bytes)
    this.height = cut.height
    this.inclusion.final(cut, treeHash, bytes.length, this.#options.now())
    if (cut.snapshot) this.snapshots++
    cut.slices.forEach((slice) => {
      const lane = toHex(slice.lane)
      const before = this.taken.get(lane)?.length ?? 0
      if (slice.from !== before) throw new Violation('lanes are taken gapless', `lane ${lane}`)
      const hash = toHex(slice.treeHash)
      this.taken.set(lane, { length: slice.to, treeHash: hash })
      const written = this.#lanes.get(lane)
      if (written && written.get(slice.to) !== hash && !this.#forgotten.has(lane)) {
        throw new Violation('nothing is invented', `lane ${lane} at ${slice.to}`)
      }
    })
    this.finals.push(
      cut.slices.map(({ lane, from, to: length, treeHash: laneHash, signature }, i) => {
        return { lane, from, length, treeHash: laneHash, signature, blocks: blocks[i] }
      })
    )
  }

  /** An honest trader goes on in this lane. */
  owns(lane: string): void {
    if (!this.#lanes.has(lane)) this.#lanes.set(lane, new Map())
  }

  /** Its owner's journal is gone. */
  forgets(lane: string): void {
    this.#forgotten.add(lane)
  }

  /** A head of an honest trader's lane is in its journal: from now on others may see it. False when
   * that is known. */
  wrote(lane: string, length: number, treeHash: Uint8Array): boolean {
    const written = this.#lanes.get(lane)
    const hash = toHex(treeHash)
    const before = written?.get(length)
    if (before !== undefined && before !== hash && !this.#forgotten.has(lane)) {
      throw new Violation('an honest lane never forks', `lane ${lane} at ${length}`)
    }
    written?.set(length, hash)
    return before !== hash
  }

  /** A lane whose owner never lost its journal, and of which the tape lacks what was in there. */
  get unfinished(): string | null {
    for (const [lane, written] of this.#lanes) {
      const length = Math.max(0, ...written.keys())
      const taken = this.taken.get(lane)?.length ?? 0
      if (taken < length && !this.#forgotten.has(lane)) return `lane ${lane}: ${taken} of ${length}`
    }
    return null
  }

  /** A validator holds that a lane signed two histories. */
  convicted(lane: string): void {
    if (!this.#lanes.has(lane) || this.#forgotten.has(lane)) return
    throw new Violation('no honest lane is convicted', `lane ${lane}`)
  }

  /** What an honest validator's engine made of a block. */
  executed(index: number, eventHash: Uint8Array, snapshot: Uint8Array | null): void {
    this.#cuts.computed(index, eventHash, snapshot)
  }

  evidence(evidence: Evidence): void {
    const offender = offenderOf(evidence, this.#options.validators)
    if (!this.#options.byzantine.has(offender)) {
      throw new Violation('no honest validator is convicted', `validator ${offender}`)
    }
  }

  diverged(index: number): void {
    throw new Violation('engines never diverge', `index ${index}`)
  }
}
