// One daemon of a settlement venue: its lane, its engine, its follower, its settlement.
import type { JsonRpcProvider, Wallet } from 'ethers'
import type { ChainFollower } from '../../../daemon/chain/follower.ts'
import type { TransactionSender } from '../../../daemon/chain/transactions.ts'
import type { VaultAccount } from '../../../daemon/chain/vault-account.ts'
import { type Clock, systemClock } from '../../../daemon/clock.ts'
import type { Ticket } from '../../../daemon/lanes/types.ts'
import { type Outcome, Outcomes } from '../../../daemon/outcomes.ts'
import { chainEventInput, entryInput } from '../../../daemon/replica/entry-inputs.ts'
import { entriesOf } from '../../../daemon/replica/intake.ts'
import type { Applied } from '../../../daemon/replica/types.ts'
import { Settlement, settlementDefaults } from '../../../daemon/settlement/settlement.ts'
import type { SettlementNode } from '../../../daemon/settlement/types.ts'
import type { TapeEntry } from '../../../daemon/tape/types.ts'
import type { AccountSigner } from '../../../daemon/trading/types.ts'
import { Engine } from '../../../matching/index.ts'
import { decodeChainEvent } from '../../../protocol/chain-events.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { signedPart } from '../../../protocol/signed.ts'
import type { Slice } from '../../../protocol/tape-block.ts'
import type { Entry, Order } from '../../../protocol/types.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { privateKeyOf } from '../../helpers/accounts.ts'
import type { LaneMaker } from '../../helpers/tape-maker.ts'
import type { SettlementVenue } from './venue.ts'

export type MemberOptions = {
  /** Index among the validators. */
  validator?: number
  settles: boolean
  cosigns: boolean
  turnMs: number
  /** Between two looks of the settler. */
  pollMs?: number
  url?: string
  gasWarnWei?: bigint
  /** Of its settlement. */
  clock?: Clock
}

const UNSIGNED = new Uint8Array(65)
const LIFE_SECONDS = 100_000

export class Member implements SettlementNode {
  readonly venue: SettlementVenue
  readonly name: string
  readonly account: string
  readonly engine: Engine
  readonly follower: ChainFollower
  readonly sender: TransactionSender
  readonly vault: VaultAccount
  readonly settlement: Settlement
  readonly synced = true
  readonly #lane: LaneMaker
  readonly #signer: AccountSigner
  readonly #provider: JsonRpcProvider
  readonly #outcomes = new Outcomes()
  readonly #listeners: ((applied: Applied) => void)[] = []
  #queue: Entry[] = []
  #nonce = 0
  #slot = 0
  #wallet: Promise<Wallet>

  constructor(venue: SettlementVenue, name: string, options: MemberOptions) {
    this.venue = venue
    this.name = name
    this.#lane = venue.newLane()
    const key = privateKeyOf(name)
    this.account = venue.crypto.address(key)
    this.#signer = { address: this.account, sign: (digest) => venue.crypto.sign(digest, key) }
    this.engine = new Engine(venue.engineConfig, { hash: blake2b256Parts })
    this.#provider = venue.provider(options.url)
    this.follower = venue.follower(options.url)
    const wallet = venue.walletOf(name)
    this.#wallet = venue.wallet(name)
    this.sender = venue.sender(wallet, { provider: this.#provider })
    this.vault = venue.vaultOf(wallet, this.sender, this.#provider)
    const { crypto } = venue
    this.settlement = new Settlement(
      {
        ...settlementDefaults,
        pollMs: options.pollMs ?? 20,
        turnMs: options.turnMs,
        gasWarnWei: options.gasWarnWei ?? 1n
      },
      {
        node: this,
        keccak: crypto.keccak,
        recover: crypto.recover,
        clock: options.clock ?? systemClock,
        log: venue.log,
        cosigners: () => (options.cosigns ? [{ account: this.account, signer: this.#signer }] : []),
        validator: options.validator === undefined ? null : this.#signer,
        settler: options.settles ? { provider: this.#provider, sender: this.sender } : null,
        chain: this.follower,
        vaults: () => [this.vault],
        spent: () => this.sender.spent
      }
    )
  }

  async open(): Promise<void> {
    await this.#wallet
    await this.follower.open()
    await this.sender.open()
    for (const block of this.venue.tape) this.apply(block)
    this.settlement.open()
    const expiry = this.#soon()
    const { account } = this
    this.give({ kind: 'link', account, nonce: this.#next(), expiry, signature: UNSIGNED })
  }

  async close(): Promise<void> {
    this.#outcomes.abandon()
    await this.settlement.close()
    await this.sender.close()
    await this.follower.close()
    this.#provider.destroy()
  }

  // Its use as a trader

  /** Puts an entry, signed by the account, into the lane, and waits for what became of it. */
  async does(entry: Entry): Promise<Outcome> {
    const ticket = this.give(entry)
    return this.outcome(ticket)
  }

  give(entry: Entry): Ticket {
    const part = signedPart(this.hasher, entry, this.#lane.lane)
    if (part === null || !('signature' in entry)) return this.submit(entry)
    return this.submit({ ...entry, signature: this.#signer.sign(part.digest) })
  }

  order(order: Partial<Order> & Pick<Order, 'side' | 'quantity' | 'price'>): Order {
    const canRest = (order.timeInForce ?? 'gtc') === 'gtc'
    return {
      market: 0,
      account: this.account,
      timeInForce: 'gtc',
      postOnly: 'no',
      quote: false,
      leased: false,
      selfTradePrevention: 'cancelNewest',
      trigger: null,
      expiry: this.#soon(),
      feeMax: 1_000_000,
      nonce: this.#next(),
      slot: canRest ? this.#slot++ : 0,
      ...order
    }
  }

  places(order: Partial<Order> & Pick<Order, 'side' | 'quantity' | 'price'>): Promise<Outcome> {
    const signed = this.order(order)
    return this.does({ kind: 'place', order: signed, proof: null, signature: UNSIGNED })
  }

  withdraws(token: number, quanta: number): Promise<Outcome> {
    const { account } = this
    const terms = { account, token, quanta, nonce: this.#next(), expiry: this.#soon() }
    return this.does({ kind: 'withdraw', ...terms, signature: UNSIGNED })
  }

  signs(digest: Uint8Array): Uint8Array {
    return this.#signer.sign(digest)
  }

  #next(): number {
    return ++this.#nonce
  }

  #soon(): number {
    return Math.floor(Date.now() / 1000) + LIFE_SECONDS
  }

  // As settlement sees the daemon

  get manifest() {
    return this.venue.manifest
  }

  get hasher() {
    return this.venue.hasher
  }

  get tapeLength(): number {
    return this.venue.tape.length
  }

  submit(entry: Entry): Ticket {
    const lane = toHex(this.#lane.lane)
    const isFirst = this.#lane.log.length === 0
    this.#queue.push(entry)
    const laneIndex = this.#lane.log.length
    // The lane's first block begins with the entry that opens it.
    const at = this.#queue.length - 1 + (isFirst ? 1 : 0)
    return { lane, laneIndex, entry: at, journaled: Promise.resolve() }
  }

  outcome(ticket: Ticket): Promise<Outcome> {
    return this.#outcomes.of(ticket)
  }

  onapplied(listener: (applied: Applied) => void): void {
    this.#listeners.push(listener)
  }

  async read(index: number): Promise<TapeEntry | null> {
    return this.venue.tape[index] ?? null
  }

  // As the tape sees it

  take(): { slice: Slice; blocks: Uint8Array[] }[] {
    if (this.#queue.length === 0) return []
    return [this.#lane.grow(this.#queue.splice(0))]
  }

  apply({ index, block }: TapeEntry): void {
    const { cut, blocks } = block
    const context = { hasher: this.hasher, opens: () => true }
    let entry = 0
    const places = cut.slices.map((slice, at) =>
      blocks[at].map((bytes, offset) => {
        const entries = entriesOf(bytes).length
        const place = { laneIndex: slice.from + offset, entry, entries }
        entry += entries
        return place
      })
    )
    const result = this.engine.apply({
      index,
      time: cut.time,
      seed: blake2b256Parts([new Uint8Array([index & 0xff])]),
      cursor: cut.cursor,
      chain: cut.events.map((bytes) => chainEventInput(decodeChainEvent(bytes))),
      lanes: cut.slices.map(({ lane, to, treeHash }, at) => ({
        lane,
        length: to,
        treeHash,
        entries: blocks[at].flatMap(entriesOf).map((each) => {
          const part = signedPart(this.hasher, each, lane)
          const signer = part && this.venue.crypto.recover(part.digest, part.signature)
          return entryInput(context, lane, each, signer)
        })
      }))
    })
    this.follower.resume(cut.cursor)
    const slices = cut.slices.map(({ to, ...slice }, at) => {
      return { ...slice, length: to, blocks: blocks[at] }
    })
    const applied = {
      index,
      cut,
      entries: entry,
      slices,
      places,
      result,
      engineMs: 0,
      snapshot: null
    }
    this.#outcomes.applied(applied)
    for (const listener of this.#listeners) listener(applied)
  }
}
