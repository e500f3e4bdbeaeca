// A venue on this machine as its user meets it: a picture in the terminal, and bots that trade
// through the JSON-RPC like anybody else.
import { relative } from 'node:path'
import type { SocketClient } from '../../client/socket.ts'
import { followBook } from '../../client/book.ts'
import type { RpcChannelData, RpcInstrument, RpcTrade } from '../../protocol/rpc.ts'
import { daemonCommand } from '../one-shot.ts'
import { MakerBot, TakerBot } from './bots.ts'
import { Control, isRunning, type Answer, type Order } from './control.ts'
import { LocalVenue } from './local-venue.ts'
import { seededRandom } from './random.ts'
import { help, isSettled, Screen, type Picture } from './screen.ts'
import { enter } from './trader.ts'

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
const takerWaitMs = 1000

export class Devnet {
  readonly #options: DevnetOptions
  readonly #dependencies: DevnetDependencies
  readonly #venue: LocalVenue
  readonly #screen: Screen
  readonly #control: Control
  #clients: SocketClient[] = []
  readonly #bots: { close(): void }[] = []
  readonly #told = new Set<number>()
  readonly #picture: Picture
  #stopRedraw = () => {}
  #startedAt = 0

  constructor(options: DevnetOptions, dependencies: DevnetDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#screen = new Screen(dependencies.out)
    this.#venue = new LocalVenue(options, {
      after: dependencies.after,
      program: daemonCommand,
      onStep: (text) => this.#screen.tell(`  ${text}`)
    })
    this.#control = new Control(options.root, { handle: (order) => this.#obey(order) })
    this.#picture = {
      markets: [],
      status: null,
      batches: [],
      daemons: [],
      settledTrades: 0,
      seconds: 0,
      root: shorter(options.root),
      example: null,
      notice: ''
    }
  }

  /** @throws Error when another devnet runs in the folder, or a part does not start */
  async open(): Promise<void> {
    const { bots } = this.#options
    const { after, now } = this.#dependencies
    this.#startedAt = now()
    // What is in the folder is thrown away: not under a devnet's feet.
    if (await isRunning(this.#options.root)) {
      throw new Error(`another one runs in ${this.#picture.root}; end it there, or give --root`)
    }
    this.#screen.tell(`Starting a venue in ${this.#picture.root} ...`)
    await this.#venue.open()
    await this.#control.open()
    const clients = await Promise.all(this.#venue.traders.map((each) => this.#venue.connect(each)))
    this.#clients = clients
    this.#screen.tell(`  ${this.#venue.members.length} daemons are up`)
    const deposits = await this.#venue.deposits()
    await Promise.all(clients.map((client) => enter(client, deposits, after)))
    this.#screen.tell('  accounts linked and funded')
    await this.#watch(clients[0])
    if (!this.#screen.live) {
      for (const line of help(this.#picture)) this.#screen.tell(line)
    }
    if (bots) await this.#startBots(clients)
    this.#venue.processes.onDeath = (name) => {
      this.#picture.notice = `${name} ended; start it again: devnet resume ${name}`
    }
    this.#redraw()
  }

  async close(): Promise<void> {
    this.#stopRedraw()
    for (const bot of this.#bots) bot.close()
    this.#screen.close()
    this.#screen.tell('Stopping ...')
    await this.#control.close()
    await this.#venue.close()
    this.#screen.tell(`Stopped. Logs and stores are in ${this.#picture.root}`)
  }

  /** For an exit that cannot wait. */
  kill(): void {
    this.#screen.close()
    this.#venue.kill()
  }

  async #watch(client: SocketClient): Promise<void> {
    const instruments = await client.call('public/get_instruments', {})
    const [{ market: first }] = instruments
    this.#picture.example = { market: first, price: startPrice(first) }
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
      const bots = [
        new MakerBot(maker, instrument, clients[0], dependencies),
        new TakerBot(taker, instrument, takerClient, dependencies)
      ]
      for (const [index, bot] of bots.entries()) bot.open(index * takerWaitMs)
      this.#bots.push(...bots)
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
    picture.daemons = this.#venue.members.map(({ name }) => ({
      name,
      state: this.#venue.processes.state(name)
    }))
    picture.batches = await this.#clients[0].call('public/get_batches', { count: 20 })
    for (const batch of picture.batches.toReversed()) {
      if (!isSettled(batch) || this.#told.has(batch.index)) continue
      this.#told.add(batch.index)
      picture.settledTrades += batch.fills
      const transaction = batch.transaction ?? ''
      this.#screen.tell(`settled batch ${batch.index}: ${batch.fills} trades, ${transaction}`)
    }
    this.#screen.show(picture)
  }

  async #obey({ verb, names }: Order): Promise<Answer> {
    const known = this.#venue.members.map(({ name }) => name)
    const wanted = names.map((name) => this.#fullName(name))
    const stranger = wanted.find((name) => !known.includes(name))
    if (stranger !== undefined) {
      return { ok: false, text: `no daemon ${stranger}; there are ${known.join(', ')}` }
    }
    if (verb === 'partition') {
      await this.#venue.partition(wanted)
      return { ok: true, text: `${wanted.join(', ')} cut off from the others` }
    }
    if (verb === 'heal') {
      await this.#venue.partition([], { healed: true })
      return { ok: true, text: 'healed' }
    }
    for (const name of wanted) await this.#fault(verb, name)
    return { ok: true, text: `${verb}: ${wanted.join(', ')}` }
  }

  /** `2` means the second validator. */
  #fullName(name: string): string {
    return /^\d+$/.test(name) ? `validator-${name}` : name
  }

  async #fault(verb: 'kill' | 'pause' | 'resume', name: string): Promise<void> {
    const { processes } = this.#venue
    if (verb === 'kill') processes.signal(name, 'SIGKILL')
    else if (verb === 'pause') processes.signal(name, 'SIGSTOP')
    else if (processes.state(name) === 'dead') {
      this.#picture.notice = ''
      await processes.restart(name)
    } else processes.signal(name, 'SIGCONT')
  }
}

/** A path as it is typed in this folder. */
function shorter(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.length >= path.length ? path : short
}

function startPrice(market: string): string {
  return market.startsWith('WBTC') ? '60000' : '2000'
}

function makerOptions({ market }: RpcInstrument) {
  return { market, startPrice: startPrice(market), levels: 6, lots: 10, everyMs: 500 }
}
