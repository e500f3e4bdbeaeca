// What the rest of the daemon sees of the network: design 2.7. Keys are 32 bytes; an `id` is a
// key in lower-case hex.

export type { KeyPair, NodeAddress } from 'hyperdht'

/** The version of `curb/1` that this program speaks. */
export const PROTOCOL_VERSION = 1

export type Role = 'validator' | 'daemon'

/** What each side says first, on the channel `curb/1`. The peer's own ed25519 key is not in it:
 * the connection has proven it. */
export type Hello = {
  version: number
  /** The venue's id. */
  venue: Uint8Array
  /** A claim until the peer's key is found in the manifest; see `Peer.role`. */
  role: Role
  /** Hypercore key of the peer's lane; null for a daemon that has none. */
  lane: Uint8Array | null
  /** An encoded `link` entry as proof of a bonded account, or empty; its reader decodes it. */
  link: Uint8Array
  /** Blocks of the tape that the peer holds. */
  tapeLength: number
}

/** A snapshot that the peer can serve: at which tape index, and its BLAKE2b-256 hash. */
export type SnapshotOffer = { index: number; hash: Uint8Array }

/** What a peer tells again whenever it changes (at most every `announceMs`). */
export type Announcement = { tapeLength: number; snapshot: SnapshotOffer | null }

export type Peer = {
  readonly id: string
  readonly key: Uint8Array
  /** `validator` exactly if the key is one of the venue's validators. */
  readonly role: Role
  readonly hello: Hello
  readonly announced: Announcement
  readonly closed: boolean

  /** Queues a message; all messages of one turn leave together, per channel in one frame. False
   * when it was not taken: the channel is not open on both sides, or the peer reads too slowly
   * (`outboxBytesMax`). Delivery is not assumed by any protocol here. The payload is read at the
   * end of the turn: do not change it. */
  send(channel: string, type: number, payload: Uint8Array): boolean

  /** True when the peer also speaks the channel. */
  has(channel: string): boolean

  /** Counts against the peer; at `misbehaviourMax` it is dropped and banned for a while, longer
   * each time. Weight 1 is a slip that an honest peer might make, 100 is proof of malice. */
  misbehaved(reason: string, weight: number): void

  /** Ends the connection; the peer is told why. Not a ban. */
  close(reason: string): void
}

export type MessageRule = {
  /** For logs, metrics and errors. */
  name: string
  /** A longer payload counts as misbehaviour and does not reach the handler. */
  bytesMax: number
  /** Tokens from the peer's bucket, 1 unless told: set it to what the message costs in
   * signature checks. */
  cost?: number
}

export type ChannelOptions = {
  /** Such as `curb/consensus/1`. */
  name: string
  /** A message's type is its place in this list (0 to 127). */
  messages: readonly MessageRule[]
  /** `validators`: opened only between two validators. */
  between?: 'all' | 'validators'
  /** Called in order, one message at a time; must hand the data on and return. A payload is
   * valid for good, but pins the frame that it came in: copy what is kept for long. What it
   * throws is logged and counts against the peer. */
  onmessage(peer: Peer, type: number, payload: Uint8Array): void
  /** The channel is open on both sides. */
  onopen?(peer: Peer): void
  onclose?(peer: Peer): void
}

export type Channel = {
  readonly name: string
  /** Peers on which the channel is open, in the order in which it opened. */
  readonly peers: Iterable<Peer>
  /** To all of them, or those that `to` picks. Returns how many took it. */
  broadcast(type: number, payload: Uint8Array, to?: (peer: Peer) => boolean): number
}

/** A line of `curb peers` and of the metrics. */
export type PeerStatus = {
  id: string
  role: Role
  address: string
  /** Who dialled. */
  initiator: boolean
  connectedAt: number
  /** Milliseconds, smoothed. */
  roundTripMs: number
  tapeLength: number
  snapshot: SnapshotOffer | null
  /** Tape blocks that the peer is behind this daemon (negative: ahead). */
  lag: number
  channels: string[]
  bytesIn: number
  bytesOut: number
  messagesIn: number
  messagesOut: number
  /** Messages refused by `send` since the connection began. */
  droppedOut: number
  /** How often the peer was made to wait by its token bucket. */
  throttled: number
  misbehaviour: number
}

/** A peer that this daemon wants and has not. */
export type MissingPeer = {
  id: string
  role: Role
  attempts: number
  /** Why the last connection ended, in one line; null before the first. */
  lastError: string | null
}

export type Refusal = {
  id: string
  address: string
  at: number
  /** `VERSION_MISMATCH`, `VENUE_MISMATCH`, `ROLE_MISMATCH`, `HELLO_MALFORMED`, `HELLO_TIMEOUT`,
   * `PEERS_FULL`, `STALLED`, `BANNED`; `by` says which side refused. */
  code: string
  by: 'us' | 'them'
  message: string
}

export type NetworkStatus = {
  peers: PeerStatus[]
  missing: MissingPeer[]
  /** Newest last, at most 64. */
  refusals: Refusal[]
  banned: { id: string; until: number; reason: string }[]
  /** Validators of the venue, and how many of them are connected (this daemon included). */
  validators: number
  validatorsReached: number
  /** Where this daemon listens. */
  host: string
  port: number
}

/** The part of the daemon's logger that the network uses. */
export type NetworkLog = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type Network = {
  /** Opens the DHT node, listens, dials. Rejects with code `network_listen` when the port cannot
   * be had; that nobody else is there yet is no error. */
  open(): Promise<void>
  close(): Promise<void>

  /** Registers a channel; before `open`. */
  channel(options: ChannelOptions): Channel

  /** Peers whose hello was accepted, in the order in which they came. */
  peers(): Peer[]
  /** By hex of the key; null when it is not connected. */
  peer(id: string): Peer | null

  /** Tells all peers, now and later, at most every `announceMs`. */
  announce(announcement: Announcement): void
  /** What new connections are told; a lane that was abandoned is replaced so. */
  setLane(lane: Uint8Array | null, link: Uint8Array): void

  /** Parts from these peers and stays away from them until the next call: how an operator, or
   * a devnet that plays a partition, cuts the wire. */
  block(ids: readonly string[]): void

  status(): NetworkStatus
}
