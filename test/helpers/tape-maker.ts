import { encodeBlock } from '../../protocol/entries.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import { type Cut, type Slice, encodeCut, encodeTapeBlock } from '../../protocol/tape-block.ts'
import type { Entry } from '../../protocol/types.ts'
import { quorumOf } from '../../protocol/venue.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { type KeyPair, ed25519KeyPair, ed25519Sign, ed25519Verify } from '../../crypto/ed25519.ts'
import { laneKey, signHead } from '../../daemon/lanes/lane-key.ts'
import { TapeKey } from '../../daemon/tape/tape-key.ts'
import type { OwnBlock, OwnRun, TapeRun } from '../../daemon/tape/types.ts'

export const hash = blake2b256Parts

export const verify = ed25519Verify

export function keyPairOf(number: number): KeyPair {
  return ed25519KeyPair(new Uint8Array(32).fill(number))
}

/** A lane whose blocks the test makes. */
export class LaneMaker {
  readonly keyPair: KeyPair
  readonly lane: Uint8Array
  readonly venue: Uint8Array
  log = MerkleLog.empty(hash)

  constructor(venue: Uint8Array, number: number) {
    this.venue = venue
    this.keyPair = keyPairOf(number)
    this.lane = laneKey(hash, this.keyPair.publicKey, venue)
  }

  get openEntry(): Entry {
    return {
      kind: 'open',
      venue: this.venue,
      daemon: this.keyPair.publicKey,
      incarnation: 0,
      laneKey: this.keyPair.publicKey
    }
  }

  /** The next block of the lane, and the slice that takes it in. */
  grow(entries: readonly Entry[]): { slice: Slice; blocks: Uint8Array[] } {
    const opening = this.log.length === 0
    return this.growRaw(encodeBlock(opening ? [this.openEntry, ...entries] : entries))
  }

  /** The same with whatever bytes. */
  growRaw(block: Uint8Array): { slice: Slice; blocks: Uint8Array[] } {
    const from = this.log.length
    this.log = this.log.append(block)
    const treeHash = this.log.treeHash()
    const sign = (message: Uint8Array) => ed25519Sign(message, this.keyPair.secretKey)
    const signature = signHead(sign, this.lane, this.log.length, treeHash)
    return {
      slice: { lane: this.lane, from, to: this.log.length, treeHash, signature },
      blocks: [block]
    }
  }
}

/** Makes a venue's tape as its validators would, without any consensus. */
export class TapeMaker {
  readonly venue: Uint8Array
  readonly validators: KeyPair[]
  readonly key: TapeKey
  log = MerkleLog.empty(hash)
  #time = 1_700_000_000_000

  constructor(options: { validators: number; venue?: Uint8Array }) {
    this.venue = options.venue ?? new Uint8Array(32).fill(9)
    this.validators = Array.from({ length: options.validators }, (_, i) => keyPairOf(i + 1))
    this.key = new TapeKey(
      {
        venue: this.venue,
        signers: this.validators.map(({ publicKey }) => publicKey),
        quorum: quorumOf(options.validators).quorum
      },
      { hash, verify }
    )
  }

  get quorum(): number {
    return this.key.manifest.quorum
  }

  /** The next block, with the lanes' slices in it. */
  next(
    slices: readonly { slice: Slice; blocks: Uint8Array[] }[] = [],
    header: Partial<Pick<Cut, 'executed' | 'snapshot' | 'cursor' | 'events' | 'time'>> = {}
  ): OwnBlock {
    this.#time += 10
    const sorted = [...slices].sort((a, b) => Buffer.compare(a.slice.lane, b.slice.lane))
    const cut: Cut = {
      index: this.log.length,
      height: this.log.length + 1,
      time: this.#time,
      cursor: null,
      executed: null,
      snapshot: null,
      events: [],
      ...header,
      slices: sorted.map(({ slice }) => slice)
    }
    const laneBlocks = sorted.map(({ blocks }) => blocks)
    const bytes = encodeTapeBlock(encodeCut(cut), laneBlocks)
    this.log = this.log.append(bytes)
    return { index: cut.index, bytes, cut, laneBlocks, log: this.log }
  }

  partial(signer: number, log: MerkleLog): { signer: number; signature: Uint8Array } {
    const signable = this.key.signable(log.length, log.treeHash())
    return { signer, signature: ed25519Sign(signable, this.validators[signer].secretKey) }
  }

  partials(log: MerkleLog, signers = Array.from({ length: this.quorum }, (_, i) => i)) {
    return signers.map((signer) => this.partial(signer, log))
  }

  own(blocks: readonly OwnBlock[]): OwnRun {
    return { blocks, partials: this.partials(blocks[blocks.length - 1].log) }
  }

  run(blocks: readonly OwnBlock[]): TapeRun {
    const { log } = blocks[blocks.length - 1]
    return {
      from: blocks[0].index,
      blocks: blocks.map(({ bytes }) => bytes),
      signature: this.key.assemble(this.partials(log))
    }
  }
}
