// An honest trader's daemon: the real own lane, outbox and book of lanes over a journal that it
// loses when the power goes, or for good. It follows the tape a little behind the validators.
import type { Clock } from '../../daemon/clock.ts'
import { LaneFault } from '../../daemon/lanes/lane-faults.ts'
import type { LaneBook } from '../../daemon/lanes/lane-book.ts'
import { OwnLane, type OwnLaneName } from '../../daemon/lanes/own-lane.ts'
import { Outbox, outboxDefaults } from '../../daemon/lanes/outbox.ts'
import { decodeRun } from '../../daemon/lanes/messages.ts'
import { entryCount } from '../../daemon/lanes/lane-tree.ts'
import type { LaneHost, LaneMessage, LaneRecord, Run } from '../../daemon/lanes/types.ts'
import { toHex } from '../../protocol/bytes.ts'
import { encodeEntry } from '../../protocol/entries.ts'
import type { Entry } from '../../protocol/types.ts'
import { between } from '../helpers/random.ts'
import { Disk } from './disk.ts'
import type { Flow } from './flow.ts'
import { createBook, restoreLane } from './node-parts.ts'
import { hash, hashParts, type Key } from './scheme.ts'
import type { TraderPeer } from './trader.ts'
import { idOf, type Packet, send, simOutbox, type Venue, venueId } from './venue.ts'

/** How far behind the tape it is, and how often its lanes look at what is due. */
const FOLLOW_MS = 30
const TICK_MS = 10

export class HonestTrader implements TraderPeer {
  readonly kind = 'honest'
  readonly id: string
  readonly #venue: Venue
  readonly #key: Key
  readonly #flow: Flow
  readonly #secret: Uint8Array
  readonly #keys = new Map<string, Key>()
  readonly #disk: Disk<LaneRecord>
  readonly #clock: Clock
  #book!: LaneBook
  #outbox!: Outbox
  #own!: OwnLane
  #life = 0
  #isUp = false
  #tickAt = Infinity
  /** Blocks of the tape that it has seen. */
  #followed = 0
  #entries = 0
  #offered = 0
  #linked = ''
  readonly #lanes = new Set<string>()

  constructor(venue: Venue, flow: Flow, key: Key) {
    this.#venue = venue
    this.#key = key
    this.#flow = flow
    this.id = idOf(key)
    const { world } = venue
    this.#secret = hash(key.publicKey)
    const slow = 0.3 + world.random() * 12
    this.#disk = new Disk(world, { syncMs: () => slow * (0.5 + world.random()) })
    this.#clock = {
      now: () => Math.floor(world.now),
      after: (delayMs, run) => {
        const life = this.#life
        let isOff = false
        world.after(Math.max(0, delayMs), () => {
          if (!isOff && life === this.#life) run()
        })
        return () => {
          isOff = true
        }
      }
    }
  }

  /** Entries taken in, of which some may not have reached its journal yet. */
  get offered(): number {
    return this.#offered
  }

  /** Entries that reached its journal. */
  get entries(): number {
    return this.#entries
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Everything that it has in its journal is on the tape, and nothing waits. */
  get isQuiet(): boolean {
    const { key, length } = this.#own
    const taken = this.#venue.checks.taken.get(key)?.length ?? 0
    return this.#own.ready && this.#own.backlog === 0 && taken === length
  }

  get standing(): string {
    const { key, length, ready } = this.#own
    return `${this.#venue.checks.taken.get(key)?.length ?? 0}/${length}${ready ? '' : ' asks'}`
  }

  // Life

  start(): void {
    this.#life++
    this.#isUp = true
    this.#tickAt = Infinity
    this.#followed = 0
    this.#open()
    this.#follow()
  }

  crash(losesDisk: boolean): void {
    const { coverage, checks } = this.#venue
    this.#life++
    this.#isUp = false
    this.#offered = this.#entries
    const { lost, torn } = this.#disk.crash()
    coverage.count('trader crashes')
    if (lost > 0) coverage.count("trader's unsynced record lost", lost)
    if (torn > 0) coverage.count("trader's torn group dropped")
    if (!losesDisk) return
    coverage.count('trader loses its journal')
    this.#disk.rotate([])
    for (const lane of this.#lanes) checks.forgets(lane)
  }

  #open(): void {
    const { peers, quorum, keys, keyring } = this.#venue
    const host = this.#host()
    const index = (peer: string): number => peers.indexOf(peer)
    const rules = {
      venue: venueId,
      validators: keys.map(({ publicKey }) => publicKey),
      quorum
    }
    const { verify } = keyring
    const { now } = this.#clock
    this.#book = createBook(this.#venue, this.#key, now, host)
    this.#outbox = new Outbox({ ...outboxDefaults, ...simOutbox }, rules, {
      verify,
      now,
      host,
      index,
      own: () => null,
      certified: (certificate) => this.#book.certificate(this.id, certificate)
    })
    this.#own = new OwnLane(
      {
        venue: venueId,
        daemon: this.#key.publicKey,
        secret: this.#secret,
        quorum,
        runEntriesMax: this.#venue.limits.laneEntriesMax
      },
      {
        hash: hashParts,
        clock: this.#clock,
        host,
        index,
        self: this.id,
        book: this.#book,
        outbox: this.#outbox,
        keyPair: (seed) => this.#keyOf(seed),
        encodeOpen: encodeEntry,
        onlane: (name, abandoned) => this.#onlane(name, abandoned)
      }
    )
    this.#own.open(this.#readJournal())
    for (const peer of peers) this.#greet(peer)
  }

  /** The incarnation that it names, or null. */
  #readJournal(): number | null {
    let incarnation: number | null = null
    for (const record of this.#disk.durable) {
      restoreLane(this.#book, record)
      if (record.kind === 'own') incarnation = record.incarnation
      // The power may have gone between the sync and the word of it.
      if (record.kind === 'run') this.#wrote(decodeRun(record.bytes))
    }
    return incarnation
  }

  #keyOf(seed: Uint8Array): Key {
    const id = toHex(seed)
    const { keyring, world } = this.#venue
    const key = this.#keys.get(id) ?? keyring.create(world.random)
    this.#keys.set(id, key)
    return key
  }

  #onlane({ key, incarnation }: OwnLaneName, abandoned: string | null): void {
    const { checks, coverage, world } = this.#venue
    this.#lanes.add(key)
    checks.owns(key)
    this.#offered = this.#entries
    if (abandoned !== null) coverage.count("trader's next incarnation")
    world.tell(() => `trader ${this.id.slice(0, 4)} has incarnation ${incarnation}`)
  }

  #host(): LaneHost {
    const life = this.#life
    return {
      send: (peer, message) => {
        this.#send(peer, message)
        return true
      },
      persist: (record, then) =>
        this.#disk.append(record, () => {
          if (life !== this.#life) return
          if (record.kind === 'run') this.#wrote(decodeRun(record.bytes))
          then()
        }),
      later: () => this.#tick(this.#clock.now() + TICK_MS),
      arrived: () => undefined,
      available: () => undefined,
      evidence: () => undefined,
      misbehaved: (_peer, reason) => this.#venue.coverage.count(`trader: ${reason}`)
    }
  }

  /** A run is in its journal. Those of its own lanes go out now. */
  #wrote(run: Run): void {
    const { key } = this.#book.nameOf(run.signer)
    if (!this.#lanes.has(key)) return
    if (!this.#venue.checks.wrote(key, run.length, run.treeHash)) return
    for (const block of run.blocks) this.#entries += entryCount(block)
  }

  // Peers

  /** A validator came (back). */
  meet(peer: string): void {
    if (!this.#isUp) return
    this.#book.closed(peer)
    this.#own.closed(peer)
    this.#greet(peer)
  }

  #greet(peer: string): void {
    this.#book.opened(peer)
    this.#own.opened(peer)
    this.#tick(this.#clock.now() + TICK_MS)
  }

  receive(from: string, packet: Packet): void {
    if (!this.#isUp || packet.channel !== 'lanes') return
    this.#book.receive(from, packet.message)
    this.#tick(this.#clock.now() + TICK_MS)
  }

  #send(to: string, message: LaneMessage): void {
    send(this.#venue, this.id, to, { channel: 'lanes', message })
  }

  #tick(atMs: number): void {
    if (this.#tickAt <= atMs) return
    this.#tickAt = atMs
    this.#clock.after(atMs - this.#clock.now(), () => {
      if (this.#tickAt !== atMs) return
      this.#tickAt = Infinity
      const next = [this.#book.tick(), this.#outbox.tick()].filter((at) => at !== null)
      if (next.length > 0) this.#tick(Math.max(...next, this.#clock.now() + TICK_MS))
    })
  }

  /** What of its own lane became final. */
  #follow(): void {
    this.#clock.after(FOLLOW_MS, () => {
      const { finals } = this.#venue.checks
      for (; this.#followed < finals.length; this.#followed++) {
        for (const slice of finals[this.#followed]) {
          const key = toHex(slice.lane)
          if (key !== this.#own.key) continue
          this.#book.final(slice)
          if (key === this.#own.key) this.#own.final(slice.length)
        }
      }
      this.#follow()
    })
  }

  // Entries

  /** Sends some orders, as one who has linked his account to the lane first. */
  trade(): void {
    if (!this.#isUp) return
    if (this.#linked !== this.#own.key) {
      this.#linked = this.#own.key
      this.#offer(this.#flow.link())
    }
    for (let i = between(this.#venue.world.random, 1, 6); i > 0; i--) this.#offer(this.#flow.next())
  }

  #offer(entry: Entry): void {
    try {
      this.#own.offer(encodeEntry(entry))
      this.#offered++
    } catch (fault) {
      if (!(fault instanceof LaneFault)) throw fault
      this.#venue.coverage.count(`trader refused: ${fault.code}`)
    }
  }
}
