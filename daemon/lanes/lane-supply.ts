// Missing blocks are asked for, and asked-for blocks are sent; heads are told to the validators.
import { toHex } from '../../protocol/bytes.ts'
import { type LaneContext } from './lane-context.ts'
import type { PeerState } from './lane-peers.ts'
import type { Lane } from './lane-table.ts'
import type { LaneNode } from './lane-tree.ts'
import { HEADS_MAX, encodeRun } from './messages.ts'
import { syncedRunsOf } from './runs.ts'
import type { HeadClaim, LaneKey, PeerKey, ShownHead } from './types.ts'

/** Lanes that one message tells of at least: each may have two heads. */
export const LANES_TOLD = HEADS_MAX / 2

export type LaneRequest = {
  lane: Uint8Array
  from: number
  length: number
  treeHash: Uint8Array
}

export class LaneSupply {
  readonly #context: LaneContext
  /** When heads are told next; null while everything is final. */
  #gossipAtMs: number | null = null
  /** The lane that the last gossip ended with. */
  #toldLast: LaneKey = ''

  constructor(context: LaneContext) {
    this.#context = context
  }

  /** Notes that a head is missing. It is asked for when it does not come in time. */
  want(head: HeadClaim, peers: readonly PeerKey[]): void {
    const { table, repair, deps, pendingBytes, self } = this.#context
    const key = toHex(head.lane)
    // A leader may name lanes that do not exist: they are strangers that he brought, and the first
    // to go.
    const lane = table.meet(key, head.lane, peers[0] ?? self, true)
    if (lane === null || had(lane, head)) return
    repair.want(key, head, peers, deps.now(), pendingBytes)
    deps.host.later()
  }

  /** Blocks of the lane came in. */
  moved(lane: Lane): void {
    const { repair, deps, pendingBytes } = this.#context
    repair.settle(lane.key, (head) => had(lane, head))
    repair.moved(lane.key, deps.now(), pendingBytes)
  }

  /** Sends the requests and the gossip that are due. Returns when to call again, or null while
   * there is nothing to wait for. */
  tick(): number | null {
    const { deps, repair, pendingBytes, tellUntilMs, options } = this.#context
    const now = deps.now()
    for (const want of repair.due(now, pendingBytes)) {
      const to = this.#source(want.peers, want.attempts)
      if (to !== null) this.#request(to, want.key, want.head, want.attempts)
    }
    const { gossipMs } = options.limits
    if (pendingBytes === 0 && now > tellUntilMs) this.#gossipAtMs = null
    else this.#gossipAtMs ??= now + gossipMs
    if (this.#gossipAtMs !== null && now >= this.#gossipAtMs) {
      this.#gossipAtMs = now + gossipMs
      this.#gossip()
    }
    const next = repair.nextAtMs()
    if (this.#gossipAtMs === null) return next
    return next === null ? this.#gossipAtMs : Math.min(next, this.#gossipAtMs)
  }

  #request(to: PeerKey, key: LaneKey, head: HeadClaim, attempts: number): void {
    const lane = this.#context.table.get(key)
    if (lane === null) return
    // At first from where the one branch ends; if that is another branch, from the final head.
    const tip = lane.tree.tips[0].log.length
    const from = attempts % 2 === 1 && tip < head.length ? tip : lane.finalLength
    const { length, treeHash } = head
    this.#context.deps.host.send(to, { kind: 'request', lane: lane.lane, from, length, treeHash })
  }

  /** Those who said that they have it first, then the validators in turn. */
  #source(named: readonly PeerKey[], attempts: number): PeerKey | null {
    const { peers } = this.#context
    const first = named.filter((peer) => peers.get(peer) !== null)
    const others = peers.validators().filter((peer) => !first.includes(peer))
    const all = [...first, ...others]
    return all.length === 0 ? null : all[(attempts - 1) % all.length]
  }

  /** Answers a request as far as the peer's allowance goes; silence means no. */
  serve(peer: PeerKey, state: PeerState, request: LaneRequest): void {
    const { table, deps, options } = this.#context
    const lane = table.get(toHex(request.lane))
    const node = lane?.tree.find(request.length, request.treeHash) ?? null
    if (lane === null || node === null) return
    const now = deps.now()
    const { serveBytesPerSecond, serveBurstBytes } = options.limits
    const earned = (Math.max(0, now - state.servedAtMs) * serveBytesPerSecond) / 1000
    state.serveBytes = Math.min(serveBurstBytes, state.serveBytes + earned)
    state.servedAtMs = now
    state.serveBytes -= this.#sendRuns(peer, lane, node, request.from, state.serveBytes)
  }

  /** Sends the branch up to `node`, in runs, as far as `budget` bytes go. Returns what it cost. */
  #sendRuns(peer: PeerKey, lane: Lane, node: LaneNode, from: number, budget: number): number {
    let spent = 0
    for (const run of syncedRunsOf(lane, node, from)) {
      const bytes = encodeRun(run)
      if (spent + bytes.length > budget) break
      spent += bytes.length
      this.#context.deps.host.send(peer, { kind: 'run', run, bytes })
    }
    return spent
  }

  /** Sends a branch beyond `from` without being asked. */
  forward(key: LaneKey, from: number, length: number, treeHash: Uint8Array, to: PeerKey): void {
    const { table, options } = this.#context
    const lane = table.get(key)
    const node = lane?.tree.find(length, treeHash) ?? null
    if (lane === null || node === null) return
    this.#sendRuns(to, lane, node, from, options.limits.serveBurstBytes)
  }

  /** Of the lanes that are not final: the longest heads that are held, so that others can ask for
   * them, and those that were shown, so that lanes with two histories are found. When they are more
   * than one message holds, the lanes take turns: with L lanes each is told once in
   * ceil(L / LANES_TOLD) messages. */
  tellHeads(peer: PeerKey): void {
    const { heads } = this.#heads()
    if (heads.length > 0) this.#context.deps.host.send(peer, { kind: 'heads', heads })
  }

  #gossip(): void {
    const { peers, deps } = this.#context
    const { heads, last } = this.#heads()
    if (heads.length === 0) return
    for (const peer of peers.validators()) deps.host.send(peer, { kind: 'heads', heads })
    this.#toldLast = last
  }

  /** From the lane after the one that was told last, and round. */
  #heads(): { heads: ShownHead[]; last: LaneKey } {
    const lanes = this.#context.table.sorted()
    const heads: ShownHead[] = []
    let last = this.#toldLast
    const start = lanes.findIndex(({ key }) => key > this.#toldLast)
    for (let i = 0; i < lanes.length && heads.length <= HEADS_MAX - 2; i++) {
      const lane = lanes[(Math.max(start, 0) + i) % lanes.length]
      const held = lane.held()
      if (held !== null && held.length > lane.finalLength) heads.push({ head: held, held: true })
      if (lane.ahead !== null) heads.push({ head: lane.ahead, held: false })
      last = lane.key
    }
    return { heads, last }
  }
}

function had(lane: Lane, { length, treeHash }: HeadClaim): boolean {
  if (length <= lane.finalLength) return true
  return lane.tree.find(length, treeHash) !== null
}
