// Simplex (Chan & Pass, "Simplex Consensus: A Simple and Fast Consensus Protocol", 2023), as a pure
// state machine: `step(input, now)` returns effects, and nothing else happens.
//
// The rules, in the paper's order. (1) On entering a height its leader proposes a block on top of
// the highest notarized block below which every height between is nullified. (2) A timer starts;
// when it rings, the validator nullifies the height (the paper's vote for the dummy block). (3) It
// votes for the first valid proposal of its height, once. (4) A height ends with a quorum of votes
// for one block (notarized) or of nullifies (nullified); a validator that sees a block notarized
// and has not nullified that height finalizes it, and will never nullify it. Certificates reach
// everyone. (5) A quorum of finalizes makes the block final, with all that it builds on.
//
// Two things that a paper need not say: every ballot is journaled before it is sent or counted, and
// so is every certificate; and since nothing is delivered for sure, ballots and certificates above
// the last final are sent again whenever the tape stands still.
import { type Alarms, createAlarms } from './alarms.ts'
import { Authority } from './authority.ts'
import { Delivery } from './delivery.ts'
import { Heights } from './heights.ts'
import { finalizedAndNullified, votesAgainst } from './offences.ts'
import { leaderOf } from './quorum.ts'
import { type Counter, Reception } from './reception.ts'
import type { SimplexAlarm, SimplexEffect, SimplexInput, SimplexOptions } from './simplex-types.ts'
import { gather, isJoined, sameBlock, type Slot } from './slot.ts'
import type {
  Ballot,
  BlockId,
  Crypto,
  Evidence,
  Final,
  Finalize,
  Message,
  Notarization,
  Nullification,
  Nullify,
  Record,
  Vote
} from './types.ts'
import { LeaderWaits } from './waits.ts'

export class Simplex {
  readonly #options: SimplexOptions
  readonly #authority: Authority
  readonly #alarms: Alarms<SimplexAlarm>
  readonly #waits: LeaderWaits
  /** What is known, by height. Before `start`, `restore` takes back what the journal kept. */
  readonly heights: Heights
  readonly #delivery: Delivery
  readonly #reception: Reception
  #effects: SimplexEffect[] = []
  #now = 0
  #height: number
  #finalAt = 0
  #token = 0
  #durable = 0
  readonly #waiting: { token: number; ballot: Ballot }[] = []

  /** `final`: the tape's head at start. */
  constructor(options: SimplexOptions, crypto: Crypto, final: BlockId) {
    this.#options = options
    this.#authority = new Authority(options, crypto)
    this.#alarms = createAlarms((name, atMs) => this.#emit({ kind: 'alarm', name, atMs }))
    this.#waits = new LeaderWaits(options)
    this.heights = new Heights(options, final)
    this.#height = final.height + 1
    this.#delivery = new Delivery(options, {
      heights: this.heights,
      alarms: this.#alarms,
      send: (to, message) => this.#send(to, message),
      now: () => this.#now,
      isDurable: (token) => token <= this.#durable
    })
    this.#reception = new Reception(options, {
      authority: this.#authority,
      heights: this.heights,
      delivery: this.#delivery,
      counter: this.#counter()
    })
  }

  /** The height that this validator is in. */
  get height(): number {
    return this.#height
  }

  isLeader(): boolean {
    return leaderOf(this.#height, this.#options.validators) === this.#options.self
  }

  step(input: SimplexInput, nowMs: number): SimplexEffect[] {
    this.#now = nowMs
    this.#take(input)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(input: SimplexInput): void {
    switch (input.kind) {
      case 'start':
        return this.#start()
      case 'entitled':
        return this.#onEntitled(input.from)
      case 'message':
        return this.#reception.receive(input.from, input.message)
      case 'alarm':
        return this.#onAlarm(input.name)
      case 'persisted':
        return this.#onPersisted(input.token)
      case 'demand':
        return this.#startRound()
      case 'proposed':
        return this.#onProposed(input)
      case 'verdict':
        return this.#onVerdict(input.block, input.valid)
      case 'connected':
        return this.#delivery.connected(input.peer)
      case 'adopted':
        if (input.final.height > this.heights.final.height) this.#finalize(input.final, null)
    }
  }

  #start(): void {
    this.#finalAt = this.#now
    this.#height = this.heights.final.height + 1
    this.#advance()
    this.#enter()
  }

  #onEntitled(from: number): void {
    this.heights.votesFrom = from
    this.#persist({ kind: 'entitled', from })
    if (this.#mayVote(this.#height)) this.#enter()
  }

  /** Below that it may have voted before and forgotten it. */
  #mayVote(height: number): boolean {
    return height >= this.heights.votesFrom
  }

  /** What `Reception` does with genuine messages. */
  #counter(): Counter {
    return {
      height: () => this.#height,
      heard: (validator, height) => {
        this.#waits.heard(validator, height)
        if (height === this.#height) this.#startRound()
      },
      proposed: (slot) => {
        if (slot.height === this.#height) this.#startRound()
        this.#consider()
      },
      vote: (slot, vote) => this.#countVote(slot, vote),
      nullify: (slot, nullify) => this.#countNullify(slot, nullify),
      finalize: (slot, finalize) => this.#countFinalize(slot, finalize),
      notarized: (slot, certificate) => this.#notarized(slot, certificate),
      nullified: (slot, certificate) => this.#nullified(slot, certificate),
      final: (certificate) => this.#finalize(certificate.notarization.block, certificate),
      accuse: (evidence) => this.#accuse(evidence),
      misbehaved: (peer, reason) => this.#emit({ kind: 'misbehaved', peer, reason })
    }
  }

  // Counting

  #countVote(slot: Slot, vote: Vote): void {
    slot.votes[vote.validator] = vote
    if (slot.notarization) return
    const { block } = vote
    const signatures = gather(slot.votes, this.#options.quorum, (other) =>
      sameBlock(other.block, block)
    )
    if (signatures) this.#notarized(slot, { kind: 'notarization', block, signatures })
  }

  #countNullify(slot: Slot, nullify: Nullify): void {
    slot.nullifies[nullify.validator] = nullify
    this.#accuseFinalizer(slot, nullify.validator)
    if (slot.nullification) return
    const { height } = slot
    const signatures = gather(slot.nullifies, this.#options.quorum, () => true)
    if (signatures) this.#nullified(slot, { kind: 'nullification', height, signatures })
    else if (height === this.#height && isJoined(slot)) this.#nullify()
  }

  #countFinalize(slot: Slot, finalize: Finalize): void {
    slot.finalizes[finalize.validator] = finalize
    this.#accuseFinalizer(slot, finalize.validator)
    this.#tryFinal(slot)
  }

  #tryFinal(slot: Slot): void {
    const { notarization } = slot
    if (!notarization || slot.height <= this.heights.final.height) return
    const { block } = notarization
    const partials = gather(slot.finalizes, this.#options.quorum, (finalize) =>
      sameBlock(finalize.block, block)
    )
    if (partials) this.#finalize(block, { kind: 'final', notarization, partials })
  }

  #notarized(slot: Slot, certificate: Notarization): void {
    slot.notarization = certificate
    slot.notarizationToken = this.#persist(certificate)
    this.heights.notarized(slot.height)
    this.#waits.kept(this.#leader(slot.height))
    for (const evidence of votesAgainst(slot, certificate))
      this.#emit({ kind: 'evidence', evidence })
    for (let i = 0; i < slot.finalizes.length; i++) {
      const finalize = slot.finalizes[i]
      if (finalize && !sameBlock(finalize.block, certificate.block)) slot.finalizes[i] = null
      else this.#accuseFinalizer(slot, i)
    }
    const { own } = slot
    if (this.#mayVote(slot.height) && !own.nullify && !own.finalize && !slot.nullification) {
      own.finalize = this.#authority.signFinalize(this.#options.self, certificate.block)
      this.#persistBallot(own.finalize)
    }
    this.#tryFinal(slot)
    this.#move()
  }

  #nullified(slot: Slot, certificate: Nullification): void {
    slot.nullification = certificate
    slot.nullificationToken = this.#persist(certificate)
    this.#move()
  }

  #finalize(block: BlockId, certificate: Final | null): void {
    this.heights.finalize(block, certificate)
    this.#finalAt = this.#now
    if (certificate) {
      this.#persist(certificate)
      this.#emit({ kind: 'final', final: certificate })
    }
    this.#move()
  }

  // Heights

  #move(): void {
    if (this.#advance()) this.#enter()
    else this.#consider()
  }

  /** A notarization ends every height up to its own, since a quorum checked what it builds on; a
   * nullification ends its own. */
  #advance(): boolean {
    const before = this.#height
    for (;;) {
      if (this.heights.notarizedHeight >= this.#height) {
        this.#height = this.heights.notarizedHeight + 1
        continue
      }
      const slot = this.heights.get(this.#height)
      if (!slot?.nullification) break
      this.#emit({ kind: 'skipped', proposal: slot.proposal })
      this.#waits.missed(this.#leader(this.#height))
      this.#height++
    }
    return this.#height > before
  }

  #enter(): void {
    const height = this.#height
    this.#alarms.clear('round')
    this.#emit({ kind: 'entered', height })
    const slot = this.heights.get(height)
    if (this.isLeader() && this.#mayVote(height) && !slot?.own.propose) {
      this.#emit({ kind: 'propose', height, parent: this.heights.parentOf(this.#height) })
    }
    this.#delivery.entered(height, this.#now)
    this.#delivery.watch(this.#now)
    if (!slot) return
    const isBusy = slot.proposal ?? slot.votes.find(Boolean) ?? slot.nullifies.find(Boolean)
    if (isBusy) this.#startRound()
    if (isJoined(slot)) this.#nullify()
    this.#consider()
  }

  #startRound(): void {
    if (this.#alarms.isSet('round') || this.heights.get(this.#height)?.own.nullify) return
    if (!this.#mayVote(this.#height)) return
    const rounds = this.#height - this.heights.final.height - 2
    this.#alarms.set('round', this.#now + this.#waits.waitMs(this.#height, rounds))
  }

  /** Looks whether the height's proposal can be judged now. */
  #consider(): void {
    const slot = this.heights.get(this.#height)
    if (!slot?.proposal || slot.own.vote || slot.judging) return
    if (!this.#mayVote(this.#height)) return
    const { parent } = slot.proposal
    if (parent.height < this.heights.final.height) return this.#nullify()
    if (!this.heights.isJustified(parent, this.#height)) return
    slot.judging = true
    this.#emit({ kind: 'validate', proposal: slot.proposal })
  }

  // Own ballots

  #onProposed(input: { block: BlockId; parent: BlockId; cut: Uint8Array }): void {
    if (input.block.height !== this.#height || !this.isLeader()) return
    const slot = this.heights.open(this.#height)
    if (slot.own.propose) return
    slot.own.propose = this.#authority.signPropose(input.block, input.parent, input.cut)
    slot.proposal = slot.own.propose
    slot.judging = true
    this.#persistBallot(slot.own.propose)
    this.#vote(slot, input.block)
    this.#startRound()
  }

  #onVerdict(block: BlockId, valid: boolean): void {
    const slot = this.heights.get(this.#height)
    if (!slot?.proposal || !sameBlock(slot.proposal.block, block) || slot.own.vote) return
    if (!valid) return this.#nullify()
    this.#persist(slot.proposal)
    this.#vote(slot, block)
  }

  #vote(slot: Slot, block: BlockId): void {
    if (slot.own.vote) return
    slot.own.vote = this.#authority.signVote(this.#options.self, block)
    this.#persistBallot(slot.own.vote)
  }

  #nullify(): void {
    const slot = this.heights.open(this.#height)
    if (slot.own.nullify || slot.own.finalize || !this.#mayVote(slot.height)) return
    this.#alarms.clear('round')
    slot.own.nullify = this.#authority.signNullify(this.#options.self, slot.height)
    this.#persistBallot(slot.own.nullify)
  }

  #persistBallot(ballot: Ballot): void {
    this.#waiting.push({ token: this.#persist(ballot), ballot })
    this.#delivery.watch(this.#now)
  }

  #persist(record: Record): number {
    this.#token++
    this.#emit({ kind: 'persist', token: this.#token, record })
    return this.#token
  }

  /** The gate: only now is a ballot sent, and counted. */
  #onPersisted(token: number): void {
    this.#durable = Math.max(this.#durable, token)
    for (;;) {
      const [next] = this.#waiting
      if (!next || next.token > this.#durable) return
      this.#waiting.shift()
      const { ballot } = next
      const height = ballot.kind === 'nullify' ? ballot.height : ballot.block.height
      this.#send(null, ballot)
      if (height <= this.heights.final.height) continue
      const slot = this.heights.open(height)
      if (ballot.kind === 'propose') slot.proposed = true
      else if (ballot.kind === 'vote') this.#countVote(slot, ballot)
      else if (ballot.kind === 'nullify') this.#countNullify(slot, ballot)
      else this.#countFinalize(slot, ballot)
    }
  }

  // Delivery

  #onAlarm(name: SimplexAlarm): void {
    if (!this.#alarms.rang(name, this.#now)) return
    if (name === 'round') this.#nullify()
    else if (name === 'relay') this.#delivery.relay(this.#height, this.#now)
    else this.#delivery.standstill(this.#height, this.#finalAt, this.#now)
  }

  // Odds and ends

  #leader(height: number): number {
    return leaderOf(height, this.#options.validators)
  }

  #send(to: number | null, message: Message): void {
    this.#emit({ kind: 'send', to, message })
  }

  #accuse(evidence: Evidence): void {
    this.#emit({ kind: 'evidence', evidence })
  }

  #accuseFinalizer(slot: Slot, validator: number): void {
    const evidence = finalizedAndNullified(slot, validator)
    if (evidence) this.#accuse(evidence)
  }

  #emit(effect: SimplexEffect): void {
    this.#effects.push(effect)
  }
}
