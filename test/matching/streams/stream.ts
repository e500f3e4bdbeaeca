// Random tape blocks that follow from a seed: every kind of entry and chain event, good ones and
// bad ones. The stream looks at the naive engine's state to find things worth colliding with.
import type {
  Address,
  BlockInput,
  ChainEventInput,
  EntryInput,
  LaneInput
} from '../../../matching/types.ts'
import type { Random } from '../../../daemon/clock.ts'
import { between, pick, randomBytes, seededRandom } from '../../helpers/random.ts'
import { NaiveEngine } from '../../helpers/naive/engine.ts'
import type { World } from '../../helpers/naive/world.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { randomChainEvents } from './chain-events.ts'
import { OrderMaker } from './orders.ts'
import { randomAttest, randomCosign } from './settlement.ts'
import { makeVenue, type Venue } from './venue.ts'

export class Stream {
  readonly random: Random
  readonly venue: Venue
  /** Its state is one block behind the next block. */
  readonly naive: NaiveEngine
  readonly orders: OrderMaker
  readonly #treeHash = new Uint8Array(32)
  readonly #lengths = new Map<Uint8Array, number>()
  #index = 0
  #time = 1_700_000_000_000
  /** Blocks for which the chain's clock still stands. */
  #stale = 0
  #cursorTime = 0
  /** Blocks for which nobody attests or settles. */
  #stuck = 0
  entries = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
    this.venue = makeVenue(this.random, seed)
    this.naive = new NaiveEngine(this.venue.config, { hash: blake2b256Parts })
    this.orders = new OrderMaker(this.random, this.venue, this.world)
  }

  get world(): World {
    return this.naive.world
  }

  get time(): number {
    return this.#time
  }

  get stuck(): boolean {
    return this.#stuck > 0
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** The next block. The caller applies it to `naive` before he asks for another. */
  next(): BlockInput {
    this.#tick()
    this.orders.beginBlock(this.#time)
    const withChain = this.venue.config.settlement !== null
    if (this.#stale === 0) this.#cursorTime = Math.floor(this.#time / 1000)
    const block: BlockInput = {
      index: this.#index++,
      time: this.#time,
      seed: randomBytes(this.random, 32),
      cursor: withChain
        ? {
            block: this.#index,
            hash: this.#treeHash,
            blockTime: this.#cursorTime,
            logIndex: 0
          }
        : null,
      chain: withChain ? this.#chainEvents() : [],
      lanes: []
    }
    block.lanes = this.#slices(block.index)
    return block
  }

  #tick(): void {
    const jump = this.random()
    const step = jump < 0.003 ? between(this.random, 5000, 20_000) : between(this.random, 1, 400)
    this.#time += step
    this.#stale = this.#stale > 0 ? this.#stale - 1 : this.chance(0.001) ? 60 : 0
    const sticks = this.#index === 300 || this.chance(0.0002)
    this.#stuck = this.#stuck > 0 ? this.#stuck - 1 : sticks ? 320 : 0
  }

  #chainEvents(): ChainEventInput[] {
    return randomChainEvents(this, this.#index === 1)
  }

  #slices(index: number): LaneInput[] {
    const slices: LaneInput[] = []
    for (const [place, lane] of this.venue.lanes.entries()) {
      if (index > 0 && this.chance(0.25)) continue
      const entries = index === 0 ? this.#firstEntries(place) : this.#entries(place)
      this.entries += entries.length
      const length = (this.#lengths.get(lane) ?? 0) + 1
      this.#lengths.set(lane, length)
      slices.push({ lane, length, treeHash: this.#treeHash, entries })
    }
    return slices
  }

  /** Opens the first three lanes and links the traders; the fourth lane never opens. */
  #firstEntries(place: number): EntryInput[] {
    if (place === 3) return [{ kind: 'open', valid: false }]
    const open: EntryInput = { kind: 'open', valid: true }
    const links = this.venue.traders
      .filter((_, index) => index % 3 === place)
      .map((account) => this.#link(account, true))
    return [open, ...links]
  }

  #link(account: Address, good: boolean): EntryInput {
    const nonce = this.orders.nonce(account)
    const expiry = good ? Math.floor(this.#time / 1000) + 60 : this.orders.expiry()
    return {
      kind: 'link',
      account,
      nonce,
      expiry,
      signer: good ? account : this.#anySigner(account)
    }
  }

  #anySigner(account: Address): Address | null {
    return this.chance(0.9) ? account : this.orders.signer(account)
  }

  #entries(place: number): EntryInput[] {
    const calm = place === 3 && this.chance(0.8) ? 0 : place === 3 ? 1 : 12
    const entries = Array.from({ length: between(this.random, 0, calm) }, () =>
      this.#entry(this.#accountOf(place))
    )
    return place === 3 ? entries : [...this.#settling(place), ...entries]
  }

  /** What the daemon of a lane does for the batch that waits for it. */
  #settling(place: number): EntryInput[] {
    const { batches } = this.world
    const entries: EntryInput[] = []
    if (batches.some((batch) => batch.state === 'sealed') && this.chance(0.75)) {
      entries.push(randomAttest(this))
    }
    if (batches.some((batch) => batch.state === 'closed') && this.chance(0.3)) {
      entries.push(randomCosign(this, this.#accountOf(place)))
    }
    return entries
  }

  /** Mostly an account of the lane. */
  #accountOf(place: number): Address {
    const { traders, stranger, lanes } = this.venue
    if (this.chance(0.01)) return stranger
    if (this.chance(0.03)) return pick(this.random, traders)
    const slice = lanes[place]
    const mine = this.world.accounts.filter(
      (account) => account.lane?.key === Buffer.from(slice).toString('hex')
    )
    return mine.length > 0 ? pick(this.random, mine).address : pick(this.random, traders)
  }

  #entry(account: Address): EntryInput {
    const { random, orders } = this
    const kind = random()
    if (kind < 0.003) return { kind: 'open', valid: this.chance(0.5) }
    if (kind < 0.01)
      return this.#link(this.chance(0.1) ? this.venue.stranger : account, this.chance(0.5))
    if (kind < 0.03)
      return { kind: 'lease', ttlMs: this.chance(0.1) ? 0 : between(random, 500, 9000) }
    if (kind < 0.06) return this.#protect(account)
    if (kind < 0.08) return randomCosign(this, account)
    if (kind < 0.1) return randomAttest(this)
    if (kind < 0.12) return this.#withdraw(account)
    const idle = (this.world.find(account)?.live ?? []).length === 0 && this.chance(0.8)
    if (idle) return kind < 0.4 ? orders.quote(account) : orders.place(account)
    if (kind < 0.2) return orders.cancel(account)
    if (kind < 0.22) return orders.cancelAll(account)
    if (kind < 0.37) return orders.amend(account)
    if (kind < 0.47) return orders.quote(account)
    return orders.place(account)
  }

  #protect(account: Address): EntryInput {
    const { random } = this
    return {
      kind: 'protect',
      account,
      market: this.chance(0.02) ? 3 : between(random, 0, 2),
      lots: this.chance(0.1) ? 0 : between(random, 3, 20),
      windowMs: pick(random, [0, 100, 1000, 10_000])
    }
  }

  #withdraw(account: Address): EntryInput {
    const token = this.chance(0.02) ? 3 : between(this.random, 0, 2)
    const known = this.world.find(account)
    const available = known && token < 3 ? this.world.available(known, token) : 0
    const quanta = this.chance(0.04)
      ? pick(this.random, [0, available + 1, available])
      : between(this.random, 1, 2000)
    const nonce = this.orders.nonce(account)
    const signer = this.orders.signer(account)
    return { kind: 'withdraw', account, token, quanta, nonce, expiry: this.orders.expiry(), signer }
  }
}
