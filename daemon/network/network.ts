// The daemon's peers (design 2.7): one topic per venue, direct connections to validators and to
// the manifest's peers, channels of Protomux for the daemon's other parts, and everything that
// keeps a stranger from doing harm: hello before anything else, a throttle, bounded outboxes,
// misbehaviour that adds up to a ban, a bound on strangers.

import b4a from 'b4a'
import crypto from 'hypercore-crypto'
import type { NoiseSecretStream } from '@hyperswarm/secret-stream'
import type { Clock, Random } from '../clock.ts'
import { Connection } from './connection.ts'
import { Dialer } from './dialer.ts'
import { NetworkFault } from './network-fault.ts'
import { Reputation } from './reputation.ts'
import { Transport, type TransportOptions } from './transport.ts'
import type { NetworkLimits } from './limits.ts'
import type { Bye } from './hello.ts'
import {
  PROTOCOL_VERSION,
  type Announcement,
  type Channel,
  type ChannelOptions,
  type Hello,
  type Network,
  type NetworkLog,
  type NetworkStatus,
  type Peer,
  type Refusal,
  type Role
} from './types.ts'

export type NetworkOptions = Omit<TransportOptions, 'peersMax'> & {
  /** The venue's id. */
  venue: Uint8Array
  role: Role
  /** Keys of all validators of the manifest. */
  validators: readonly Uint8Array[]
  /** Further peers to stay connected to: the manifest's, and those of `p2p.peers`. */
  dial: readonly Uint8Array[]
  limits: NetworkLimits
}

export type NetworkDependencies = {
  clock: Clock
  random: Random
  log: NetworkLog
  /** Called once a peer's hello is accepted, to replicate stores over its stream. */
  replicate: ((stream: NoiseSecretStream, peer: Peer) => void) | null
}

const REFUSALS_KEPT = 64
/** Between two looks at the connections. */
const LOOK_MS = 500

export function venueTopic(venue: Uint8Array): Uint8Array {
  return crypto.hash([b4a.from('curb/venue/1'), venue])
}

export class SwarmNetwork implements Network {
  #options: NetworkOptions
  #dependencies: NetworkDependencies
  #ownId: string
  #validators: Set<string>
  #transport: Transport
  #dialer: Dialer
  #reputation: Reputation
  #channels = new Map<string, ChannelOptions>()
  #connections = new Map<string, Connection>()
  #announcement: Announcement = { tapeLength: 0, snapshot: null }
  #cancelAnnounce: (() => void) | null = null
  #announceDue = false
  #lane: { lane: Uint8Array | null; link: Uint8Array } = { lane: null, link: new Uint8Array(0) }
  #refusals: Refusal[] = []
  #blocked: ReadonlySet<string> = new Set()
  #opening: Promise<void> | null = null
  #closing: Promise<void> | null = null
  #cancelTick: () => void = () => {}
  #lookAt = 0
  #lookWaitMs = 0

  constructor(options: NetworkOptions, dependencies: NetworkDependencies) {
    const { limits, keyPair, validators } = options
    const { clock, random } = dependencies
    this.#options = options
    this.#dependencies = dependencies
    this.#ownId = idOf(keyPair.publicKey)
    this.#validators = new Set(validators.map(idOf))
    this.#transport = new Transport(
      { ...options, peersMax: limits.peersMax },
      {
        clock,
        isBanned: (key) => this.#isUnwelcome(idOf(key)),
        onconnection: (stream) => this.#onconnection(stream)
      }
    )
    this.#reputation = new Reputation(limits.reputation, {
      clock,
      isValidator: (id) => this.#validators.has(id),
      onunban: (id) => this.#transport.unban(id)
    })
    const wanted = [...validators, ...options.dial].map((key) => {
      const id = idOf(key)
      return { id, key, role: this.#roleOf(id) }
    })
    this.#dialer = new Dialer(
      {
        ownId: this.#ownId,
        wanted,
        dialMinMs: limits.dialMinMs,
        dialMaxMs: limits.dialMaxMs,
        refusedMs: limits.refusedMs,
        secondMs: limits.dialSecondMs
      },
      { clock, random, dial: (key) => this.#transport.dial(key) }
    )
  }

  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  channel(options: ChannelOptions): Channel {
    if (this.#opening !== null || this.#channels.has(options.name)) {
      throw new NetworkFault('network_channel', 'Register each channel once, before open', {
        channel: options.name
      })
    }
    this.#channels.set(options.name, options)
    const open = () => this.#ready().filter((connection) => connection.has(options.name))
    return {
      name: options.name,
      get peers() {
        return open()
      },
      broadcast: (type, payload, to) => {
        let taken = 0
        for (const peer of open()) {
          if (to !== undefined && !to(peer)) continue
          if (peer.send(options.name, type, payload)) taken++
        }
        return taken
      }
    }
  }

  peers(): Peer[] {
    return this.#ready()
  }

  peer(id: string): Peer | null {
    const connection = this.#connections.get(id)
    return connection !== undefined && connection.isReady ? connection : null
  }

  announce(announcement: Announcement): void {
    this.#announcement = announcement
    this.#announceDue = true
    if (this.#cancelAnnounce === null) this.#announceNow()
  }

  block(ids: readonly string[]): void {
    const before = this.#blocked
    this.#blocked = new Set(ids)
    for (const id of ids) this.#connections.get(id)?.close('blocked by the operator')
    for (const id of before) {
      if (this.#blocked.has(id)) continue
      this.#transport.unban(id)
      this.#dialer.hurry(id)
    }
  }

  setLane(lane: Uint8Array | null, link: Uint8Array): void {
    this.#lane = { lane, link }
  }

  status(): NetworkStatus {
    const ready = this.#ready()
    return {
      peers: ready.map((connection) => connection.status(this.#announcement.tapeLength)),
      missing: this.#dialer.missing(),
      refusals: [...this.#refusals],
      banned: this.#reputation.bans(),
      validators: this.#validators.size,
      validatorsReached: this.validatorsReached,
      ...this.#transport.address
    }
  }

  /** Connected validators, this daemon included. */
  get validatorsReached(): number {
    let reached = this.#validators.has(this.#ownId) ? 1 : 0
    for (const { isReady, role } of this.#connections.values()) {
      if (isReady && role === 'validator') reached++
    }
    return reached
  }

  async #open(): Promise<void> {
    await this.#transport.open()
    if (this.#closing !== null) return
    // Validators are dialled, and found by others; they need not look for strangers.
    this.#transport.join(this.#topic, this.#options.role !== 'validator')
    this.#dialer.open()
    this.#lookWaitMs = this.#options.limits.lookMinMs
    this.#lookAt = this.#dependencies.clock.now() + this.#lookWaitMs
    this.#tick()
  }

  async #close(): Promise<void> {
    this.#cancelTick()
    this.#cancelAnnounce?.()
    this.#dialer.close()
    if (this.#opening === null) return
    await Promise.allSettled([this.#opening])
    this.#cancelTick()
    for (const connection of this.#connections.values()) connection.destroy()
    await this.#transport.close()
  }

  get #topic(): Uint8Array {
    return venueTopic(this.#options.venue)
  }

  #onconnection(stream: NoiseSecretStream): void {
    const id = idOf(stream.remotePublicKey)
    if (this.#closing !== null || this.#isUnwelcome(id)) {
      stream.on('error', () => {}) // nobody listens to what is being thrown away
      stream.destroy()
      return
    }
    this.#connections.get(id)?.destroy()
    const connection = this.#createConnection(id, stream)
    const full = this.#isFull(id, stream)
    this.#connections.set(id, connection)
    this.#dialer.connected(id)
    connection.open()
    if (full) connection.refuse({ code: 'PEERS_FULL', message: 'this daemon has enough peers' })
  }

  #isUnwelcome(id: string): boolean {
    return this.#blocked.has(id) || this.#reputation.isBanned(id)
  }

  #createConnection(id: string, stream: NoiseSecretStream): Connection {
    const { limits, role: ownRole } = this.#options
    const { clock, log } = this.#dependencies
    const role = this.#roleOf(id)
    return new Connection(
      {
        stream,
        role,
        ownRole,
        limits: role === 'validator' ? limits.validatorRates : limits.daemonRates,
        outboxBytesMax: limits.outboxBytesMax,
        aliveMs: limits.aliveMs,
        helloMs: limits.helloMs,
        byeMs: limits.byeMs
      },
      {
        clock,
        log,
        channels: [...this.#channels.values()],
        hello: () => this.#hello(),
        judge: (peer, reason, weight) => this.#reputation.misbehaved(peer, reason, weight),
        score: (peer) => this.#reputation.score(peer),
        onready: (ready) => this.#onready(ready),
        onrefused: (refused, bye, by) => this.#onrefused(refused, bye, by),
        onclosed: (closed, error) => this.#onclosed(closed, error)
      }
    )
  }

  #isFull(id: string, stream: NoiseSecretStream): boolean {
    if (this.#dialer.wants(id)) return false
    const { peersMax, peersPerHostMax } = this.#options.limits
    const host = stream.rawStream.remoteHost
    let strangers = 0
    let neighbours = 0
    for (const [other, connection] of this.#connections) {
      if (other === id || this.#dialer.wants(other)) continue
      strangers++
      if (connection.stream.rawStream.remoteHost === host) neighbours++
    }
    return strangers >= peersMax || neighbours >= peersPerHostMax
  }

  #onready(connection: Connection): void {
    const { id, role, address } = connection
    this.#dialer.accepted(id)
    this.#dependencies.log.info({ peer: id, role, address }, 'peer connected')
    if (this.#announcement.snapshot !== null) connection.announce(this.#announcement)
    this.#dependencies.replicate?.(connection.stream, connection)
  }

  #onrefused(connection: Connection, bye: Bye, by: 'us' | 'them'): void {
    const { id, address } = connection
    const { clock, log } = this.#dependencies
    const { code, message } = bye
    this.#refusals.push({ id, address, at: clock.now(), code, by, message })
    if (this.#refusals.length > REFUSALS_KEPT) this.#refusals.shift()
    const fields = { peer: id, address, code, by }
    if (by === 'us') log.warn(fields, `peer refused: ${message}`)
    else log.warn(fields, `refused by peer: ${message}`)
    if (code !== 'BANNED') this.#reputation.avoid(id, code, this.#options.limits.refusedMs)
  }

  #onclosed(connection: Connection, error: string): void {
    const { id } = connection
    if (this.#connections.get(id) !== connection) return // another has taken its place
    this.#connections.delete(id)
    this.#dependencies.log.info({ peer: id, error }, 'peer disconnected')
    if (this.#closing !== null) return
    this.#dialer.disconnected(id, error, this.#reputation.isBanned(id))
  }

  #announceNow(): void {
    this.#announceDue = false
    for (const connection of this.#ready()) connection.announce(this.#announcement)
    const { clock } = this.#dependencies
    this.#cancelAnnounce = clock.after(this.#options.limits.announceMs, () => {
      this.#cancelAnnounce = null
      if (this.#announceDue) this.#announceNow()
    })
  }

  #tick(): void {
    const { clock } = this.#dependencies
    this.#reputation.expire()
    const now = clock.now()
    for (const connection of this.#ready()) {
      if (connection.stalledMs(now) > this.#options.limits.stalledMs) {
        connection.refuse({ code: 'STALLED', message: 'the peer does not read' })
      } else if (connection.silentLooks() >= this.#options.limits.silentLooksMax) {
        connection.destroy('silent')
      }
    }
    this.#lookAgain(now)
    this.#cancelTick = clock.after(LOOK_MS, () => this.#tick())
  }

  /** Topics that many join at one moment are found by few: who is lonely looks again. */
  #lookAgain(now: number): void {
    const { limits, role } = this.#options
    if (role === 'validator' || this.#connections.size >= limits.peersWanted) return
    if (now < this.#lookAt) return
    this.#lookWaitMs = Math.min(limits.lookMaxMs, this.#lookWaitMs * 2)
    this.#lookAt = now + this.#lookWaitMs
    this.#transport.look(this.#topic).catch((error: unknown) => {
      this.#dependencies.log.debug({ error: String(error) }, 'looking for peers failed')
    })
  }

  #ready(): Connection[] {
    return [...this.#connections.values()].filter((connection) => connection.isReady)
  }

  #hello(): Hello {
    const { venue, role } = this.#options
    const { tapeLength } = this.#announcement
    return { version: PROTOCOL_VERSION, venue, role, tapeLength, ...this.#lane }
  }

  #roleOf(id: string): Role {
    return this.#validators.has(id) ? 'validator' : 'daemon'
  }
}

function idOf(key: Uint8Array): string {
  return b4a.toString(key, 'hex')
}
