import path from 'node:path'
import type { Assert } from 'brittle'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest, ManifestPacing } from '../../protocol/manifest.ts'
import { checkManifest } from '../../protocol/manifest-check.ts'
import type { ChainSource } from '../../daemon/chain/types.ts'
import type { DaemonTuning } from '../../daemon/options.ts'
import { EntrySigner, addressesOf } from './accounts.ts'
import { ChildDaemon } from './child-daemon.ts'
import { type LocalDht, localDht } from './dht.ts'
import { ONE_MARKET } from './one-market.ts'
import { keyPairOf } from './tape-maker.ts'
import { LocalDaemon, type TestDaemon, type TestDaemonOptions } from './test-daemon.ts'
import { temporaryFolder } from './tmp.ts'
import { Trader } from './trader.ts'
import { until } from './until.ts'

export type VenueOptions = {
  validators: number
  /** Names of accounts that start with plenty of both tokens. */
  accounts: readonly string[]
  pacing?: Partial<ManifestPacing>
  /** As the manifest's JSON has them. */
  limits?: { bond: { token: string; min: number; entriesPerCutPerBond: number } }
  tuning?: Partial<DaemonTuning>
  /** A chain of the venue's: one source for each daemon, or null. */
  chain?: { manifest: Manifest['chain']; source: () => ChainSource }
}

const PLENTY = 1_000_000_000_000

export async function venueManifest(options: VenueOptions): Promise<Manifest> {
  const addresses = await addressesOf([
    ...options.accounts,
    ...Array.from({ length: options.validators }, (_, i) => `validator ${i}`)
  ])
  const chain = options.chain?.manifest ?? null
  return checkManifest({
    version: 1,
    name: 'test venue',
    chain,
    validators: Array.from({ length: options.validators }, (_, i) => ({
      peer: toHex(keyPairOf(i + 1).publicKey),
      signer: addresses.get(`validator ${i}`)
    })),
    ...ONE_MARKET,
    ...(options.pacing === undefined ? {} : { pacing: options.pacing }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    endow:
      chain !== null
        ? []
        : options.accounts.flatMap((name) =>
            ['BASE', 'QUOTE'].map((token) => ({
              account: addresses.get(name),
              token,
              quanta: PLENTY
            }))
          )
  })
}

/** A venue of real daemons on a local DHT, with stores on disk. */
export class TestVenue<D extends TestDaemon> {
  readonly manifest: Manifest
  readonly daemons: D[] = []
  readonly #t: Assert
  readonly #dht: LocalDht
  readonly #folder: string
  readonly #options: VenueOptions
  readonly #signer: EntrySigner
  readonly #create: (t: Assert, options: TestDaemonOptions) => D

  private constructor(
    t: Assert,
    options: VenueOptions,
    made: { manifest: Manifest; dht: LocalDht; folder: string; signer: EntrySigner },
    create: (t: Assert, options: TestDaemonOptions) => D
  ) {
    this.#t = t
    this.#options = options
    this.manifest = made.manifest
    this.#dht = made.dht
    this.#folder = made.folder
    this.#signer = made.signer
    this.#create = create
  }

  /** Its daemons run in this process. */
  static create(t: Assert, options: VenueOptions): Promise<TestVenue<LocalDaemon>> {
    return TestVenue.of(t, options, (on, of) => new LocalDaemon(on, of))
  }

  /** Its daemons run in processes of their own. */
  static createProcesses(t: Assert, options: VenueOptions): Promise<TestVenue<ChildDaemon>> {
    return TestVenue.of(t, options, (on, of) => new ChildDaemon(on, of))
  }

  static async of<D extends TestDaemon>(
    t: Assert,
    options: VenueOptions,
    create: (t: Assert, options: TestDaemonOptions) => D
  ): Promise<TestVenue<D>> {
    const manifest = await venueManifest(options)
    const made = {
      manifest,
      dht: await localDht(t),
      folder: await temporaryFolder(t),
      signer: await EntrySigner.load(manifest)
    }
    return new TestVenue(t, options, made, create)
  }

  /** Starts the first `count` validators and waits until they have found each other, and vote: who
   * starts when others have a block already abstains for some heights (consensus/entitlement.ts). */
  async validators(count = this.#options.validators): Promise<D[]> {
    const started = Array.from({ length: count }, (_, i) => this.#add(`validator ${i}`, i + 1))
    await Promise.all(started.map((daemon) => daemon.start()))
    for (const daemon of started) {
      await until(
        async () => (await daemon.state()).validatorsReached === count,
        `${daemon.name} to reach the validators`
      )
      await until(async () => !(await daemon.state()).abstains, `${daemon.name} to vote`)
    }
    return started
  }

  /** Starts a daemon without a vote and waits until it is in step. */
  async follower(name: string, tuning: Partial<DaemonTuning> = {}): Promise<D> {
    const daemon = this.#add(name, 100 + this.daemons.length, tuning)
    await daemon.start()
    await until(async () => (await daemon.state()).synced, `${name} to be in step`)
    return daemon
  }

  #add(name: string, number: number, tuning: Partial<DaemonTuning> = {}): D {
    const daemon = this.#create(this.#t, {
      name,
      manifest: this.manifest,
      seed: new Uint8Array(32).fill(number),
      folder: path.join(this.#folder, name.replaceAll(' ', '-')),
      dht: this.#dht,
      tuning: { archiveMs: 20, stallMs: 500, ...this.#options.tuning, ...tuning },
      chain: this.#options.chain?.source ?? null
    })
    this.daemons.push(daemon)
    return daemon
  }

  trader(name: string, daemon: TestDaemon): Trader {
    return new Trader(name, daemon, this.#signer)
  }

  get bootstrap(): LocalDht['bootstrap'] {
    return this.#dht.bootstrap
  }

  get #running(): D[] {
    return this.daemons.filter((daemon) => daemon.isRunning)
  }

  /** Waits until every running daemon has applied what any of them has now, and holds that they
   * all computed the same. Returns the length of the tape. */
  async agrees(): Promise<number> {
    const states = await Promise.all(this.#running.map((daemon) => daemon.state()))
    const length = Math.max(...states.map((state) => state.applied))
    for (const daemon of this.#running) {
      await until(
        async () => (await daemon.state()).applied >= length,
        `${daemon.name} to apply ${length} blocks`
      )
    }
    if (length === 0) return 0
    const hashes = await Promise.all(this.#running.map((daemon) => daemon.eventHash(length - 1)))
    if (hashes.some((hash) => hash === null || hash !== hashes[0])) {
      throw new Error(`event hashes differ at block ${length - 1}: ${hashes.join(' ')}`)
    }
    return length
  }

  /** Waits until the tape of every running daemon has grown by so many blocks. */
  async grows(blocks: number): Promise<void> {
    const from = await this.length()
    for (const daemon of this.#running) {
      await until(
        async () => (await daemon.state()).applied >= from + blocks,
        `${daemon.name} to apply ${from + blocks} blocks`
      )
    }
  }

  /** Cuts every wire between the two groups, until `heals`. */
  splits(some: readonly LocalDaemon[], others: readonly LocalDaemon[]): void {
    for (const daemon of some) daemon.blocks(others)
    for (const daemon of others) daemon.blocks(some)
  }

  heals(daemons: readonly LocalDaemon[]): void {
    for (const daemon of daemons) daemon.blocks([])
  }

  /** The longest tape. */
  async length(): Promise<number> {
    const states = await Promise.all(this.#running.map((daemon) => daemon.state()))
    return Math.max(...states.map((state) => state.length))
  }
}
