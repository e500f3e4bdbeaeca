// A venue of daemons in processes of their own, as bench:finality and bench:sync lead it.
import { type ChildProcess, fork } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import createTestnet from '@hyperswarm/testnet'
import { toHex } from '../protocol/bytes.ts'
import type { Manifest } from '../protocol/manifest.ts'
import { checkManifest } from '../protocol/manifest-check.ts'
import { loadCrypto } from '../crypto/crypto.ts'
import { ed25519KeyPair } from '../crypto/ed25519.ts'
import { freePort } from '../test/helpers/dht.ts'
import { ONE_MARKET } from '../test/helpers/one-market.ts'
import { benchKey } from './finality-orders.ts'
import type { LoadResult, Reply, Request, State, Usage, WorkerOptions } from './finality-types.ts'

const WORKER = new URL('./finality-worker.ts', import.meta.url)
const PLENTY = 10_000_000_000_000
const ACCOUNTS_EACH = 2
const PATIENCE_MS = 120_000

type Waiting = { resolve: (value: never) => void; reject: (fault: Error) => void }

/** A daemon's process. */
export class BenchDaemon {
  readonly name: string
  readonly options: WorkerOptions
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()
  #next = 0
  readonly #waiting = new Map<number, Waiting>()

  constructor(options: WorkerOptions) {
    this.name = options.name
    this.options = options
  }

  get isRunning(): boolean {
    return this.#child !== null
  }

  async open(): Promise<void> {
    const execArgv = ['--import', 'tsx']
    if (process.env['CURB_BENCH_PROFILE'] === this.name) {
      execArgv.push('--cpu-prof', '--cpu-prof-dir', process.env['CURB_BENCH_PROFILE_DIR'] ?? '.')
    }
    const child = fork(WORKER, {
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    this.#child = child
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        if (this.#child === child) this.#child = null
        for (const { reject } of this.#waiting.values()) reject(new Error(`${this.name} ended`))
        this.#waiting.clear()
        resolve()
      })
    })
    child.on('message', ({ id, value, error }: Reply) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === null) waiting?.resolve(value as never)
      else waiting?.reject(new Error(`${this.name}: ${error}`))
    })
    await this.#ask({ kind: 'open', options: this.options })
  }

  #ask<T>(request: Request): Promise<T> {
    const child = this.#child
    if (child === null) return Promise.reject(new Error(`${this.name} is not running`))
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      child.send({ id, request })
    })
  }

  state(): Promise<State> {
    return this.#ask({ kind: 'state' })
  }

  link(): Promise<void> {
    return this.#ask({ kind: 'link' })
  }

  prepare(orders: number, bulk: number): Promise<void> {
    return this.#ask({ kind: 'prepare', orders, bulk })
  }

  load(ordersPerSecond: number, seconds: number, at: number): Promise<LoadResult> {
    return this.#ask({ kind: 'load', ordersPerSecond, seconds, at })
  }

  finals(from: number, to: number): Promise<Float64Array> {
    return this.#ask({ kind: 'finals', from, to })
  }

  usage(): Promise<Usage> {
    return this.#ask({ kind: 'usage' })
  }

  hash(index: number): Promise<string | null> {
    return this.#ask({ kind: 'hash', index })
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  async close(): Promise<void> {
    if (this.#child === null) return
    await this.#ask({ kind: 'close' }).catch(() => this.#child?.kill('SIGKILL'))
    await this.#exited
  }
}

export type BenchVenueOptions = {
  validators: number
  full: number
  verify: boolean
  signerThreads: number
  counts?: boolean
  snapshotCuts?: number
}

type Testnet = Awaited<ReturnType<typeof createTestnet>>

export class BenchVenue {
  readonly manifest: Manifest
  readonly daemons: BenchDaemon[]
  readonly #folder: string
  readonly #testnet: Testnet

  private constructor(
    manifest: Manifest,
    daemons: BenchDaemon[],
    folder: string,
    testnet: Testnet
  ) {
    this.manifest = manifest
    this.daemons = daemons
    this.#folder = folder
    this.#testnet = testnet
  }

  static async open(options: BenchVenueOptions): Promise<BenchVenue> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'curb-bench-'))
    const testnet = await createTestnet(3, { host: '127.0.0.1' })
    const count = options.validators + options.full
    const manifest = await benchManifest(options, count)
    const daemons: BenchDaemon[] = []
    for (let i = 0; i < count; i++) {
      daemons.push(
        new BenchDaemon(await optionsOf(i, options, manifest, folder, testnet.bootstrap))
      )
    }
    const venue = new BenchVenue(manifest, daemons, folder, testnet)
    await Promise.all(daemons.slice(0, options.validators).map((daemon) => daemon.open()))
    await Promise.all(daemons.slice(options.validators).map((daemon) => daemon.open()))
    for (const daemon of daemons) {
      await waitFor(async () => {
        const { synced, validatorsReached } = await daemon.state()
        return synced && validatorsReached === options.validators
      }, `${daemon.name} to be in step`)
    }
    for (const daemon of daemons) {
      await waitFor(async () => (await daemon.state()).laneReady, `${daemon.name}'s lane`)
    }
    await Promise.all(daemons.map((daemon) => daemon.link()))
    return venue
  }

  get running(): BenchDaemon[] {
    return this.daemons.filter((daemon) => daemon.isRunning)
  }

  /** Waits until all have applied what any has, and tells whether they computed the same. */
  async agrees(): Promise<boolean> {
    const states = await Promise.all(this.running.map((daemon) => daemon.state()))
    const length = Math.max(...states.map(({ applied }) => applied))
    for (const daemon of this.running) {
      await waitFor(async () => (await daemon.state()).applied >= length, `${daemon.name} to agree`)
    }
    const hashes = await Promise.all(this.running.map((daemon) => daemon.hash(length - 1)))
    return hashes.every((hash) => hash !== null && hash === hashes[0])
  }

  async close(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.close()))
    await this.#testnet.destroy()
    await fs.rm(this.#folder, { recursive: true, force: true })
  }
}

async function optionsOf(
  number: number,
  venue: BenchVenueOptions,
  manifest: Manifest,
  folder: string,
  bootstrap: { host: string; port: number }[]
): Promise<WorkerOptions> {
  const name = number < venue.validators ? `validator ${number}` : `daemon ${number}`
  return {
    name,
    manifest,
    seed: seedOf(number),
    folder: path.join(folder, String(number)),
    bootstrap,
    port: await freePort(),
    verify: venue.verify,
    archive: true,
    snapshotLeadBlocks: null,
    signerThreads: venue.signerThreads,
    counts: venue.counts ?? false,
    dial: [],
    accounts: accountsOf(number)
  }
}

export function seedOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number + 1)
}

export function accountsOf(number: number): string[] {
  return Array.from({ length: ACCOUNTS_EACH }, (_, i) => `${number}/${i}`)
}

export async function benchManifest(
  options: Pick<BenchVenueOptions, 'validators' | 'snapshotCuts'>,
  daemons: number
): Promise<Manifest> {
  const { address } = await loadCrypto()
  const accounts = Array.from({ length: daemons }, (_, i) => accountsOf(i)).flat()
  return checkManifest({
    version: 1,
    name: 'bench',
    chain: null,
    validators: Array.from({ length: options.validators }, (_, i) => ({
      peer: toHex(ed25519KeyPair(seedOf(i)).publicKey),
      signer: address(benchKey(`validator ${i}`))
    })),
    ...ONE_MARKET,
    pacing: { snapshotCuts: options.snapshotCuts ?? 10_000 },
    endow: accounts.flatMap((name) =>
      ['BASE', 'QUOTE'].map((token) => {
        return { account: address(benchKey(name)), token, quanta: PLENTY }
      })
    )
  })
}

export async function waitFor(
  condition: () => Promise<boolean>,
  what: string,
  patienceMs = PATIENCE_MS
): Promise<void> {
  const end = performance.now() + patienceMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
