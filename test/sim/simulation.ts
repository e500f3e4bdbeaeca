// One seed: a venue is drawn, runs in bad weather until its tape is long enough, heals, and must
// then bring every honest entry on every honest tape.
import { Signables } from '../../daemon/consensus/core/signing.ts'
import { faultsOf } from '../../daemon/consensus/core/quorum.ts'
import { laneKey } from '../../daemon/lanes/lane-key.ts'
import { toHex } from '../../protocol/bytes.ts'
import { between, pick, shuffle } from '../helpers/random.ts'
import { accomplices, type ActorName, actorNames, createActor } from './actors.ts'
import { Checks } from './checks.ts'
import { Coverage } from './coverage.ts'
import { drawFaults, type FaultName, faultNames, type Stage, strike } from './faults.ts'
import { accountName, Flow } from './flow.ts'
import { HonestTrader } from './honest-trader.ts'
import { SharedHistory } from './execution.ts'
import { Links } from './links.ts'
import { headMessage } from './node-parts.ts'
import { hashParts, Keyring } from './scheme.ts'
import { SimChain } from './sim-chain.ts'
import { Trader, type TraderFault, traderFaults, type TraderPeer } from './trader.ts'
import { ValidatorNode } from './validator-node.ts'
import {
  type Breakage,
  quorumFor,
  simLimits,
  simPacing,
  type Venue,
  venueId,
  idOf
} from './venue.ts'
import { Violation } from './violation.ts'
import { World } from './world.ts'

/** Everything bad that a seed can draw, as the coverage counts it. */
export const misdeedNames: readonly string[] = [
  ...actorNames.map((name) => `validator: ${name}`),
  ...traderFaults.map((name) => `trader: ${name}`),
  ...faultNames.map((name) => `fault: ${name}`)
]

export type SimulationOptions = {
  seed: number
  validators: number
  isTraced?: boolean
  breakage?: Breakage | null
  /** A vote rule that nobody looks at. */
  without?: string
  /** A misdeed that one validator is given, whatever is drawn. */
  actor?: ActorName
  /** The same of one trader. */
  trader?: TraderFault
  /** Final cuts and entries that a run has at least. */
  cutsMin?: number
  entriesMin?: number
  /** Virtual time in which a run has to get through its bad weather. */
  stormMaxMs?: number
}

export type Outcome = {
  seed: number
  /** What was broken, or null. */
  violation: { rule: string; detail: string } | null
  cuts: number
  entries: number
  virtualMs: number
  steps: number
  coverage: Coverage
  trace: readonly string[]
}

/** Virtual time in which a run has to get through its bad weather, and to recover after it. */
const STORM_MAX_MS = 120_000
/** A run takes some fifty thousand. One that takes so many is one in which answers are answered. */
const STEPS_MAX = 3_000_000
const FAULT_KINDS_MIN = 3
const ENTRIES_PER_CUT = 6
const RECOVERY_MAX_MS = 60_000

/** In every second run of four validators, and every fourth of seven, each has an engine of its own;
 * in the others one engine does the work for all whose tapes are the same, and only the tapes are
 * compared. */
function isShared({ seed, validators }: SimulationOptions): boolean {
  return seed % (validators === 4 ? 2 : 4) !== 0
}

export function simulate(options: SimulationOptions): Outcome {
  const run = new Simulation(options)
  let violation: Outcome['violation'] = null
  try {
    run.play()
  } catch (error) {
    const rule = error instanceof Violation ? error.rule : 'nothing throws'
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    violation = { rule, detail }
  }
  return run.outcome(violation)
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #venue: Venue
  readonly #nodes: ValidatorNode[] = []
  readonly #traders: TraderPeer[] = []
  readonly #honest: HonestTrader[] = []
  /** Pairs of a trader and a validator that find each other again. */
  readonly #broken = new Set<string>()
  readonly #coverage = new Coverage()
  readonly #struck = new Set<FaultName>()
  #restUntil = 0
  #isTrading = true

  constructor(options: SimulationOptions) {
    this.#options = options
    const { seed, validators } = options
    const world = new World(seed * 2 + (validators === 4 ? 0 : 1), options.isTraced ?? false)
    const keyring = new Keyring()
    const keys = Array.from({ length: validators }, () => keyring.create(world.random))
    const byzantine = this.#drawByzantine(world)
    const signables = new Signables(venueId)
    const breakage = options.breakage ?? null
    const replicas = { verify: keyring.verify, entries: new Map() }
    const history = isShared(options) ? new SharedHistory(replicas) : null
    const chain = new SimChain(world)
    this.#venue = {
      world,
      links: new Links(world, this.#coverage),
      coverage: this.#coverage,
      checks: new Checks({
        validators,
        byzantine: new Set(byzantine.keys()),
        limits: simLimits,
        chain: chain.view(0),
        verify: keyring.verify,
        inclusionMaxMs: simPacing.inclusionMaxMs,
        now: () => world.now,
        hash: hashParts,
        nameOf: (signer) => toHex(laneKey(hashParts, signer, venueId)),
        verifyHead: (validator, length, treeHash, signature) =>
          keyring.verify(signature, headMessage(length, treeHash), keys[validator].publicKey),
        verifyVote: (validator, block, signature) =>
          keyring.verify(signature, signables.vote(block), keys[validator].publicKey)
      }),
      chain,
      keyring,
      keys,
      peers: keys.map(idOf),
      quorum: quorumFor(validators, breakage),
      pacing: simPacing,
      limits: simLimits,
      breakage,
      without: options.without ?? null,
      directory: new Map(),
      accomplices: [],
      shared: { ...replicas, history }
    }
    for (let index = 0; index < validators; index++) {
      const misdeed = byzantine.get(index)
      const actor = misdeed ? createActor(misdeed) : null
      this.#nodes.push(new ValidatorNode(this.#venue, index, actor))
    }
    this.#drawTraders([...byzantine.values()])
    for (const peer of [...this.#nodes, ...this.#traders]) this.#venue.directory.set(peer.id, peer)
  }

  /** At most f, and often none. */
  #drawByzantine(world: World): Map<number, ActorName> {
    const { validators } = this.#options
    const most = faultsOf(validators)
    const { actor } = this.#options
    const count = between(world.random, actor ? 1 : 0, most)
    const indexes = shuffle(
      world.random,
      Array.from({ length: validators }, (_, i) => i)
    ).slice(0, count)
    return new Map(indexes.map((index) => [index, actor ?? pick(world.random, actorNames)]))
  }

  /** One of them is the trader that these validators need. */
  #drawTraders(actors: readonly ActorName[]): void {
    const { world, keyring } = this.#venue
    const count = between(world.random, 3, 6)
    const inLeague = actors.map((actor) => accomplices[actor]).find((kind) => kind !== undefined)
    const needed = this.#options.trader ?? inLeague
    for (let i = 0; i < count; i++) {
      const flow = new Flow(world.random, accountName(i))
      const peer = keyring.create(world.random)
      const isForced = i === 2 && needed !== undefined
      if (i > 1 && (world.chance(0.35) || isForced)) {
        const lane = keyring.create(world.random)
        const drawn = pick(world.random, traderFaults)
        const kind = i === 2 ? (needed ?? drawn) : drawn
        const trader = new Trader(this.#venue, kind, flow, { peer, lane })
        this.#traders.push(trader)
        this.#venue.accomplices.push(trader)
      } else {
        const honest = new HonestTrader(this.#venue, flow, peer)
        this.#honest.push(honest)
        this.#traders.push(honest)
      }
    }
  }

  play(): void {
    const { world, chain, checks } = this.#venue
    const { cutsMin = 200, entriesMin = 1000, stormMaxMs = STORM_MAX_MS } = this.#options
    chain.mine(this.#traders.map((_, i) => accountName(i)))
    chain.run()
    this.#venue.links.onlost = (from, to) => this.#reconnect(from, to)
    for (const node of this.#nodes) node.start()
    for (const trader of this.#traders) {
      trader.start()
      this.#trade(trader)
    }
    this.#storm()
    const isLong = () =>
      checks.length >= cutsMin &&
      this.#entries() >= entriesMin &&
      this.#struck.size >= FAULT_KINDS_MIN
    if (!this.#run(isLong, world.now + stormMaxMs)) {
      throw new Violation('the tape grows', `${checks.length} cuts in bad weather`)
    }
    this.#heal()
    const floor = checks.length
    const until = world.now + RECOVERY_MAX_MS
    if (!this.#run(() => this.#isQuiet(floor), until)) {
      throw new Violation('liveness after healing', this.#whatIsMissing(floor))
    }
    const { unfinished } = checks
    if (unfinished) throw new Violation('no journaled entry is lost', unfinished)
    this.#coverage.count('snapshot named', checks.snapshots)
    this.#coverage.count('lane overdue', checks.inclusion.overdue)
  }

  #run(isDone: () => boolean, untilMs: number): boolean {
    const { world } = this.#venue
    const look = () => {
      if (world.steps > STEPS_MAX) {
        throw new Violation('messages come to an end', `${world.steps} events by ${world.now}`)
      }
      return isDone()
    }
    return world.run(look, untilMs)
  }

  /** Entries that honest traders have sent. */
  #entries(): number {
    let sum = 0
    for (const trader of this.#honest) sum += trader.entries
    return sum
  }

  /** Traders wait for a tape that stands still, or a storm's backlog would take all the time. */
  #isAhead(): boolean {
    let offered = 0
    for (const trader of this.#honest) offered += trader.offered
    return offered > ENTRIES_PER_CUT * (this.#venue.checks.length + 20)
  }

  #trade(trader: TraderPeer): void {
    const { world } = this.#venue
    world.after(4 + world.random() * 40, () => {
      if (this.#isTrading) {
        if (world.now >= this.#restUntil && !this.#isAhead()) trader.trade()
        this.#trade(trader)
      }
    })
  }

  /** One fault after the other, in an order drawn anew until the tape is long enough. */
  #storm(): void {
    const { world } = this.#venue
    let left: ReturnType<typeof drawFaults> = []
    const next = () => {
      if (!this.#isTrading) return
      if (left.length === 0) left = drawFaults(world.random)
      const name = left.pop()
      if (name) this.#struck.add(name)
      const lasting = name ? strike(name, this.#stage()) : 0
      world.after(lasting, () => {
        if (this.#isTrading) this.#venue.links.heal()
      })
      world.after(lasting + between(world.random, 30, 300), next)
    }
    world.after(between(world.random, 20, 200), next)
  }

  #stage(): Stage {
    return {
      venue: this.#venue,
      links: this.#venue.links,
      nodes: this.#nodes,
      traders: this.#traders,
      honest: this.#honest,
      rest: (untilMs) => {
        this.#restUntil = untilMs
      },
      restart: (node) => this.#restart(node),
      restartTrader: (trader) => this.#restartTrader(trader)
    }
  }

  #restart(node: ValidatorNode): void {
    if (node.isUp) return
    node.restart()
    for (const other of this.#nodes) if (other !== node) other.meet(node.id)
    for (const trader of this.#traders) trader.meet(node.id)
  }

  #restartTrader(trader: HonestTrader): void {
    if (trader.isUp) return
    trader.start()
    for (const node of this.#nodes) node.meet(trader.id)
  }

  /** A lost message stands for a lost connection: an honest trader and a validator connect again
   * after a while. (Between validators nothing is told: they have to manage by resending.) */
  #reconnect(from: string, to: string): void {
    const trader = this.#honest.find(({ id }) => id === from || id === to)
    if (!trader) return
    const node = this.#nodes.find(({ id }) => id === (trader.id === from ? to : from))
    const pair = `${from < to ? from : to}.${from < to ? to : from}`
    if (!node || this.#broken.has(pair)) return
    const { world, links } = this.#venue
    this.#broken.add(pair)
    const again = () => {
      if (links.isApart(from, to)) return world.after(100, again)
      this.#broken.delete(pair)
      this.#venue.coverage.count('trader reconnects')
      node.meet(trader.id)
      trader.meet(node.id)
    }
    world.after(between(world.random, 50, 250), again)
  }

  #heal(): void {
    this.#isTrading = false
    this.#venue.world.tell(() => 'healed')
    this.#venue.links.heal()
    for (const node of this.#nodes) this.#restart(node)
    for (const trader of this.#honest) this.#restartTrader(trader)
  }

  /** Every honest entry is on every honest tape, and the tape has grown since. */
  #isQuiet(floor: number): boolean {
    const { checks } = this.#venue
    if (checks.length <= floor) return false
    if (!this.#honest.every((trader) => trader.isQuiet)) return false
    return this.#nodes.every((node) => !node.isHonest || node.length === checks.length)
  }

  #whatIsMissing(floor: number): string {
    const { checks } = this.#venue
    const lanes = this.#honest.map((trader) => trader.standing)
    const nodes = this.#nodes.map((node) => `${node.length}@${node.validator.height}`)
    return `${floor} cuts then, ${checks.length} now; lanes ${lanes.join(' ')}; tapes ${nodes.join(' ')}`
  }

  outcome(violation: Outcome['violation']): Outcome {
    const { world, checks } = this.#venue
    return {
      seed: this.#options.seed,
      violation,
      cuts: checks.length,
      entries: this.#entries(),
      virtualMs: world.now - 1_767_225_600_000,
      steps: world.steps,
      coverage: this.#coverage,
      trace: world.trace
    }
  }
}
