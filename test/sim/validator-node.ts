// A validator in the simulator: the real consensus core, the real lane core and the engine, on a
// disk and a network that fail.
import { Authority } from '../../daemon/consensus/core/authority.ts'
import { decodeMessage, encodeMessage } from '../../daemon/consensus/core/messages.ts'
import type { Message, Record } from '../../daemon/consensus/core/types.ts'
import type {
  Validator,
  ValidatorEffect,
  ValidatorInput
} from '../../daemon/consensus/core/validator.ts'
import type { LaneBook } from '../../daemon/lanes/lane-book.ts'
import type { LaneMessage, LaneRecord } from '../../daemon/lanes/types.ts'
import type { Actor } from './actors.ts'
import { type Applied, Execution } from './execution.ts'
import {
  createBook,
  createValidator,
  cryptoOf,
  describe,
  isEntitled,
  noteCertificate,
  noteEffect,
  remainsOf,
  restoreLane,
  tellLanes
} from './node-parts.ts'
import { type Loss, NodeStore } from './node-store.ts'
import type { Key } from './scheme.ts'
import { SimTape, type TapeRecord } from './sim-tape.ts'
import { type Packet, type Peer, send, type Venue, venueId } from './venue.ts'

export type Doom = { isDue(message: Message): boolean; strike(): void }

export class ValidatorNode implements Peer {
  readonly index: number
  readonly id: string
  readonly venue: Venue
  readonly key: Key
  readonly forge: Authority
  readonly actor: Actor | null
  readonly #skewMs: number
  readonly #lagMs: number
  readonly #store: NodeStore
  #life = 0
  #isUp = false
  validator!: Validator
  book!: LaneBook
  #execution!: Execution
  #tape!: SimTape
  #wakes = new Map<string, number>()
  #tickAt = Infinity
  #doom: Doom | null = null

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
    this.#store = new NodeStore(venue.world, {
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
    const { snapshot } = this.#store
    this.#execution = new Execution(venue.shared, snapshot)
    if (snapshot) venue.coverage.count('start from a snapshot')
    this.book = this.#createBook()
    const ballots = this.#readJournal()
    const tape = this.#store.tape()
    this.#replay(tape)
    for (const base of this.#execution.bases()) this.book.rebase(base)
    this.#tape = this.#createTape(tape)
    const state = this.#execution.state()
    this.validator = createValidator(venue, this, this.#lagMs, state)
    for (const record of ballots) this.validator.restore(record)
    for (const peer of this.venue.directory.keys()) if (peer !== this.id) this.book.opened(peer)
    this.#step({ kind: 'start', nonce: Math.floor(venue.world.random() * 2 ** 48) })
    if (snapshot) this.#step({ kind: 'snapshot', mark: snapshot.mark })
    for (let index = state.executed?.index ?? 0; index < this.#tape.length; index++) {
      const eventHash = this.#execution.hashAt(index)
      if (eventHash) this.#step({ kind: 'executed', index, eventHash })
    }
    this.#tape.follow()
  }

  /** As the daemon does it: in its order, with what became final meanwhile. */
  #readJournal(): Record[] {
    const ballots: Record[] = []
    for (const { kind, record } of this.#store.records) {
      if (kind === 'consensus') ballots.push(record)
      else if (kind === 'lane') {
        restoreLane(this.book, record)
        this.#journaled(record)
      } else if (kind === 'tape')
        tellLanes(this.book, this.#execution.decoded(record.index, record.bytes))
    }
    return ballots
  }

  #journaled(record: LaneRecord): void {
    const { checks } = this.venue
    if (record.kind === 'run') checks.holdings.journaled(this.index, record.bytes)
  }

  /** From the snapshot, or the beginning, to the end of the tape. */
  #replay(tape: readonly TapeRecord[]): void {
    const { length } = this.#execution
    for (const { bytes } of tape.slice(length)) {
      const applied = this.#execution.replay(bytes)
      tellLanes(this.book, applied.block)
      this.#check(applied)
    }
    this.venue.coverage.count('block replayed', this.#execution.length - length)
  }

  /** It votes, and would after a power loss. */
  get isEntitled(): boolean {
    return isEntitled(this.#store.records, this.venue.checks.height)
  }

  /** The power goes; what is on the disk too, perhaps. */
  crash(loss: Loss = 'nothing'): void {
    this.#life++
    this.#isUp = false
    this.#doom = null
    const { checks, coverage, world } = this.venue
    checks.inclusion.forgets(this.index)
    if (loss !== 'nothing') checks.holdings.forgets(this.index)
    const { lost, torn } = this.#store.crash(loss, this.#tape.records, remainsOf(this.venue))
    coverage.count('crash')
    if (lost > 0) coverage.count('unsynced record lost', lost)
    if (torn > 0) coverage.count('torn group dropped')
    if (loss !== 'nothing') coverage.count(`lost with a crash: ${loss}`)
    world.tell(() => `${this.index} crashes, ${lost} records lost`)
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
    const lanes = [...this.book.checkpoint()].map((record) => ({ kind: 'lane' as const, record }))
    const ballots = this.validator
      .checkpoint()
      .map((record) => ({ kind: 'consensus' as const, record }))
    this.#store.rotate(this.#tape.records, [...ballots, ...lanes])
    for (const { record } of lanes) this.#journaled(record)
  }

  #createBook(): LaneBook {
    const { venue } = this
    const life = this.#life
    return createBook(venue, this.key, () => this.now, {
      send: (peer, message) => this.#sendLanes(peer, message),
      persist: (record, then) =>
        this.#store.append({ kind: 'lane', record }, () => {
          if (life !== this.#life) return
          this.#journaled(record)
          then()
        }),
      later: () => this.#tick(this.now + 1),
      arrived: () => undefined,
      available: (lane) => this.#step({ kind: 'lane', lane }),
      evidence: (lane) => {
        venue.coverage.count('lane convicted')
        venue.checks.convicted(lane)
      },
      misbehaved: (_peer, reason) => venue.coverage.count(`lanes: ${reason}`)
    })
  }

  // Messages

  receive(from: string, packet: Packet): void {
    if (!this.#isUp) return
    if (packet.channel === 'lanes') {
      this.book.receive(from, packet.message)
      if (packet.message.kind === 'certificate') noteCertificate(this, packet.message.certificate)
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
    const life = this.#life
    for (const effect of this.validator.step(input, this.now)) {
      if (life === this.#life) this.#carry(effect)
    }
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
          const { bytes, cut } = block
          const { index } = cut
          this.#tape.append({ index, bytes, certificate: isLast ? certificate : null })
        })
        return
      }
      case 'behind':
        return this.#tape.behind(effect.final.length)
      default:
        return noteEffect(venue, this.isHonest, effect)
    }
  }

  #persist(token: number, record: Record): void {
    const life = this.#life
    const then = () => {
      if (life === this.#life) this.#step({ kind: 'persisted', token })
    }
    const isBallot = record.kind !== 'entitled'
    if (isBallot && this.venue.breakage === 'ballot not persisted') {
      this.#store.append({ kind: 'blank', record: null }, then)
    } else this.#store.append({ kind: 'consensus', record }, then)
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
      if (!this.#isUp || peer === this.index || (to !== null && to !== peer)) continue
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
    if (this.#doom?.isDue(message)) this.#doom.strike()
  }

  /** Something happens to it with a message that it sends, before it sends another. */
  doom(doom: Doom): void {
    this.#doom = doom
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
        this.#store.append({ kind: 'tape', record }, () => {
          if (life === this.#life) done()
        }),
      announce: ({ index, bytes }) => this.#announce(index, bytes),
      log: () => this.validator.base.log,
      authority: this.forge,
      later: (delayMs, run) =>
        this.venue.world.after(delayMs, () => {
          if (life === this.#life) run()
        })
    })
  }

  /** A final block is in the journal. */
  #announce(index: number, bytes: Uint8Array): void {
    if (this.isHonest || this.venue.breakage !== 'quorum of two in four')
      this.venue.checks.announced(index, bytes)
    this.#step({ kind: 'adopted', index, bytes })
    const applied = this.#execution.apply(bytes)
    tellLanes(this.book, applied.block)
    this.#check(applied)
    const { eventHash, snapshot } = applied
    if (snapshot) {
      this.#step({ kind: 'snapshot', mark: snapshot.mark })
      this.#store.keep(snapshot)
    }
    this.#step({ kind: 'executed', index, eventHash })
    if (this.#store.isLong) this.rotate()
  }

  /** The tape with its hash as computed here, and what the engine made of it. */
  #check({ index, log, bytes, block, eventHash, snapshot }: Applied): void {
    if (!this.isHonest) return
    const { checks } = this.venue
    checks.final(this.index, { index, treeHash: log.treeHash(), bytes, block })
    checks.executed(index, eventHash, snapshot?.mark.hash ?? null)
  }
}
