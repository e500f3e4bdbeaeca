// Smaller things that a simulated validator is made of.
import type { TapeState } from '../../daemon/consensus/core/chain.ts'
import type { Crypto, Message, Propose, Record } from '../../daemon/consensus/core/types.ts'
import { Validator } from '../../daemon/consensus/core/validator.ts'
import type { LaneBook } from '../../daemon/lanes/lane-book.ts'
import { decodeRun } from '../../daemon/lanes/messages.ts'
import type { LaneRecord } from '../../daemon/lanes/types.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import { decodeTapeBlock } from '../../protocol/tape-block.ts'
import { hash, hashParts, type Key } from './scheme.ts'
import type { TapeRecord } from './sim-tape.ts'
import type { Venue } from './venue.ts'

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
export class Gullible extends Validator {
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

export function genesis(): TapeState {
  const log = MerkleLog.empty(hashParts)
  return {
    id: { height: 0, length: 0, treeHash: log.treeHash() },
    log,
    time: 0,
    cursor: null,
    executed: null,
    snapshotIndex: -1,
    taken: new Map()
  }
}

export type DiskRecord =
  | { kind: 'lane'; record: LaneRecord }
  | { kind: 'consensus'; record: Record }
  | { kind: 'tape'; record: TapeRecord }

/** It may vote in every height that is not final. */
export function isEntitled(disk: readonly DiskRecord[], finalHeight: number): boolean {
  return disk.some(({ kind, record }) => {
    return kind === 'consensus' && record.kind === 'entitled' && record.from <= finalHeight + 1
  })
}

export function restoreLane(book: LaneBook, record: LaneRecord): void {
  if (record.kind === 'run') book.restoreRun(decodeRun(record.bytes))
  else if (record.kind === 'base') book.rebase(record.base)
  else if (record.kind === 'evidence') book.restoreEvidence(record.evidence)
}

/** What became final of the lanes. */
export function tellLanes(book: LaneBook, tapeBlock: Uint8Array): void {
  const { cut, blocks } = decodeTapeBlock(tapeBlock)
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
