// Who is connected, who of them is a validator, and which lane each calls its own.
import { toHex } from '../../protocol/bytes.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { PeerKey } from './types.ts'

export type PeerState = {
  /** Index among the validators, or -1. */
  readonly validator: number
  /** Signing key (hex) of the lane that the peer calls its own. */
  claim: string | null
  /** What it may still ask for, in bytes, and since when that grows. */
  serveBytes: number
  servedAtMs: number
}

export class LanePeers {
  readonly #open = new Map<PeerKey, PeerState>()
  readonly #validators = new Map<PeerKey, number>()

  constructor(options: { validators: readonly Bytes32[] }) {
    options.validators.forEach((key, index) => this.#validators.set(toHex(key), index))
  }

  open(peer: PeerKey, serveBytes: number, servedAtMs: number): void {
    this.#open.set(peer, { validator: this.index(peer), claim: null, serveBytes, servedAtMs })
  }

  close(peer: PeerKey): void {
    this.#open.delete(peer)
  }

  get(peer: PeerKey): PeerState | null {
    return this.#open.get(peer) ?? null
  }

  /** Index among the validators, connected or not, or -1. */
  index(peer: PeerKey): number {
    return this.#validators.get(peer) ?? -1
  }

  /** In the order in which they connected. */
  keys(): Iterable<PeerKey> {
    return this.#open.keys()
  }

  /** Connected validators, by index. */
  validators(): PeerKey[] {
    return [...this.#validators.keys()].filter((peer) => this.#open.has(peer))
  }
}
