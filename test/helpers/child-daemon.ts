import { type ChildProcess, fork } from 'node:child_process'
import type { Assert } from 'brittle'
import { encodeEntry } from '../../protocol/entries.ts'
import type { Entry } from '../../protocol/types.ts'
import type { Outcome } from '../../daemon/outcomes.ts'
import { freePort } from './dht.ts'
import type { DaemonState, TestDaemon, TestDaemonOptions } from './test-daemon.ts'

export type ChildRequest =
  | { kind: 'start'; options: Omit<TestDaemonOptions, 'chain'>; port: number }
  | { kind: 'stop' }
  | { kind: 'state' }
  | { kind: 'eventHash'; index: number }
  | { kind: 'lane' }
  | { kind: 'submit'; entry: Uint8Array }

export type ChildReply = { id: number; value: unknown; error: string | null }

type Waiting = { resolve: (value: never) => void; reject: (fault: Error) => void }

const CHILD = new URL('./daemon-child.ts', import.meta.url)

/** A daemon in a process of its own, which can be killed. */
export class ChildDaemon implements TestDaemon {
  readonly name: string
  readonly #options: TestDaemonOptions
  readonly #port: Promise<number>
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()
  #next = 0
  readonly #waiting = new Map<number, Waiting>()

  constructor(t: Assert, options: TestDaemonOptions) {
    this.name = options.name
    this.#options = options
    this.#port = freePort()
    t.teardown(() => this.stop())
  }

  get isRunning(): boolean {
    return this.#child !== null
  }

  async start(): Promise<void> {
    const port = await this.#port
    const child = fork(CHILD, {
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    this.#child = child
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()))
    child.on('message', (message: ChildReply) => this.#reply(message))
    child.once('exit', () => this.#ended(child))
    const { name, manifest, seed, folder, dht, tuning } = this.#options
    const options = { name, manifest, seed, folder, dht, tuning }
    await this.#ask({ kind: 'start', options, port })
  }

  #reply({ id, value, error }: ChildReply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === null) waiting?.resolve(value as never)
    else waiting?.reject(new Error(`${this.name}: ${error}`))
  }

  #ended(child: ChildProcess): void {
    if (this.#child === child) this.#child = null
    for (const { reject } of this.#waiting.values()) reject(new Error(`${this.name} ended`))
    this.#waiting.clear()
  }

  #ask<T>(request: ChildRequest): Promise<T> {
    const child = this.#child
    if (child === null) return Promise.reject(new Error(`${this.name} is not running`))
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      child.send({ id, request }, (fault) => {
        if (fault !== null) reject(fault)
      })
    })
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<void> {
    if (this.#child === null) return
    await this.#ask({ kind: 'stop' }).catch(() => this.#child?.kill('SIGKILL'))
    await this.#exited
  }

  state(): Promise<DaemonState> {
    return this.#ask({ kind: 'state' })
  }

  eventHash(index: number): Promise<string | null> {
    return this.#ask({ kind: 'eventHash', index })
  }

  lane(): Promise<{ key: string; lane: Uint8Array }> {
    return this.#ask({ kind: 'lane' })
  }

  submit(entry: Entry): Promise<Outcome> {
    return this.#ask({ kind: 'submit', entry: encodeEntry(entry) })
  }
}
