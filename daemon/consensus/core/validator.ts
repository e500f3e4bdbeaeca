// A validator, still without I/O: Simplex over cuts, put together from its parts. The host carries
// out the effects (journal, network, timers, tape) and reports what happened as inputs.
import { toHex } from '../../../protocol/bytes.ts'
import { encodeCut } from '../../../protocol/tape-block.ts'
import type { SnapshotMark } from '../../../protocol/tape-block.ts'
import type { Bytes32 } from '../../../protocol/types.ts'
import { Authority } from './authority.ts'
import { buildTip, Chain, readCut, takenOf, type TapeState, type Tip } from './chain.ts'
import { chooseCut } from './cut.ts'
import { EvidenceBook } from './evidence-book.ts'
import { type Divergence, ExecutedBoard } from './executed.ts'
import { leaderOf } from './quorum.ts'
import { judgeCut, type RuleView } from './rules.ts'
import { Simplex, type SimplexAlarm, type SimplexEffect, type SimplexInput } from './simplex.ts'
import { sameBlock } from './slot.ts'
import type {
  BlockId,
  ChainView,
  ConsensusPacing,
  Crypto,
  CutLimits,
  Evidence,
  ExecutedNote,
  Final,
  LaneView,
  Message,
  Propose,
  Record
} from './types.ts'

/** Heights for which a lane that kept voters waiting is taken with acknowledgements only. */
const CAREFUL_HEIGHTS = 64
/** Least time between two requests for the same block. */
const WANT_MS = 100
/** An own result is announced this long after the tape came to rest. */
const ANNOUNCE_REST_MS = 50

export type ValidatorOptions = {
  venue: Bytes32
  validators: number
  quorum: number
  self: number
  /** The validators' swarm keys in hex, by index. */
  peers: readonly string[]
  pacing: ConsensusPacing
  limits: CutLimits
}

export type ValidatorDependencies = { crypto: Crypto; lanes: LaneView; chain: ChainView }

export type ValidatorAlarm = SimplexAlarm | 'pulse'

export type ValidatorInput =
  | { kind: 'start' }
  | { kind: 'message'; from: number; message: Message }
  | { kind: 'alarm'; name: ValidatorAlarm }
  | { kind: 'persisted'; token: number }
  /** A lane's journaled data, or its certificates, reach further. */
  | { kind: 'lane'; lane: string }
  /** The chain view has moved. */
  | { kind: 'chain' }
  /** The own engine has applied a final block. */
  | { kind: 'executed'; index: number; eventHash: Bytes32 }
  | { kind: 'snapshot'; mark: SnapshotMark }
  | { kind: 'connected'; peer: number }
  /** The next final block of the tape, got from elsewhere; its signature has been checked. */
  | { kind: 'adopted'; index: number; bytes: Uint8Array }

export type FinalRun = {
  /** From the last final block on, in order. */
  tips: Tip[]
  /** Its partials make the tape's signature after the last of them. */
  certificate: Final
}

export type ValidatorEffect =
  | { kind: 'send'; to: number | null; message: Message }
  | { kind: 'persist'; token: number; record: Record }
  | { kind: 'alarm'; name: ValidatorAlarm; atMs: number }
  | { kind: 'final'; run: FinalRun }
  /** A block is final whose content is not here: the tape has to be fetched. */
  | { kind: 'behind'; final: BlockId }
  | { kind: 'evidence'; evidence: Evidence }
  /** No quorum of engines can agree on this index: the venue stops. */
  | { kind: 'diverged'; divergence: Divergence }
  | { kind: 'misbehaved'; peer: number; reason: string }

type Verdict = 'valid' | 'invalid' | 'later'

export class Validator {
  readonly #options: ValidatorOptions
  readonly #lanes: LaneView
  readonly #chainView: ChainView
  readonly #authority: Authority
  readonly #simplex: Simplex
  readonly #chain: Chain
  readonly #board: ExecutedBoard
  readonly #evidence: EvidenceBook
  #effects: ValidatorEffect[] = []
  #now = 0
  #pulseAt = Infinity
  /** The height that this validator leads and has not proposed in. */
  #leading: { height: number; parent: BlockId } | null = null
  #judging: Propose | null = null
  /** The proposal whose missing lane data was asked for. */
  #asked: Propose | null = null
  #demanded = false
  #forwardAt = Infinity
  #enteredAt = 0
  /** When the last proposal was made or seen, and how many entries the last own one took. */
  #cutAt = 0
  #busy = false
  /** Whether a lane has grown beyond this tip. */
  #growth: { tip: Tip; grown: boolean } | null = null
  readonly #careful = new Map<string, number>()
  /** Final, but its content is not all here. */
  #unsettled: Final | null = null
  readonly #wanted = new Map<number, number>()
  #announced = -1
  #announceAt = Infinity
  #halted = false

  /** `state`: the final tape as the journal and the archive have it. */
  constructor(options: ValidatorOptions, dependencies: ValidatorDependencies, state: TapeState) {
    this.#options = options
    this.#lanes = dependencies.lanes
    this.#chainView = dependencies.chain
    this.#authority = new Authority(options, dependencies.crypto)
    this.#simplex = new Simplex({ ...options, ...options.pacing }, dependencies.crypto, state.id)
    this.#chain = new Chain(state)
    this.#board = new ExecutedBoard(options.validators, options.quorum)
    this.#evidence = new EvidenceBook()
  }

  get height(): number {
    return this.#simplex.height
  }

  /** The final tape whose content is here. */
  get base(): Tip {
    return this.#chain.base
  }

  /** The tape up to a block that has been judged here; null for any other. */
  find(id: BlockId): Tip | null {
    return this.#chain.find(id)
  }

  get evidence(): readonly Evidence[] {
    return this.#evidence.list
  }

  /** True after a divergence: it neither votes nor proposes any more. */
  get halted(): boolean {
    return this.#halted
  }

  restore(record: Record): void {
    this.#simplex.restore(record)
  }

  checkpoint(): Record[] {
    return this.#simplex.checkpoint()
  }

  step(input: ValidatorInput, nowMs: number): ValidatorEffect[] {
    this.#now = nowMs
    this.#take(input)
    this.#work()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(input: ValidatorInput): void {
    switch (input.kind) {
      case 'start':
        this.#drive(input)
        this.#unsettled = this.#simplex.finalCertificate
        if (!this.#settle()) this.#emit({ kind: 'behind', final: this.#simplex.final })
        return
      case 'persisted':
      case 'connected':
        return this.#drive(input)
      case 'message':
        return this.#onMessage(input.from, input.message)
      case 'alarm':
        if (input.name === 'pulse') this.#pulseAt = Infinity
        else this.#drive({ kind: 'alarm', name: input.name })
        return
      case 'lane':
        return this.#onLane(input.lane)
      case 'chain':
        return
      case 'executed':
        return this.#onExecuted(input.index, input.eventHash)
      case 'snapshot':
        return this.#board.snapshot(input.mark)
      case 'adopted':
        return this.#onAdopted(input.index, input.bytes)
    }
  }

  #onMessage(from: number, message: Message): void {
    switch (message.kind) {
      case 'executed':
        return this.#onNote(from, message)
      case 'want': {
        const content = this.#simplex.content(message.block)
        if (content) this.#emit({ kind: 'send', to: from, message: content })
        return
      }
      case 'evidence':
        if (this.#evidence.has(message)) return
        if (this.#authority.evidence(message)) this.#onEvidence(message)
        else this.#emit({ kind: 'misbehaved', peer: from, reason: 'evidence of nothing' })
        return
      default:
        return this.#drive({ kind: 'message', from, message })
    }
  }

  #drive(input: SimplexInput): void {
    for (const effect of this.#simplex.step(input, this.#now)) this.#carry(effect)
  }

  #carry(effect: SimplexEffect): void {
    switch (effect.kind) {
      case 'propose':
        this.#leading = effect
        return
      case 'validate':
        this.#judging = effect.proposal
        this.#cutAt = this.#now
        return
      case 'entered':
        this.#onEntered(effect.height)
        return
      case 'skipped':
        if (effect.proposal) this.#markCareful(effect.proposal)
        return
      case 'final':
        this.#unsettled = effect.final
        if (!this.#settle()) {
          this.#emit({ kind: 'behind', final: effect.final.notarization.block })
        }
        return
      case 'evidence':
        this.#onEvidence(effect.evidence)
        return
      default:
        this.#emit(effect)
    }
  }

  #onEntered(height: number): void {
    this.#leading = null
    this.#demanded = false
    this.#forwardAt = Infinity
    this.#enteredAt = this.#now
    if (this.#judging && this.#judging.block.height !== height) this.#judging = null
    for (const [lane, until] of this.#careful) if (until < height) this.#careful.delete(lane)
  }

  /** The proposal got no quorum in time. Perhaps a lane showed its blocks to few. */
  #markCareful(proposal: Propose): void {
    const cut = readCut(proposal.cut)
    if (!cut) return
    for (const { lane, to } of cut.slices) {
      const key = toHex(lane)
      const isCertified = this.#lanes.certified(key, to - 1).length > 0
      if (!isCertified) this.#careful.set(key, proposal.block.height + CAREFUL_HEIGHTS)
    }
  }

  #onEvidence(evidence: Evidence): void {
    if (!this.#evidence.add(evidence)) return
    this.#emit({ kind: 'evidence', evidence })
    this.#emit({ kind: 'send', to: null, message: evidence })
  }

  // Blocks

  /** The tip of a notarized block, built if its content is here; asks for what is missing. */
  #resolve(id: BlockId): Tip | null {
    const found = this.#chain.find(id)
    if (found) return found
    if (id.height <= this.#chain.base.id.height) return null
    const content = this.#simplex.content(id)
    if (!content) {
      this.#want(id)
      return null
    }
    const parent = this.#resolve(content.parent)
    const cut = parent && readCut(content.cut)
    if (!parent || !cut) return null
    const tip = buildTip(parent, id.height, content.cut, cut, this.#lanes)
    if (!tip) {
      if (this.#mayAsk(-id.height)) {
        for (const { lane, to, treeHash, signature } of cut.slices) {
          this.#lanes.want({ lane, length: to, treeHash, signature }, this.#others())
        }
      }
      return null
    }
    if (!sameBlock(tip.id, id)) return null
    this.#chain.add(tip)
    return tip
  }

  #want(block: BlockId): void {
    if (!this.#mayAsk(block.height)) return
    this.#emit({ kind: 'send', to: null, message: { kind: 'want', block } })
  }

  #mayAsk(what: number): boolean {
    const last = this.#wanted.get(what)
    this.#pulse(this.#now + WANT_MS)
    if (last !== undefined && this.#now - last < WANT_MS) return false
    this.#wanted.set(what, this.#now)
    return true
  }

  #others(): string[] {
    return this.#options.peers.filter((_, index) => index !== this.#options.self)
  }

  /** Hands a final run to the host, as soon as all of its content is here. */
  #settle(): boolean {
    const certificate = this.#unsettled
    if (!certificate) return true
    const { block } = certificate.notarization
    if (block.height <= this.#chain.base.id.height) {
      this.#unsettled = null
      return true
    }
    const tip = this.#resolve(block)
    if (!tip) return false
    this.#unsettled = null
    const tips = this.#chain.finalize(tip)
    this.#emit({ kind: 'final', run: { tips, certificate } })
    this.#onBase()
    return true
  }

  #onAdopted(index: number, bytes: Uint8Array): void {
    // What this validator's own consensus made final comes back from the tape as well.
    if (index !== this.#chain.base.id.length) return
    this.#chain.adopt(bytes)
    const { id } = this.#chain.base
    if (id.height > this.#simplex.final.height) this.#drive({ kind: 'adopted', final: id })
    this.#onBase()
  }

  #onBase(): void {
    const { executed, snapshotIndex } = this.#chain.base
    if (executed) this.#board.prune(executed.index, snapshotIndex)
    this.#wanted.clear()
  }

  // Work: whatever has become possible

  #work(): void {
    this.#settle()
    this.#judge()
    if (!this.#halted) this.#propose()
    this.#demand()
    this.#announceRest()
  }

  #judge(): void {
    const proposal = this.#judging
    if (!proposal || this.#halted) return
    const verdict = this.judge(proposal)
    if (verdict === 'later') return
    this.#judging = null
    this.#drive({ kind: 'verdict', block: proposal.block, valid: verdict === 'valid' })
  }

  /** May this validator vote for it? Protected so that a test can show what each rule is for. */
  protected judge(proposal: Propose): Verdict {
    const cut = readCut(proposal.cut)
    if (!cut) return 'invalid'
    const parent = this.#resolve(proposal.parent)
    if (!parent) return 'later'
    const { height } = proposal.block
    const ruling = judgeCut(cut, this.#ruleView(height, parent))
    if (ruling.kind === 'reject') return 'invalid'
    if (ruling.kind === 'wait') {
      if (cut.time > this.#now + this.#options.pacing.clockDriftMaxMs) {
        this.#pulse(cut.time - this.#options.pacing.clockDriftMaxMs)
      }
      if (this.#asked === proposal) return 'later'
      this.#asked = proposal
      const leader = leaderOf(height, this.#options.validators)
      for (const head of ruling.wanted) this.#lanes.want(head, [this.#options.peers[leader]])
      return 'later'
    }
    const tip = buildTip(parent, height, proposal.cut, cut, this.#lanes)
    if (!tip) return 'later'
    if (!sameBlock(tip.id, proposal.block)) return 'invalid'
    this.#chain.add(tip)
    return 'valid'
  }

  #ruleView(height: number, parent: Tip): RuleView {
    return {
      nowMs: this.#now,
      leader: leaderOf(height, this.#options.validators),
      height,
      parent,
      lanes: this.#lanes,
      chain: this.#chainView,
      executed: this.#board,
      limits: this.#options.limits,
      clockDriftMaxMs: this.#options.pacing.clockDriftMaxMs,
      inclusionMaxMs: this.#options.pacing.inclusionMaxMs
    }
  }

  #propose(): void {
    const leading = this.#leading
    if (!leading) return
    const parent = this.#resolve(leading.parent)
    if (!parent) return
    const { pacing } = this.#options
    const reason = this.#reasonAt(parent)
    const due = Math.max(
      reason.dueAt,
      this.#cutAt + (this.#busy ? pacing.cutBusyMs : pacing.cutLightMs)
    )
    if (this.#now < due) return this.#pulse(due)
    const { height } = leading
    const chosen = chooseCut({
      nowMs: this.#now,
      height,
      parent,
      lanes: this.#lanes,
      chain: this.#chainView,
      board: this.#board,
      limits: this.#options.limits,
      isCareful: (lane) => this.#careful.has(lane)
    })
    const isEmpty = chosen.cut.slices.length === 0 && chosen.cut.events.length === 0
    // Data that may not be taken yet is waited for, half a round at most.
    if (isEmpty && this.#now < Math.min(reason.emptyAt, this.#enteredAt + pacing.roundMs / 2)) {
      return this.#pulse(Math.min(reason.emptyAt, this.#enteredAt + pacing.roundMs / 2))
    }
    const bytes = encodeCut(chosen.cut)
    const tip = buildTip(parent, height, bytes, chosen.cut, this.#lanes)
    if (!tip) return
    this.#leading = null
    this.#cutAt = this.#now
    this.#busy = chosen.entries >= pacing.busyEntries
    this.#chain.add(tip)
    this.#drive({ kind: 'proposed', block: tip.id, parent: leading.parent, cut: bytes })
  }

  /** From when on there is a reason for a cut on top of this tip, and for one without content. */
  #reasonAt(tip: Tip): { dueAt: number; emptyAt: number } {
    const { heartbeatMs, relayMs } = this.#options.pacing
    const isFinal = this.#simplex.height === this.#simplex.final.height + 1
    const emptyAt = Math.min(tip.time + heartbeatMs, isFinal ? Infinity : this.#enteredAt + relayMs)
    const isGrown = this.#isGrown(tip) || this.#chainView.next(tip.cursor) !== null
    return { dueAt: isGrown ? this.#enteredAt : emptyAt, emptyAt }
  }

  #isGrown(tip: Tip): boolean {
    if (this.#growth?.tip !== tip) {
      const grown = this.#lanes.lanes().some((line) => {
        return !line.conflicted && line.durableLength > takenOf(tip, line.key).length
      })
      this.#growth = { tip, grown }
    }
    return this.#growth.grown
  }

  #onLane(lane: string): void {
    if (!this.#growth || this.#growth.grown) return
    // Which lane it is tells no more than that the answer may have changed.
    if (lane !== '') this.#growth = null
  }

  /** Starts the height's timer once there is something to order, and shows the leader the data
   * that it may lack. */
  #demand(): void {
    if (this.#demanded) {
      if (this.#now >= this.#forwardAt) this.#forward()
      else if (this.#forwardAt !== Infinity) this.#pulse(this.#forwardAt)
      return
    }
    const tip = this.#resolve(this.#simplex.parent())
    if (!tip) return
    const { dueAt } = this.#reasonAt(tip)
    if (this.#now < dueAt) return this.#pulse(dueAt)
    this.#demanded = true
    if (!this.#simplex.isLeader()) {
      this.#forwardAt = this.#now + this.#options.pacing.forwardMs
      this.#pulse(this.#forwardAt)
    }
    this.#drive({ kind: 'demand' })
  }

  #forward(): void {
    this.#forwardAt = Infinity
    const tip = this.#resolve(this.#simplex.parent())
    if (!tip) return
    const leader = this.#options.peers[leaderOf(this.#simplex.height, this.#options.validators)]
    const limit = { bytes: this.#options.limits.bytesMax, entries: this.#options.limits.entriesMax }
    for (const line of this.#lanes.lanes()) {
      const taken = takenOf(tip, line.key)
      if (line.conflicted || line.durableLength <= taken.length) continue
      const head = this.#lanes.best(line.key, taken.length, taken.treeHash, limit)
      if (head) this.#lanes.forward(line.key, taken.length, head.length, head.treeHash, leader)
    }
  }

  // Execution

  #onExecuted(index: number, eventHash: Bytes32): void {
    this.#board.execute(index, eventHash)
    if (index % this.#options.pacing.executedEvery === 0) this.#announce()
    else this.#announceAt = this.#now + ANNOUNCE_REST_MS
  }

  #announceRest(): void {
    if (this.#announceAt === Infinity) return
    if (this.#now >= this.#announceAt) this.#announce()
    else this.#pulse(this.#announceAt)
  }

  #announce(): void {
    this.#announceAt = Infinity
    const index = this.#board.reached
    const eventHash = this.#board.hashAt(index)
    if (index <= this.#announced || !eventHash) return
    this.#announced = index
    const note = this.#authority.signExecuted(this.#options.self, {
      executed: { index, eventHash },
      snapshot: this.#board.newestSnapshot()
    })
    this.#emit({ kind: 'send', to: null, message: note })
    this.#addNote(note)
  }

  #onNote(from: number, note: ExecutedNote): void {
    if (note.validator !== from || from === this.#options.self) {
      return this.#emit({ kind: 'misbehaved', peer: from, reason: 'announcement of another' })
    }
    if (this.#board.has(note)) return
    if (this.#authority.executed(note)) this.#addNote(note)
    else this.#emit({ kind: 'misbehaved', peer: from, reason: 'bad announcement' })
  }

  #addNote(note: ExecutedNote): void {
    const divergence = this.#board.add(note)
    if (!divergence || this.#halted) return
    this.#halted = true
    this.#emit({ kind: 'diverged', divergence })
  }

  // Effects

  /** Asks for a wake-up at `atMs` at the latest. */
  #pulse(atMs: number): void {
    if (atMs >= this.#pulseAt) return
    this.#pulseAt = atMs
    this.#emit({ kind: 'alarm', name: 'pulse', atMs })
  }

  #emit(effect: ValidatorEffect): void {
    this.#effects.push(effect)
  }
}
