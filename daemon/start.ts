// How a daemon that was away, or is new, gets to where its peers are: it waits a little for peers
// to show their tapes and snapshots, begins from a snapshot when one is far ahead, follows, and
// says when it is there.
import type { DaemonDependencies, DaemonTuning } from './options.ts'
import type { Parts } from './parts.ts'
import { type SnapshotRange, offerIn } from './replica/snapshot-fetch.ts'

const LOOK_MS = 50
const PATIENCE_STALLS = 3

export class Start {
  readonly #tuning: DaemonTuning
  readonly #clock: DaemonDependencies['clock']
  readonly #log: DaemonDependencies['log']
  readonly #parts: Parts
  readonly #started: () => void
  /** How far ahead a peer's snapshot must be to begin from it; null replays all. */
  readonly #lead: number | null
  /** Peers that gave no snapshot, or a bad one, and when that was last. */
  readonly #tried = new Set<string>()
  #triedAt = 0
  #state: 'new' | 'waiting' | 'fetching' | 'following' | 'done' | 'closed' = 'new'
  #beganAt = 0
  /** The longest tape that peers showed when it was looked at last. */
  #target = 0
  /** When the own tape moved last, and where to. */
  #movedAt = 0
  #taken = -1
  #cancel: (() => void) | null = null

  constructor(
    tuning: DaemonTuning,
    dependencies: Pick<DaemonDependencies, 'clock' | 'log' | 'tenant'>,
    parts: Parts,
    started: () => void
  ) {
    this.#tuning = tuning
    this.#clock = dependencies.clock
    this.#log = dependencies.log
    this.#parts = parts
    this.#started = started
    const isWhole = dependencies.tenant?.needsEveryBlock() ?? false
    this.#lead = isWhole ? null : tuning.snapshotLeadBlocks
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  open(): void {
    if (this.#state !== 'new') return
    this.#beganAt = this.#clock.now()
    this.#state = 'waiting'
    this.#look()
  }

  close(): void {
    this.#cancel?.()
    this.#state = 'closed'
  }

  /** Something has moved. */
  look(): void {
    if (this.#state === 'following') this.#arrive()
  }

  #look(): void {
    if (this.#state === 'done' || this.#state === 'closed') return
    if (this.#state === 'waiting') this.#wait()
    if (this.#state === 'following') this.#arrive()
    this.#cancel = this.#clock.after(LOOK_MS, () => this.#look())
  }

  /** Nothing is applied before it is clear whether a snapshot spares the work. */
  #wait(): void {
    const { tape, replica, network, follower } = this.#parts
    const lead = this.#lead
    const waited = this.#clock.now() - this.#beganAt
    const needed = tape.first > replica.length
    const above = needed ? -1 : replica.length - 1 + (lead ?? 0)
    const range = { above, below: follower.claimed }
    const offered = network
      .peers()
      .some((peer) => !this.#tried.has(peer.id) && offerIn(peer, range) !== null)
    if (offered && (needed || lead !== null)) {
      this.#state = 'fetching'
      void this.#fetch(range)
    } else if (!needed && this.#mayGo(waited)) {
      this.#follow()
    } else if (this.#clock.now() - this.#triedAt > this.#tuning.snapshotWaitMs) {
      // Nobody else has one: who was lost on the way, or had none then, is asked again.
      this.#tried.clear()
    }
  }

  /** Without a snapshot to wait for: enough peers have shown that there is none worth it. */
  #mayGo(waitedMs: number): boolean {
    const { network, replica } = this.#parts
    const lead = this.#lead
    if (lead === null || waitedMs > this.#tuning.snapshotWaitMs) return true
    const isNear = network.peers().every(({ hello }) => hello.tapeLength <= replica.length + lead)
    return this.#isSeen && isNear
  }

  /** A peer has shown its tape, or none is to be expected. */
  get #isSeen(): boolean {
    const { network, isValidator, validators } = this.#parts
    return network.peers().length > 0 || (validators.length === 1 && isValidator)
  }

  async #fetch(range: SnapshotRange): Promise<void> {
    const { snapshots } = this.#parts
    const again = (): void => {
      this.#log.warn({}, 'the tape did not confirm the snapshot; another peer is asked')
      this.#parts.replica.reset()
      this.#state = 'waiting'
    }
    const begun = await snapshots.begin(range, this.#tried, again)
    if (this.#state !== 'fetching') return
    if (!begun) {
      this.#triedAt = this.#clock.now()
      this.#state = 'waiting'
      return
    }
    this.#follow()
  }

  #follow(): void {
    const { replica, follower } = this.#parts
    this.#state = 'following'
    this.#target = follower.claimed
    replica.open()
    follower.open()
  }

  /** There: the tape is as long as any peer's at this moment, and applied. */
  #arrive(): void {
    const { tape, replica, follower } = this.#parts
    if (replica.state.kind === 'unconfirmed') return
    const now = this.#clock.now()
    // Without a peer nobody knows how long the tape is.
    if (!this.#isSeen && now - this.#beganAt <= this.#tuning.snapshotWaitMs) return
    if (tape.taken !== this.#taken) {
      this.#taken = tape.taken
      this.#movedAt = now
    }
    // What is being journaled comes in a moment; a history that was just fetched does not.
    if (replica.length < tape.length || replica.length + NEAR_BLOCKS < tape.taken) return
    // Who claims a longer tape and does not send it is not waited for.
    if (now - this.#movedAt < PATIENCE_STALLS * this.#tuning.stallMs) {
      // What a liar claimed first goes when others have spoken, or he is found out.
      if (tape.taken < Math.min(this.#target, follower.claimed)) return
      this.#target = follower.claimed
      if (tape.taken + NEAR_BLOCKS < this.#target) return
    }
    this.#state = 'done'
    this.#cancel?.()
    this.#started()
  }
}

/** On a venue that runs, the last few blocks are always on their way. */
const NEAR_BLOCKS = 32
