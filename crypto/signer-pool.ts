// Signature recovery off the main thread: it is the largest cost of taking in an order, and the
// only one that can be done anywhere. Jobs are shared among threads; without threads, or when one
// is lost, they are done in place, so an answer always comes. A daemon that is catching up may
// `allow` more threads for that time: they are started when there is enough to do for them.
import { Worker } from 'node:worker_threads'
import { Fault } from '../protocol/faults.ts'
import { Signing } from './signing.ts'
import { Turns } from './turns.ts'
import type { SigningTerms } from '../protocol/typed-data.ts'
import type { Address } from '../protocol/types.ts'
import type { Signers } from './block-signers.ts'
import type { SecpBackend } from './secp256k1.ts'
import type { Job, JobResult, Work, WorkerOptions } from './signer-jobs.ts'

export type SignerPoolOptions = {
  terms: SigningTerms
  backend: SecpBackend | 'auto'
  /** Threads; 0 does the work in place. */
  workers: number
  /** Bytes of jobs that may be waiting; a job that finds none waiting is always taken. */
  queueBytesMax: number
}

export type SignerPoolDependencies = {
  /** A thread ended by itself. The pool goes on with the others, or in place. */
  onFault: (fault: Fault<'pool_failed'>) => void
  /** Starts a thread; `startSignerWorker` unless a test wants to hold it. */
  startWorker?: (options: WorkerOptions) => Worker
}

type Pending = {
  work: Work
  bytes: number
  resolve: (signers: (Signers | null)[]) => void
  reject: (fault: unknown) => void
}

type Thread = {
  worker: Worker
  jobs: Map<number, Pending>
  /** Of its jobs. */
  bytes: number
  /** Jobs of this turn, which leave together. */
  outbox: Job[]
}

/** More than this waits: a thread more is worth its start. About 20 ms of work. */
const GROW_BYTES = 64 * 1024
/** A message to a thread is closed at this size: its answers come together. */
const MESSAGE_BYTES = 16 * 1024

export class SignerPool {
  readonly #options: SignerPoolOptions
  readonly #onFault: SignerPoolDependencies['onFault']
  readonly #startWorker: (options: WorkerOptions) => Worker
  /** The work in place. */
  #turns: Turns | null = null
  #threads: Thread[] = []
  #state: 'new' | 'open' | 'closed' = 'new'
  #opening: Promise<void> | null = null
  #nextId = 1
  #queuedBytes = 0
  #recovered = 0
  /** Threads that it may have now, if more than `workers`. */
  #allowed = 0
  #placeBytes = 0

  constructor(options: SignerPoolOptions, dependencies: SignerPoolDependencies) {
    this.#options = options
    this.#onFault = dependencies.onFault
    this.#startWorker = dependencies.startWorker ?? startSignerWorker
  }

  /** Bytes of the jobs that are not answered yet. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Signatures that were checked and hold, since the start. */
  get recovered(): number {
    return this.#recovered
  }

  /** Threads that are alive. */
  get workers(): number {
    return this.#threads.length
  }

  /** @throws Fault crypto_unavailable */
  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    this.#turns = new Turns(await Signing.load(this.#options.terms, this.#options.backend))
    if (this.#state === 'closed') return
    this.#state = 'open'
    for (let i = 0; i < this.#options.workers; i++) this.#threads.push(this.#start())
  }

  /** Up to so many threads from here on, started as the work asks for them, or at once (`now`) when it
   * is sure to come. Those above `workers` end when fewer are allowed and they have nothing to do. */
  allow(threads: number, now = 0): void {
    this.#allowed = threads
    const wanted = this.#state === 'open' ? Math.min(now, threads) : 0
    while (this.#threads.length < wanted) this.#threads.push(this.#start())
    for (const thread of this.#threads) this.#spare(thread)
  }

  /** Ends a thread that is one too many, once it has no job. */
  #spare(thread: Thread): void {
    const wanted = Math.max(this.#options.workers, this.#allowed)
    if (thread.jobs.size > 0 || this.#threads.length <= wanted) return
    this.#threads = this.#threads.filter((each) => each !== thread)
    void thread.worker.terminate()
  }

  /** One thread more when so much waits that it has work for longer than its start takes. */
  #grow(bytes: number): void {
    const waiting = bytes + this.#queuedBytes + this.#placeBytes
    while (this.#threads.length < this.#allowed) {
      if (waiting < GROW_BYTES * (this.#threads.length + 1)) return
      this.#threads.push(this.#start())
    }
  }

  /** Ends the threads; jobs that are not answered are refused with pool_closed. */
  async close(): Promise<void> {
    this.#state = 'closed'
    const threads = this.#threads
    this.#threads = []
    for (const { jobs } of threads) {
      for (const pending of jobs.values()) {
        this.#queuedBytes -= pending.bytes
        pending.reject(closed())
      }
      jobs.clear()
    }
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  /** Signers of the entries of each block of a lane; null for a block that does not decode. The
   * blocks are shared out among the threads.
   * @throws Fault pool_busy, pool_closed */
  async blockSigners(lane: Uint8Array, blocks: readonly Uint8Array[]): Promise<(Signers | null)[]> {
    const shares = shareOut(blocks, this.#threads.length)
    const jobs = shares.map((share): Work => ({ kind: 'blocks', lane, blocks: share }))
    const signers = (await this.#submit(jobs)).flat()
    for (const each of signers) this.#count(each)
    return signers
  }

  /** The signer of each digest.
   * @throws Fault pool_busy, pool_closed */
  async recover(
    digests: readonly Uint8Array[],
    signatures: readonly Uint8Array[]
  ): Promise<(Address | null)[]> {
    const [[signers]] = await this.#submit([{ kind: 'digests', digests, signatures }])
    this.#count(signers)
    return signers ?? []
  }

  #count(signers: Signers | null): void {
    for (const signer of signers ?? []) if (signer !== null) this.#recovered++
  }

  /** All of the jobs or none. */
  async #submit(jobs: readonly Work[]): Promise<(Signers | null)[][]> {
    const turns = this.#turns
    if (this.#state !== 'open' || turns === null) throw closed()
    const sizes = jobs.map(bytesOf)
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    this.#grow(bytes)
    if (this.#threads.length === 0) {
      this.#placeBytes += bytes
      return Promise.all(jobs.map((work) => turns.run(work))).finally(() => {
        this.#placeBytes -= bytes
      })
    }
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#options.queueBytesMax) {
      throw new Fault('pool_busy', 'the signature workers are behind: try again', {
        queuedBytes: this.#queuedBytes
      })
    }
    return Promise.all(jobs.map((work, i) => this.#enqueue(work, sizes[i])))
  }

  #enqueue(work: Work, bytes: number): Promise<(Signers | null)[]> {
    return new Promise((resolve, reject) => {
      this.#queuedBytes += bytes
      this.#give({ work, bytes, resolve, reject })
    })
  }

  /** To the thread that has the fewest bytes to do. */
  #give(pending: Pending): void {
    const thread = this.#threads.reduce((best, each) => (each.bytes < best.bytes ? each : best))
    const job: Job = { id: this.#nextId++, work: packed(pending.work) }
    thread.jobs.set(job.id, pending)
    thread.bytes += pending.bytes
    thread.worker.ref()
    thread.outbox.push(job)
    if (thread.outbox.length === 1) queueMicrotask(() => this.#send(thread))
  }

  #send(thread: Thread): void {
    let message: Job[] = []
    let bytes = 0
    for (const job of thread.outbox.splice(0)) {
      message.push(job)
      bytes += bytesOf(job.work)
      if (bytes < MESSAGE_BYTES) continue
      post(thread.worker, message)
      message = []
      bytes = 0
    }
    if (message.length > 0) post(thread.worker, message)
  }

  #start(): Thread {
    const { terms, backend } = this.#options
    const worker = this.#startWorker({ terms, backend })
    const thread: Thread = { worker, jobs: new Map(), bytes: 0, outbox: [] }
    worker.on('message', (results: readonly JobResult[]) => {
      for (const result of results) this.#answer(thread, result)
      this.#spare(thread)
    })
    worker.on('error', (cause: Error) => this.#lose(thread, cause))
    worker.on('exit', (code) => this.#lose(thread, new Error(`exit code ${code}`)))
    // A thread without a job must not keep a process alive that has nothing else to do.
    worker.unref()
    return thread
  }

  #answer(thread: Thread, result: JobResult): void {
    const pending = thread.jobs.get(result.id)
    if (pending === undefined) return
    thread.jobs.delete(result.id)
    if (thread.jobs.size === 0) thread.worker.unref()
    thread.bytes -= pending.bytes
    this.#queuedBytes -= pending.bytes
    pending.resolve(result.signers)
  }

  #lose(thread: Thread, cause: Error): void {
    if (!this.#threads.includes(thread)) return
    this.#threads = this.#threads.filter((each) => each !== thread)
    this.#onFault(
      new Fault('pool_failed', 'a signature worker ended', { left: this.#threads.length }, cause)
    )
    for (const pending of thread.jobs.values()) {
      if (this.#threads.length > 0) this.#give(pending)
      else void this.#inPlace(pending)
    }
    thread.jobs.clear()
  }

  async #inPlace(pending: Pending): Promise<void> {
    this.#queuedBytes -= pending.bytes
    try {
      if (this.#turns === null) throw closed()
      pending.resolve(await this.#turns.run(pending.work))
    } catch (fault) {
      pending.reject(fault)
    }
  }
}

function post(worker: Worker, message: readonly Job[]): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  worker.postMessage(message)
}

/** Runs of neighbouring blocks, of about the same size, at most one for each thread. */
function shareOut(blocks: readonly Uint8Array[], threads: number): Uint8Array[][] {
  const total = blocks.reduce((sum, block) => sum + block.length, 0)
  const target = total / Math.max(1, threads)
  const shares: Uint8Array[][] = [[]]
  let size = 0
  for (const block of blocks) {
    if (size >= target && shares.length < threads) {
      shares.push([])
      size = 0
    }
    shares[shares.length - 1].push(block)
    size += block.length
  }
  return shares
}

function bytesOf(work: Work): number {
  const parts = work.kind === 'blocks' ? work.blocks : [...work.digests, ...work.signatures]
  return parts.reduce((sum, part) => sum + part.length, 0)
}

export function startSignerWorker(workerData: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./signer-worker.js', import.meta.url), { workerData })
  }
  // Run from source. A thread of Node 20 does not take over the loader of its parent, so the
  // thread registers it itself before it imports TypeScript.
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const file = JSON.stringify(new URL('./signer-worker.ts', import.meta.url).href)
  const start = `import(${loader}).then(({ register }) => (register(), import(${file})))`
  return new Worker(start, { eval: true, workerData, execArgv: [] })
}

/** Copies, since sending a view sends the whole buffer under it. */
function packed(work: Work): Work {
  const copies = (parts: readonly Uint8Array[]): Uint8Array[] =>
    parts.map((part) => new Uint8Array(part))
  if (work.kind === 'blocks') {
    return { kind: 'blocks', lane: new Uint8Array(work.lane), blocks: copies(work.blocks) }
  }
  return { kind: 'digests', digests: copies(work.digests), signatures: copies(work.signatures) }
}

function closed(): Fault<'pool_closed'> {
  return new Fault('pool_closed', 'the signature workers are not open')
}
