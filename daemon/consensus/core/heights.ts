// The heights that a validator knows of, above its final block and a little below.
import { leaderOf } from './quorum.ts'
import { contentOf, emptySlot, sameBlock, type Slot } from './slot.ts'
import type { BlockId, Evidence, ExecutedNote, Final, Propose, Record } from './types.ts'

/** Heights below the final whose proposals are still served. */
const KEPT_HEIGHTS = 64

export type HeightsOptions = { validators: number; self: number }

export class Heights {
  readonly #options: HeightsOptions
  readonly #slots = new Map<number, Slot>()
  #final: BlockId
  #finalCertificate: Final | null = null
  /** Blocks whose proposals are missed, by height. */
  readonly #wanted = new Map<number, BlockId>()
  #notarizedHeight: number
  /** The first height that this validator may vote in; see entitlement.ts. */
  votesFrom = Infinity

  constructor(options: HeightsOptions, final: BlockId) {
    this.#options = options
    this.#final = final
    this.#notarizedHeight = final.height
  }

  get final(): BlockId {
    return this.#final
  }

  /** Of the last block that this validator has seen made final; null after a start from a tape. */
  get finalCertificate(): Final | null {
    return this.#finalCertificate
  }

  /** The highest height with a notarized block. */
  get notarizedHeight(): number {
    return this.#notarizedHeight
  }

  get(height: number): Slot | undefined {
    return this.#slots.get(height)
  }

  open(height: number): Slot {
    let slot = this.#slots.get(height)
    if (!slot) {
      slot = emptySlot(height, this.#options.validators)
      this.#slots.set(height, slot)
    }
    return slot
  }

  /** Slots above the final, ascending. */
  above(): Slot[] {
    const slots: Slot[] = []
    for (const slot of this.#slots.values()) if (slot.height > this.#final.height) slots.push(slot)
    return slots.sort((a, b) => a.height - b.height)
  }

  content(block: BlockId): Propose | null {
    return contentOf(this.#slots.get(block.height), block)
  }

  /** The proposal of a block that is notarized or final is missed: it is taken at any height. */
  want(block: BlockId): void {
    this.#wanted.set(block.height, block)
  }

  isWanted(block: BlockId): boolean {
    const wanted = this.#wanted.get(block.height)
    return wanted !== undefined && sameBlock(wanted, block)
  }

  /** Takes a proposal that was missed, whose signature has been checked. */
  supply(proposal: Propose): void {
    const { height } = proposal.block
    this.#wanted.delete(height)
    const slot = this.open(height)
    if (!slot.proposal) slot.proposal = proposal
    else slot.notarized = proposal
  }

  notarized(height: number): void {
    this.#notarizedHeight = Math.max(this.#notarizedHeight, height)
  }

  finalize(block: BlockId, certificate: Final | null): void {
    this.#final = block
    if (certificate) this.#finalCertificate = certificate
    this.notarized(block.height)
    for (const height of this.#slots.keys()) {
      if (height < block.height - KEPT_HEIGHTS) this.#slots.delete(height)
    }
    for (const height of this.#wanted.keys()) {
      if (height < block.height - KEPT_HEIGHTS) this.#wanted.delete(height)
    }
  }

  /** What a block of `height` goes on top of: the highest notarized block below it that only
   * nullified heights separate from it. */
  parentOf(height: number): BlockId {
    for (let below = height - 1; below > this.#final.height; below--) {
      const notarization = this.#slots.get(below)?.notarization
      if (notarization) return notarization.block
    }
    return this.#final
  }

  /** The parent is notarized, and every height from it up to `height` nullified. */
  isJustified(parent: BlockId, height: number): boolean {
    for (let below = height - 1; below > parent.height; below--) {
      if (!this.#slots.get(below)?.nullification) return false
    }
    if (parent.height === this.#final.height) return sameBlock(parent, this.#final)
    const notarization = this.#slots.get(parent.height)?.notarization
    return notarization ? sameBlock(notarization.block, parent) : false
  }

  /** What has to be in a new journal: everything above the final. */
  checkpoint(): Record[] {
    const records: (Record | null)[] = [this.#finalCertificate]
    if (this.votesFrom !== Infinity) records.push({ kind: 'entitled', from: this.votesFrom })
    for (const slot of this.above()) {
      const { own } = slot
      records.push(slot.proposal, slot.notarized, slot.notarization, slot.nullification)
      records.push(own.propose, own.vote, own.nullify, own.finalize)
    }
    return records.filter((record) => record !== null)
  }

  /** Takes back a record of the journal, in its order. */
  restore(record: Exclude<Record, Evidence | ExecutedNote>): void {
    if (record.kind === 'entitled') {
      this.votesFrom = record.from
      return
    }
    if (record.kind === 'final') {
      const { block } = record.notarization
      if (block.height >= this.#final.height) this.finalize(block, record)
      return
    }
    const height = 'block' in record ? record.block.height : record.height
    if (height <= this.#final.height) return
    const slot = this.open(height)
    const { self } = this.#options
    if (record.kind === 'vote') slot.own.vote = slot.votes[self] = record
    else if (record.kind === 'nullify') slot.own.nullify = slot.nullifies[self] = record
    else if (record.kind === 'finalize') slot.own.finalize = slot.finalizes[self] = record
    else if (record.kind === 'propose') this.#restoreProposal(slot, record)
    else if (record.kind === 'nullification') slot.nullification = record
    else {
      slot.notarization = record
      this.notarized(height)
    }
  }

  #restoreProposal(slot: Slot, proposal: Propose): void {
    if (leaderOf(slot.height, this.#options.validators) === this.#options.self) {
      slot.own.propose = slot.proposal = proposal
      slot.proposed = true
    } else if (!slot.proposal) slot.proposal = proposal
    else if (!sameBlock(slot.proposal.block, proposal.block)) slot.notarized = proposal
  }
}
