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
import type { Bytes32 } from '../../../protocol/types.ts'
import { type Alarms, createAlarms } from './alarms.ts'
import { Authority } from './authority.ts'
import { faultsOf, leaderOf } from './quorum.ts'
import { contentOf, emptySlot, gather, sameBlock, type Slot } from './slot.ts'
import type {
  Ballot,
  BlockId,
  Certificate,
  Crypto,
  Evidence,
  Final,
  Finalize,
  Message,
  Notarization,
  Nullification,
  Nullify,
  Propose,
  Record,
  Vote
} from './types.ts'
import { LeaderWaits } from './waits.ts'

/** Ballots further above the own height are not kept. */
const LOOKAHEAD_HEIGHTS = 64
/** Heights below the final whose proposals are still served. */
const KEPT_HEIGHTS = 64
/** Heights that one resending covers. */
const RESENT_HEIGHTS = 64

export type SimplexOptions = {
  venue: Bytes32
  validators: number
  quorum: number
  /** This validator's index. */
  self: number
  roundMs: number
  absentLeaderMs: number
  standstillMs: number
  relayMs: number
}

export type SimplexAlarm = 'round' | 'relay' | 'standstill'

export type SimplexInput =
  | { kind: 'start' }
  | { kind: 'message'; from: number; message: Ballot | Certificate }
  | { kind: 'alarm'; name: SimplexAlarm }
  /** All persists up to this token have reached the disk. */
  | { kind: 'persisted'; token: number }
  /** There is something to order: the height's timer starts. */
  | { kind: 'demand' }
  /** The own block for the height that `propose` asked for. */
  | { kind: 'proposed'; block: BlockId; parent: BlockId; cut: Uint8Array }
  /** Answers `validate`. While it cannot be judged there is no answer. */
  | { kind: 'verdict'; block: BlockId; valid: boolean }
  | { kind: 'connected'; peer: number }
  /** The tape reached further by other means. */
  | { kind: 'adopted'; final: BlockId }

export type SimplexEffect =
  /** To one validator, or to all others when null. */
  | { kind: 'send'; to: number | null; message: Message }
  /** Answered by `persisted`, in order. */
  | { kind: 'persist'; token: number; record: Record }
  | { kind: 'alarm'; name: SimplexAlarm; atMs: number }
  /** This validator leads `height`; its block goes on top of `parent`. */
  | { kind: 'propose'; height: number; parent: BlockId }
  | { kind: 'validate'; proposal: Propose }
  /** A new height has begun. */
  | { kind: 'entered'; height: number }
  /** A height ended without a notarized block; this had been proposed in it. */
  | { kind: 'skipped'; proposal: Propose | null }
  | { kind: 'final'; final: Final }
  | { kind: 'evidence'; evidence: Evidence }
  | { kind: 'misbehaved'; peer: number; reason: string }

export class Simplex {
  readonly #options: SimplexOptions
  readonly #authority: Authority
  readonly #alarms: Alarms<SimplexAlarm>
  readonly #waits: LeaderWaits
  readonly #slots = new Map<number, Slot>()
  #effects: SimplexEffect[] = []
  #now = 0
  #height: number
  #final: BlockId
  #finalCertificate: Final | null = null
  #finalAt = 0
  /** Highest height with a notarization. */
  #notarizedHeight: number
  #token = 0
  #durable = 0
  readonly #waiting: { token: number; ballot: Ballot }[] = []
  /** Height that each validator has shown to have entered. */
  readonly #peerHeights: number[]
  /** The height when the relay alarm was set. */
  #relayHeight = 0
  /** Up to which height each was sent certificates. */
  readonly #relayed: number[]

  /** `final`: the tape's head at start. */
  constructor(options: SimplexOptions, crypto: Crypto, final: BlockId) {
    this.#options = options
    this.#authority = new Authority(options, crypto)
    this.#alarms = createAlarms((name, atMs) => this.#emit({ kind: 'alarm', name, atMs }))
    this.#waits = new LeaderWaits(options)
    this.#final = final
    this.#notarizedHeight = final.height
    this.#height = final.height + 1
    this.#peerHeights = new Array<number>(options.validators).fill(0)
    this.#relayed = new Array<number>(options.validators).fill(0)
  }

  /** The height that this validator is in. */
  get height(): number {
    return this.#height
  }

  get final(): BlockId {
    return this.#final
  }

  get finalCertificate(): Final | null {
    return this.#finalCertificate
  }

  isLeader(height: number = this.#height): boolean {
    return leaderOf(height, this.#options.validators) === this.#options.self
  }

  /** The proposal of a block, if it has been seen. */
  content(block: BlockId): Propose | null {
    return contentOf(this.#slots.get(block.height), block)
  }

  /** The parent of a block proposed now: the highest notarized block that only nullified heights
   * separate from this one. */
  parent(): BlockId {
    for (let height = this.#height - 1; height > this.#final.height; height--) {
      const notarization = this.#slots.get(height)?.notarization
      if (notarization) return notarization.block
    }
    return this.#final
  }

  /** What has to be in a new journal: everything above the final. */
  checkpoint(): Record[] {
    const records: Record[] = this.#finalCertificate ? [this.#finalCertificate] : []
    for (const slot of this.#above()) {
      const { own } = slot
      for (const record of [slot.proposal, slot.notarized, slot.notarization, slot.nullification]) {
        if (record) records.push(record)
      }
      for (const record of [own.propose, own.vote, own.nullify, own.finalize]) {
        if (record) records.push(record)
      }
    }
    return records
  }

  /** Before `start`: takes back what the journal kept, in its order. No record is contradicted. */
  restore(record: Record): void {
    if (record.kind === 'final') {
      const { block } = record.notarization
      if (block.height < this.#final.height) return
      this.#finalCertificate = record
      this.#setFinal(block)
      return
    }
    const height = 'block' in record ? record.block.height : record.height
    if (height <= this.#final.height) return
    const slot = this.#slot(height)
    const { self } = this.#options
    switch (record.kind) {
      case 'propose':
        if (this.isLeader(height)) {
          slot.own.propose = slot.proposal = record
          slot.proposed = true
        } else if (!slot.proposal) slot.proposal = record
        else if (!sameBlock(slot.proposal.block, record.block)) slot.notarized = record
        break
      case 'vote':
        slot.own.vote = slot.votes[self] = record
        break
      case 'nullify':
        slot.own.nullify = slot.nullifies[self] = record
        break
      case 'finalize':
        slot.own.finalize = slot.finalizes[self] = record
        break
      case 'notarization':
        slot.notarization = record
        this.#notarizedHeight = Math.max(this.#notarizedHeight, height)
        break
      case 'nullification':
        slot.nullification = record
        break
    }
  }

  step(input: SimplexInput, nowMs: number): SimplexEffect[] {
    this.#now = nowMs
    switch (input.kind) {
      case 'start':
        this.#finalAt = nowMs
        this.#height = this.#final.height + 1
        this.#advance()
        this.#enter()
        break
      case 'message':
        this.#onMessage(input.from, input.message)
        break
      case 'alarm':
        this.#onAlarm(input.name)
        break
      case 'persisted':
        this.#onPersisted(input.token)
        break
      case 'demand':
        this.#startRound()
        break
      case 'proposed':
        this.#onProposed(input)
        break
      case 'verdict':
        this.#onVerdict(input.block, input.valid)
        break
      case 'connected':
        this.#relayed[input.peer] = 0
        this.#resend(input.peer)
        break
      case 'adopted':
        if (input.final.height > this.#final.height) this.#finalize(input.final, null)
        break
    }
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  // Messages

  #onMessage(from: number, message: Ballot | Certificate): void {
    switch (message.kind) {
      case 'propose':
        return this.#onPropose(from, message)
      case 'vote':
      case 'nullify':
      case 'finalize':
        return this.#onBallot(from, message)
      case 'notarization':
        return this.#onNotarization(from, message)
      case 'nullification':
        return this.#onNullification(from, message)
      case 'final':
        return this.#onFinal(from, message)
    }
  }

  /** From anyone: the leader's signature binds it. */
  #onPropose(from: number, message: Propose): void {
    const { height } = message.block
    if (!this.#isOpen(from, height, false)) return
    const slot = this.#slot(height)
    if (contentOf(slot, message.block)) return
    const isNotarized = slot.notarization && sameBlock(slot.notarization.block, message.block)
    if (slot.proposal && slot.notarized && !isNotarized) return
    if (!this.#authority.propose(message)) return this.#misbehaved(from, 'bad proposal')
    if (slot.proposal) {
      const { proposal: first } = slot
      this.#emit({
        kind: 'evidence',
        evidence: { kind: 'evidence', offence: 'propose', first, second: message }
      })
      slot.notarized = message
    } else slot.proposal = message
    this.#seen(leaderOf(height, this.#options.validators), from, height)
    if (height === this.#height) this.#startRound()
    this.#consider()
  }

  /** Only from its author. */
  #onBallot(from: number, message: Vote | Nullify | Finalize): void {
    const height = message.kind === 'nullify' ? message.height : message.block.height
    const { validator } = message
    if (validator !== from || validator === this.#options.self) {
      return this.#misbehaved(from, 'ballot of another')
    }
    const slot = this.#slots.get(height)
    const isKnown = slot !== undefined && slot[BALLOTS[message.kind]][validator] !== null
    this.#seen(validator, from, message.kind === 'finalize' ? height + 1 : height)
    if (!this.#isOpen(from, height, isKnown)) return
    if (message.kind === 'nullify') this.#onNullify(this.#slot(height), message)
    else if (message.kind === 'vote') this.#onVote(this.#slot(height), message)
    else this.#onFinalize(this.#slot(height), message)
  }

  #onVote(slot: Slot, vote: Vote): void {
    const first = slot.votes[vote.validator]
    if (first) {
      if (sameBlock(first.block, vote.block) || !this.#authority.vote(vote)) return
      this.#accuse({ kind: 'evidence', offence: 'vote', first, second: vote })
      return
    }
    if (slot.notarization && sameBlock(slot.notarization.block, vote.block)) return
    if (!this.#authority.vote(vote)) return this.#misbehaved(vote.validator, 'bad vote')
    this.#countVote(slot, vote)
  }

  #onNullify(slot: Slot, nullify: Nullify): void {
    if (slot.nullifies[nullify.validator]) return
    if (!this.#authority.nullify(nullify)) return this.#misbehaved(nullify.validator, 'bad nullify')
    this.#countNullify(slot, nullify)
  }

  #onFinalize(slot: Slot, finalize: Finalize): void {
    const { validator } = finalize
    // A later one replaces the first only while no notarization says which block it can be of.
    if (slot.finalizes[validator]) return
    if (slot.notarization && !sameBlock(slot.notarization.block, finalize.block)) return
    if (!this.#authority.finalize(finalize)) return this.#misbehaved(validator, 'bad finalize')
    this.#countFinalize(slot, finalize)
  }

  #onNotarization(from: number, certificate: Notarization): void {
    const { height } = certificate.block
    this.#peerHeights[from] = Math.max(this.#peerHeights[from], height + 1)
    if (height <= this.#final.height || this.#slots.get(height)?.notarization) return
    if (!this.#authority.notarization(certificate)) {
      return this.#misbehaved(from, 'bad notarization')
    }
    this.#notarized(this.#slot(height), certificate)
  }

  #onNullification(from: number, certificate: Nullification): void {
    const { height } = certificate
    if (height <= this.#final.height || height > this.#height + LOOKAHEAD_HEIGHTS) return
    if (this.#slots.get(height)?.nullification) return
    if (!this.#authority.nullification(certificate)) {
      return this.#misbehaved(from, 'bad nullification')
    }
    this.#nullified(this.#slot(height), certificate)
  }

  #onFinal(from: number, final: Final): void {
    const { block } = final.notarization
    this.#peerHeights[from] = Math.max(this.#peerHeights[from], block.height + 1)
    if (block.height <= this.#final.height) return
    const known = this.#slots.get(block.height)?.notarization ?? null
    if (!this.#authority.final(final, known)) return this.#misbehaved(from, 'bad final')
    this.#finalize(block, final)
  }

  /** Above the final and not too far. Someone who repeats himself about a height that is final
   * here, or is far below it, has missed the final: it is sent to him. */
  #isOpen(from: number, height: number, isKnown: boolean): boolean {
    if (height > this.#final.height) return height <= this.#height + LOOKAHEAD_HEIGHTS
    const isBehind = isKnown || height + this.#options.validators < this.#final.height
    if (isBehind && this.#finalCertificate) this.#send(from, this.#finalCertificate)
    return false
  }

  #seen(validator: number, from: number, height: number): void {
    if (from !== validator) return
    this.#waits.heard(validator, height)
    if (height > this.#peerHeights[validator]) this.#peerHeights[validator] = height
    if (height === this.#height) this.#startRound()
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
    else if (height === this.#height && this.#isJoined(slot)) this.#nullify()
  }

  /** One honest validator at least has stopped waiting: no use in waiting longer. */
  #isJoined(slot: Slot): boolean {
    const count = slot.nullifies.filter((nullify) => nullify !== null).length
    return count > faultsOf(this.#options.validators)
  }

  #countFinalize(slot: Slot, finalize: Finalize): void {
    slot.finalizes[finalize.validator] = finalize
    this.#accuseFinalizer(slot, finalize.validator)
    this.#tryFinal(slot)
  }

  #tryFinal(slot: Slot): void {
    const { notarization } = slot
    if (!notarization || slot.height <= this.#final.height) return
    const { block } = notarization
    const partials = gather(slot.finalizes, this.#options.quorum, (finalize) =>
      sameBlock(finalize.block, block)
    )
    if (partials) this.#finalize(block, { kind: 'final', notarization, partials })
  }

  #notarized(slot: Slot, certificate: Notarization): void {
    slot.notarization = certificate
    slot.notarizationToken = this.#persist(certificate)
    this.#notarizedHeight = Math.max(this.#notarizedHeight, slot.height)
    this.#waits.kept(leaderOf(slot.height, this.#options.validators))
    this.#accuseVoters(slot, certificate)
    for (let i = 0; i < slot.finalizes.length; i++) {
      const finalize = slot.finalizes[i]
      if (finalize && !sameBlock(finalize.block, certificate.block)) slot.finalizes[i] = null
      else this.#accuseFinalizer(slot, i)
    }
    if (!slot.own.nullify && !slot.own.finalize && !slot.nullification) {
      slot.own.finalize = this.#authority.signFinalize(this.#options.self, certificate.block)
      this.#persistBallot(slot.own.finalize)
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
    this.#setFinal(block)
    if (certificate) this.#finalCertificate = certificate
    this.#finalAt = this.#now
    if (certificate) {
      this.#persist(certificate)
      this.#emit({ kind: 'final', final: certificate })
    }
    this.#move()
  }

  #setFinal(block: BlockId): void {
    this.#final = block
    this.#notarizedHeight = Math.max(this.#notarizedHeight, block.height)
    for (const height of this.#slots.keys()) {
      if (height < block.height - KEPT_HEIGHTS) this.#slots.delete(height)
    }
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
      if (this.#notarizedHeight >= this.#height) {
        this.#height = this.#notarizedHeight + 1
        continue
      }
      const slot = this.#slots.get(this.#height)
      if (!slot?.nullification) break
      this.#emit({ kind: 'skipped', proposal: slot.proposal })
      this.#waits.missed(leaderOf(this.#height, this.#options.validators))
      this.#height++
    }
    return this.#height > before
  }

  #enter(): void {
    const height = this.#height
    this.#alarms.clear('round')
    this.#emit({ kind: 'entered', height })
    const slot = this.#slots.get(height)
    if (this.isLeader() && !slot?.own.propose) {
      this.#emit({ kind: 'propose', height, parent: this.parent() })
    }
    this.#setRelay()
    this.#watchStandstill()
    if (!slot) return
    const isBusy = slot.proposal ?? slot.votes.find(Boolean) ?? slot.nullifies.find(Boolean)
    if (isBusy) this.#startRound()
    if (this.#isJoined(slot)) this.#nullify()
    this.#consider()
  }

  #startRound(): void {
    if (this.#alarms.isSet('round') || this.#slots.get(this.#height)?.own.nullify) return
    const rounds = this.#height - this.#final.height - 2
    this.#alarms.set('round', this.#now + this.#waits.waitMs(this.#height, rounds))
  }

  /** Looks whether the height's proposal can be judged now. */
  #consider(): void {
    const slot = this.#slots.get(this.#height)
    if (!slot?.proposal || slot.own.vote || slot.judging) return
    const { parent } = slot.proposal
    if (parent.height < this.#final.height) return this.#nullify()
    if (!this.#isJustified(parent)) return
    slot.judging = true
    this.#emit({ kind: 'validate', proposal: slot.proposal })
  }

  /** The parent is notarized, and every height from it to this one nullified. */
  #isJustified(parent: BlockId): boolean {
    for (let height = this.#height - 1; height > parent.height; height--) {
      if (!this.#slots.get(height)?.nullification) return false
    }
    if (parent.height === this.#final.height) return sameBlock(parent, this.#final)
    const notarization = this.#slots.get(parent.height)?.notarization
    return notarization ? sameBlock(notarization.block, parent) : false
  }

  // Own ballots

  #onProposed(input: { block: BlockId; parent: BlockId; cut: Uint8Array }): void {
    if (input.block.height !== this.#height || !this.isLeader()) return
    const slot = this.#slot(this.#height)
    if (slot.own.propose) return
    slot.own.propose = this.#authority.signPropose(input.block, input.parent, input.cut)
    slot.proposal = slot.own.propose
    slot.judging = true
    this.#persistBallot(slot.own.propose)
    this.#vote(slot, input.block)
    this.#startRound()
  }

  #onVerdict(block: BlockId, valid: boolean): void {
    const slot = this.#slots.get(this.#height)
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
    const slot = this.#slot(this.#height)
    if (slot.own.nullify || slot.own.finalize) return
    this.#alarms.clear('round')
    slot.own.nullify = this.#authority.signNullify(this.#options.self, slot.height)
    this.#persistBallot(slot.own.nullify)
  }

  #persistBallot(ballot: Ballot): void {
    this.#waiting.push({ token: this.#persist(ballot), ballot })
    this.#watchStandstill()
  }

  #persist(record: Record): number {
    this.#token++
    this.#emit({ kind: 'persist', token: this.#token, record })
    return this.#token
  }

  /** The gate: only now is a ballot sent, and counted. */
  #onPersisted(token: number): void {
    this.#durable = Math.max(this.#durable, token)
    while (this.#waiting.length > 0 && this.#waiting[0].token <= this.#durable) {
      const { ballot } = this.#waiting.shift()!
      const height = ballot.kind === 'nullify' ? ballot.height : ballot.block.height
      this.#send(null, ballot)
      if (height <= this.#final.height) continue
      const slot = this.#slot(height)
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
    else if (name === 'relay') this.#relay()
    else this.#onStandstill()
  }

  /** Hands certificates to those who have not shown that they have them. */
  #relay(): void {
    const below = this.#relayHeight
    for (let peer = 0; peer < this.#options.validators; peer++) {
      if (peer === this.#options.self || this.#peerHeights[peer] >= below) continue
      const sent = Math.max(this.#relayed[peer], this.#peerHeights[peer] - 1)
      if (sent < this.#final.height && this.#finalCertificate) {
        this.#send(peer, this.#finalCertificate)
      }
      for (const slot of this.#above()) {
        if (slot.height > sent && slot.height < below) this.#sendCertificates(peer, slot)
      }
      this.#relayed[peer] = below - 1
    }
    if (below < this.#height) this.#setRelay()
  }

  #setRelay(): void {
    if (this.#alarms.isSet('relay')) return
    this.#relayHeight = this.#height
    this.#alarms.set('relay', this.#now + this.#options.relayMs)
  }

  #watchStandstill(): void {
    if (this.#alarms.isSet('standstill')) return
    this.#alarms.set('standstill', this.#now + this.#options.standstillMs)
  }

  #onStandstill(): void {
    const isStill = this.#now - this.#finalAt >= this.#options.standstillMs
    const isOpen = this.#above().some((slot) => slot.own.vote ?? slot.own.nullify)
    if (!isOpen && this.#height === this.#final.height + 1) return
    if (isStill) {
      for (let peer = 0; peer < this.#options.validators; peer++) {
        if (peer !== this.#options.self) this.#resend(peer)
      }
    }
    this.#watchStandstill()
  }

  /** Everything above the final that a peer may have missed. */
  #resend(peer: number): void {
    if (this.#finalCertificate && this.#peerHeights[peer] <= this.#final.height) {
      this.#send(peer, this.#finalCertificate)
    }
    const slots = this.#above()
    const half = RESENT_HEIGHTS / 2
    const sent =
      slots.length > RESENT_HEIGHTS ? [...slots.slice(0, half), ...slots.slice(-half)] : slots
    const { self } = this.#options
    for (const slot of sent) {
      this.#sendCertificates(peer, slot)
      if (slot.proposal && (slot.proposed || slot.votes[self])) this.#send(peer, slot.proposal)
      for (const ballot of [slot.votes[self], slot.nullifies[self], slot.finalizes[self]]) {
        if (ballot) this.#send(peer, ballot)
      }
    }
  }

  #sendCertificates(peer: number, slot: Slot): void {
    const { notarization, nullification } = slot
    if (notarization && slot.notarizationToken <= this.#durable) this.#send(peer, notarization)
    if (nullification && slot.nullificationToken <= this.#durable) this.#send(peer, nullification)
  }

  // Evidence

  #accuse(evidence: Evidence): void {
    this.#emit({ kind: 'evidence', evidence })
  }

  /** Votes of a certificate against those that came here: an equivocator shows each side another. */
  #accuseVoters(slot: Slot, { block, signatures }: Notarization): void {
    for (const { validator, signature } of signatures) {
      const first = slot.votes[validator]
      if (!first || sameBlock(first.block, block)) continue
      const second: Vote = { kind: 'vote', block, validator, signature }
      this.#accuse({ kind: 'evidence', offence: 'vote', first, second })
    }
  }

  #accuseFinalizer(slot: Slot, validator: number): void {
    const first = slot.finalizes[validator]
    const second = slot.nullifies[validator]
    const { notarization } = slot
    if (!first || !second || !notarization) return
    if (!sameBlock(first.block, notarization.block)) return
    this.#accuse({ kind: 'evidence', offence: 'finalize', first, second, notarization })
  }

  // Odds and ends

  /** Slots above the final, ascending. */
  #above(): Slot[] {
    const slots: Slot[] = []
    for (const slot of this.#slots.values()) if (slot.height > this.#final.height) slots.push(slot)
    return slots.sort((a, b) => a.height - b.height)
  }

  #slot(height: number): Slot {
    let slot = this.#slots.get(height)
    if (!slot) {
      slot = emptySlot(height, this.#options.validators)
      this.#slots.set(height, slot)
    }
    return slot
  }

  #send(to: number | null, message: Message): void {
    this.#emit({ kind: 'send', to, message })
  }

  #misbehaved(peer: number, reason: string): void {
    this.#emit({ kind: 'misbehaved', peer, reason })
  }

  #emit(effect: SimplexEffect): void {
    this.#effects.push(effect)
  }
}

const BALLOTS = { vote: 'votes', nullify: 'nullifies', finalize: 'finalizes' } as const
