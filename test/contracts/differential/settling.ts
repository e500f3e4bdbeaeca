// What daemons do about a batch: co-sign it, attest it, settle it or, rarely, void it.
import type { BatchView } from '../../../matching/index.ts'
import { encodeAttestations } from '../../../contracts/batch.ts'
import { netDeltaOf } from '../../../daemon/settlement/net-delta.ts'
import type { Random } from '../../../daemon/clock.ts'
import type {
  Address,
  AttestEntry,
  Entry,
  Mark,
  NetDelta,
  Signature
} from '../../../protocol/types.ts'
import { pick } from '../../helpers/random.ts'
import { hex } from './chain.ts'
import type { DifferentialRates } from './totals.ts'
import type { DifferentialWorld, Signed } from './world.ts'

type Content = { bytes: Uint8Array; hash: Uint8Array }

export class Settling {
  readonly #world: DifferentialWorld
  readonly #random: Random
  /** Sealed bytes by batch. */
  readonly #contents = new Map<number, Content>()
  /** Co-signed deltas by batch and account. */
  readonly #cosigned = new Map<string, NetDelta>()
  readonly #disputedRate: number
  /** The batch on which the validators do not agree; 0 for none. */
  #disputed = 0

  constructor(world: DifferentialWorld, random: Random, rates: DifferentialRates) {
    this.#world = world
    this.#random = random
    this.#disputedRate = rates.disputed
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  /** Co-signatures of some accounts, by their lanes. */
  cosigns(): Signed[][] {
    const { engine, traders, lanes, delegates } = this.#world
    const entries = lanes.map((): Signed[] => [])
    const batch = engine.batches().find(({ state }) => state === 'closed')
    if (batch === undefined || batch.parent === null) return entries
    for (const trader of traders) {
      const key = keyOf(batch, trader.address)
      if (this.#cosigned.has(key) || !this.#chance(0.3)) continue
      const delta = netDeltaOf(engine, batch, trader.address)
      if (delta === null) continue
      const net = this.#chance(0.5) ? delta : this.#marked(batch, delta)
      this.#cosigned.set(key, net)
      const entry: Entry = { kind: 'cosign', ...net, signature: this.#world.unsigned }
      const by = this.#chance(0.1) ? pick(this.#random, delegates) : trader
      entries[this.#world.laneOf(trader.address)].push({ entry, by })
    }
    return entries
  }

  /** What the account signed for the batch. */
  deltaOf(batch: BatchView, account: Address): NetDelta {
    const delta = this.#cosigned.get(keyOf(batch, account))
    if (delta === undefined) throw new Error(`${account} co-signed nothing`)
    return delta
  }

  /** The same with the floor left where it is: every resting order that was filled is marked. */
  #marked(batch: BatchView, delta: NetDelta): NetDelta {
    const number = this.#world.engine.accountOf(delta.account)
    const orders = batch.accounts.find(({ account }) => account === number)?.orders ?? []
    const marks = new Map<number, Mark>()
    for (const { marked, slot, nonce, filled } of orders) {
      if (!marked || nonce < (marks.get(slot)?.nonce ?? 0)) continue
      marks.set(slot, { slot, nonce, filled })
    }
    return { ...delta, floor: 0, marks: [...marks.values()].sort((a, b) => a.slot - b.slot) }
  }

  /** A quorum's word on the oldest sealed batch; now and then too few agree. */
  async attests(): Promise<Signed[]> {
    const batch = this.#world.engine.batches().find(({ state }) => state === 'sealed')
    if (batch === undefined || this.#contents.has(batch.index)) return []
    const bytes = await this.#world.sealed(batch)
    const hash = this.#world.crypto.keccak(bytes)
    this.#contents.set(batch.index, { bytes, hash })
    const words = this.#quorum(this.#attest(batch, hash))
    if (!this.#chance(this.#disputedRate)) return words
    this.#disputed = batch.index
    const { by } = words[2]
    return [...words.slice(0, 2), { entry: this.#attest(batch, new Uint8Array(32)), by }]
  }

  /** Whether it never will be attested. */
  isDisputed({ index, state }: BatchView): boolean {
    return state === 'sealed' && index === this.#disputed
  }

  voids(batch: BatchView): Signed[] {
    return this.#quorum(this.#attest(batch, null))
  }

  #attest(batch: BatchView, content: Uint8Array | null): AttestEntry {
    return {
      kind: 'attest',
      batch: batch.index,
      parent: this.#world.parentOf(batch),
      content,
      sealedAt: batch.sealedAt,
      signature: this.#world.unsigned
    }
  }

  #quorum(entry: AttestEntry): Signed[] {
    return this.#world.validators.slice(0, 3).map((by) => ({ entry, by }))
  }

  /** Settles the batch on chain. @returns gas used */
  async settle(batch: BatchView): Promise<number> {
    const { bytes, hash } = this.#content(batch)
    const attestations = this.#attestations(this.#attest(batch, hash))
    const by = pick(this.#random, this.#world.validators).address
    const values = [batch.index, batch.sealedAt, hex(bytes), hex(attestations)]
    this.#contents.delete(batch.index)
    return this.#world.chain.call(by, 'settle', values, Math.floor(this.#world.time / 1000))
  }

  async void(batch: BatchView): Promise<void> {
    const voids = this.#attestations(this.#attest(batch, null))
    const values = [batch.index, batch.sealedAt, hex(voids)]
    const by = pick(this.#random, this.#world.validators).address
    this.#contents.clear()
    this.#disputed = 0
    await this.#world.chain.call(by, 'voidBatch', values, Math.floor(this.#world.time / 1000) + 1)
  }

  #content(batch: BatchView): Content {
    const content = this.#contents.get(batch.index)
    if (content === undefined) throw new Error(`batch ${batch.index} was not sealed`)
    return content
  }

  #attestations(entry: AttestEntry): Uint8Array {
    const { crypto, hasher, validators } = this.#world
    const digest = hasher.attestDigest(entry)
    const signatures = validators
      .slice(0, 3)
      .map(({ key }, index): [number, Signature] => [index, crypto.sign(digest, key)])
    return encodeAttestations(new Map(signatures))
  }
}

function keyOf(batch: BatchView, account: Address): string {
  return `${batch.index} ${account}`
}
