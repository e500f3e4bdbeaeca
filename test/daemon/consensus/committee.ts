// n validators' keys and the words that they sign, for tests of the core. Real ed25519 and BLAKE2b.
import { blake2b256 } from '../../../crypto/blake2b.ts'
import { ed25519KeyPair, ed25519Sign, ed25519Verify } from '../../../crypto/ed25519.ts'
import { Authority } from '../../../daemon/consensus/core/authority.ts'
import { quorumOf } from '../../../daemon/consensus/core/quorum.ts'
import type {
  BlockId,
  Crypto,
  Evidence,
  Final,
  Notarization,
  Nullification,
  Propose,
  LaneView
} from '../../../daemon/consensus/core/types.ts'
import { encodeCut, type Cut } from '../../../protocol/tape-block.ts'

export const venue = blake2b256(new Uint8Array([1]))

export const genesis: BlockId = { height: 0, length: 0, treeHash: new Uint8Array(32) }

export function emptyCut(change: Partial<Cut> = {}): Cut {
  return {
    index: 0,
    height: 1,
    time: 1000,
    cursor: null,
    executed: null,
    snapshot: null,
    events: [],
    slices: [],
    ...change
  }
}

/** A block's name: any tree hash will do where nobody recomputes it. */
export function blockAt(height: number, parent: BlockId, variant = 0): BlockId {
  const treeHash = blake2b256(new Uint8Array([...parent.treeHash, height, variant]))
  return { height, length: parent.length + 1, treeHash }
}

export class Committee {
  readonly size: number
  readonly quorum: number
  readonly #keys: ReturnType<typeof ed25519KeyPair>[]

  constructor(size: number) {
    this.size = size
    this.quorum = quorumOf(size)
    this.#keys = Array.from({ length: size }, (_, i) =>
      ed25519KeyPair(new Uint8Array(32).fill(i + 1))
    )
  }

  crypto(self: number): Crypto {
    const keys = this.#keys
    return {
      hash: blake2b256,
      sign: (bytes) => ed25519Sign(bytes, keys[self].secretKey),
      verify: (validator, bytes, signature) =>
        ed25519Verify(signature, bytes, keys[validator].publicKey),
      signHead: (length, treeHash) =>
        ed25519Sign(new Uint8Array([length, ...treeHash]), keys[self].secretKey),
      verifyHead: (validator, length, treeHash, signature) =>
        ed25519Verify(signature, new Uint8Array([length, ...treeHash]), keys[validator].publicKey)
    }
  }

  authority(self: number): Authority {
    const { size, quorum } = this
    return new Authority({ venue, validators: size, quorum }, this.crypto(self))
  }

  vote(validator: number, block: BlockId) {
    return this.authority(validator).signVote(validator, block)
  }

  nullify(validator: number, height: number) {
    return this.authority(validator).signNullify(validator, height)
  }

  finalize(validator: number, block: BlockId) {
    return this.authority(validator).signFinalize(validator, block)
  }

  /** The leader's proposal of a block with an empty cut. */
  proposal(block: BlockId, parent: BlockId): Propose {
    const cut = encodeCut(emptyCut({ index: parent.length, height: block.height }))
    return this.authority(block.height % this.size).signPropose(block, parent, cut)
  }

  notarization(block: BlockId, first = 0): Notarization {
    const signatures = this.#first(first).map((validator) => {
      const { signature } = this.vote(validator, block)
      return { validator, signature }
    })
    return { kind: 'notarization', block, signatures }
  }

  nullification(height: number, first = 0): Nullification {
    const signatures = this.#first(first).map((validator) => {
      const { signature } = this.nullify(validator, height)
      return { validator, signature }
    })
    return { kind: 'nullification', height, signatures }
  }

  final(block: BlockId, first = 0): Final {
    const partials = this.#first(first).map((validator) => {
      const { signature } = this.finalize(validator, block)
      return { validator, signature }
    })
    return { kind: 'final', notarization: this.notarization(block, first), partials }
  }

  /** Of every offence one: two proposals by the leader of two blocks of one height, two votes, and a
   * finalize word with a nullify word. */
  offences(one: BlockId, other: BlockId, parent: BlockId, [votes, finalizes]: [number, number]) {
    const kind = 'evidence' as const
    const evidence: Evidence[] = [
      {
        kind,
        offence: 'propose',
        first: this.proposal(one, parent),
        second: this.proposal(other, parent)
      },
      { kind, offence: 'vote', first: this.vote(votes, one), second: this.vote(votes, other) },
      {
        kind,
        offence: 'finalize',
        first: this.finalize(finalizes, one),
        second: this.nullify(finalizes, one.height),
        notarization: this.notarization(one)
      }
    ]
    return evidence
  }

  #first(first: number): number[] {
    return Array.from({ length: this.quorum }, (_, i) => first + i)
  }
}

/** No lane is known. */
export const noLanes: LaneView = {
  has: () => false,
  extends: () => false,
  measure: () => null,
  blocks: () => null,
  signed: () => false,
  want: () => undefined,
  best: () => null,
  certified: () => [],
  hurry: () => undefined,
  forward: () => undefined,
  lanes: () => []
}
