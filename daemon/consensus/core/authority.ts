// Makes and checks signatures of ballots and certificates.
import type { Bytes32 } from '../../../protocol/types.ts'
import { leaderOf } from './quorum.ts'
import { Signables } from './signing.ts'
import { sameBlock } from './slot.ts'
import type {
  BlockId,
  Crypto,
  Evidence,
  ExecutedNote,
  Final,
  Finalize,
  Notarization,
  Nullification,
  Nullify,
  Propose,
  Signed,
  Vote
} from './types.ts'

export type AuthorityOptions = {
  venue: Bytes32
  validators: number
  /** Signatures that a certificate has: exactly so many. */
  quorum: number
}

export class Authority {
  readonly #validators: number
  readonly #quorum: number
  readonly #crypto: Crypto
  readonly #signables: Signables

  constructor(options: AuthorityOptions, crypto: Crypto) {
    this.#validators = options.validators
    this.#quorum = options.quorum
    this.#crypto = crypto
    this.#signables = new Signables(options.venue)
  }

  signPropose(block: BlockId, parent: BlockId, cut: Uint8Array): Propose {
    const signable = this.#signables.propose(block, parent, this.#crypto.hash(cut))
    return { kind: 'propose', block, parent, cut, signature: this.#crypto.sign(signable) }
  }

  signVote(validator: number, block: BlockId): Vote {
    const signature = this.#crypto.sign(this.#signables.vote(block))
    return { kind: 'vote', block, validator, signature }
  }

  signNullify(validator: number, height: number): Nullify {
    const signature = this.#crypto.sign(this.#signables.nullify(height))
    return { kind: 'nullify', height, validator, signature }
  }

  signFinalize(validator: number, block: BlockId): Finalize {
    const signature = this.#crypto.signHead(block.length, block.treeHash)
    return { kind: 'finalize', block, validator, signature }
  }

  signExecuted(validator: number, note: Pick<ExecutedNote, 'executed' | 'snapshot'>): ExecutedNote {
    const signature = this.#crypto.sign(this.#signables.executed(note.executed, note.snapshot))
    return { kind: 'executed', ...note, validator, signature }
  }

  /** Signed by the height's leader, and of a shape that a leader can mean. */
  propose(message: Propose): boolean {
    const { block, parent, cut, signature } = message
    if (parent.height >= block.height || block.length !== parent.length + 1) return false
    const signable = this.#signables.propose(block, parent, this.#crypto.hash(cut))
    return this.#crypto.verify(leaderOf(block.height, this.#validators), signable, signature)
  }

  vote(message: Signed & { block: BlockId }): boolean {
    return this.#verify(message, this.#signables.vote(message.block))
  }

  nullify(message: Signed & { height: number }): boolean {
    return this.#verify(message, this.#signables.nullify(message.height))
  }

  finalize(message: Signed & { block: BlockId }): boolean {
    const { validator, block, signature } = message
    if (validator >= this.#validators) return false
    return this.#crypto.verifyHead(validator, block.length, block.treeHash, signature)
  }

  executed(message: ExecutedNote): boolean {
    return this.#verify(message, this.#signables.executed(message.executed, message.snapshot))
  }

  notarization(message: Notarization): boolean {
    return this.#all(message.signatures, this.#signables.vote(message.block))
  }

  nullification(message: Nullification): boolean {
    return this.#all(message.signatures, this.#signables.nullify(message.height))
  }

  /** `known` is this validator's own, checked notarization of the height, if it has one. */
  final(message: Final, known: Notarization | null): boolean {
    const { block } = message.notarization
    if (!this.#isQuorum(message.partials)) return false
    if (!(known && sameBlock(known.block, block)) && !this.notarization(message.notarization)) {
      return false
    }
    return message.partials.every((signed) => this.finalize({ ...signed, block }))
  }

  /** That both were signed by one validator for one height, and exclude each other. */
  evidence(message: Evidence): boolean {
    const { offence } = message
    if (offence === 'propose') {
      const { first, second } = message
      if (first.block.height !== second.block.height) return false
      if (sameBlock(first.block, second.block)) return false
      return this.propose(first) && this.propose(second)
    }
    if (offence === 'vote') {
      const { first, second } = message
      if (first.validator !== second.validator) return false
      if (first.block.height !== second.block.height) return false
      if (sameBlock(first.block, second.block)) return false
      return this.vote(first) && this.vote(second)
    }
    const { first, second, notarization } = message
    if (first.validator !== second.validator || first.block.height !== second.height) return false
    if (!sameBlock(first.block, notarization.block)) return false
    return this.finalize(first) && this.nullify(second) && this.notarization(notarization)
  }

  #verify(signed: Signed, signable: Uint8Array): boolean {
    if (signed.validator >= this.#validators) return false
    return this.#crypto.verify(signed.validator, signable, signed.signature)
  }

  /** Ascending (each signer once), and exactly a quorum. */
  #isQuorum(list: readonly Signed[]): boolean {
    if (list.length !== this.#quorum) return false
    for (let i = 1; i < list.length; i++) {
      if (list[i - 1].validator >= list[i].validator) return false
    }
    return true
  }

  #all(list: readonly Signed[], signable: Uint8Array): boolean {
    return this.#isQuorum(list) && list.every((signed) => this.#verify(signed, signable))
  }
}
