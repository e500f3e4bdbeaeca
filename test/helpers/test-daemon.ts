import fs from 'node:fs/promises'
import type { Assert } from 'brittle'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { Entry } from '../../protocol/types.ts'
import { ed25519KeyPair } from '../../crypto/ed25519.ts'
import { Daemon } from '../../daemon/daemon.ts'
import { systemClock } from '../../daemon/clock.ts'
import { NETWORK_LIMITS } from '../../daemon/network/limits.ts'
import { type DaemonTuning, defaultTuning } from '../../daemon/options.ts'
import type { Outcome } from '../../daemon/outcomes.ts'
import type { ChainSource } from '../../daemon/chain/types.ts'
import { freePort, type LocalDht } from './dht.ts'
import { until, within } from './until.ts'

export type DaemonState = {
  /** Blocks on its tape, and blocks applied. */
  length: number
  applied: number
  synced: boolean
  /** Without a vote, or not voting yet. */
  abstains: boolean
  state: 'running' | 'unconfirmed' | 'stopped'
  validatorsReached: number
  /** Resting in its book of the first market. */
  orders: number
}

/** A daemon as a test sees it, in this process or in one of its own. */
export type TestDaemon = {
  readonly name: string
  readonly isRunning: boolean
  start(): Promise<void>
  /** Ends it in order. */
  stop(): Promise<void>
  state(): Promise<DaemonState>
  /** Hex of the event hash after a block; null when it is not known (any more). */
  eventHash(index: number): Promise<string | null>
  lane(): Promise<{ key: string; lane: Uint8Array }>
  /** Puts the entry into the daemon's lane and waits for what the engine said of it. */
  submit(entry: Entry): Promise<Outcome>
}

export type TestDaemonOptions = {
  name: string
  manifest: Manifest
  seed: Uint8Array
  folder: string
  dht: LocalDht
  tuning: Partial<DaemonTuning>
  chain: (() => ChainSource) | null
}

/** Longer than any fault that a test makes lasts. */
const OUTCOME_MS = 60_000

export type LogLine = { level: string; fields: object; message: string }

export const TEST_NETWORK = {
  ...NETWORK_LIMITS,
  dialMinMs: 20,
  dialMaxMs: 200,
  dialSecondMs: 100,
  refusedMs: 200,
  announceMs: 20,
  lookMinMs: 100,
  lookMaxMs: 500,
  byeMs: 200
}

/** In this process. */
export class LocalDaemon implements TestDaemon {
  readonly name: string
  readonly lines: LogLine[] = []
  readonly faults: unknown[] = []
  readonly #options: TestDaemonOptions
  readonly #port: Promise<number>
  #daemon: Daemon | null = null

  /** `t` null: whoever made it ends it. */
  constructor(t: Assert | null, options: TestDaemonOptions, port?: number) {
    this.name = options.name
    this.#options = options
    this.#port = port === undefined ? freePort() : Promise.resolve(port)
    t?.teardown(() => this.stop())
  }

  get isRunning(): boolean {
    return this.#daemon !== null
  }

  /** The daemon itself. */
  get daemon(): Daemon {
    if (this.#daemon === null) throw new Error(`${this.name} is not running`)
    return this.#daemon
  }

  async start(): Promise<void> {
    const { manifest, seed, folder, dht, tuning, chain } = this.#options
    const write = (level: string) => (fields: object, message: string) => {
      this.lines.push({ level, fields, message })
      if (process.env['TEST_LOG'] !== undefined) {
        console.error(this.name, level, message, JSON.stringify(fields))
      }
    }
    this.#daemon = new Daemon(
      {
        manifest,
        folder,
        seed,
        p2p: {
          bootstrap: dht.bootstrap,
          host: '127.0.0.1',
          port: await this.#port,
          firewalled: false,
          peers: [],
          limits: TEST_NETWORK
        },
        tuning: { ...defaultTuning, ...tuning }
      },
      {
        clock: systemClock,
        random: Math.random,
        log: {
          debug: write('debug'),
          info: write('info'),
          warn: write('warn'),
          error: write('error')
        },
        chain: chain === null ? null : chain(),
        onfault: (fault) => {
          this.faults.push(fault)
        }
      }
    )
    await this.#daemon.open()
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = null
    await daemon?.close()
  }

  /** Parts from those and stays away from them. */
  blocks(others: readonly LocalDaemon[]): void {
    this.daemon.parts.network.block(others.map(({ id }) => id))
  }

  /** Its swarm key in hex. */
  get id(): string {
    return toHex(ed25519KeyPair(this.#options.seed).publicKey)
  }

  /** Stops, and everything on its disk is gone. */
  async loses(): Promise<void> {
    await this.stop()
    await fs.rm(this.#options.folder, { recursive: true })
  }

  async state(): Promise<DaemonState> {
    const { tape, replica, synced, abstains, network } = this.daemon.status()
    const { bids, asks } = this.daemon.engine.level3(0)
    return {
      orders: bids.length + asks.length,
      length: tape.length,
      applied: replica.length,
      synced,
      abstains,
      state: replica.kind,
      validatorsReached: network.validatorsReached
    }
  }

  async eventHash(index: number): Promise<string | null> {
    const hash = this.daemon.parts.replica.eventHash(index)
    return hash === null ? null : toHex(hash)
  }

  async lane(): Promise<{ key: string; lane: Uint8Array }> {
    const { key, lane } = this.daemon.lane
    return { key, lane }
  }

  async submit(entry: Entry): Promise<Outcome> {
    await until(() => this.daemon.synced, `${this.name} to be ready`)
    const outcome = this.daemon.outcome(this.daemon.submit(entry))
    return within(outcome, `${this.name} to say what became of an entry`, OUTCOME_MS)
  }
}
