// Which missing heads to ask for, of whom and when. Pushes normally bring everything, so a head is
// asked for only after a wait, and the wait grows with the number of heads that are missing, with
// the data that is waiting to be final, and with each attempt: asking again while the answer is
// still under way is what makes an overloaded venue collapse (a fixed wait of 40 ms did).
//
// A peer can name heads that nobody has. So those that one peer alone has named make only each
// other wait, and where there is no more room, whoever has named the most gives way.
import { toHex } from '../../protocol/bytes.ts'
import type { HeadClaim, LaneKey, PeerKey } from './types.ts'

export type RepairOptions = {
  /** Wait before the first request, when nothing else is missing. */
  fetchAfterMs: number
  /** The longest wait. */
  fetchAfterMaxMs: number
  /** Heads wanted at once, in all and of one lane. */
  wantsMax: number
  wantsPerLaneMax: number
  /** Requests for one head before it is given up (whoever still needs it wants it again). */
  attemptsMax: number
}

export const repairDefaults: RepairOptions = {
  fetchAfterMs: 60,
  fetchAfterMaxMs: 5000,
  wantsMax: 1024,
  wantsPerLaneMax: 8,
  attemptsMax: 16
}

/** This many missing heads, or bytes waiting, double the wait. */
const HEADS_TO_DOUBLE = 16
const BYTES_TO_DOUBLE = 2 * 1024 * 1024
/** Data that comes in postpones a request to so many waits at most: a lane's owner could let it
 * trickle for ever. */
const WAITS_MAX = 16

export type Want = {
  readonly key: LaneKey
  readonly head: HeadClaim
  /** Who said that it has it, newest first. */
  readonly peers: PeerKey[]
  attempts: number
  dueAtMs: number
  /** `dueAtMs` is not put off beyond this. */
  latestMs: number
  /** The one peer that has named it, or `SEVERAL`. */
  source: PeerKey
}

const SEVERAL: PeerKey = ''
const PEERS_PER_WANT = 8

export class Repair {
  readonly #options: RepairOptions
  readonly #wants = new Map<LaneKey, Map<string, Want>>()
  #size = 0
  /** How many of them each source has named. */
  readonly #named = new Map<PeerKey, number>()

  constructor(options: RepairOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  /** Returns false when too many heads are wanted already, of the lane or for the peer's sake. */
  want(
    key: LaneKey,
    head: HeadClaim,
    peers: readonly PeerKey[],
    nowMs: number,
    backlogBytes: number
  ): boolean {
    const id = `${head.length}:${toHex(head.treeHash)}`
    let lane = this.#wants.get(key)
    const known = lane?.get(id)
    const source = peers.length === 1 ? peers[0] : SEVERAL
    if (known !== undefined) {
      if (this.#addPeers(known, peers)) {
        // A new source is a new chance.
        known.attempts = 0
        if (this.#count(source) < this.#count(known.source)) this.#charge(known, source)
        known.dueAtMs = Math.min(known.dueAtMs, nowMs + this.#wait(known, backlogBytes))
      }
      return true
    }
    if ((lane?.size ?? 0) >= this.#options.wantsPerLaneMax) return false
    if (this.#size >= this.#options.wantsMax && !this.#makeRoom(source)) return false
    lane = this.#wants.get(key)
    if (lane === undefined) this.#wants.set(key, (lane = new Map<string, Want>()))
    const want: Want = { key, head, peers: [], attempts: 0, dueAtMs: 0, latestMs: 0, source }
    this.#addPeers(want, peers)
    lane.set(id, want)
    this.#size++
    this.#named.set(source, this.#count(source) + 1)
    this.#waitAgain(want, nowMs, backlogBytes)
    return true
  }

  #count(source: PeerKey): number {
    return this.#named.get(source) ?? 0
  }

  #charge(want: Want, source: PeerKey): void {
    this.#release(want.source)
    want.source = source
    this.#named.set(source, this.#count(source) + 1)
  }

  #release(source: PeerKey): void {
    const left = this.#count(source) - 1
    if (left > 0) this.#named.set(source, left)
    else this.#named.delete(source)
  }

  /** Gives up the first want of whoever has named the most. False when that is `source` itself. */
  #makeRoom(source: PeerKey): boolean {
    let most = source
    for (const [other, count] of this.#named) if (count > this.#count(most)) most = other
    if (this.#count(most) <= this.#count(source) + 1) return false
    for (const [key, lane] of this.#wants) {
      for (const [id, want] of lane) {
        if (want.source !== most) continue
        this.#remove(lane, id, key)
        return true
      }
    }
    return false
  }

  #waitAgain(want: Want, nowMs: number, backlogBytes: number): void {
    const waitMs = this.#wait(want, backlogBytes)
    want.dueAtMs = nowMs + waitMs
    want.latestMs = nowMs + Math.min(this.#options.fetchAfterMaxMs, WAITS_MAX * waitMs)
  }

  /** Newest first. True when one is new. */
  #addPeers(want: Want, peers: readonly PeerKey[]): boolean {
    const fresh = peers.filter((peer) => !want.peers.includes(peer))
    want.peers.unshift(...fresh)
    want.peers.splice(PEERS_PER_WANT)
    return fresh.length > 0
  }

  /** True while a head beyond `from` of the lane is wanted: blocks from there on are no intrusion. */
  wants(key: LaneKey, from: number): boolean {
    for (const { head } of this.#wants.get(key)?.values() ?? []) if (head.length > from) return true
    return false
  }

  /** Data of the lane came in: an answer or a push is on its way, so wait again. */
  moved(key: LaneKey, nowMs: number, backlogBytes: number): void {
    for (const want of this.#wants.get(key)?.values() ?? []) {
      want.dueAtMs = Math.min(want.latestMs, nowMs + this.#wait(want, backlogBytes))
    }
  }

  /** Forgets each head of the lane that is now had, or that is final. */
  settle(key: LaneKey, had: (head: HeadClaim) => boolean): void {
    const lane = this.#wants.get(key)
    if (lane === undefined) return
    for (const [id, want] of lane) if (had(want.head)) this.#remove(lane, id, key)
  }

  #remove(lane: Map<string, Want>, id: string, key: LaneKey): void {
    const want = lane.get(id)
    if (want !== undefined) {
      lane.delete(id)
      this.#size--
      this.#release(want.source)
    }
    if (lane.size === 0) this.#wants.delete(key)
  }

  /** Wants whose wait is over, each counted as asked now; in the order in which they came. */
  due(nowMs: number, backlogBytes: number): Want[] {
    const due: Want[] = []
    for (const [key, lane] of this.#wants) {
      for (const [id, want] of lane) {
        if (want.dueAtMs > nowMs) continue
        if (want.attempts >= this.#options.attemptsMax) {
          this.#remove(lane, id, key)
          continue
        }
        want.attempts++
        this.#waitAgain(want, nowMs, backlogBytes)
        due.push(want)
      }
    }
    return due
  }

  /** When `due` has something next, or null. */
  nextAtMs(): number | null {
    let next: number | null = null
    for (const lane of this.#wants.values()) {
      for (const { dueAtMs } of lane.values()) if (next === null || dueAtMs < next) next = dueAtMs
    }
    return next
  }

  #wait({ attempts, source }: Want, backlogBytes: number): number {
    const { fetchAfterMs, fetchAfterMaxMs } = this.#options
    const load = 1 + this.#count(source) / HEADS_TO_DOUBLE + backlogBytes / BYTES_TO_DOUBLE
    return Math.min(fetchAfterMaxMs, Math.ceil(fetchAfterMs * load * 2 ** Math.min(attempts, 8)))
  }
}
