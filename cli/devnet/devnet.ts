// A whole venue on this machine: a local DHT, an EVM chain, validators and traders as processes
// of their own with real stores, and bots that trade through the JSON-RPC like anybody else.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SocketClient } from '../../client/socket.ts'
import { followBook } from '../../client/book.ts'
import type { RpcChannelData, RpcInstrument, RpcTrade } from '../../protocol/rpc.ts'
import { daemonCommand } from '../one-shot.ts'
import { anvilPath } from './anvil.ts'
import { MakerBot, TakerBot } from './bots.ts'
import { Control, type Answer, type Order } from './control.ts'
import { members, planFile, type Member, type Plan } from './plan.ts'
import { freePorts } from './ports.ts'
import { Processes } from './processes.ts'
import { seededRandom } from './random.ts'
import { Screen, type Picture } from './screen.ts'
import { connect, enter } from './trader.ts'

export type DevnetOptions = {
  root: string
  validators: number
  traders: number
  bots: boolean
  seed: number
}

export type DevnetDependencies = {
  after(delayMs: number, fn: () => void): () => void
  /** Milliseconds since 1970. */
  now(): number
  out: NodeJS.WriteStream
}

const tradesKept = 6
const pictureEveryMs = 250

export class Devnet {
  readonly #options: DevnetOptions
  readonly #dependencies: DevnetDependencies
  readonly #processes: Processes
  readonly #screen: Screen
  readonly #control: Control
  readonly #clients: SocketClient[] = []
  readonly #bots: { close(): void }[] = []
  readonly #told = new Set<number>()
  readonly #picture: Picture
  #members: Member[] = []
  #stopRedraw = () => {}
  #startedAt = 0

  constructor(options: DevnetOptions, dependencies: DevnetDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#processes = new Processes(dependencies)
    this.#screen = new Screen(dependencies.out)
    this.#control = new Control(options.root, { handle: (order) => this.#obey(order) })
    this.#picture = {
      markets: [],
      status: null,
      batches: [],
      daemons: [],
      settledTrades: 0,
      seconds: 0,
      root: options.root,
      notice: ''
    }
  }

  async open(): Promise<void> {
    const { root, bots } = this.#options
    this.#startedAt = this.#dependencies.now()
    await rm(root, { recursive: true, force: true })
    await mkdir(root, { recursive: true })
    const plan = await this.#plan()
    this.#members = members(plan)
    this.#screen.tell(`Starting a venue in ${root} ...`)
    await Promise.all([this.#startChain(plan), this.#startDht(plan)])
    this.#screen.tell('  chain and DHT are up')
    await this.#init(plan)
    this.#screen.tell('  vault deployed, keys and manifest made')
    await this.#startDaemons()
    await this.#control.open()
    const traders = this.#members.slice(plan.validators)
    const clients = await Promise.all(traders.map((each) => this.#connect(each)))
    this.#screen.tell(`  ${this.#members.length} daemons are up`)
    const deposits = await readDeposits(root)
    await Promise.all(clients.map((client) => enter(client, deposits, this.#dependencies.after)))
    this.#screen.tell('  accounts linked and funded')
    await this.#watch(clients[0])
    if (bots) await this.#startBots(clients)
    this.#processes.onDeath = (name) => (this.#picture.notice = `${name} ended`)
    this.#redraw()
  }

  async close(): Promise<void> {
    this.#stopRedraw()
    for (const bot of this.#bots) bot.close()
    this.#screen.close()
    this.#screen.tell('Stopping ...')
    await Promise.all(this.#clients.map((client) => client.close()))
    await this.#control.close()
    await this.#processes.stop()
  }

  /** For an exit that cannot wait. */
  kill(): void {
    this.#screen.close()
    this.#processes.killAll()
  }

  async #plan(): Promise<Plan> {
    const { root, validators, traders, seed } = this.#options
    const count = validators + traders
    const first = await freePorts(2 * count + 2, 18_650)
    const ports = {
      rpc: first,
      p2p: first + count,
      chain: first + 2 * count,
      dht: first + 2 * count + 1
    }
    const plan: Plan = { root, seed, validators, traders, ports }
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
    await this.#processes.start(spec, /Listening on/)
  }

  async #startDht({ ports }: Plan): Promise<void> {
    await this.#daemon('dht', ['dht', '--port', String(ports.dht)], /listening/)
  }

  async #init({ root }: Plan): Promise<void> {
    const { command, args } = daemonCommand(['devnet-init', '--plan', planFile(root)])
    const logFile = join(root, 'init.log')
    await this.#processes.start(
      { name: 'init', command, args, logFile },
      /devnet is ready to start/
    )
  }

  async #startDaemons(): Promise<void> {
    for (const { name, datadir } of this.#members) {
      await this.#daemon(name, ['--datadir', datadir], null)
    }
  }

  async #daemon(name: string, words: string[], until: RegExp | null): Promise<void> {
    const { command, args } = daemonCommand(words)
    const logFile = join(this.#options.root, `${name}.log`)
    await this.#processes.start({ name, command, args, logFile }, until)
  }

  async #connect(member: Member): Promise<SocketClient> {
    const client = await connect(member, this.#dependencies.after)
    this.#clients.push(client)
    return client
  }

  async #watch(client: SocketClient): Promise<void> {
    const instruments = await client.call('public/get_instruments', {})
    for (const { market } of instruments) {
      const shown: Picture['markets'][number] = { market, bids: [], asks: [], trades: [] }
      this.#picture.markets.push(shown)
      await followBook(client, market, 10, ({ bids, asks }) => {
        shown.bids = bids
        shown.asks = asks
      })
      await client.subscribe(`trades.${market}`, (data) => {
        // The channel's own shape, by its name.
        const trades = data as RpcTrade[]
        shown.trades = [...trades.toReversed(), ...shown.trades].slice(0, tradesKept)
      })
    }
    await client.subscribe('venue.status', (data) => {
      this.#picture.status = data as RpcChannelData['status']
    })
  }

  async #startBots(clients: SocketClient[]): Promise<void> {
    const instruments = await clients[0].call('public/get_instruments', {})
    const random = seededRandom(this.#options.seed)
    const dependencies = {
      random,
      after: this.#dependencies.after,
      onFault: (bot: string, fault: Error) => {
        this.#picture.notice = `${bot}: ${fault.message}`
        this.#screen.tell(this.#picture.notice)
      }
    }
    for (const instrument of instruments) {
      const maker = makerOptions(instrument)
      const taker = { market: instrument.market, lotsMax: 2 * maker.lots, everyMs: 400 }
      const takerClient = clients[1 % clients.length]
      this.#bots.push(
        open(new MakerBot(maker, instrument, clients[0], dependencies)),
        open(new TakerBot(taker, instrument, takerClient, dependencies))
      )
    }
  }

  #redraw(): void {
    this.#stopRedraw = this.#dependencies.after(pictureEveryMs, () => {
      this.#refresh()
        .catch((fault: unknown) => (this.#picture.notice = String(fault)))
        .finally(() => this.#redraw())
    })
  }

  async #refresh(): Promise<void> {
    const picture = this.#picture
    picture.seconds = Math.floor((this.#dependencies.now() - this.#startedAt) / 1000)
    picture.daemons = this.#members.map(({ name }) => ({
      name,
      state: this.#processes.state(name)
    }))
    picture.batches = await this.#clients[0].call('public/get_batches', { count: 20 })
    for (const batch of picture.batches.toReversed()) {
      const mined = batch.state === 'mined' || batch.state === 'final'
      if (!mined || this.#told.has(batch.index)) continue
      this.#told.add(batch.index)
      picture.settledTrades += batch.fills
      const transaction = batch.transaction ?? ''
      this.#screen.tell(`settled batch ${batch.index}: ${batch.fills} trades, ${transaction}`)
    }
    this.#screen.show(picture)
  }

  async #obey({ verb, names }: Order): Promise<Answer> {
    const known = this.#members.map(({ name }) => name)
    const wanted = names.map((name) => this.#fullName(name))
    const stranger = wanted.find((name) => !known.includes(name))
    if (stranger !== undefined) {
      return { ok: false, text: `no daemon ${stranger}; there are ${known.join(', ')}` }
    }
    if (verb === 'partition' || verb === 'heal') return this.#partition(verb, wanted)
    for (const name of wanted) await this.#fault(verb, name)
    return { ok: true, text: `${verb}: ${wanted.join(', ')}` }
  }

  /** `2` means the second validator. */
  #fullName(name: string): string {
    return /^\d+$/.test(name) ? `validator-${name}` : name
  }

  async #fault(verb: 'kill' | 'pause' | 'resume', name: string): Promise<void> {
    if (verb === 'kill') this.#processes.signal(name, 'SIGKILL')
    else if (verb === 'pause') this.#processes.signal(name, 'SIGSTOP')
    else if (this.#processes.state(name) === 'dead') await this.#processes.restart(name)
    else this.#processes.signal(name, 'SIGCONT')
  }

  /** Cuts the named daemons off from all others; healing lets everybody meet again. */
  async #partition(verb: 'partition' | 'heal', wanted: string[]): Promise<Answer> {
    const alive = this.#members.filter(({ name }) => this.#processes.state(name) === 'running')
    const keys = await readKeys(this.#options.root)
    for (const member of alive) {
      const inside = wanted.includes(member.name)
      const blocked = this.#members.filter(({ name }) => wanted.includes(name) !== inside)
      const peers = verb === 'heal' ? [] : blocked.map(({ name }) => keys[name])
      const client = await connect(member, this.#dependencies.after)
      await client.call('admin/block_peers', { peers })
      await client.close()
    }
    const text = verb === 'heal' ? 'healed' : `${wanted.join(', ')} cut off from the others`
    return { ok: true, text }
  }
}

function open<B extends { open(): void; close(): void }>(bot: B): B {
  bot.open()
  return bot
}

function makerOptions({ market }: RpcInstrument) {
  const startPrice = market.startsWith('WBTC') ? '60000' : '2000'
  return { market, startPrice, levels: 6, lots: 10, everyMs: 500 }
}

/** What the init minted for each trader: written beside the plan. */
async function readDeposits(root: string): Promise<{ token: string; amount: string }[]> {
  return JSON.parse(await readFile(join(root, 'deposits.json'), 'utf8'))
}

/** Swarm keys by member, hex. */
async function readKeys(root: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(root, 'peers.json'), 'utf8'))
}
