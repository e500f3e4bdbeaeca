// Takes a snapshot from a peer, piece by piece, a few asked for at a time. What comes is checked
// twice: its tree of the tape against the quorum's signature before anything is fetched, and its
// bytes against the hash; whether that hash is the venue's own, a later cut on the tape says.
import { concatBytes, equalBytes } from '../../protocol/bytes.ts'
import { type HashParts, MerkleLog } from '../../protocol/merkle-log.ts'
import type { Clock } from '../clock.ts'
import type { Peer } from '../network/types.ts'
import type { SnapshotMessage } from '../tape/channel.ts'
import { PIECE_BYTES_MAX, type SnapshotBase } from '../tape/messages.ts'
import { send } from '../tape/streamer.ts'
import type { TapeKey } from '../tape/tape-key.ts'
import type { StoredSnapshot } from './snapshot-store.ts'

/** What came, and from whom. */
export type FetchedSnapshot = { stored: StoredSnapshot; peer: Peer }

export type SnapshotFetchOptions = {
  /** Longest a peer may take for one piece. */
  pieceMs: number
  bytesMax: number
  /** Slower, after `pieceMs`, is as good as nothing. */
  bytesPerSecondMin: number
  /** A snapshot is made after so many blocks of the tape, and nowhere between. */
  snapshotCuts: number
}

export type SnapshotFetchDependencies = {
  key: TapeKey
  hash: HashParts
  clock: Clock
  peers: () => Iterable<Peer>
}

/** Above the one index, and below the other: at or beyond the tape's length there is none. */
export type SnapshotRange = { above: number; below: number }

/** Index of the snapshot that a peer says it has, if that is of use. */
export function offerIn({ announced }: Peer, { above, below }: SnapshotRange): number | null {
  const index = announced.snapshot?.index ?? -1
  return index > above && index < below ? index : null
}

const WINDOW = 4
/** What a peer pays for a snapshot, or a part of one, that it made up. */
export const FORGERY = 100

type Transfer = {
  peer: Peer
  base: SnapshotBase | null
  /** What came; as much memory as the peer has really sent. */
  pieces: Uint8Array[]
  /** Asked for, and received, up to here. */
  asked: number
  received: number
  cancelTimer: () => void
  beganAt: number
  done: (fetched: FetchedSnapshot | null) => void
}

export class SnapshotFetch {
  readonly #options: SnapshotFetchOptions
  readonly #dependencies: SnapshotFetchDependencies
  #transfer: Transfer | null = null

  constructor(options: SnapshotFetchOptions, dependencies: SnapshotFetchDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  /** The newest snapshot in `range` that a peer has; null when none can be had now. */
  async fetch(range: SnapshotRange, tried: Set<string>): Promise<FetchedSnapshot | null> {
    const peer = this.#choose(range, tried)
    if (peer === null || this.#transfer !== null) return null
    tried.add(peer.id)
    return new Promise((resolve) => {
      const transfer: Transfer = {
        peer,
        base: null,
        pieces: [],
        asked: 0,
        received: 0,
        cancelTimer: () => undefined,
        beganAt: this.#dependencies.clock.now(),
        done: resolve
      }
      this.#transfer = transfer
      this.#wait(transfer)
      send(peer, { kind: 'snapshot' })
    })
  }

  /** Validators first: whoever else offers one may only mean to be waited for. */
  #choose(range: SnapshotRange, tried: Set<string>): Peer | null {
    const offers = [...this.#dependencies.peers()].flatMap((peer) => {
      const index = offerIn(peer, range)
      return index === null || peer.closed || tried.has(peer.id) ? [] : [{ peer, index }]
    })
    const validators = offers.filter(({ peer }) => peer.role === 'validator')
    let best: { peer: Peer; index: number } | null = null
    for (const offer of validators.length > 0 ? validators : offers) {
      if (best === null || offer.index > best.index) best = offer
    }
    return best?.peer ?? null
  }

  #wait(transfer: Transfer): void {
    transfer.cancelTimer()
    transfer.cancelTimer = this.#dependencies.clock.after(this.#options.pieceMs, () =>
      this.#end(transfer, null)
    )
  }

  #end(transfer: Transfer, stored: StoredSnapshot | null): void {
    transfer.cancelTimer()
    if (this.#transfer !== transfer) return
    this.#transfer = null
    transfer.done(stored && { stored, peer: transfer.peer })
  }

  cancel(): void {
    if (this.#transfer !== null) this.#end(this.#transfer, null)
  }

  closed(peer: Peer): void {
    if (this.#transfer?.peer === peer) this.#end(this.#transfer, null)
  }

  receive(peer: Peer, message: Extract<SnapshotMessage, { kind: 'base' | 'bytes' }>): void {
    const transfer = this.#transfer
    if (transfer === null || transfer.peer !== peer) return
    if (message.kind === 'base') this.#onbase(transfer, message.base)
    else this.#onbytes(transfer, message)
  }

  #onbase(transfer: Transfer, base: SnapshotBase | null): void {
    if (transfer.base !== null) return
    if (base === null || base.bytes > this.#options.bytesMax) {
      this.#end(transfer, null)
      return
    }
    const { hash, key } = this.#dependencies
    if ((base.index + 1) % this.#options.snapshotCuts !== 0) {
      transfer.peer.misbehaved('offered a snapshot where none is made', FORGERY)
      this.#end(transfer, null)
      return
    }
    const log = MerkleLog.from(hash, base.index + 1, base.roots)
    if (log === null || !key.verifyHead(log.length, log.treeHash(), base.signature)) {
      transfer.peer.misbehaved('offered a snapshot on a tape that no quorum signed', FORGERY)
      this.#end(transfer, null)
      return
    }
    transfer.base = base
    for (let ahead = 0; ahead < WINDOW; ahead++) this.#ask(transfer, base)
    this.#wait(transfer)
  }

  #ask(transfer: Transfer, base: SnapshotBase): void {
    if (transfer.asked >= base.bytes) return
    send(transfer.peer, { kind: 'piece', index: base.index, offset: transfer.asked })
    transfer.asked += PIECE_BYTES_MAX
  }

  /** A peer that gives each piece in time, and no more, would hold a new daemon for a day. */
  #isSlow({ received, beganAt }: Transfer): boolean {
    const { pieceMs, bytesPerSecondMin } = this.#options
    const elapsedMs = this.#dependencies.clock.now() - beganAt
    return elapsedMs > pieceMs && received < (elapsedMs / 1000) * bytesPerSecondMin
  }

  #onbytes(transfer: Transfer, piece: { index: number; offset: number; bytes: Uint8Array }): void {
    const { base, received } = transfer
    if (base === null || piece.index !== base.index) return
    const expected = Math.min(PIECE_BYTES_MAX, base.bytes - received)
    if (piece.offset !== received || piece.bytes.length !== expected) {
      transfer.peer.misbehaved('sent a piece of a snapshot that was not asked for', 10)
      this.#end(transfer, null)
      return
    }
    transfer.pieces.push(piece.bytes)
    transfer.received += expected
    if (transfer.received < base.bytes && this.#isSlow(transfer)) {
      this.#end(transfer, null)
      return
    }
    if (transfer.received < base.bytes) {
      this.#ask(transfer, base)
      this.#wait(transfer)
      return
    }
    if (equalBytes(this.#dependencies.hash(transfer.pieces), base.hash)) {
      this.#end(transfer, { base, bytes: concatBytes(...transfer.pieces) })
      return
    }
    transfer.peer.misbehaved('sent a snapshot that does not have its hash', FORGERY)
    this.#end(transfer, null)
  }
}
