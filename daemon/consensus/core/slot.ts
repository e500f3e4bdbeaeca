// What a validator knows of one height.
import { equalBytes } from '../../../protocol/bytes.ts'
import { faultsOf } from './quorum.ts'
import type {
  BlockId,
  Finalize,
  Notarization,
  Nullification,
  Nullify,
  Propose,
  Signed,
  Vote
} from './types.ts'

export type Slot = {
  readonly height: number
  /** The first proposal seen: the only one that this validator may vote for. */
  proposal: Propose | null
  /** The notarized block's proposal, when it is not the first. */
  notarized: Propose | null
  /** `validate` was asked for and not answered, or was answered no. */
  judging: boolean
  /** Checked ballots, one a validator; this validator's own stand here once they are journaled. */
  votes: (Vote | null)[]
  nullifies: (Nullify | null)[]
  finalizes: (Finalize | null)[]
  notarization: Notarization | null
  nullification: Nullification | null
  /** Journal tokens of the certificates: they are not sent before. */
  notarizationToken: number
  nullificationToken: number
  /** What this validator has decided, journaled or on its way there; never to be contradicted. */
  own: {
    propose: Propose | null
    vote: Vote | null
    nullify: Nullify | null
    finalize: Finalize | null
  }
  /** The own proposal is in the journal. */
  proposed: boolean
}

export function emptySlot(height: number, validators: number): Slot {
  return {
    height,
    proposal: null,
    notarized: null,
    judging: false,
    votes: new Array<Vote | null>(validators).fill(null),
    nullifies: new Array<Nullify | null>(validators).fill(null),
    finalizes: new Array<Finalize | null>(validators).fill(null),
    notarization: null,
    nullification: null,
    notarizationToken: 0,
    nullificationToken: 0,
    own: { propose: null, vote: null, nullify: null, finalize: null },
    proposed: false
  }
}

/** One honest validator at least has stopped waiting: no use in waiting longer. */
export function isJoined({ nullifies }: Slot): boolean {
  return nullifies.filter((nullify) => nullify !== null).length > faultsOf(nullifies.length)
}

export function sameBlock(a: BlockId, b: BlockId): boolean {
  return a.height === b.height && a.length === b.length && equalBytes(a.treeHash, b.treeHash)
}

/** The proposal of this block, if it is here. */
export function contentOf(slot: Slot | undefined, block: BlockId): Propose | null {
  if (!slot) return null
  if (slot.proposal && sameBlock(slot.proposal.block, block)) return slot.proposal
  if (slot.notarized && sameBlock(slot.notarized.block, block)) return slot.notarized
  return null
}

/** Exactly `quorum` signatures of those ballots that `counts`, ascending by validator, or null. */
export function gather<Ballot extends Signed>(
  ballots: readonly (Ballot | null)[],
  quorum: number,
  counts: (ballot: Ballot) => boolean
): Signed[] | null {
  const list: Signed[] = []
  for (const ballot of ballots) {
    if (!ballot || !counts(ballot)) continue
    list.push({ validator: ballot.validator, signature: ballot.signature })
    if (list.length === quorum) return list
  }
  return null
}
