// Smaller things that a simulated validator is made of.
import type { TapeState } from '../../daemon/consensus/core/chain.ts'
import type { Crypto, Message, Propose } from '../../daemon/consensus/core/types.ts'
import { Validator } from '../../daemon/consensus/core/validator.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import { hash, hashParts, type Key } from './scheme.ts'
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

/** A message in the trace. */
export function describe(message: Message): string {
  if (message.kind === 'final') return `final ${message.notarization.block.height}`
  if (message.kind === 'executed') return `executed ${message.executed.index}`
  if (message.kind === 'evidence') return `evidence of ${message.offence}`
  const height = 'block' in message ? message.block.height : message.height
  return `${message.kind} ${height}`
}
