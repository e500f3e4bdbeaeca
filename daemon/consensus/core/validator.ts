// A validator, still without I/O: Simplex over cuts, put together from its parts. The host carries
// out the effects (journal, network, timers, tape) and reports what happened as inputs.
import { encodeCut } from '../../../protocol/tape-block.ts'
import { Accuser } from './accuser.ts'
import { Announcer } from './announcer.ts'
import { Authority } from './authority.ts'
import { buildTip, Chain, type TapeState, type Tip } from './chain.ts'
import { CarefulLanes } from './careful.ts'
import { chooseCut } from './cut.ts'
import { Demand } from './demand.ts'
import { Entitlement } from './entitlement.ts'
import { type Divergence, ExecutedBoard } from './executed.ts'
import { Judge, type Verdict } from './judge.ts'
import { Occasion } from './occasion.ts'
import { Pace } from './pace.ts'
import { Resolver } from './resolver.ts'
import { voteRules } from './rules.ts'
import type { SimplexEffect, SimplexInput } from './simplex-types.ts'
import { Simplex } from './simplex.ts'
import { Supply } from './supply.ts'
import type { BlockId, ChainView, Final, LaneView, Message, Propose, Record } from './types.ts'
import type {
  ValidatorDependencies,
  ValidatorEffect,
  ValidatorInput,
  ValidatorOptions
} from './validator-types.ts'

export type * from './validator-types.ts'

export class Validator {
  readonly #options: ValidatorOptions
  readonly #lanes: LaneView
  readonly #chainView: ChainView
  readonly #authority: Authority
  readonly #simplex: Simplex
  readonly #chain: Chain
  readonly #resolver: Resolver
  readonly #supply: Supply
  readonly #judge: Judge
  readonly #careful: CarefulLanes
  readonly #occasion: Occasion
  readonly #pace: Pace
  readonly #board: ExecutedBoard
  readonly #announcer: Announcer
  readonly #accuser: Accuser
  readonly #demand: Demand
  readonly #entitlement: Entitlement
  #effects: ValidatorEffect[] = []
  #now = 0
  #wall = 0
  #pulseAt = Infinity
  /** The height that this validator leads and has not proposed in. */
  #leading: { height: number; parent: BlockId } | null = null
  #judging: Propose | null = null
  #enteredAt = 0
  /** Final, but its content is not all here. */
  #unsettled: Final | null = null
  #halted = false

  /** `state`: the final tape as the journal and the archive have it. */
  constructor(options: ValidatorOptions, dependencies: ValidatorDependencies, state: TapeState) {
    this.#options = options
    this.#lanes = dependencies.lanes
    this.#chainView = dependencies.chain
    this.#authority = new Authority(options, dependencies.crypto)
    this.#simplex = new Simplex({ ...options, ...options.pacing }, dependencies.crypto, state.id)
    this.#supply = new Supply(options, this.#simplex)
    this.#chain = new Chain(state)
    this.#careful = new CarefulLanes(this.#lanes)
    this.#pace = new Pace(options.pacing)
    this.#occasion = new Occasion({ ...options.pacing, limits: options.limits }, dependencies)
    this.#resolver = new Resolver({
      chain: this.#chain,
      lanes: this.#lanes,
      others: options.peers.filter((_, index) => index !== options.self),
      content: (block) => this.#simplex.heights.content(block),
      ask: (block) => {
        this.#simplex.heights.want(block)
        this.#emit({ kind: 'send', to: null, message: { kind: 'want', block } })
      },
      now: () => this.#now,
      again: (atMs) => this.#pulse(atMs)
    })
    this.#board = new ExecutedBoard(options.validators, options.quorum)
    this.#accuser = new Accuser(options, {
      authority: this.#authority,
      emit: (effect) => this.#emit(effect)
    })
    this.#demand = new Demand(
      { ...options, forwardMs: options.pacing.forwardMs },
      {
        lanes: this.#lanes,
        parent: () => this.#resolver.resolve(this.#simplex.heights.parentOf(this.height)),
        dueAtMs: (tip) => this.#occasionAt(tip).dueAtMs,
        height: () => this.height,
        demand: () => this.#drive({ kind: 'demand' }),
        again: (atMs) => this.#pulse(atMs)
      }
    )
    this.#entitlement = new Entitlement(
      { ...options, hailMs: options.pacing.roundMs },
      {
        heights: this.#simplex.heights,
        height: () => this.#simplex.height,
        send: (to, message) => this.#emit({ kind: 'send', to, message }),
        entitle: (from) => {
          this.#drive({ kind: 'entitled', from })
          this.#emit({ kind: 'entitled', from })
        }
      }
    )
    this.#judge = new Judge(options, {
      lanes: this.#lanes,
      chainView: this.#chainView,
      chain: this.#chain,
      board: this.#board,
      resolver: this.#resolver,
      careful: this.#careful,
      rules: dependencies.rules ?? voteRules,
      again: (atMs) => this.#pulse(atMs)
    })
    this.#announcer = new Announcer(
      { self: options.self, executedEvery: options.pacing.executedEvery },
      {
        authority: this.#authority,
        board: this.#board,
        send: (message) => this.#emit({ kind: 'send', to: null, message }),
        misbehaved: (peer, reason) => this.#emit({ kind: 'misbehaved', peer, reason }),
        compare: (notes, isStop) => this.#accuser.compare(notes, isStop),
        diverged: (divergence) => this.#halt(divergence)
      }
    )
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

  get accuser(): Pick<Accuser, 'list' | 'differing'> {
    return this.#accuser
  }

  /** True after a divergence: it neither votes nor proposes any more. */
  get halted(): boolean {
    return this.#halted
  }

  /** It may have voted in its height before, and does not know how: see entitlement.ts. */
  get abstains(): boolean {
    return this.height < this.#simplex.heights.votesFrom
  }

  restore(record: Record): void {
    const { kind } = record
    if (kind === 'evidence' || kind === 'executed') this.#accuser.restore(record)
    else this.#simplex.heights.restore(record)
  }

  checkpoint(): Record[] {
    const { list, differing } = this.#accuser
    return [...this.#simplex.heights.checkpoint(), ...list, ...differing]
  }

  /** `nowMs` only grows: waits are measured by it. `wallMs`: milliseconds since 1970, which somebody
   * may set back; the tape's time goes by it. */
  step(input: ValidatorInput, nowMs: number, wallMs = nowMs): ValidatorEffect[] {
    this.#now = nowMs
    this.#wall = wallMs
    this.#take(input)
    this.#work()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(input: ValidatorInput): void {
    switch (input.kind) {
      case 'start':
        this.#drive({ kind: 'start' })
        this.#entitlement.start(input.nonce, this.#now)
        this.#unsettled = this.#simplex.heights.finalCertificate
        if (!this.#settle()) this.#emit({ kind: 'behind', final: this.#simplex.heights.final })
        return
      case 'persisted':
        return this.#drive(input)
      case 'connected':
        this.#entitlement.connected(input.peer)
        this.#accuser.connected(input.peer)
        return this.#drive(input)
      case 'message':
        return this.#onMessage(input.from, input.message)
      case 'alarm':
        if (input.name !== 'pulse') return this.#drive({ kind: 'alarm', name: input.name })
        this.#pace.rang(this.#pulseAt, this.#now)
        this.#pulseAt = Infinity
        return
      case 'lane':
        return this.#occasion.forget()
      case 'chain':
        return
      case 'executed':
        return this.#announcer.executed(input.index, input.eventHash, this.#now)
      case 'snapshot':
        return this.#announcer.snapshot(input.mark)
      case 'adopted':
        return this.#onAdopted(input.index, input.bytes)
    }
  }

  #onMessage(from: number, message: Message): void {
    switch (message.kind) {
      case 'executed':
        return this.#announcer.heard(from, message)
      case 'want': {
        const content = this.#supply.answer(from, message.block, this.#now)
        if (content) this.#emit({ kind: 'send', to: from, message: content })
        return
      }
      case 'evidence':
        return this.#accuser.heard(from, message)
      case 'hail':
        return this.#entitlement.hailed(from, message)
      case 'standing':
        return this.#entitlement.answered(from, message)
      case 'entitled':
        return this.#emit({ kind: 'misbehaved', peer: from, reason: 'a record for a message' })
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
        this.#pace.seen(this.#now)
        return
      case 'entered':
        return this.#onEntered(effect.height)
      case 'skipped':
        if (effect.proposal) this.#careful.mark(effect.proposal)
        return
      case 'final':
        this.#unsettled = effect.final
        if (!this.#settle()) {
          this.#emit({ kind: 'behind', final: effect.final.notarization.block })
        }
        return
      case 'evidence':
        return this.#accuser.accuse(effect.evidence)
      default:
        this.#emit(effect)
    }
  }

  #onEntered(height: number): void {
    this.#leading = null
    this.#demand.entered()
    this.#enteredAt = this.#now
    if (this.#judging && this.#judging.block.height !== height) this.#judging = null
    this.#careful.entered(height)
  }

  // Blocks

  /** Hands a final run to the host, as soon as all of its content is here. */
  #settle(): boolean {
    const certificate = this.#unsettled
    if (!certificate) return true
    const { block } = certificate.notarization
    if (block.height <= this.#chain.base.id.height) {
      this.#unsettled = null
      return true
    }
    const tip = this.#resolver.resolve(block)
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
    if (id.height > this.#simplex.heights.final.height) this.#drive({ kind: 'adopted', final: id })
    this.#onBase()
  }

  #onBase(): void {
    const { executed, snapshotIndex } = this.#chain.base
    if (executed) this.#board.prune(executed.index, snapshotIndex)
    this.#resolver.clear()
  }

  // Work: whatever has become possible

  #work(): void {
    this.#settle()
    this.#entitlement.look(this.#now)
    this.#pulse(this.#entitlement.hailsAtMs)
    this.#vote()
    if (!this.#halted) this.#propose()
    this.#demand.look(this.#now)
    this.#announcer.look(this.#now)
    this.#pulse(this.#announcer.restsAtMs)
  }

  #vote(): void {
    const proposal = this.#judging
    if (!proposal || this.#halted) return
    const verdict = this.judge(proposal)
    if (verdict === 'later') return
    this.#judging = null
    if (verdict === 'invalid') this.#careful.refuse(proposal)
    this.#drive({ kind: 'verdict', block: proposal.block, valid: verdict === 'valid' })
  }

  /** May this validator vote for it? Protected so that a test can show what the rules are for. */
  protected judge(proposal: Propose): Verdict {
    return this.#judge.judge(proposal, this.#now, this.#wall)
  }

  #propose(): void {
    const leading = this.#leading
    if (!leading) return
    const parent = this.#resolver.resolve(leading.parent)
    if (!parent) return
    const { pacing } = this.#options
    const occasion = this.#occasionAt(parent)
    const due = Math.max(occasion.dueAtMs, this.#pace.nextAtMs)
    if (this.#now < due) return this.#pulse(due)
    const chosen = chooseCut({
      nowMs: this.#wall,
      height: leading.height,
      parent,
      lanes: this.#lanes,
      chain: this.#chainView,
      board: this.#board,
      limits: this.#options.limits,
      isCareful: (lane) => this.#careful.has(lane)
    })
    const isEmpty = chosen.cut.slices.length === 0 && chosen.cut.events.length === 0
    // Data that may not be taken yet is waited for, half a round at most.
    const emptyAt = Math.min(occasion.emptyAtMs, this.#enteredAt + pacing.roundMs / 2)
    if (isEmpty && this.#now < emptyAt) return this.#pulse(emptyAt)
    const bytes = encodeCut(chosen.cut)
    const tip = buildTip(parent, leading.height, bytes, chosen.cut, this.#lanes)
    if (!tip) return
    this.#leading = null
    this.#pace.made(this.#now, chosen.entries)
    this.#chain.add(tip)
    this.#drive({ kind: 'proposed', block: tip.id, parent: leading.parent, cut: bytes })
  }

  #occasionAt(tip: Tip) {
    const isFinal = this.#simplex.height === this.#simplex.heights.final.height + 1
    return this.#occasion.at(tip, isFinal, this.#enteredAt, this.#now - this.#wall)
  }

  #halt(divergence: Divergence): void {
    if (this.#halted) return
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
