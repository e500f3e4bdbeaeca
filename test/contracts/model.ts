// What the vault ought to do with a batch, in plain words and without its packing: the other side
// of the differential test. It keeps, beside the vault's own memory (marks, sequence, floor), the
// truth that the vault cannot know: how much of each order was ever settled.
import {
  type BatchContent,
  type Group,
  type MarketTerms,
  type OrderRef,
  type SealedOrder
} from '../../contracts/batch.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { Address, Order } from '../../protocol/types.ts'

export type ModelAccount = {
  balances: number[]
  sequence: number
  floor: number
  marks: Map<number, { nonce: number; filled: number }>
  withdrawn: number[]
  claimable: number[]
}

export type ModelSettings = {
  markets: readonly MarketTerms[]
  tokens: number
  /** Whole seconds. */
  grace: number
  exitDelay: number
  /** Who signed; null for nobody. */
  signerOf: (signed: SealedOrder | Extract<Group, { kind: 'cosigned' }>) => Address | null
}

/** What a delegate may do, whole seconds. `until` 0: nothing. */
export type ModelGrant = { from: number; until: number; cosign: boolean }

/** A grant, and what the ones before it still allow until their end. */
type Grants = { now: ModelGrant; before: ModelGrant | null }

type Fill = { signed: SealedOrder; account: ModelAccount; lots: number; quote: number; fee: number }

export class VaultModel {
  readonly accounts = new Map<Address, ModelAccount>()
  /** Lots of each order that were settled by its own signature, in all batches together. */
  readonly settledLots = new Map<string, number>()
  readonly #grants = new Map<string, Grants>()
  readonly #settings: ModelSettings

  constructor(settings: ModelSettings) {
    this.#settings = settings
  }

  account(address: Address): ModelAccount {
    let found = this.accounts.get(address)
    if (found === undefined) {
      found = {
        balances: zeros(this.#settings.tokens),
        sequence: 0,
        floor: 0,
        marks: new Map(),
        withdrawn: zeros(this.#settings.tokens),
        claimable: zeros(this.#settings.tokens)
      }
      this.accounts.set(address, found)
    }
    return found
  }

  clone(): VaultModel {
    const copy = new VaultModel(this.#settings)
    for (const [address, account] of this.accounts) {
      copy.accounts.set(address, structuredClone(account))
    }
    for (const [key, lots] of this.settledLots) copy.settledLots.set(key, lots)
    for (const [key, grants] of this.#grants) copy.#grants.set(key, structuredClone(grants))
    return copy
  }

  /** The owner replaced what his delegate may do. What that takes away holds for the delay, joined
   * with what an earlier replacement left him.
   * @param market Null for all. */
  grant(
    account: Address,
    delegate: Address,
    market: number | null,
    now: ModelGrant,
    time: number
  ): void {
    const { grace, exitDelay } = this.#settings
    const key = `${account} ${delegate} ${market}`
    const old = this.#grants.get(key)
    const end = time + exitDelay
    let before = old?.before ?? null
    if (before !== null && before.until <= time) before = null
    if (old !== undefined && holdsUntil(old.now, grace) > time && old.now.from < end) {
      const { from, cosign } = old.now
      const until = Math.min(holdsUntil(old.now, grace), end)
      before =
        before === null
          ? { from, until, cosign }
          : {
              from: Math.min(from, before.from),
              until: Math.max(until, before.until),
              cosign: cosign || before.cosign
            }
    }
    this.#grants.set(key, { now, before })
  }

  #may(account: Address, signer: Address | null, market: number | null, time: number): boolean {
    if (signer === account) return true
    if (signer === null) return false
    const { grace } = this.#settings
    return [null, market].some((each) => {
      const grants = this.#grants.get(`${account} ${signer} ${each}`)
      if (grants === undefined) return false
      const { now, before } = grants
      const holds = (grant: ModelGrant, until: number): boolean =>
        grant.from <= time && time < until && (market !== null || grant.cosign)
      return holds(now, holdsUntil(now, grace)) || (before !== null && holds(before, before.until))
    })
  }

  /** Applies a batch whose signatures are right.
   * @param time The block's, in whole seconds.
   * @param at The batch's index and its parent's link: a co-signature names both.
   * @returns why it is refused, after which this model is spoiled; or null. */
  apply(
    content: BatchContent,
    submitter: Address,
    time: number,
    at: { index: number; parent: Uint8Array }
  ): string | null {
    const left = zeros(this.#settings.tokens)
    const fills = new Map<string, Fill>()
    for (const group of content.groups) {
      const refusal =
        group.kind === 'cosigned'
          ? (this.#cosigned(group, time, at) ?? this.#applyDelta(group, left))
          : this.#list(group.orders, fills, time)
      if (refusal !== null) return refusal
    }
    const traded = this.#trade(content, fills)
    if (traded !== null) return traded
    for (const fill of fills.values()) {
      if (fill.lots === 0) return 'not filled'
      this.#applyFill(fill, left)
    }
    for (const account of this.accounts.values()) {
      if (account.balances.some((balance) => balance < 0)) return 'balance'
    }
    for (const { account, token, quanta, nonce, expiry } of content.withdrawals) {
      const owner = this.account(account)
      if (time > expiry + this.#settings.grace) return 'withdrawal expired'
      if (nonce <= owner.withdrawn[token]) return 'withdrawal used'
      const paid = Math.min(quanta, owner.balances[token])
      owner.withdrawn[token] = nonce
      owner.balances[token] -= paid
      owner.claimable[token] += paid
    }
    if (left.some((quanta) => quanta < 0)) return 'not conserved'
    const earner = this.account(submitter)
    left.forEach((quanta, token) => (earner.balances[token] += quanta))
    return null
  }

  #cosigned(
    group: Group & { kind: 'cosigned' },
    time: number,
    { index, parent }: { index: number; parent: Uint8Array }
  ): string | null {
    const { delta } = group
    if (delta.batch !== index || !equalBytes(delta.parent, parent)) return 'another batch'
    const may = this.#may(delta.account, this.#settings.signerOf(group), null, time)
    return may ? null : 'not authorised'
  }

  #applyDelta(group: Group & { kind: 'cosigned' }, left: number[]): string | null {
    const { delta } = group
    const account = this.account(delta.account)
    delta.deltas.forEach((quanta, token) => {
      account.balances[token] += quanta
      left[token] -= quanta
    })
    // Here a balance must suffice at once: nothing else in the batch touches the account.
    if (account.balances.some((balance) => balance < 0)) return 'balance'
    account.sequence = Math.max(account.sequence, delta.sequence)
    account.floor = Math.max(account.floor, delta.floor)
    for (const { slot, nonce, filled } of delta.marks) raise(account, slot, nonce, filled)
    return null
  }

  #list(orders: readonly SealedOrder[], fills: Map<string, Fill>, time: number): string | null {
    for (const signed of orders) {
      const { order } = signed
      const account = this.account(order.account)
      const signer = this.#settings.signerOf(signed)
      if (!this.#may(order.account, signer, order.market, time)) return 'not authorised'
      if (order.nonce < account.floor) return 'below the floor'
      if (time > order.expiry + this.#settings.grace) return 'expired'
      const mark = account.marks.get(order.slot)
      if (sequenced(order)) {
        if (order.nonce <= account.sequence) return 'sequence'
      } else if (mark !== undefined && mark.nonce > order.nonce) return 'slot'
      fills.set(key(order), { signed, account, lots: 0, quote: 0, fee: 0 })
    }
    return null
  }

  #trade({ sweeps }: BatchContent, fills: ReadonlyMap<string, Fill>): string | null {
    const took = new Set<Fill>()
    for (const sweep of sweeps) {
      const taker = sweep.taker === null ? null : (fills.get(key(sweep.taker)) ?? null)
      if (taker !== null) {
        if (took.has(taker) || taker.signed.order.postOnly !== 'no') return 'taker'
        took.add(taker)
      }
      let takerFee = 0
      for (const { maker: ref, lots, price } of sweep.fills) {
        const maker = ref === null ? null : (fills.get(key(ref)) ?? null)
        const traded = maker === null ? price : maker.signed.restingPrice
        const side = maker ?? taker
        if (side === null || lots === 0) return 'fill'
        const terms = this.#settings.markets[side.signed.order.market]
        const quote = lots * traded * terms.tickValue
        if (maker !== null) {
          if (maker.signed.order.timeInForce !== 'gtc') return 'maker'
          add(maker, lots, quote, fee(quote, terms.makerBps))
        }
        if (taker !== null) {
          if (maker !== null && !canTrade(maker.signed.order, taker.signed.order)) return 'pair'
          const { side, price: limit } = taker.signed.order
          if (traded === 0 || (side === 'buy' ? traded > limit : traded < limit)) return 'limit'
          add(taker, lots, quote, 0)
          takerFee += fee(quote, terms.takerBps)
        }
      }
      if (taker !== null) {
        const terms = this.#settings.markets[taker.signed.order.market]
        add(taker, 0, 0, Math.max(takerFee, terms.takerFeeMin))
      }
    }
    for (const { signed, account, lots } of fills.values()) {
      const { order } = signed
      const mark = account.marks.get(order.slot)
      const before = !sequenced(order) && mark?.nonce === order.nonce ? mark.filled : 0
      if (before + lots > order.quantity) return 'overfilled'
    }
    return null
  }

  #applyFill({ signed, account, lots, quote, fee }: Fill, left: number[]): void {
    const { order } = signed
    const terms = this.#settings.markets[order.market]
    const way = order.side === 'buy' ? 1 : -1
    account.balances[terms.base] += way * lots * terms.lotSize
    account.balances[terms.quote] -= way * quote + fee
    left[terms.base] -= way * lots * terms.lotSize
    left[terms.quote] += way * quote + fee
    const before = account.marks.get(order.slot)
    if (sequenced(order)) account.sequence = Math.max(account.sequence, order.nonce)
    else {
      const filled = before?.nonce === order.nonce ? before.filled : 0
      raise(account, order.slot, order.nonce, filled + lots)
    }
    this.settledLots.set(key(order), (this.settledLots.get(key(order)) ?? 0) + lots)
  }
}

/** The first second at which it allows nothing any more. */
function holdsUntil({ until }: ModelGrant, grace: number): number {
  return until === 0 ? 0 : until + grace + 1
}

export function key(ref: OrderRef): string {
  return `${ref.account}:${ref.nonce}`
}

/** An order that the account's sequence guards. */
export function sequenced(order: Order): boolean {
  return order.timeInForce !== 'gtc' && order.trigger === null
}

export function fee(quote: number, bps: number): number {
  return Math.floor(quote / 10_000) * bps + Math.floor(((quote % 10_000) * bps) / 10_000)
}

function canTrade(maker: Order, taker: Order): boolean {
  return (
    maker.market === taker.market && maker.account !== taker.account && maker.side !== taker.side
  )
}

function add(fill: Fill, lots: number, quote: number, fees: number): void {
  fill.lots += lots
  fill.quote += quote
  fill.fee = Math.min(fill.fee + fees, fill.signed.order.feeMax)
}

function raise(account: ModelAccount, slot: number, nonce: number, filled: number): void {
  const old = account.marks.get(slot)
  if (old === undefined || nonce > old.nonce || (nonce === old.nonce && filled > old.filled)) {
    account.marks.set(slot, { nonce, filled })
  }
}

function zeros(count: number): number[] {
  return Array<number>(count).fill(0)
}
