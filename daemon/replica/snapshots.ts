// The snapshots of a daemon: made by its own replica, kept on disk, offered to peers once a cut on
// the tape carries their hash, and, by a daemon that has nothing yet, taken from a peer.
import { equalBytes } from '../../protocol/bytes.ts'
import type { Cut, SnapshotMark } from '../../protocol/tape-block.ts'
import type { NetworkLog, Peer, SnapshotOffer } from '../network/types.ts'
import type { SnapshotMessage, SnapshotPort } from '../tape/channel.ts'
import { PIECE_BYTES_MAX, type SnapshotBase } from '../tape/messages.ts'
import { send } from '../tape/streamer.ts'
import type { VenueTape } from '../tape/tape.ts'
import type { MadeSnapshot, Replica } from './replica.ts'
import {
  type FetchedSnapshot,
  FORGERY,
  type SnapshotFetch,
  type SnapshotRange
} from './snapshot-fetch.ts'
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts'

/** Pieces on their way to one peer; an honest one has half as many under way. */
const PIECES_MAX = 8

export type SnapshotsDependencies = {
  tape: VenueTape
  replica: Replica
  store: SnapshotStore
  /** Snapshots for the own restart only: peers are never told of them. */
  points: SnapshotStore
  /** Before the engine may restart from a block: what follows the tape beside it must have that
   * block on the disk. */
  settle: () => Promise<void>
  fetch: SnapshotFetch
  log: Pick<NetworkLog, 'warn'>
  /** The snapshot that peers may be told of has changed. */
  onoffer: (offer: SnapshotOffer) => void
  /** The own disk could not be written: without a snapshot the tape cannot drop blocks. */
  onfault: (fault: unknown) => void
}

export class Snapshots implements SnapshotPort {
  readonly #dependencies: SnapshotsDependencies
  /** The newest one on disk. */
  #stored: StoredSnapshot | null = null
  #offer: SnapshotOffer | null = null
  /** Hashes that cuts carried for snapshots which are not on disk yet, newest last. */
  #marks = new Map<number, Uint8Array>()
  /** Fetched; a cut has to confirm it. */
  #unconfirmed: FetchedSnapshot | null = null
  #rejected: (() => void) | null = null
  /** By peer: pieces on their way from the disk to it. */
  readonly #pieces = new Map<string, number>()

  constructor(dependencies: SnapshotsDependencies) {
    this.#dependencies = dependencies
    dependencies.replica.onsnapshot((made) => void this.#keep(made))
    dependencies.replica.onpoint((made) => void this.#keepPoint(made))
    dependencies.tape.onfinal((final) => this.#onfinal(final.block.cut))
  }

  /** What peers are told. */
  get offer(): SnapshotOffer | null {
    return this.#offer
  }

  /** The newest one on disk: what this daemon can vouch for without having made it since its start. */
  get newest(): SnapshotMark | null {
    if (this.#stored === null) return null
    const { index, hash } = this.#stored.base
    return { index, hash }
  }

  /** The newest snapshot on this daemon's own disk. */
  async open(): Promise<StoredSnapshot | null> {
    await this.#dependencies.store.open()
    this.#stored = await this.#dependencies.store.newest()
    return this.#stored
  }

  /** Where the own replica stood last, when that is further than the newest snapshot, and on the
   * tape that is here. To be called after the tape is open. */
  async point(): Promise<StoredSnapshot | null> {
    const { points, tape } = this.#dependencies
    await points.open()
    const stored = await points.newest()
    if (stored === null || stored.base.index <= (this.#stored?.base.index ?? -1)) return null
    const { index, roots } = stored.base
    return (await tape.passed({ length: index + 1, roots })) ? stored : null
  }

  /** Own disk's snapshots were confirmed by the replica that made them. */
  restored(stored: StoredSnapshot): void {
    this.#publish(stored)
  }

  async close(): Promise<void> {
    this.#dependencies.fetch.cancel()
    await this.#dependencies.store.close()
    await this.#dependencies.points.close()
  }

  async #signed({ mark, bytes, log }: MadeSnapshot): Promise<StoredSnapshot | null> {
    const signature = await this.#dependencies.tape.signatureAt(log.length)
    // Within a run that came under one signature: peers could not check it.
    if (signature === null) return null
    const { index, hash } = mark
    return { base: { index, hash, bytes: bytes.length, roots: log.roots(), signature }, bytes }
  }

  async #keepPoint(made: MadeSnapshot): Promise<void> {
    const { points, settle, onfault } = this.#dependencies
    try {
      const stored = await this.#signed(made)
      if (stored === null) return
      await settle()
      await points.write(stored)
    } catch (fault) {
      onfault(fault)
    }
  }

  async #keep(made: MadeSnapshot): Promise<void> {
    const { tape, store, settle, onfault } = this.#dependencies
    try {
      const stored = await this.#signed(made)
      if (stored === null) return
      await settle()
      await store.write(stored)
      const { index } = stored.base
      tape.pin(index + 1)
      this.#stored = stored
      if (this.#marks.has(index)) this.#publish(stored)
    } catch (fault) {
      onfault(fault)
    }
  }

  #publish(stored: StoredSnapshot): void {
    const { index, hash } = stored.base
    if (this.#offer !== null && this.#offer.index >= index) return
    this.#offer = { index, hash }
    this.#dependencies.onoffer(this.#offer)
  }

  #onfinal(cut: Cut): void {
    const mark = cut.snapshot
    if (mark === null) return
    this.#marks.set(mark.index, mark.hash.slice())
    const [oldest] = this.#marks.keys()
    if (this.#marks.size > 4 && oldest !== undefined) this.#marks.delete(oldest)
    if (this.#stored?.base.index === mark.index) this.#publish(this.#stored)
    this.#judge(mark.index, mark.hash)
  }

  /** The first mark at or beyond a fetched snapshot's index decides over it. */
  #judge(index: number, hash: Uint8Array): void {
    if (this.#unconfirmed === null) return
    const { stored, peer } = this.#unconfirmed
    if (index < stored.base.index) return
    this.#unconfirmed = null
    if (index === stored.base.index && equalBytes(hash, stored.base.hash)) {
      this.#rejected = null
      this.#stored = stored
      const { store, settle, onfault } = this.#dependencies
      settle()
        .then(() => store.write(stored))
        .catch(onfault)
      this.#publish(stored)
      this.#dependencies.replica.confirm()
    } else {
      if (index === stored.base.index) {
        peer.misbehaved('sent a snapshot that the venue did not compute', FORGERY)
      }
      this.#rejected?.()
    }
  }

  /** Begins from a peer's snapshot, if one can be had in `range`. False when none could. `rejected`
   * is called when the tape does not confirm it: then try again. */
  async begin(range: SnapshotRange, tried: Set<string>, rejected: () => void): Promise<boolean> {
    const { fetch, log, tape, replica } = this.#dependencies
    const fetched = await fetch.fetch(range, tried)
    if (fetched === null) return false
    const { stored, peer } = fetched
    const { index, roots } = stored.base
    try {
      replica.restore(stored.bytes, false)
    } catch (fault) {
      // Its hash is right and its content is not: the peer made it up, and another is asked.
      log.warn({ peer: peer.id, error: String(fault) }, 'a peer sent a snapshot that is none')
      peer.misbehaved('sent a snapshot that is none', FORGERY)
      return false
    }
    this.#unconfirmed = fetched
    this.#rejected = rejected
    tape.rebase({ length: index + 1, roots })
    const mark = this.#marks.get(index)
    if (mark !== undefined) this.#judge(index, mark)
    return true
  }

  receive(peer: Peer, message: SnapshotMessage): void {
    if (message.kind === 'base' || message.kind === 'bytes') {
      this.#dependencies.fetch.receive(peer, message)
    } else if (message.kind === 'snapshot') {
      void this.#sendBase(peer)
    } else {
      this.#onpiece(peer, message.index, message.offset)
    }
  }

  async #sendBase(peer: Peer): Promise<void> {
    const base = this.#offer === null ? null : await this.#baseOf(this.#offer.index)
    send(peer, { kind: 'base', base })
  }

  async #baseOf(index: number): Promise<SnapshotBase | null> {
    if (this.#stored?.base.index === index) return this.#stored.base
    return this.#dependencies.store.base(index).catch(() => null)
  }

  /** A few at a time for each peer: one that asks for more than it can take is no honest one. */
  #onpiece(peer: Peer, index: number, offset: number): void {
    const pending = this.#pieces.get(peer.id) ?? 0
    if (pending >= PIECES_MAX) {
      peer.misbehaved('asks for more pieces of a snapshot than it may at once', 10)
      return
    }
    this.#pieces.set(peer.id, pending + 1)
    void this.#sendPiece(peer, index, offset).finally(() => {
      const left = (this.#pieces.get(peer.id) ?? 1) - 1
      if (left > 0) this.#pieces.set(peer.id, left)
      else this.#pieces.delete(peer.id)
    })
  }

  async #sendPiece(peer: Peer, index: number, offset: number): Promise<void> {
    const bytes =
      this.#stored?.base.index === index
        ? this.#stored.bytes.subarray(offset, offset + PIECE_BYTES_MAX)
        : await this.#dependencies.store.piece(index, offset, PIECE_BYTES_MAX).catch(() => null)
    if (bytes !== null && bytes.length > 0) send(peer, { kind: 'bytes', index, offset, bytes })
  }

  closed(peer: Peer): void {
    this.#dependencies.fetch.closed(peer)
  }
}
