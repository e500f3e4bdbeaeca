// A validator in the simulator: the real consensus core, the real lane core and the engine, on a
// disk and a network that fail.
import { Authority } from '../../daemon/consensus/core/authority.ts'
import { Chain, type TapeState } from '../../daemon/consensus/core/chain.ts'
import { decodeMessage, encodeMessage } from '../../daemon/consensus/core/messages.ts'
import type { Message, Record } from '../../daemon/consensus/core/types.ts'
import {
  Validator,
  type ValidatorEffect,
  type ValidatorInput
} from '../../daemon/consensus/core/validator.ts'
import { LaneBook } from '../../daemon/lanes/lane-book.ts'
import type { LaneMessage } from '../../daemon/lanes/types.ts'
import type { Actor } from './actors.ts'
import { Disk } from './disk.ts'
import { Execution } from './execution.ts'
import {
  cryptoOf,
  describe,
  type DiskRecord,
  genesis,
  Gullible,
  isEntitled,
  remainsOf,
  restoreLane,
  tellLanes
} from './node-parts.ts'
import { hashParts, type Key } from './scheme.ts'
import { SimTape, type TapeRecord } from './sim-tape.ts'
import {
  type Packet,
  type Peer,
  send,
  simLaneLimits,
  simRepair,
  type Venue,
  venueId
} from './venue.ts'

export class ValidatorNode implements Peer {
  readonly index: number
  readonly id: string
  readonly venue: Venue
  readonly key: Key
  readonly forge: Authority
  readonly actor: Actor | null
  readonly #skewMs: number
  readonly #lagMs: number
  readonly #disk: Disk<DiskRecord>
  #life = 0
  #isUp = false
  validator!: Validator
  book!: LaneBook
  #execution!: Execution
  #tape!: SimTape
  #wakes = new Map<string, number>()
  #tickAt = Infinity

  constructor(venue: Venue, index: number, actor: Actor | null) {
    this.venue = venue
    this.index = index
    this.id = venue.peers[index]
    this.key = venue.keys[index]
    this.actor = actor
    this.forge = new Authority(this.#authorityOptions(), cryptoOf(this.venue, this.key))
    const { random } = venue.world
    this.#skewMs = Math.round((random() - 0.5) * 60)
    this.#lagMs = Math.round(random() * 120)
    const slow = 0.2 + random() * 2
    this.#disk = new Disk(venue.world, {
      syncMs: () => slow * (0.5 + random()),
      reportsEarly: venue.breakage === 'un-synced journal'
    })
  }

  get isUp(): boolean {
    return this.#isUp
  }

  get isHonest(): boolean {
    return this.actor === null
  }

  get length(): number {
    return this.#tape.length
  }

  /** The tree hash that the tape has taken of a lane. */
  treeHashAt(lane: string): Uint8Array | null {
    return this.validator.base.taken.get(lane)?.treeHash ?? null
  }

  get now(): number {
    return Math.floor(this.venue.world.now) + this.#skewMs
  }

  #authorityOptions() {
    const { peers, quorum } = this.venue
    return { venue: venueId, validators: peers.length, quorum }
  }

  // Life

  start(): void {
    this.#life++
    this.#isUp = true
    const { venue } = this
    this.#wakes = new Map()
    this.#tickAt = Infinity
    this.#execution = new Execution(this.venue.entries)
    this.book = this.#createBook()
    const chain = new Chain(genesis())
    const ballots: Record[] = []
    const restored: TapeRecord[] = []
    for (const item of this.#disk.durable) {
      if (item.kind === 'consensus') ballots.push(item.record)
      else if (item.kind === 'lane') restoreLane(this.book, item.record)
      else {
        chain.adopt(item.record.bytes)
        restored.push(item.record)
        tellLanes(this.book, item.record.bytes)
        this.#execute(restored.length - 1, item.record.bytes)
      }
    }
    this.#tape = this.#createTape(restored)
    this.validator = this.#createValidator(chain.base)
    for (const record of ballots) this.validator.restore(record)
    for (const peer of this.venue.directory.keys()) if (peer !== this.id) this.book.opened(peer)
    this.#step({ kind: 'start', nonce: Math.floor(venue.world.random() * 2 ** 48) })
    const { executed } = chain.base
    for (let index = executed?.index ?? 0; index < this.#tape.length; index++) {
      this.#reportExecuted(index)
    }
    this.#tape.follow()
  }

  /** It votes, and would after a power loss. */
  get isEntitled(): boolean {
    return isEntitled(this.#disk.durable, this.venue.checks.height)
  }

  /** The power goes; the disk too, perhaps. */
  crash(losesDisk = false): void {
    this.#life++
    this.#isUp = false
    const lost = this.#disk.crash()
    if (losesDisk) this.#disk.rotate(remainsOf(this.venue))
    this.venue.coverage.count('crash')
    if (lost > 0) this.venue.coverage.count('unsynced record lost', lost)
    this.venue.world.tell(() => `${this.index} crashes, ${lost} records lost`)
  }

  restart(): void {
    this.venue.world.tell(() => `${this.index} restarts`)
    this.start()
    for (const peer of this.venue.directory.keys()) this.#greet(peer)
  }

  #greet(peer: string): void {
    if (this.venue.breakage === 'no resending') return
    const other = this.venue.peers.indexOf(peer)
    if (other >= 0 && other !== this.index) this.#step({ kind: 'connected', peer: other })
  }

  /** A peer came (back). */
  meet(peer: string): void {
    if (!this.#isUp) return
    this.book.closed(peer)
    this.book.opened(peer)
    this.#greet(peer)
  }

  /** A new journal file, as the daemon makes one when the old is long. */
  rotate(): void {
    if (!this.#isUp) return
    this.venue.coverage.count('journal rotated')
    const durable = this.#disk.durable
    const tape = durable.filter((item) => item.kind === 'tape')
    const lanes = [...this.book.checkpoint()].map((record) => ({ kind: 'lane' as const, record }))
    const ballots = this.validator
      .checkpoint()
      .map((record) => ({ kind: 'consensus' as const, record }))
    this.#disk.rotate([...tape, ...lanes, ...ballots])
  }

  #createValidator(state: TapeState): Validator {
    const { venue } = this
    const options = {
      venue: venueId,
      validators: venue.peers.length,
      quorum: venue.quorum,
      self: this.index,
      peers: venue.peers,
      pacing: venue.pacing,
      limits: venue.limits
    }
    const dependencies = {
      crypto: cryptoOf(this.venue, this.key),
      lanes: this.book.reads,
      chain: venue.chain.view(this.#lagMs)
    }
    return venue.breakage === 'vote without data'
      ? new Gullible(options, dependencies, state)
      : new Validator(options, dependencies, state)
  }

  #createBook(): LaneBook {
    const { venue } = this
    const life = this.#life
    const { keyring } = venue
    return new LaneBook(
      {
        venue: venueId,
        validators: venue.keys.map((key) => key.publicKey),
        quorum: venue.quorum,
        self: this.key.publicKey,
        limits: simLaneLimits,
        repair: simRepair
      },
      {
        hash: hashParts,
        verify: keyring.verify,
        sign: (message) => this.key.sign(message),
        now: () => this.now,
        admits: () => true,
        host: {
          send: (peer, message) => this.#sendLanes(peer, message),
          persist: (record, then) =>
            this.#disk.append({ kind: 'lane', record }, () => {
              if (life === this.#life) then()
            }),
          later: () => this.#tick(this.now + 1),
          arrived: () => undefined,
          available: (lane) => this.#step({ kind: 'lane', lane }),
          evidence: () => venue.coverage.count('lane convicted'),
          misbehaved: (_peer, reason) => venue.coverage.count(`lanes: ${reason}`)
        }
      }
    )
  }

  // Messages

  receive(from: string, packet: Packet): void {
    if (!this.#isUp) return
    if (packet.channel === 'lanes') {
      this.book.receive(from, packet.message)
    } else if (packet.channel === 'tape') this.#tape.receive(from, packet.message)
    else {
      const index = this.venue.peers.indexOf(from)
      if (index < 0) return
      this.actor?.heard?.(this, index, packet.message)
      this.#step({ kind: 'message', from: index, message: packet.message })
    }
  }

  #step(input: ValidatorInput): void {
    if (!this.#isUp || !this.validator) return
    for (const effect of this.validator.step(input, this.now)) this.#carry(effect)
  }

  #carry(effect: ValidatorEffect): void {
    const { venue } = this
    switch (effect.kind) {
      case 'send':
        return this.#sendConsensus(effect.to, effect.message)
      case 'persist':
        return this.#persist(effect.token, effect.record)
      case 'alarm':
        return this.#wake(effect.name, effect.atMs)
      case 'final': {
        const { tips, certificate } = effect.run
        // A quorum of two has its certificates as it wants them; what comes of them is the point.
        if (venue.breakage !== 'quorum of two in four') venue.checks.certificate(certificate)
        tips.forEach(({ block }, i) => {
          const isLast = i === tips.length - 1
          if (!block) return
          const record = { bytes: block.bytes, certificate: isLast ? certificate : null }
          this.#tape.append(block.cut.index, record)
        })
        return
      }
      case 'behind':
        return this.#tape.behind(effect.final.length)
      case 'evidence':
        venue.coverage.count(`evidence: ${effect.evidence.offence}`)
        if (this.isHonest) venue.checks.evidence(effect.evidence)
        return
      case 'diverged':
        if (this.isHonest) venue.checks.diverged(effect.divergence.index)
        return
      case 'entitled':
        venue.coverage.count(effect.from === 1 ? 'votes from birth' : 'votes after amnesia')
        return
      case 'misbehaved':
        venue.coverage.count('misbehaviour noticed')
        return
    }
  }

  #persist(token: number, record: Record): void {
    const life = this.#life
    const then = () => {
      if (life === this.#life) this.#step({ kind: 'persisted', token })
    }
    const isBallot = record.kind !== 'entitled'
    if (isBallot && this.venue.breakage === 'ballot not persisted') this.venue.world.after(0, then)
    else this.#disk.append({ kind: 'consensus', record }, then)
  }

  #wake(name: 'round' | 'relay' | 'standstill' | 'pulse', atMs: number): void {
    const life = this.#life
    const number = (this.#wakes.get(name) ?? 0) + 1
    this.#wakes.set(name, number)
    if (this.venue.breakage === 'no resending' && (name === 'relay' || name === 'standstill'))
      return
    this.venue.world.at(Math.max(0, atMs - this.#skewMs), () => {
      if (life !== this.#life || this.#wakes.get(name) !== number) return
      this.#step({ kind: 'alarm', name })
    })
  }

  #sendConsensus(to: number | null, message: Message): void {
    const { venue } = this
    for (let peer = 0; peer < venue.peers.length; peer++) {
      if (peer === this.index || (to !== null && to !== peer)) continue
      if (!this.actor?.speaks) this.transmit(peer, message)
      else for (const each of this.actor.speaks(this, peer, message)) this.transmit(peer, each)
    }
  }

  /** Now and then by way of the codec, whose bytes must say the same. */
  transmit(peer: number, message: Message): void {
    const { venue } = this
    venue.checks.sent(this.index, message)
    const sent = venue.world.chance(1 / 16) ? decodeMessage(encodeMessage(message)) : message
    venue.world.tell(() => `${this.index} -> ${peer} ${describe(message)}`)
    send(venue, this.id, venue.peers[peer], { channel: 'consensus', message: sent })
  }

  #sendLanes(peer: string, message: LaneMessage): boolean {
    const isKept = this.actor?.speaksLanes && !this.actor.speaksLanes(this, peer, message)
    if (!isKept) send(this.venue, this.id, peer, { channel: 'lanes', message })
    return true
  }

  /** The lanes ask for what is missing when it is due. */
  #tick(atMs: number): void {
    if (this.#tickAt <= atMs) return
    this.#tickAt = atMs
    const life = this.#life
    this.venue.world.at(atMs - this.#skewMs, () => {
      if (life !== this.#life || this.#tickAt !== atMs) return
      this.#tickAt = Infinity
      const next = this.book.tick()
      if (next !== null) this.#tick(Math.max(next, this.now + 5))
    })
  }

  // The tape

  #createTape(restored: TapeRecord[]): SimTape {
    const life = this.#life
    return new SimTape(this.venue, this.id, restored, {
      journal: (record, done) =>
        this.#disk.append({ kind: 'tape', record }, () => {
          if (life === this.#life) done()
        }),
      announce: (index, { bytes }) => {
        tellLanes(this.book, bytes)
        this.#step({ kind: 'adopted', index, bytes })
        this.#execute(index, bytes)
        this.#reportExecuted(index)
      },
      log: () => this.validator.base.log,
      authority: this.forge,
      later: (delayMs, run) =>
        this.venue.world.after(delayMs, () => {
          if (life === this.#life) run()
        })
    })
  }

  /** Applies a block, and shows it to the checks with the tree hash as computed here. */
  #execute(index: number, bytes: Uint8Array): void {
    this.#execution.apply(bytes)
    const { log } = this.#execution
    if (this.isHonest) this.venue.checks.final(this.index, index, log.treeHash(), bytes)
  }

  #reportExecuted(index: number): void {
    const eventHash = this.#execution.hashAt(index)
    if (this.isHonest) this.venue.checks.executed(this.index, index, eventHash)
    const mark = this.#execution.snapshotAt(index)
    if (mark) this.#step({ kind: 'snapshot', mark })
    this.#step({ kind: 'executed', index, eventHash })
  }
}
