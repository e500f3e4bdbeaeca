// Byzantine traders' daemons, as the validators see them: one lane, pushed run by run until a quorum
// has acknowledged it, but with two histories, or shown to few, or flooded.
import { signHead, ackSignable } from '../../daemon/lanes/lane-key.ts'
import { encodeRun } from '../../daemon/lanes/messages.ts'
import type { Ack, Certificate, LaneMessage, Run } from '../../daemon/lanes/types.ts'
import { laneKey } from '../../daemon/lanes/lane-key.ts'
import { encodeBlock } from '../../protocol/entries.ts'
import { toHex } from '../../protocol/bytes.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import type { Entry } from '../../protocol/types.ts'
import { between } from '../helpers/random.ts'
import type { Flow } from './flow.ts'
import { hashParts, type Key } from './scheme.ts'
import {
  type Accomplice,
  idOf,
  type Packet,
  type Peer,
  send,
  type Venue,
  venueId
} from './venue.ts'

/** What the simulation does with any trader. */
export type TraderPeer = Peer & {
  readonly id: string
  start(): void
  /** Sends some orders. */
  trade(): void
  /** A validator came back. */
  meet(peer: string): void
}

export const traderFaults = [
  'forked lane',
  'forked lane of equal length',
  'selective push',
  'oversized run',
  'flood'
] as const

export type TraderFault = (typeof traderFaults)[number]

/** Unacknowledged runs are pushed again after so long. */
const REPUSH_MS = 120

type Branch = { log: MerkleLog; runs: Run[] }

export class Trader implements TraderPeer, Accomplice {
  readonly id: string
  readonly kind: TraderFault
  readonly lane: Uint8Array
  readonly #lane: string
  readonly #venue: Venue
  readonly #peerKey: Key
  readonly #laneKeyPair: Key
  readonly #flow: Flow
  readonly #branch: Branch = { log: MerkleLog.empty(hashParts), runs: [] }
  /** The second history of a forked lane. */
  #fork: Branch | null = null
  /** By validator: length acknowledged. */
  readonly #acked: number[]
  readonly #acks = new Map<number, Map<number, Uint8Array>>()
  #certificate: Certificate | null = null
  #hasBetrayed = false

  constructor(venue: Venue, kind: TraderFault, flow: Flow, keys: { peer: Key; lane: Key }) {
    this.#venue = venue
    this.kind = kind
    this.#peerKey = keys.peer
    this.#laneKeyPair = keys.lane
    this.id = idOf(keys.peer)
    this.lane = laneKey(hashParts, keys.lane.publicKey, venueId)
    this.#lane = toHex(this.lane)
    this.#flow = flow
    this.#acked = venue.peers.map(() => 0)
  }

  start(): void {
    for (const peer of this.#venue.peers) this.#claim(peer)
    this.#write([
      {
        kind: 'open',
        venue: venueId,
        daemon: this.#peerKey.publicKey,
        incarnation: 0,
        laneKey: this.#laneKeyPair.publicKey
      },
      this.#flow.link()
    ])
    this.#repush()
  }

  /** A validator came back: it has forgotten whose lane this is. */
  meet(peer: string): void {
    this.#claim(peer)
  }

  #claim(peer: string): void {
    this.#send(peer, { kind: 'claim', signer: this.#laneKeyPair.publicKey })
  }

  /** Sends some orders. */
  trade(): void {
    const { random } = this.#venue.world
    const isOversized = this.kind === 'oversized run' && this.#branch.log.length === 4
    if (isOversized) this.#venue.coverage.count('trader: oversized run')
    const count = isOversized
      ? this.#venue.limits.laneEntriesMax + 1
      : this.kind === 'flood'
        ? between(random, 20, 40)
        : between(random, 1, 5)
    const entries: Entry[] = []
    for (let i = 0; i < count; i++) entries.push(this.#flow.next())
    const isForking =
      this.kind.startsWith('forked') && this.#fork === null && this.#branch.log.length > 3
    if (isForking) this.#split()
    this.#write(entries)
  }

  #split(): void {
    this.#venue.coverage.count(`trader: ${this.kind}`)
    this.#fork = { log: this.#branch.log, runs: [...this.#branch.runs] }
    if (this.kind === 'forked lane') this.#extend(this.#fork, [this.#flow.next()])
  }

  betray(length: number): Run | null {
    const isKnown = length > 1 && length <= this.#branch.log.length
    if (this.#hasBetrayed || this.#fork || !isKnown) return null
    this.#hasBetrayed = true
    const before = this.#branch.runs.slice(0, length - 1)
    let log = MerkleLog.empty(hashParts)
    for (const { blocks } of before) for (const block of blocks) log = log.append(block)
    const branch = { log, runs: before }
    const { blocks } = this.#extend(branch, [this.#flow.next()])
    const last = this.#extend(branch, [this.#flow.next()])
    return { ...last, from: length - 1, blocks: [...blocks, ...last.blocks] }
  }

  show(node: Peer, run: Run): void {
    const message = { kind: 'run' as const, run, bytes: encodeRun(run) }
    node.receive(this.id, { channel: 'lanes', message })
    for (const peer of this.#venue.peers) this.#send(peer, message)
  }

  #write(entries: Entry[]): void {
    this.#push(this.#extend(this.#branch, entries), this.#branch)
    if (this.#fork) this.#push(this.#extend(this.#fork, [this.#flow.next()]), this.#fork)
    if (this.kind === 'flood') this.#venue.coverage.count('trader: flood')
  }

  #extend(branch: Branch, entries: Entry[]): Run {
    const block = encodeBlock(entries)
    const from = branch.log.length
    branch.log = branch.log.append(block)
    const treeHash = branch.log.treeHash()
    const { length } = branch.log
    const signature = signHead(
      (message) => this.#laneKeyPair.sign(message),
      this.lane,
      length,
      treeHash
    )
    const signer = this.#laneKeyPair.publicKey
    const run = { signer, length, treeHash, signature, from, blocks: [block] }
    branch.runs.push(run)
    return run
  }

  #push(run: Run, branch: Branch): void {
    const bytes = encodeRun(run)
    this.#venue.peers.forEach((peer, index) => {
      if (!this.#shows(index, branch)) return
      this.#send(peer, { kind: 'run', run, bytes })
    })
  }

  /** Whether this validator is shown this history. */
  #shows(validator: number, branch: Branch): boolean {
    if (this.kind === 'selective push') {
      if (validator === this.#branch.log.length % this.#venue.peers.length) return true
      this.#venue.coverage.count('trader: selective push')
      return false
    }
    if (!this.#fork) return true
    return validator % 2 === (branch === this.#fork ? 1 : 0)
  }

  #repush(): void {
    this.#venue.world.after(REPUSH_MS, () => {
      this.#venue.peers.forEach((peer, index) => this.#pushTail(peer, index))
      this.#certify()
      this.#repush()
    })
  }

  #pushTail(peer: string, index: number): void {
    for (const branch of this.#fork ? [this.#branch, this.#fork] : [this.#branch]) {
      if (!this.#shows(index, branch) || this.#acked[index] >= branch.log.length) continue
      const tail = branch.runs.filter((run) => run.length > this.#acked[index]).slice(0, 8)
      if (tail.length > 0) this.#claim(peer)
      for (const run of tail) this.#send(peer, { kind: 'run', run, bytes: encodeRun(run) })
    }
  }

  receive(from: string, packet: Packet): void {
    if (packet.channel !== 'lanes' || packet.message.kind !== 'acks') return
    const validator = this.#venue.peers.indexOf(from)
    if (validator < 0) return
    for (const ack of packet.message.acks) this.#onAck(validator, ack)
  }

  #onAck(validator: number, ack: Ack): void {
    const { keyring, keys, quorum } = this.#venue
    const signable = ackSignable(venueId, this.lane, ack.length, ack.treeHash)
    if (!keyring.verify(ack.signature, signable, keys[validator].publicKey)) return
    this.#acked[validator] = Math.max(this.#acked[validator], ack.length)
    const run = this.#branch.runs[ack.length - 1]
    if (!run || toHex(run.treeHash) !== toHex(ack.treeHash)) return
    const acks = this.#acks.get(ack.length) ?? new Map<number, Uint8Array>()
    this.#acks.set(ack.length, acks.set(validator, ack.signature))
    if (acks.size !== quorum || ack.length <= (this.#certificate?.length ?? 0)) return
    const signers = [...acks].sort(([a], [b]) => a - b)
    const { lane, length, treeHash } = ack
    this.#certificate = {
      lane,
      length,
      treeHash,
      acks: signers.map(([index, signature]) => ({ validator: index, signature }))
    }
    this.#certify()
    for (const past of this.#acks.keys()) if (past <= length) this.#acks.delete(past)
  }

  /** Told again until the tape has it: what was sent may be lost, and who has it may lose it. */
  #certify(): void {
    const certificate = this.#certificate
    if (!certificate) return
    if (certificate.length <= (this.#venue.checks.taken.get(this.#lane)?.length ?? 0)) return
    for (const peer of this.#venue.peers) this.#send(peer, { kind: 'certificate', certificate })
  }

  #send(to: string, message: LaneMessage): void {
    send(this.#venue, this.id, to, { channel: 'lanes', message })
  }
}
