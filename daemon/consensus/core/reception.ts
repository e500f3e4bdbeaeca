// Messages of others, before they count: what is known, too old or too far ahead costs no signature
// check, what is forged counts against its sender, and what contradicts an earlier word of its
// author is evidence.
import type { Authority } from './authority.ts'
import type { Delivery } from './delivery.ts'
import type { Heights } from './heights.ts'
import { twoProposals, twoVotes } from './offences.ts'
import { leaderOf } from './quorum.ts'
import { contentOf, sameBlock, type Slot } from './slot.ts'
import type {
  Ballot,
  Certificate,
  Evidence,
  Final,
  Finalize,
  Notarization,
  Nullification,
  Nullify,
  Propose,
  Vote
} from './types.ts'

/** Ballots further above the own height are not kept. */
const LOOKAHEAD_HEIGHTS = 64

const BALLOTS = { vote: 'votes', nullify: 'nullifies', finalize: 'finalizes' } as const

/** What is done with genuine messages. */
export type Counter = {
  /** The own height. */
  height(): number
  /** A validator spoke of a height. */
  heard(validator: number, height: number): void
  proposed(slot: Slot): void
  vote(slot: Slot, vote: Vote): void
  nullify(slot: Slot, nullify: Nullify): void
  finalize(slot: Slot, finalize: Finalize): void
  notarized(slot: Slot, certificate: Notarization): void
  nullified(slot: Slot, certificate: Nullification): void
  final(certificate: Final): void
  accuse(evidence: Evidence): void
  misbehaved(peer: number, reason: string): void
}

export type ReceptionOptions = { validators: number; self: number }

export type ReceptionDependencies = {
  authority: Authority
  heights: Heights
  delivery: Delivery
  counter: Counter
}

export class Reception {
  readonly #options: ReceptionOptions
  readonly #deps: ReceptionDependencies

  constructor(options: ReceptionOptions, dependencies: ReceptionDependencies) {
    this.#options = options
    this.#deps = dependencies
  }

  receive(from: number, message: Ballot | Certificate): void {
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
    const { authority, heights, counter } = this.#deps
    const { height } = message.block
    if (heights.isWanted(message.block)) return this.#onWanted(from, message)
    if (!this.#isOpen(from, height, false)) return
    const slot = heights.open(height)
    if (contentOf(slot, message.block)) return
    const isNotarized = slot.notarization && sameBlock(slot.notarization.block, message.block)
    if (slot.proposal && slot.notarized && !isNotarized) return
    if (!authority.propose(message)) return counter.misbehaved(from, 'bad proposal')
    if (slot.proposal) {
      counter.accuse(twoProposals(slot.proposal, message))
      slot.notarized = message
    } else slot.proposal = message
    if (from === leaderOf(height, this.#options.validators)) this.#heard(from, height)
    counter.proposed(slot)
  }

  #onWanted(from: number, message: Propose): void {
    const { authority, heights, counter } = this.#deps
    if (!authority.propose(message)) return counter.misbehaved(from, 'bad proposal')
    heights.supply(message)
    counter.proposed(heights.open(message.block.height))
  }

  /** Only from its author. */
  #onBallot(from: number, message: Vote | Nullify | Finalize): void {
    const { heights, counter } = this.#deps
    const height = message.kind === 'nullify' ? message.height : message.block.height
    const { validator } = message
    if (validator !== from || validator === this.#options.self) {
      return counter.misbehaved(from, 'ballot of another')
    }
    const known = heights.get(height)?.[BALLOTS[message.kind]][validator]
    // Who finalizes has gone on; but that alone gives nobody anything to do in the next height.
    if (message.kind === 'finalize') this.#deps.delivery.shown(validator, height + 1)
    this.#heard(validator, height)
    if (!this.#isOpen(from, height, known !== undefined && known !== null)) return
    const slot = heights.open(height)
    if (message.kind === 'nullify') this.#onNullify(slot, message)
    else if (message.kind === 'vote') this.#onVote(slot, message)
    else this.#onFinalize(slot, message)
  }

  #onVote(slot: Slot, vote: Vote): void {
    const { authority, counter } = this.#deps
    const first = slot.votes[vote.validator]
    if (first) {
      if (sameBlock(first.block, vote.block) || !authority.vote(vote)) return
      return counter.accuse(twoVotes(first, vote))
    }
    if (slot.notarization && sameBlock(slot.notarization.block, vote.block)) return
    if (!authority.vote(vote)) return counter.misbehaved(vote.validator, 'bad vote')
    counter.vote(slot, vote)
  }

  #onNullify(slot: Slot, nullify: Nullify): void {
    const { authority, counter } = this.#deps
    if (slot.nullifies[nullify.validator]) return
    if (!authority.nullify(nullify)) return counter.misbehaved(nullify.validator, 'bad nullify')
    counter.nullify(slot, nullify)
  }

  #onFinalize(slot: Slot, finalize: Finalize): void {
    const { authority, counter } = this.#deps
    const { validator } = finalize
    if (slot.finalizes[validator]) return
    if (slot.notarization && !sameBlock(slot.notarization.block, finalize.block)) return
    if (!authority.finalize(finalize)) return counter.misbehaved(validator, 'bad finalize')
    counter.finalize(slot, finalize)
  }

  #onNotarization(from: number, certificate: Notarization): void {
    const { authority, heights, delivery, counter } = this.#deps
    const { height } = certificate.block
    delivery.shown(from, height + 1)
    if (height <= heights.final.height || heights.get(height)?.notarization) return
    if (!authority.notarization(certificate)) return counter.misbehaved(from, 'bad notarization')
    counter.notarized(heights.open(height), certificate)
  }

  #onNullification(from: number, certificate: Nullification): void {
    const { authority, heights, counter } = this.#deps
    const { height } = certificate
    if (height <= heights.final.height || this.#isFar(height)) return
    if (heights.get(height)?.nullification) return
    if (!authority.nullification(certificate)) return counter.misbehaved(from, 'bad nullification')
    counter.nullified(heights.open(height), certificate)
  }

  #onFinal(from: number, final: Final): void {
    const { authority, heights, delivery, counter } = this.#deps
    const { block } = final.notarization
    delivery.shown(from, block.height + 1)
    if (block.height <= heights.final.height) return
    const known = heights.get(block.height)?.notarization ?? null
    if (!authority.final(final, known)) return counter.misbehaved(from, 'bad final')
    counter.final(final)
  }

  /** Above the final and not too far. Someone who repeats himself about a height that is final
   * here, or is far below it, has missed the final: it is sent to him. */
  #isOpen(from: number, height: number, isKnown: boolean): boolean {
    const { heights, delivery } = this.#deps
    if (height > heights.final.height) return !this.#isFar(height)
    const isBehind = isKnown || height + this.#options.validators < heights.final.height
    if (isBehind) delivery.answer(from)
    return false
  }

  #isFar(height: number): boolean {
    return height > this.#deps.counter.height() + LOOKAHEAD_HEIGHTS
  }

  #heard(validator: number, height: number): void {
    this.#deps.delivery.shown(validator, height)
    this.#deps.counter.heard(validator, height)
  }
}
