// A whole venue on this machine, without a screen: a local DHT, an EVM chain, validators and
// traders as processes of their own with real stores. The devnet, the tests over processes and
// the bench all stand on it.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { SocketClient } from '../../client/socket.ts'
import { anvilPath } from './anvil.ts'
import {
  members,
  planFile,
  type Member,
  type Plan,
  type Settlement
} from '../../config/devnet-plan.ts'
import { freePorts } from './ports.ts'
import { Processes } from './processes.ts'
import { connect } from './trader.ts'

export type LocalVenueOptions = {
  root: string
  validators: number
  traders: number
  seed: number
  /** Where the search for free ports begins. */
  portsFrom?: number
  /** Terms of the manifest's settlement in the place of the devnet's. */
  settlement?: Settlement
}

export type LocalVenueDependencies = {
  after(delayMs: number, fn: () => void): () => void
  /** How curbd is started with some words. */
  program(words: readonly string[]): { command: string; args: string[] }
  /** Told of each step that is done. */
  onStep?(text: string): void
}

export type Deposit = { token: string; amount: string }

export class LocalVenue {
  readonly processes: Processes
  readonly #options: LocalVenueOptions
  readonly #dependencies: LocalVenueDependencies
  readonly #clients: SocketClient[] = []
  #plan: Plan | null = null

  constructor(options: LocalVenueOptions, dependencies: LocalVenueDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.processes = new Processes(dependencies)
  }

  /** Validators first, then traders. */
  get members(): Member[] {
    return this.#plan === null ? [] : members(this.#plan)
  }

  get traders(): Member[] {
    return this.members.slice(this.#options.validators)
  }

  get chainUrl(): string {
    return `http://127.0.0.1:${this.#plan?.ports.chain ?? 0}`
  }

  /** Starts everything afresh; the daemons may still be joining when it is done.
   * @throws Error when the folder holds something else than a devnet, or a part does not start */
  async open(): Promise<void> {
    const { root } = this.#options
    if (!(await isDevnetOrEmpty(root))) {
      throw new Error(`${root} is not a devnet’s folder: it is left as it is; give another --root`)
    }
    await rm(root, { recursive: true, force: true })
    await mkdir(root, { recursive: true })
    const plan = await this.#makePlan()
    this.#plan = plan
    await Promise.all([this.#startChain(plan), this.#startDht(plan)])
    this.#say('chain and DHT are up')
    await this.#init()
    this.#say('vault deployed, keys and manifest made')
    for (const { name, datadir } of this.members) {
      await this.#daemon(name, ['--datadir', datadir], null)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    await this.processes.stop()
  }

  /** For an exit that cannot wait. */
  kill(): void {
    this.processes.killAll()
  }

  /** A connection that lasts as long as the venue. @throws Error when the daemon has ended */
  async connect(member: Member): Promise<SocketClient> {
    const { name } = member
    const alive = () => this.processes.state(name) !== 'dead'
    try {
      const client = await connect(member, this.#dependencies.after, alive)
      this.#clients.push(client)
      return client
    } catch (cause) {
      if (alive()) throw cause
      throw new Error(`${name} ended; its log: ${this.#logFile(name)}`, { cause })
    }
  }

  /** What the init minted for each trader to deposit: written beside the plan. */
  async deposits(): Promise<Deposit[]> {
    return JSON.parse(await readFile(join(this.#options.root, 'deposits.json'), 'utf8'))
  }

  /** Cuts the named daemons off from all others; with `healed` everybody may meet again. */
  async partition(names: readonly string[], { healed = false } = {}): Promise<void> {
    const alive = this.members.filter(({ name }) => this.processes.state(name) === 'running')
    const keys = await this.#peerKeys()
    for (const member of alive) {
      const inside = names.includes(member.name)
      const blocked = this.members.filter(({ name }) => names.includes(name) !== inside)
      const peers = healed ? [] : blocked.map(({ name }) => keys[name])
      const client = await connect(member, this.#dependencies.after)
      await client.call('admin/block_peers', { peers })
      await client.close()
    }
  }

  /** Swarm keys by member, hex. */
  async #peerKeys(): Promise<Record<string, string>> {
    return JSON.parse(await readFile(join(this.#options.root, 'peers.json'), 'utf8'))
  }

  async #makePlan(): Promise<Plan> {
    const { root, validators, traders, seed, settlement, portsFrom = 18_650 } = this.#options
    const count = validators + traders
    const first = await freePorts(2 * count + 2, portsFrom)
    const ports = {
      rpc: first,
      p2p: first + count,
      chain: first + 2 * count,
      dht: first + 2 * count + 1
    }
    const plan: Plan = { root, seed, validators, traders, ports, settlement: settlement ?? {} }
    await writeFile(planFile(root), JSON.stringify(plan, null, 2))
    return plan
  }

  async #startChain({ ports }: Plan): Promise<void> {
    const flags = ['--host', '127.0.0.1', '--port', String(ports.chain)]
    const spec = {
      name: 'chain',
      command: anvilPath(),
      args: [...flags, '--hardfork', 'osaka', '--gas-limit', '60000000', '--accounts', '20'],
      logFile: join(this.#options.root, 'chain.log')
    }
    await this.processes.start(spec, /Listening on/)
  }

  async #startDht({ ports }: Plan): Promise<void> {
    // The chain's program knows nothing of a devnet: another child ends it when we are killed.
    const chain = String(this.processes.pid('chain') ?? 0)
    const words = ['dht', '--port', String(ports.dht), '--end-too', chain]
    await this.#daemon('dht', words, /listening/)
  }

  async #init(): Promise<void> {
    const words = ['devnet-init', '--plan', planFile(this.#options.root)]
    await this.#daemon('init', words, /devnet is ready to start/)
  }

  async #daemon(name: string, words: string[], until: RegExp | null): Promise<void> {
    const { command, args } = this.#dependencies.program(words)
    const logFile = this.#logFile(name)
    await this.processes.start({ name, command, args, logFile, tied: true }, until)
  }

  #logFile(name: string): string {
    return join(this.#options.root, `${name}.log`)
  }

  #say(text: string): void {
    this.#dependencies.onStep?.(text)
  }
}

async function isDevnetOrEmpty(root: string): Promise<boolean> {
  try {
    const names = await readdir(root)
    return names.length === 0 || names.includes(basename(planFile(root)))
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === 'ENOENT') return true
    throw fault
  }
}
