// Design 3.5 (7): random flow through the engine, its batches through the vault on a real EVM,
// balances equal after every batch.
import type { BatchView } from '../../../matching/index.ts'
import type { Random } from '../../../daemon/clock.ts'
import { between, pick, seededRandom } from '../../helpers/random.ts'
import { Flow } from './flow.ts'
import { Settling } from './settling.ts'
import type { DifferentialRates, DifferentialTotals } from './totals.ts'
import { DifferentialWorld, type Signed } from './world.ts'

const DEPOSIT = 40_000_000
/** Tape time to pass for what takes a delay on chain. */
const DELAY_MS = 4_400_000
const HORIZON_MS = 601_000

/** Runs until so many batches are settled or voided.
 * @throws Error at the first difference, naming seed and batch */
export async function runDifferential(options: {
  seed: number
  batches: number
  rates: DifferentialRates
}): Promise<DifferentialTotals> {
  const world = await DifferentialWorld.open()
  const run = new Run(world, options)
  try {
    await run.start()
    while (run.done < options.batches) await run.step()
    return run.totals
  } catch (cause) {
    const batch = run.done + 1
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`seed ${options.seed}, batch ${batch}: ${reason}`, { cause })
  } finally {
    await world.close()
  }
}

class Run {
  readonly #world: DifferentialWorld
  readonly #random: Random
  readonly #flow: Flow
  readonly #settling: Settling
  readonly #rates: DifferentialRates
  readonly #exits = new Map<string, { trader: string; token: number }>()
  readonly #paidOut = [0, 0, 0]
  readonly #waiting = new Map<string, bigint>()
  /** A batch that shall not settle. */
  #stuck = 0
  readonly totals: DifferentialTotals = {
    batches: 0,
    voids: 0,
    disputed: 0,
    trades: 0,
    cosigned: 0,
    orderSide: 0,
    mixed: 0,
    withdrawals: 0,
    slid: 0,
    deltaFloors: 0,
    deltaMarks: 0,
    orderMarks: 0,
    exits: 0,
    exitsCancelled: 0,
    floors: 0,
    claims: 0,
    delegations: 0,
    gas: 0
  }

  constructor(world: DifferentialWorld, options: { seed: number; rates: DifferentialRates }) {
    this.#world = world
    this.#rates = options.rates
    this.#random = seededRandom(options.seed)
    this.#flow = new Flow(world, this.#random)
    this.#settling = new Settling(world, this.#random, options.rates)
  }

  get done(): number {
    return this.totals.batches + this.totals.voids
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  async start(): Promise<void> {
    for (const { address } of this.#world.traders) {
      for (const token of [0, 1, 2]) await this.#call(address, 'deposit', [token, DEPOSIT, address])
    }
    this.#world.apply(this.#flow.first(), 100)
  }

  async step(): Promise<void> {
    await this.#onChain()
    const entries = this.#flow.next()
    this.#settling.cosigns().forEach((list, lane) => entries[lane].unshift(...list))
    entries[0].unshift(...(await this.#settling.attests()))
    this.#apply(entries, between(this.#random, 1, 700))
    const [oldest] = this.#world.engine.batches()
    if (this.#settling.isDisputed(oldest)) return this.#void(oldest)
    if (oldest.state !== 'attested') return
    if (this.#stuck !== oldest.index && this.#chance(this.#rates.stuck)) this.#stuck = oldest.index
    if (this.#stuck === oldest.index) return this.#void(oldest)
    if (this.#chance(0.5)) await this.#settle(oldest)
  }

  #apply(entries: readonly Signed[][], stepMs: number): void {
    this.#world.apply(entries, stepMs)
  }

  #quiet(): Signed[][] {
    return this.#world.lanes.map(() => [])
  }

  // Batches

  async #settle(batch: BatchView): Promise<void> {
    this.totals.gas += await this.#settling.settle(batch)
    this.#count(batch)
    this.totals.batches++
    for (const { account, token, quanta } of batch.withdrawals) {
      const key = `${this.#world.engine.address(account)} ${token}`
      this.#waiting.set(key, (this.#waiting.get(key) ?? 0n) + BigInt(quanta))
    }
    this.#apply(this.#quiet(), 1)
    await this.#compare()
  }

  async #void(batch: BatchView): Promise<void> {
    this.#apply(this.#quiet(), HORIZON_MS)
    if (batch.state === 'sealed') this.totals.disputed++
    const votes = this.#quiet()
    votes[0] = this.#settling.voids(batch)
    this.#apply(votes, 1)
    await this.#settling.void(batch)
    this.totals.voids++
    this.#apply(this.#quiet(), 1)
    await this.#compare()
  }

  #count(batch: BatchView): void {
    const { totals } = this
    const cosigned = batch.cosigns.length
    totals.trades += batch.fills.length
    totals.cosigned += cosigned
    totals.orderSide += batch.accounts.length - cosigned
    if (cosigned > 0 && cosigned < batch.accounts.length) totals.mixed++
    totals.withdrawals += batch.withdrawals.length
    totals.slid += batch.fills.filter(
      ({ maker, price }) => this.#slid.get(maker.order) === price
    ).length
    for (const { maker } of batch.fills) this.#slid.delete(maker.order)
    const { engine } = this.#world
    const deltas = new Map(
      batch.cosigns.map(({ account }) => [
        account,
        this.#settling.deltaOf(batch, engine.address(account))
      ])
    )
    for (const { account, orders } of batch.accounts) {
      const delta = deltas.get(account)
      if (delta === undefined) totals.orderMarks += orders.filter(({ marked }) => marked).length
      else if (delta.floor > 0) totals.deltaFloors++
      else totals.deltaMarks += delta.marks.length
    }
  }

  /** Orders that rested away from their limit, and where. */
  readonly #slid = new Map<number, number>()

  // The vault

  async #call(from: string, method: string, values: readonly unknown[]): Promise<void> {
    const time = Math.floor(this.#world.time / 1000)
    await this.#world.chain.call(from, method, values, time)
  }

  /** What owners do on chain by themselves. */
  async #onChain(): Promise<void> {
    for (const { address } of this.#world.traders) {
      for (const order of this.#world.engine.liveOrders(address)) {
        if (order.slid) this.#slid.set(order.id, order.price)
      }
    }
    const { address } = pick(this.#random, this.#world.traders)
    const token = between(this.#random, 0, 2)
    const rates = this.#rates
    const deeds: [number, () => Promise<void>][] = [
      [rates.deposit, () => this.#call(address, 'deposit', [token, 500_000, address])],
      [rates.delegate, () => this.#delegate(address)],
      [rates.requestExit, () => this.#requestExit(address, token)],
      [rates.cancelExit, () => this.#cancelExit()],
      [rates.claim, () => this.#claim()],
      [rates.floor, () => this.#floor(address)],
      [rates.leave, () => this.#leave()]
    ]
    let kind = this.#random()
    for (const [rate, deed] of deeds) {
      if (kind < rate) return deed()
      kind -= rate
    }
  }

  async #delegate(account: string): Promise<void> {
    const { delegates } = this.#world
    const delegate = pick(this.#random, delegates).address
    if (delegate === account) return
    const everywhere = this.#chance(0.5)
    const market = everywhere
      ? '0x' + '0'.repeat(64)
      : this.#world.marketHash(between(this.#random, 0, 2))
    const now = Math.floor(this.#world.time / 1000)
    const until = this.#chance(0.25) ? 0 : now + between(this.#random, 20, 9000)
    await this.#call(account, 'setDelegate', [delegate, market, everywhere, now - 1, until])
    this.totals.delegations++
  }

  async #requestExit(trader: string, token: number): Promise<void> {
    const key = `${trader} ${token}`
    if (this.#exits.has(key) || this.#exits.size > 3) return
    this.#exits.set(key, { trader, token })
    await this.#call(trader, 'requestExit', [token])
  }

  async #cancelExit(): Promise<void> {
    const [exit] = this.#exits
    if (exit === undefined) return
    const [key, { trader, token }] = exit
    this.#exits.delete(key)
    await this.#call(trader, 'cancelExit', [token])
    this.totals.exitsCancelled++
  }

  async #claim(): Promise<void> {
    const [next] = this.#waiting
    if (next === undefined) return
    const [key, quanta] = next
    this.#waiting.delete(key)
    const [trader, token] = key.split(' ')
    this.#paidOut[Number(token)] += Number(quanta)
    await this.#call(trader, 'claim', [trader, Number(token)])
    this.totals.claims++
  }

  async #floor(account: string): Promise<void> {
    const known = this.#world.engine.account(account)
    if (known === null || known.lastNonce + 3 <= known.floor) return
    await this.#call(account, 'requestFloor', [known.lastNonce + 3])
    this.#floors.add(account)
  }

  readonly #floors = new Set<string>()

  /** Lets the delay of exits and floors pass, with everything settled before. */
  async #leave(): Promise<void> {
    if (this.#exits.size + this.#floors.size === 0) return
    await this.#drain()
    this.#apply(this.#quiet(), DELAY_MS)
    await this.#drain()
    for (const { trader, token } of this.#exits.values()) {
      this.totals.exits++
      await this.#call(trader, 'claimExit', [token])
      this.#apply(this.#quiet(), 1)
      await this.#call(trader, 'deposit', [token, DEPOSIT / 2, trader])
    }
    this.#exits.clear()
    for (const account of this.#floors) {
      await this.#call(account, 'applyFloor', [account])
      this.totals.floors++
    }
    this.#floors.clear()
  }

  async #drain(): Promise<void> {
    const { engine } = this.#world
    for (let left = 200; engine.batches().some(hasContent); left--) {
      if (left === 0) throw new Error('batches do not settle')
      const entries = this.#quiet()
      entries[0] = await this.#settling.attests()
      this.#apply(entries, 1500)
      const [oldest] = engine.batches()
      if (this.#settling.isDisputed(oldest)) await this.#void(oldest)
      else if (oldest.state === 'attested') await this.#settle(oldest)
    }
  }

  // The comparison

  async #compare(): Promise<void> {
    const { engine, traders, validators, chain, manifest } = this.#world
    const members = [...traders, ...validators.slice(1)]
    const pairs = members.flatMap(({ address }) => [0, 1, 2].map((token) => ({ address, token })))
    const views = await chain.views([
      ...pairs.map(({ address, token }): [string, unknown[]] => ['balanceOf', [address, token]]),
      ...pairs.map(({ address, token }): [string, unknown[]] => ['claimableOf', [address, token]])
    ])
    const owed = [0n, 0n, 0n]
    pairs.forEach(({ address, token }, place) => {
      const { settled } = engine.balances(address)[token]
      const [balance] = views[place]
      const [claimable] = views[pairs.length + place]
      owed[token] += balance + claimable
      const who = `${address}, token ${token}`
      if (Number(balance) !== settled) {
        throw new Error(`${who}: the vault has ${balance}, the engine ${settled}`)
      }
      if (claimable !== (this.#waiting.get(`${address} ${token}`) ?? 0n)) {
        throw new Error(`${who}: ${claimable} can be claimed`)
      }
    })
    if (!this.#chance(0.1)) return
    for (const [token, { address, quantum }] of manifest.tokens.entries()) {
      const held = await chain.held(address)
      if (held !== owed[token] * BigInt(quantum)) {
        throw new Error(`token ${token}: the vault holds ${held} and owes ${owed[token]} quanta`)
      }
    }
  }
}

function hasContent(batch: BatchView): boolean {
  return batch.fills.length > 0 || batch.withdrawals.length > 0
}
