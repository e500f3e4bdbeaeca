// What a validator signs. Every signature is over: domain, venue, kind, height, then the content;
// so none can stand for another kind, height or venue. Finalize is the exception by design: it is
// the partial signature of the tape's head, whose manifest names the venue.
import { asciiBytes } from '../../../protocol/bytes.ts'
import { SAFE_MAX } from '../../../protocol/limits.ts'
import type { SnapshotMark, Executed } from '../../../protocol/tape-block.ts'
import type { Bytes32 } from '../../../protocol/types.ts'
import { Writer } from '../../../protocol/wire.ts'
import type { BlockId } from './types.ts'

const DOMAIN = asciiBytes('curb/consensus/1')
const PROPOSE = 1
const VOTE = 2
const NULLIFY = 3
const EXECUTED = 4

/** Makes the bytes to sign of one venue. */
export class Signables {
  readonly #venue: Bytes32
  readonly #writer = new Writer(256)

  constructor(venue: Bytes32) {
    this.#venue = venue
  }

  /** `cutHash` binds the cut's bytes, so that nobody can send a leader's block with another. */
  propose(block: BlockId, parent: BlockId, cutHash: Bytes32): Uint8Array {
    const writer = this.#start(PROPOSE, block.height)
    writeBlockId(writer, block)
    writeBlockId(writer, parent)
    writer.fixed('cut hash', cutHash, 32)
    return writer.take()
  }

  vote(block: BlockId): Uint8Array {
    const writer = this.#start(VOTE, block.height)
    writeBlockId(writer, block)
    return writer.take()
  }

  nullify(height: number): Uint8Array {
    return this.#start(NULLIFY, height).take()
  }

  /** In place of the height stands the tape's index. */
  executed(executed: Executed, snapshot: SnapshotMark | null): Uint8Array {
    const writer = this.#start(EXECUTED, executed.index)
    writer.fixed('event hash', executed.eventHash, 32)
    writer.bool(snapshot !== null)
    if (snapshot) {
      writer.uint('snapshot', snapshot.index, 0, SAFE_MAX)
      writer.fixed('snapshot hash', snapshot.hash, 32)
    }
    return writer.take()
  }

  #start(kind: number, height: number): Writer {
    const writer = this.#writer
    writer.reset()
    writer.fixed('domain', DOMAIN, DOMAIN.length)
    writer.fixed('venue', this.#venue, 32)
    writer.u8(kind)
    writer.uint('height', height, 0, SAFE_MAX)
    return writer
  }
}

export function writeBlockId(writer: Writer, block: BlockId): void {
  writer.uint('height', block.height, 0, SAFE_MAX)
  writer.uint('length', block.length, 0, SAFE_MAX)
  writer.fixed('tree hash', block.treeHash, 32)
}
