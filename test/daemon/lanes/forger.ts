// A lane whose owner does as he likes: several histories under one key.
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { ed25519KeyPair, ed25519Sign } from '../../../crypto/ed25519.ts'
import { laneKey, signHead } from '../../../daemon/lanes/lane-key.ts'
import { encodeMessage, encodeRun } from '../../../daemon/lanes/messages.ts'
import type { Run, SignedHead } from '../../../daemon/lanes/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { joinBlock } from '../../../protocol/entries.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { VENUE, entry } from './world.ts'

export type Forged = { run: Run; log: MerkleLog; payload: Uint8Array }

export class Forger {
  readonly keys: { publicKey: Uint8Array; secretKey: Uint8Array }
  readonly lane: Uint8Array
  readonly key: string
  readonly empty = MerkleLog.empty(blake2b256Parts)

  constructor(seed = 200) {
    this.keys = ed25519KeyPair(new Uint8Array(32).fill(seed))
    this.lane = laneKey(blake2b256Parts, this.keys.publicKey, VENUE)
    this.key = toHex(this.lane)
  }

  /** A run of one block an item upon `log`. */
  run(log: MerkleLog, items: readonly number[]): Forged {
    return this.runOf(
      log,
      items.map((n) => joinBlock([entry(n)]))
    )
  }

  runOf(log: MerkleLog, blocks: Uint8Array[]): Forged {
    const grown = blocks.reduce((so, block) => so.append(block), log)
    const run: Run = { ...this.head(grown), from: log.length, blocks }
    return { run, log: grown, payload: encodeRun(run) }
  }

  head(log: MerkleLog): SignedHead {
    const treeHash = log.treeHash()
    const sign = (message: Uint8Array) => ed25519Sign(message, this.keys.secretKey)
    const signature = signHead(sign, this.lane, log.length, treeHash)
    return { signer: this.keys.publicKey, length: log.length, treeHash, signature }
  }

  /** Payload of a message that shows one head. */
  shows(log: MerkleLog): Uint8Array {
    return encodeMessage({ kind: 'heads', heads: [{ head: this.head(log), held: true }] }).payload
  }
}
