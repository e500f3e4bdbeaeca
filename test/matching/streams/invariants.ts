// What must hold after every block, worked out again from the engine's public views alone: it uses
// neither engine's ledger code.
import type { BlockInput, Engine, EngineConfig, OrderInput } from '../../../matching/index.ts'
import type { Auditor } from './auditor.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'

type Markets = EngineConfig['markets']

/** Every order that was ever signed into the stream, by account and nonce. */
export class SignedOrders {
  readonly #orders = new Map<string, OrderInput[]>()

  add(block: BlockInput): void {
    for (const entry of block.lanes.flatMap((lane) => lane.entries)) {
      if (entry.kind === 'place' || entry.kind === 'amend') this.#add(entry.order)
      if (entry.kind === 'quote') for (const order of entry.orders) this.#add(order)
    }
  }

  #add(order: OrderInput): void {
    const key = `${order.account} ${order.nonce}`
    this.#orders.set(key, [...(this.#orders.get(key) ?? []), order])
  }

  /** A nonce that was used twice has several candidates; the one that fits is meant. */
  find(account: string, nonce: number, fits: (order: OrderInput) => boolean): OrderInput {
    const order = (this.#orders.get(`${account} ${nonce}`) ?? []).find(fits)
    if (!order) throw new Error(`nobody signed order ${nonce} of ${account}`)
    return order
  }
}

/** Quanta that came in and went out through the vault, by token. */
export class VaultBooks {
  readonly #totals: number[]

  constructor(config: EngineConfig) {
    this.#totals = Array.from({ length: config.tokens }, () => 0)
    for (const { token, quanta } of config.endow) this.#totals[token] += quanta
  }

  /** Before the block is applied: what its chain events bring, take, and settle. */
  add(block: BlockInput, engine: Engine): void {
    for (const event of block.chain) {
      if (event.kind === 'deposited') this.#totals[event.token] += event.quanta
      if (event.kind === 'exitClaimed') this.#totals[event.token] -= event.quanta
      if (event.kind !== 'batchSettled') continue
      for (const { token, quanta } of engine.batch(event.index)?.withdrawals ?? []) {
        this.#totals[token] -= quanta
      }
    }
  }

  total(token: number): number {
    return this.#totals[token]
  }
}

function fee(notional: number, bps: number): number {
  return Math.floor((notional * bps) / 10_000)
}

/** What a live order can still cost, in its base and quote token. */
function cost(
  order: ReturnType<Engine['liveOrders']>[number],
  signed: OrderInput,
  markets: Markets
): { base: number; quote: number } {
  const market = markets[order.market]
  const n = order.remaining * order.price * market.tickValue
  if (order.state === 'resting') {
    return order.side === 'sell'
      ? { base: order.remaining * market.lotSize, quote: 0 }
      : { base: 0, quote: n + fee(n, market.makerBps) }
  }
  if (signed.trigger === null) throw new Error(`order ${order.id} waits without a trigger`)
  if (order.side === 'sell') {
    const oneLot = order.price * market.tickValue
    return {
      base: order.remaining * market.lotSize,
      quote: Math.max(0, market.takerFeeMin - oneLot)
    }
  }
  const fees = [fee(n, market.makerBps), fee(n, market.takerBps), market.takerFeeMin]
  return { base: 0, quote: n + Math.max(...fees) }
}

/** @throws Error with the sentence that does not hold */
export function checkInvariants(
  config: EngineConfig,
  engine: Engine,
  signed: SignedOrders,
  vault: VaultBooks,
  auditor: Auditor,
  accounts: readonly string[]
): void {
  const must = (held: boolean, sentence: string): void => {
    if (!held) throw new Error(`block ${engine.index}: ${sentence}`)
  }
  const settled = zeros(config)
  const pending = zeros(config)
  for (const address of accounts) {
    const reserved = zeros(config)
    for (const order of engine.liveOrders(address)) {
      const { lotSize, base, quote } = config.markets[order.market]
      must(order.remaining > 0 && lotSize > 0, 'a live order has lots to go')
      const term = signed.find(
        address,
        order.nonce,
        (other) =>
          other.side === order.side && (other.price === order.price || other.postOnly === 'slide')
      )
      const slid = order.side === 'buy' ? term.price - order.price : order.price - term.price
      must(slid >= 0, 'an order rests no worse for itself than its limit')
      must(order.filled + order.remaining <= term.quantity, 'an order fills within its quantity')
      const needed = cost(order, term, config.markets)
      reserved[base] += needed.base
      reserved[quote] += needed.quote
    }
    engine.balances(address).forEach((balance, token) => {
      settled[token] += balance.settled
      pending[token] += balance.pending
      must(balance.reserved === reserved[token], 'reservations equal what live orders can cost')
      must(balance.available >= 0, 'no balance is negative')
      must(balance.settled + balance.pending >= balance.reserved, 'reserved quanta are there')
    })
  }
  const batches = engine.batches()
  for (let token = 0; token < config.tokens; token++) {
    const unsettled = batches.reduce((sum, batch) => sum + batch.fees[token], 0)
    // Without a chain nothing settles: every fee that was ever told is still on its way.
    const fees = config.settlement === null ? auditor.fees[token] : unsettled
    const leaving = batches
      .flatMap((batch) => batch.withdrawals)
      .filter((withdrawal) => withdrawal.token === token)
      .reduce((sum, { quanta }) => sum + quanta, 0)
    must(settled[token] === vault.total(token), 'settled quanta are what the vault holds')
    must(pending[token] + fees + leaving === 0, 'pending trades move quanta, fees included')
  }
  config.markets.forEach((_, market) => {
    const { bids, asks } = engine.level2(market, 1)
    if (bids.length === 0 || asks.length === 0) return
    must(bids[0].price < asks[0].price, 'a book is never crossed')
  })
}

function zeros(config: EngineConfig): number[] {
  return Array.from({ length: config.tokens }, () => 0)
}

export const deps = { hash: blake2b256Parts }
