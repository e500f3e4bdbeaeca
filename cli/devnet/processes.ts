// The children of a devnet: started, watched, ended with their parent: those that are tied to it
// also when it is killed -9.
import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'

export type Spec = {
  name: string
  command: string
  args: readonly string[]
  /** Where its output goes. */
  logFile: string
  environment?: Record<string, string>
  /** A channel to the child, of which nothing is said but that this process is gone. */
  tied?: boolean
}

export type State = 'running' | 'paused' | 'dead'

const stopGraceMs = 5000

export class Processes {
  readonly #children = new Map<string, { spec: Spec; child: ChildProcess; state: State }>()
  readonly #after: (delayMs: number, fn: () => void) => () => void
  #stopping = false

  /** Called when a child ends that nobody asked to end. */
  onDeath: (name: string, code: number | null) => void = () => {}

  constructor({ after }: { after: (delayMs: number, fn: () => void) => () => void }) {
    this.#after = after
  }

  /** Starts a child; `until` (a piece of its output) resolves the promise, else it resolves at once.
   * @throws Error when the child ends before it said so */
  start(spec: Spec, until: RegExp | null = null): Promise<RegExpExecArray | null> {
    const log = createWriteStream(spec.logFile, { flags: 'a' })
    const child = spawn(spec.command, spec.args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(spec.tied === true ? (['ipc'] as const) : [])],
      env: { ...process.env, ...spec.environment }
    })
    this.#children.set(spec.name, { spec, child, state: 'running' })
    return new Promise((resolve, reject) => {
      let seen = ''
      const take = (chunk: Buffer) => {
        log.write(chunk)
        if (until === null) return
        seen = (seen + chunk.toString('utf8')).slice(-16_384)
        const match = until.exec(seen)
        if (match !== null) resolve(match)
      }
      child.stdout?.on('data', take)
      child.stderr?.on('data', take)
      child.on('error', reject)
      child.on('exit', (code, signal) => {
        log.end()
        const entry = this.#children.get(spec.name)
        if (entry?.child === child) entry.state = 'dead'
        reject(new Error(`${spec.name} ended (${code ?? signal}); its log: ${spec.logFile}`))
        if (!this.#stopping) this.onDeath(spec.name, code)
      })
      if (until === null) resolve(null)
    })
  }

  state(name: string): State {
    return this.#children.get(name)?.state ?? 'dead'
  }

  pid(name: string): number | undefined {
    return this.#children.get(name)?.child.pid
  }

  names(): string[] {
    return [...this.#children.keys()]
  }

  /** @returns whether there was such a child */
  signal(name: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean {
    const entry = this.#children.get(name)
    if (entry === undefined || entry.state === 'dead') return false
    entry.child.kill(signal)
    if (signal === 'SIGSTOP') entry.state = 'paused'
    if (signal === 'SIGCONT') entry.state = 'running'
    return true
  }

  /** Starts a dead child again as it was started. */
  async restart(name: string, until: RegExp | null = null): Promise<boolean> {
    const entry = this.#children.get(name)
    if (entry === undefined || entry.state !== 'dead') return false
    await this.start(entry.spec, until)
    return true
  }

  /** Asks all to end, in the reverse order of their start; kills what does not within five
   * seconds. */
  async stop(): Promise<void> {
    this.#stopping = true
    const alive = [...this.#children.values()].filter(({ state }) => state !== 'dead')
    const ends = alive.map(({ child }) => new Promise((resolve) => child.once('exit', resolve)))
    for (const { child, state } of alive.reverse()) {
      if (state === 'paused') child.kill('SIGCONT')
      child.kill('SIGTERM')
    }
    const cancel = this.#after(stopGraceMs, () => {
      for (const { child } of alive) child.kill('SIGKILL')
    })
    await Promise.all(ends)
    cancel()
  }

  /** For an exit that cannot wait. */
  killAll(): void {
    this.#stopping = true
    for (const { child } of this.#children.values()) child.kill('SIGKILL')
  }
}
