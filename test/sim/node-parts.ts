// Smaller things that a simulated validator is made of.
import type { TapeState } from '../../daemon/consensus/core/chain.ts'
import { voteRules } from '../../daemon/consensus/core/rules.ts'
import type { Crypto, Message, Propose } from '../../daemon/consensus/core/types.ts'
import { Validator, type ValidatorEffect } from '../../daemon/consensus/core/validator.ts'
import { LaneBook } from '../../daemon/lanes/lane-book.ts'
import { decodeRun } from '../../daemon/lanes/messages.ts'
import type { Certificate, LaneHost, LaneRecord } from '../../daemon/lanes/types.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { TapeBlock } from '../../protocol/tape-block.ts'
import { hash, hashParts, type Key } from './scheme.ts'
import type { DiskRecord } from './node-store.ts'
import { simLaneLimits, simRepair, type Venue, venueId } from './venue.ts'

/** The tape's head is signed apart from the rest: its own domain. */
export function headMessage(length: number, treeHash: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40)
  bytes[0] = 0x7e
  bytes[1] = length
  bytes[2] = length >>> 8
  bytes[3] = length >>> 16
  bytes.set(treeHash, 8)
  return bytes
}

/** Votes for whatever it is shown: what a missing rule would do. */
class Gullible extends Validator {
  protected override judge(proposal: Propose): 'valid' | 'invalid' | 'later' {
    const verdict = super.judge(proposal)
    return verdict === 'later' ? 'valid' : verdict
  }
}

export function cryptoOf({ keyring, keys }: Venue, own: Key): Crypto {
  return {
    hash,
    sign: (bytes) => own.sign(bytes),
    verify: (validator, bytes, signature) =>
      keyring.verify(signature, bytes, keys[validator].publicKey),
    signHead: (length, treeHash) => own.sign(headMessage(length, treeHash)),
    verifyHead: (validator, length, treeHash, signature) =>
      keyring.verify(signature, headMessage(length, treeHash), keys[validator].publicKey)
  }
}

/** It may vote in every height that is not final. */
export function isEntitled(disk: readonly DiskRecord[], finalHeight: number): boolean {
  return disk.some(({ kind, record }) => {
    return kind === 'consensus' && record.kind === 'entitled' && record.from <= finalHeight + 1
  })
}

/** A validator's core, on top of `state`. It sees the chain with a lag. */
export function createValidator(
  venue: Venue,
  node: { index: number; key: Key; book: LaneBook },
  lagMs: number,
  state: TapeState
): Validator {
  const options = {
    venue: venueId,
    validators: venue.peers.length,
    quorum: venue.quorum,
    self: node.index,
    peers: venue.peers,
    pacing: venue.pacing,
    limits: venue.limits
  }
  const dependencies = {
    crypto: cryptoOf(venue, node.key),
    lanes: node.book.reads,
    chain: venue.chain.view(lagMs),
    rules: voteRules.filter((rule) => rule.name !== venue.without)
  }
  return venue.breakage === 'vote without data'
    ? new Gullible(options, dependencies, state)
    : new Validator(options, dependencies, state)
}

/** The lanes as one daemon knows them. */
export function createBook(venue: Venue, key: Key, now: () => number, host: LaneHost): LaneBook {
  return new LaneBook(
    {
      venue: venueId,
      validators: venue.keys.map(({ publicKey }) => publicKey),
      quorum: venue.quorum,
      self: key.publicKey,
      limits: simLaneLimits,
      repair: simRepair
    },
    {
      hash: hashParts,
      verify: venue.keyring.verify,
      sign: (message) => key.sign(message),
      now,
      admits: () => true,
      host
    }
  )
}

export function restoreLane(book: LaneBook, record: LaneRecord): void {
  if (record.kind === 'run') book.restoreRun(decodeRun(record.bytes))
  else if (record.kind === 'base') book.rebase(record.base)
  else if (record.kind === 'evidence') book.restoreEvidence(record.evidence)
}

/** What became final of the lanes. */
export function tellLanes(book: LaneBook, { cut, blocks }: TapeBlock): void {
  cut.slices.forEach(({ lane, from, to: length, treeHash, signature }, i) => {
    book.final({ lane, from, length, treeHash, signature, blocks: blocks[i] })
  })
}

/** What a lost disk leaves: nothing, or the false belief that there was nothing on it. */
export function remainsOf({ breakage }: Venue): DiskRecord[] {
  if (breakage !== 'votes without its journal') return []
  return [{ kind: 'consensus', record: { kind: 'entitled', from: 1 } }]
}

/** A message in the trace. */
export function describe(message: Message): string {
  if (message.kind === 'final') return `final ${message.notarization.block.height}`
  if (message.kind === 'executed') return `executed ${message.executed.index}`
  if (message.kind === 'evidence') return `evidence of ${message.offence}`
  if ('block' in message) return `${message.kind} ${message.block.height}`
  return `${message.kind} ${'height' in message ? message.height : ''}`
}

/** A certificate that a validator was shown counts once it is kept, and the blocks are here. */
export function noteCertificate(
  node: { index: number; venue: Venue; book: LaneBook; isHonest: boolean },
  certificate: Certificate
): void {
  const { lane, length, treeHash } = certificate
  const key = toHex(lane)
  const { reads } = node.book
  if (!node.isHonest || !reads.has(key, length, treeHash)) return
  if (reads.certified(key, length - 1).length === 0) return
  node.venue.checks.inclusion.certified(node.index, certificate, node.venue.world.now)
}

/** What a validator only reports. */
export function noteEffect(
  { coverage, checks }: Venue,
  isHonest: boolean,
  effect: Extract<ValidatorEffect, { kind: 'evidence' | 'diverged' | 'entitled' | 'misbehaved' }>
): void {
  if (effect.kind === 'evidence') {
    coverage.count(`evidence: ${effect.evidence.offence}`)
    if (isHonest) checks.evidence(effect.evidence)
  } else if (effect.kind === 'diverged') {
    if (isHonest) checks.diverged(effect.divergence.index)
  } else if (effect.kind === 'entitled') {
    coverage.count(effect.from === 1 ? 'votes from birth' : 'votes after amnesia')
  } else coverage.count('misbehaviour noticed')
}
