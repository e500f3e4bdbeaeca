// Daemons' lanes on a virtual clock: real lanes, real signatures and codecs, with a network of
// links that can be cut, tampered with and slowed, and journals that lose what was not synced.
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { ed25519KeyPair, ed25519Sign, ed25519Verify } from '../../../crypto/ed25519.ts'
import type { JournalRecord } from '../../../daemon/journal/types.ts'
import type { Channel, ChannelOptions, Peer } from '../../../daemon/network/types.ts'
import { Lanes, type LanesOptions } from '../../../daemon/lanes/lanes.ts'
import type { OwnLaneName } from '../../../daemon/lanes/own-lane.ts'
import type {
  Evidence,
  FinalSlice,
  HeadClaim,
  LaneBase,
  LaneKey,
  Size
} from '../../../daemon/lanes/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { encodeEntry } from '../../../protocol/entries.ts'
import type { Entry } from '../../../protocol/types.ts'
import { VirtualClock } from '../../helpers/clock.ts'

export const VENUE = new Uint8Array(32).fill(0xce)
const ANY = { bytes: Number.POSITIVE_INFINITY, entries: Number.POSITIVE_INFINITY }
const LINK_MS = 1
const SYNC_MS = 1

export function daemonKeys(index: number) {
  return ed25519KeyPair(new Uint8Array(32).fill(index + 1))
}

/** A small entry that differs by `n`. */
export function entry(n: number): Uint8Array {
  const lease: Entry = { kind: 'lease', ttlMs: n + 1 }
  return encodeEntry(lease)
}

/** An entry of about `bytes` bytes that differs by `n`. */
export function bigEntry(n: number, count = 256): Uint8Array {
  const nonces = Array.from({ length: count }, (_, i) => 2 ** 33 + n * 1000 + i)
  const cancel: Entry = { kind: 'cancel', account: '0x' + 'ab'.repeat(20), nonces, expiry: 0 }
  return encodeEntry(cancel)
}

/** A journal on the virtual clock: a record counts once it is synced. */
export class TestJournal {
  readonly synced: JournalRecord[] = []
  #clock: VirtualClock
  #waiting: { record: JournalRecord; resolve: () => void }[] = []
  #syncing = false
  /** While true nothing is synced. */
  held = false
  /** After a power loss nothing resolves any more. */
  dead = false

  constructor(clock: VirtualClock, records: readonly JournalRecord[] = []) {
    this.#clock = clock
    this.synced.push(...records)
  }

  append(kind: number, payload: Uint8Array): Promise<void> {
    const synced = this.appendLazily(kind, payload)
    this.flush()
    return synced
  }

  appendLazily(kind: number, payload: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ record: { kind, payload }, resolve }))
  }

  flush(): void {
    this.#schedule()
  }

  #schedule(): void {
    if (this.#syncing || this.held || this.dead || this.#waiting.length === 0) return
    this.#syncing = true
    const batch = this.#waiting
    this.#waiting = []
    this.#clock.after(SYNC_MS, () => {
      this.#syncing = false
      if (this.dead) return
      for (const { record, resolve } of batch) {
        this.synced.push(record)
        resolve()
      }
      this.#schedule()
    })
  }

  release(): void {
    this.held = false
    this.#schedule()
  }
}

type Tamper = (from: string, to: string, type: number, payload: Uint8Array) => Uint8Array | null

/** One daemon. After `crash` it can be made anew from `journal.synced`. */
export class TestDaemon {
  readonly index: number
  readonly id: string
  readonly lanes: Lanes
  readonly journal: TestJournal
  readonly evidence: { lane: LaneKey; evidence: Evidence }[] = []
  readonly arrived: { lane: string; from: number; blocks: readonly Uint8Array[] }[] = []
  readonly used: { name: OwnLaneName; abandoned: LaneKey | null }[] = []
  readonly misbehaviour: { peer: string; reason: string; weight: number }[] = []
  readonly links = new Map<string, Peer>()
  readonly sentRuns = new Map<string, number>()
  admits: (lane: LaneKey, size: Size) => boolean = () => true
  channel: ChannelOptions | null = null
  alive = true

  constructor(world: World, index: number, journal: TestJournal) {
    const keys = daemonKeys(index)
    this.index = index
    this.id = toHex(keys.publicKey)
    this.journal = journal
    const options: LanesOptions = {
      venue: VENUE,
      validators: world.validators,
      quorum: world.quorum,
      self: keys.publicKey,
      secret: new Uint8Array(32).fill(index + 100),
      runEntriesMax: 512,
      ...world.options
    }
    this.lanes = new Lanes(options, {
      journal,
      network: { channel: (channel) => this.#open(channel) },
      clock: world.clock,
      hash: blake2b256Parts,
      verify: (signature, message, key) => {
        world.verified++
        return ed25519Verify(signature, message, key)
      },
      sign: (message) => ed25519Sign(message, keys.secretKey),
      keyPair: (seed) => {
        const { publicKey, secretKey } = ed25519KeyPair(seed)
        return { publicKey, sign: (message) => ed25519Sign(message, secretKey) }
      },
      encodeOpen: (open) => encodeEntry(open),
      admits: (lane, size) => this.admits(lane, size),
      onarrived: (lane, from, blocks) => this.arrived.push({ lane: toHex(lane), from, blocks }),
      onevidence: (lane, evidence) => this.evidence.push({ lane, evidence }),
      onlane: (name, abandoned) => this.used.push({ name, abandoned })
    })
    for (const { kind, payload } of journal.synced) this.lanes.restore(kind, payload)
  }

  #open(channel: ChannelOptions): Channel {
    this.channel = channel
    return { name: channel.name, peers: this.links.values(), broadcast: () => 0 }
  }

  get key(): LaneKey {
    return this.lanes.name.key
  }

  /** The longest head of a lane that can be proposed here. */
  head(lane: LaneKey): HeadClaim & { size: Size } {
    const { reads } = this.lanes
    const status = reads.lanes().find(({ key }) => key === lane)
    const head = status && reads.best(lane, status.finalLength, status.finalHash, ANY)
    if (!head) throw new Error(`daemon ${this.index} has no head of lane ${lane}`)
    return head
  }

  base(lane: LaneKey): LaneBase {
    const base = this.lanes.reads.base(lane)
    if (base === null) throw new Error(`daemon ${this.index} does not know lane ${lane}`)
    return base
  }

  /** Longest journaled length of another's lane here. */
  has(lane: LaneKey): number {
    return this.lanes.reads.lanes().find(({ key }) => key === lane)?.durableLength ?? 0
  }
}

export class World {
  readonly clock = new VirtualClock()
  readonly validators: Uint8Array[]
  readonly quorum: number
  readonly daemons: TestDaemon[] = []
  readonly options: Partial<LanesOptions>
  verified = 0
  /** Messages pass through here; null loses one. */
  tamper: Tamper = (_from, _to, _type, payload) => payload
  messages = 0

  constructor(validators = 4, options: Partial<LanesOptions> = {}) {
    this.validators = Array.from({ length: validators }, (_, i) => daemonKeys(i).publicKey)
    this.quorum = Math.floor((2 * validators) / 3) + 1
    this.options = options
  }

  /** Starts daemon `index`, with what its journal held. */
  start(index: number, records: readonly JournalRecord[] = []): TestDaemon {
    const daemon = new TestDaemon(this, index, new TestJournal(this.clock, records))
    this.daemons[index] = daemon
    daemon.lanes.open()
    return daemon
  }

  /** The validators, all connected. */
  async venue(count = this.validators.length): Promise<TestDaemon[]> {
    for (let i = 0; i < count; i++) {
      this.start(i)
      for (let j = 0; j < i; j++) this.connect(i, j)
    }
    await this.run(50)
    return this.daemons.slice(0, count)
  }

  connect(a: number, b: number): void {
    const [one, two] = [this.daemons[a], this.daemons[b]]
    one.links.set(two.id, this.#peer(one, two))
    two.links.set(one.id, this.#peer(two, one))
    const link = { one: one.links.get(two.id), two: two.links.get(one.id) }
    this.clock.after(LINK_MS, () => {
      if (link.one && one.links.get(two.id) === link.one) one.channel?.onopen?.(link.one)
      if (link.two && two.links.get(one.id) === link.two) two.channel?.onopen?.(link.two)
    })
  }

  disconnect(a: number, b: number): void {
    for (const [from, to] of [
      [this.daemons[a], this.daemons[b]],
      [this.daemons[b], this.daemons[a]]
    ]) {
      const peer = from.links.get(to.id)
      from.links.delete(to.id)
      if (peer && from.alive) from.channel?.onclose?.(peer)
    }
  }

  /** Power loss: what was not synced is gone. Gives what was. */
  crash(index: number): JournalRecord[] {
    const daemon = this.daemons[index]
    for (const other of this.daemons) {
      if (other !== daemon && other?.links.has(daemon.id)) this.disconnect(index, other.index)
    }
    daemon.alive = false
    daemon.journal.dead = true
    return [...daemon.journal.synced]
  }

  #peer(self: TestDaemon, other: TestDaemon): Peer {
    const validator = other.index < this.validators.length
    return {
      id: other.id,
      key: daemonKeys(other.index).publicKey,
      role: validator ? 'validator' : 'daemon',
      hello: {
        version: 1,
        venue: VENUE,
        role: 'daemon',
        lane: null,
        link: new Uint8Array(0),
        tapeLength: 0
      },
      announced: { tapeLength: 0, snapshot: null },
      closed: false,
      has: () => true,
      close: () => undefined,
      misbehaved: (reason, weight) => {
        self.misbehaviour.push({ peer: other.id, reason, weight })
      },
      send: (_channel, type, payload) => {
        const peer = self.links.get(other.id)
        if (peer === undefined || !self.alive) return false
        if (type === 0) self.sentRuns.set(other.id, (self.sentRuns.get(other.id) ?? 0) + 1)
        this.clock.after(LINK_MS, () => this.#deliver(self, other, type, payload))
        return true
      }
    }
  }

  #deliver(from: TestDaemon, to: TestDaemon, type: number, payload: Uint8Array): void {
    const peer = to.links.get(from.id)
    if (peer === undefined || !to.alive) return
    const bytes = this.tamper(from.id, to.id, type, payload)
    if (bytes === null) return
    this.messages++
    to.channel?.onmessage(peer, type, bytes)
  }

  /** Hands a daemon a message as if the peer had sent it. */
  inject(from: number, to: number, type: number, payload: Uint8Array): void {
    const peer = this.daemons[to].links.get(this.daemons[from].id)
    if (peer) this.daemons[to].channel?.onmessage(peer, type, payload)
  }

  /** Lets virtual time pass. */
  async run(ms: number): Promise<void> {
    const end = this.clock.now() + ms
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = this.clock.nextAt
      if (next === null || next > end) break
      this.clock.step()
    }
    this.clock.advance(end - this.clock.now())
  }

  /** A cut takes these lanes as far as the daemon has them; every daemon is told. */
  cut(by: TestDaemon, lanes: readonly LaneKey[]): FinalSlice[] {
    const { reads } = by.lanes
    const slices: FinalSlice[] = []
    for (const { key, finalLength: from, finalHash } of reads.lanes()) {
      if (!lanes.includes(key)) continue
      const best = reads.best(key, from, finalHash, ANY)
      const blocks = best && reads.blocks(key, from, best.length, best.treeHash)
      if (best && blocks) slices.push({ ...best, from, blocks })
    }
    for (const daemon of this.daemons) if (daemon?.alive) daemon.lanes.final(slices)
    return slices
  }
}
