// One daemon of bench:finality, in a process of its own.
import { toHex } from '../protocol/bytes.ts'
import { systemClock } from '../daemon/clock.ts'
import { Daemon } from '../daemon/daemon.ts'
import { NETWORK_LIMITS } from '../daemon/network/limits.ts'
import { defaultTuning } from '../daemon/options.ts'
import type { Applied } from '../daemon/replica/types.ts'
import { countCalls } from './finality-counts.ts'
import { OrderBook, type Prepared } from './finality-orders.ts'
import {
  type LoadResult,
  type Reply,
  type Request,
  type State,
  type Usage,
  type WorkerOptions,
  nowMs
} from './finality-types.ts'
import { leaveSignatures } from './known-signers.ts'

const TICK_MS = 1
const DRAIN_MS = 30_000

class Worker {
  readonly #daemon: Daemon
  readonly #book: OrderBook
  readonly #counts: Record<string, number>
  #prepared: Prepared[] = []
  #next = 0
  /** When each tape block was applied here. */
  readonly #finalAt: number[] = []
  #orders = 0
  /** Own orders on their way, by index of the lane's block. */
  readonly #flying = new Map<number, { at: number; orders: number }[]>()
  #accepted: number[] = []
  #indexes: number[] = []
  #lane = ''

  constructor(daemon: Daemon, book: OrderBook, counts: Record<string, number>) {
    this.#daemon = daemon
    this.#book = book
    this.#counts = counts
    daemon.onapplied((applied) => this.#applied(applied))
  }

  static async open(options: WorkerOptions): Promise<Worker> {
    const { manifest, folder, seed, bootstrap, port, archive, dial } = options
    const { snapshotLeadBlocks, signerThreads } = options
    // --no-verify: to see what the rest costs.
    if (!options.verify) leaveSignatures()
    const counts = options.counts ? await countCalls() : {}
    const silent = (): void => undefined
    const loud = (fields: object, message: string): void => {
      process.stderr.write(`${options.name}: ${message} ${JSON.stringify(fields)}\n`)
    }
    const daemon = new Daemon(
      {
        manifest,
        folder,
        seed,
        p2p: {
          bootstrap,
          host: '127.0.0.1',
          port,
          firewalled: false,
          peers: dial,
          limits: { ...NETWORK_LIMITS, peersPerHostMax: 64 }
        },
        tuning: { ...defaultTuning, archive, snapshotLeadBlocks, signerThreads }
      },
      {
        clock: systemClock,
        random: Math.random,
        log: { debug: silent, info: silent, warn: silent, error: loud },
        chain: null,
        onfault: (fault) => {
          process.stderr.write(`${options.name}: ${String(fault)}\n`)
          process.exit(1)
        }
      }
    )
    const worker = new Worker(daemon, await OrderBook.load(manifest, options.accounts), counts)
    await daemon.open()
    worker.#lane = daemon.lane.key
    return worker
  }

  #applied(applied: Applied): void {
    const now = nowMs()
    const { index, cut, places, result } = applied
    this.#finalAt[index] = now
    const { records } = result.events
    // Kinds 1 and 2 are `accepted` and `rejected`: what became of orders.
    for (let at = 0; at < records.length; at += 32) if (records[at] <= 2) this.#orders++
    if (this.#flying.size === 0) return
    const slice = cut.slices.findIndex(({ lane }) => toHex(lane) === this.#lane)
    if (slice < 0) return
    for (const { laneIndex } of places[slice]) {
      for (const { at, orders } of this.#flying.get(laneIndex) ?? []) {
        for (let i = 0; i < orders; i++) {
          this.#accepted.push(at)
          this.#indexes.push(index)
        }
      }
      this.#flying.delete(laneIndex)
    }
  }

  async link(): Promise<void> {
    for (const entry of this.#book.links(this.#daemon.lane.lane)) {
      const { rejected } = await this.#daemon.outcome(this.#daemon.submit(entry))
      if (rejected !== null) throw new Error(`link rejected: ${rejected}`)
    }
  }

  prepare(orders: number, bulk: number): void {
    this.#prepared = this.#book.prepare(orders, bulk)
    this.#next = 0
  }

  /** Offers orders at an even pace, whatever becomes of them. */
  async load(ordersPerSecond: number, seconds: number, at: number): Promise<LoadResult> {
    this.#accepted = []
    this.#indexes = []
    let offered = 0
    let refused = 0
    const end = at + seconds * 1000
    // One order a tick, if there is time between two: waking up costs, too.
    const pauseMs = Math.max(TICK_MS, Math.floor(1000 / ordersPerSecond))
    await new Promise<void>((resolve) => {
      const tick = (): void => {
        const now = nowMs()
        const due = (Math.min(now, end) - at) * (ordersPerSecond / 1000)
        while (offered < due && this.#next < this.#prepared.length) {
          const { bytes, orders } = this.#prepared[this.#next++]
          offered += orders
          if (!this.#offer(bytes, orders)) refused += orders
        }
        if (now >= end || this.#next >= this.#prepared.length) resolve()
        else setTimeout(tick, pauseMs)
      }
      setTimeout(tick, Math.max(0, at - nowMs()))
    })
    const drained = nowMs() + DRAIN_MS
    while (this.#flying.size > 0 && nowMs() < drained) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return {
      acceptedAt: Float64Array.from(this.#accepted),
      index: Float64Array.from(this.#indexes),
      refused
    }
  }

  #offer(bytes: Uint8Array, orders: number): boolean {
    try {
      const at = nowMs()
      const { laneIndex } = this.#daemon.submitEncoded(bytes)
      const list = this.#flying.get(laneIndex)
      if (list === undefined) this.#flying.set(laneIndex, [{ at, orders }])
      else list.push({ at, orders })
      return true
    } catch {
      // Refused at the door: busy, or the tape is stale.
      return false
    }
  }

  finals(from: number, to: number): Float64Array {
    return Float64Array.from({ length: to - from }, (_, i) => this.#finalAt[from + i] ?? NaN)
  }

  usage(): Usage {
    const { user, system } = process.cpuUsage()
    const { network, tape } = this.#daemon.status()
    const bytesOut = network.peers.reduce((sum, peer) => sum + peer.bytesOut, 0)
    return {
      cpuMicros: user + system,
      bytesOut,
      orders: this.#orders,
      cuts: tape.length,
      counts: { ...this.#counts, heights: this.#daemon.consensus?.height ?? 0 },
      at: nowMs()
    }
  }

  state(): State {
    const { tape, replica, synced, network, lane } = this.#daemon.status()
    return {
      length: tape.length,
      applied: replica.length,
      synced,
      stopped: replica.kind === 'stopped' ? replica.reason : null,
      validatorsReached: network.validatorsReached,
      backlog: lane.backlog,
      laneReady: lane.ready,
      orders: this.#orders
    }
  }

  hash(index: number): string | null {
    const hash = this.#daemon.parts.replica.eventHash(index)
    return hash === null ? null : toHex(hash)
  }

  close(): Promise<void> {
    return this.#daemon.close()
  }
}

let worker: Worker | null = null

async function answer(request: Request): Promise<unknown> {
  if (request.kind === 'open') {
    worker = await Worker.open(request.options)
    return null
  }
  if (worker === null) throw new Error('not open')
  switch (request.kind) {
    case 'state':
      return worker.state()
    case 'link':
      return worker.link()
    case 'prepare':
      return worker.prepare(request.orders, request.bulk)
    case 'load':
      return worker.load(request.ordersPerSecond, request.seconds, request.at)
    case 'finals':
      return worker.finals(request.from, request.to)
    case 'usage':
      return worker.usage()
    case 'hash':
      return worker.hash(request.index)
    case 'close':
      return worker.close()
  }
}

// A daemon without its coordinator is of no use to anybody.
process.on('disconnect', () => process.exit())

process.on('message', ({ id, request }: { id: number; request: Request }) => {
  const reply = (message: Reply): void => {
    process.send?.(message)
  }
  answer(request).then(
    (value) => {
      reply({ id, value, error: null })
      if (request.kind === 'close') process.disconnect()
    },
    (fault: unknown) =>
      reply({
        id,
        value: null,
        error: fault instanceof Error ? (fault.stack ?? '') : String(fault)
      })
  )
})
