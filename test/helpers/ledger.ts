// A ledger apart from the daemons: what clients sent, what they were told, and what the vault's own
// events say. From these alone it computes what every account must hold, so that "nothing lost,
// nothing doubled" is not the daemon's word about itself.
import type { Manifest } from '../../protocol/manifest.ts'
import type { RpcMyTrade, RpcOrder, RpcSide, RpcTradeState } from '../../protocol/rpc.ts'

/** An order as its client sent it. */
export type Sent = {
  account: string
  clientOrderId: string
  market: string
  side: RpcSide
  amount: string
  /** Null: a market order. */
  price: string | null
}

/** An event of the vault, as far as it moves money. */
export type VaultNews = { sequence: number } & (
  | { kind: 'paidIn' | 'paidOut'; account: string; token: number; quanta: bigint }
  | { kind: 'settled'; index: number; submitter: string; fees: bigint[] }
  | { kind: 'voided'; index: number }
  | { kind: 'other' }
)

/** The vault as the chain has it: all its events in their order, and what it holds for an account,
 * quanta (balance and claimable together). */
export type VaultPicture = {
  news: readonly VaultNews[]
  held: (account: string, token: number) => bigint
}

const PLACES = 18
const ways: readonly RpcTradeState[] = [
  'matched',
  'sealed',
  'attested',
  'submitted',
  'mined',
  'final'
]
const ended: ReadonlySet<string> = new Set(['filled', 'cancelled', 'rejected'])

export class Ledger {
  readonly #manifest: Manifest
  readonly #sent = new Map<string, Sent>()
  /** By account and clientOrderId: the order that it was told to be. */
  readonly #ids = new Map<string, string>()
  /** Those whose order was asked to be changed: it may have another id and other terms. */
  readonly #edited = new Set<string>()
  readonly #orders = new Map<string, RpcOrder>()
  /** By order and trade. */
  readonly #trades = new Map<string, RpcMyTrade>()
  readonly #problems = new Set<string>()

  constructor(manifest: Manifest) {
    this.#manifest = manifest
  }

  get orders(): RpcOrder[] {
    return [...this.#orders.values()]
  }

  get trades(): RpcMyTrade[] {
    return [...this.#trades.values()]
  }

  sent(order: Sent): void {
    const key = `${order.account} ${order.clientOrderId}`
    this.#sent.set(key, order)
  }

  /** Orders that were sent and never answered, nor told of since. */
  get unanswered(): Sent[] {
    return [...this.#sent].filter(([key]) => !this.#ids.has(key)).map(([, order]) => order)
  }

  edited({ account, clientOrderId }: Pick<Sent, 'account' | 'clientOrderId'>): void {
    this.#edited.add(`${account} ${clientOrderId}`)
  }

  /** A client was refused, or gave the order up, before anything was taken. */
  refused({ account, clientOrderId }: Pick<Sent, 'account' | 'clientOrderId'>): void {
    this.#sent.delete(`${account} ${clientOrderId}`)
  }

  toldOrder(order: RpcOrder): void {
    const { orderId, account, clientOrderId } = order
    if (clientOrderId !== null) {
      const key = `${account} ${clientOrderId}`
      if (!this.#edited.has(key)) this.#isTheOne(key, order)
      this.#ids.set(key, orderId)
    }
    const before = this.#orders.get(orderId)
    if (before !== undefined) this.#followsFrom(before, order)
    if (before === undefined || !isOlder(order, before)) this.#orders.set(orderId, order)
  }

  /** One name, one order, as it was sent. */
  #isTheOne(key: string, order: RpcOrder): void {
    const id = this.#ids.get(key)
    if (id !== undefined && id !== order.orderId) {
      this.#wrong(`${key} is ${id} and also ${order.orderId}`)
    }
    const sent = this.#sent.get(key)
    if (sent !== undefined) this.#isAsSent(order, sent)
  }

  #isAsSent(order: RpcOrder, { market, side, amount, price }: Sent): void {
    const same =
      order.market === market &&
      order.side === side &&
      decimal(order.amount) === decimal(amount) &&
      (price === null || decimal(order.price) === decimal(price))
    if (!same) this.#wrong(`${order.orderId} is not what ${order.clientOrderId} was sent as`)
  }

  /** News may come late and in any order; what it says may not contradict. */
  #followsFrom(before: RpcOrder, after: RpcOrder): void {
    const [older, newer] = isOlder(after, before) ? [after, before] : [before, after]
    if (older.hash !== newer.hash) this.#wrong(`${newer.orderId} has two hashes`)
    if (decimal(newer.filledAmount) < decimal(older.filledAmount)) {
      this.#wrong(`${newer.orderId} was filled ${older.filledAmount}, then ${newer.filledAmount}`)
    }
    if (ended.has(older.state) && newer.state !== older.state) {
      this.#wrong(`${newer.orderId} was ${older.state}, then ${newer.state}`)
    }
  }

  toldTrade(trade: RpcMyTrade): void {
    const key = `${trade.orderId} ${trade.tradeId}`
    const before = this.#trades.get(key)
    if (before === undefined) {
      this.#trades.set(key, trade)
      return
    }
    if (factsOf(before) !== factsOf(trade)) {
      this.#wrong(`trade ${key} was told as ${factsOf(before)} and as ${factsOf(trade)}`)
    }
    if (ways.indexOf(trade.state) > ways.indexOf(before.state)) this.#trades.set(key, trade)
    if (trade.state === 'reverted') this.#wrong(`trade ${key} was reverted`)
  }

  /** Everything that is not as it must be once all batches are on the chain; empty when all is
   * well. */
  problems(vault: VaultPicture): string[] {
    return [
      ...this.#problems,
      ...this.unanswered.map(({ clientOrderId }) => `nobody knows what became of ${clientOrderId}`),
      ...this.#tradesInPairs(),
      ...this.#ordersAddUp(),
      ...this.#batchesOnce(vault),
      ...this.#accountsAddUp(vault)
    ]
  }

  /** Each trade has one buyer and one seller, a maker and a taker, told the same. */
  #tradesInPairs(): string[] {
    const found: string[] = []
    for (const [tradeId, sides] of groupBy(this.trades, ({ tradeId }) => tradeId)) {
      const roles = sides.map(({ mySide, liquidity }) => `${mySide} ${liquidity}`).sort()
      const terms = new Set(
        sides.map(({ market, price, amount, batch }) => [market, price, amount, batch].join(' '))
      )
      const paired =
        sides.length === 2 &&
        sides[0].mySide !== sides[1].mySide &&
        sides[0].liquidity !== sides[1].liquidity
      if (!paired) found.push(`trade ${tradeId} has the sides ${roles.join(', ') || 'none'}`)
      if (terms.size !== 1) found.push(`trade ${tradeId} was told as ${[...terms].join(' / ')}`)
    }
    return found
  }

  /** Fills within limit and amount, and as many as the order says. */
  #ordersAddUp(): string[] {
    const found: string[] = []
    const byOrder = groupBy(this.trades, ({ orderId }) => orderId)
    for (const orderId of byOrder.keys()) {
      if (!this.#orders.has(orderId)) found.push(`${orderId} traded and nobody was told of it`)
    }
    for (const order of this.orders) {
      const fills = byOrder.get(order.orderId) ?? []
      const filled = sum(fills.map(({ amount }) => decimal(amount)))
      if (filled !== decimal(order.filledAmount)) {
        found.push(`${order.orderId} says ${order.filledAmount}; its trades say ${text(filled)}`)
      }
      if (filled > decimal(order.amount)) found.push(`${order.orderId} is overfilled`)
      for (const { price, tradeId } of fills) {
        const better = decimal(order.price) - decimal(price)
        if (order.side === 'buy' ? better < 0n : better > 0n) {
          found.push(`${order.orderId}: trade ${tradeId} at ${price} is beyond ${order.price}`)
        }
      }
    }
    return found
  }

  /** The vault's events are whole, each batch settled once, for the fees that clients were told. */
  #batchesOnce({ news }: VaultPicture): string[] {
    const found: string[] = []
    for (const [place, { sequence }] of news.entries()) {
      if (sequence !== place + 1) {
        found.push(`event ${place + 1} of the vault is missing`)
        break
      }
    }
    const byBatch = groupBy(this.trades, ({ batch }) => batch)
    let last = 0
    for (const event of news) {
      if (event.kind === 'voided') found.push(`batch ${event.index} was voided`)
      if (event.kind !== 'settled') continue
      if (event.index !== last + 1) found.push(`batch ${event.index} settled after ${last}`)
      last = event.index
      const told = this.#feesOf(byBatch.get(event.index) ?? [])
      for (const [token, { symbol }] of this.#manifest.tokens.entries()) {
        const taken = event.fees[token] ?? 0n
        if (taken === told[token]) continue
        found.push(`batch ${event.index} took ${taken} ${symbol} of fees, told were ${told[token]}`)
      }
    }
    for (const batch of byBatch.keys()) {
      if (batch > last) found.push(`batch ${batch} is not on the chain`)
    }
    for (const { tradeId, state } of this.trades) {
      if (state !== 'final') found.push(`trade ${tradeId} is still ${state}`)
    }
    return found
  }

  #feesOf(trades: readonly RpcMyTrade[]): bigint[] {
    const fees = this.#manifest.tokens.map(() => 0n)
    for (const { market, fee } of trades) {
      const { quote } = this.#market(market)
      fees[quote] += this.#quanta(quote, decimal(fee), PLACES)
    }
    return fees
  }

  /** What came in, what was traded, and what went out make up what the vault holds. */
  #accountsAddUp({ news, held }: VaultPicture): string[] {
    const found: string[] = []
    for (const [account, due] of this.#due(news)) {
      for (const [token, { symbol }] of this.#manifest.tokens.entries()) {
        const holds = held(account, token)
        if (holds === due[token]) continue
        found.push(`${account} is due ${due[token]} ${symbol}, the vault holds ${holds}`)
      }
    }
    return found
  }

  /** Quanta by account and token: deposits and trades less fees and what was paid out. */
  #due(news: readonly VaultNews[]): Map<string, bigint[]> {
    const accounts = new Map<string, bigint[]>()
    const add = (account: string, token: number, quanta: bigint): void => {
      const due = accounts.get(account) ?? this.#manifest.tokens.map(() => 0n)
      due[token] += quanta
      accounts.set(account, due)
    }
    for (const event of news) {
      if (event.kind === 'paidIn') add(event.account, event.token, event.quanta)
      if (event.kind === 'paidOut') add(event.account, event.token, -event.quanta)
      if (event.kind !== 'settled') continue
      for (const [token, fee] of event.fees.entries()) add(event.submitter, token, fee)
    }
    for (const { account, market, mySide, price, amount, fee } of this.#trades.values()) {
      const { base, quote } = this.#market(market)
      const sign = mySide === 'buy' ? 1n : -1n
      const cost = decimal(price) * decimal(amount)
      add(account, base, sign * this.#quanta(base, decimal(amount), PLACES))
      add(account, quote, -sign * this.#quanta(quote, cost, 2 * PLACES))
      add(account, quote, -this.#quanta(quote, decimal(fee), PLACES))
    }
    return accounts
  }

  /** Whole quanta of an amount that has so many places; a remainder is a problem of its own. */
  #quanta(token: number, amount: bigint, places: number): bigint {
    const { decimals, quantum, symbol } = this.#manifest.tokens[token]
    const units = amount * 10n ** BigInt(decimals)
    const unit = BigInt(quantum) * 10n ** BigInt(places)
    if (units % unit !== 0n) this.#wrong(`an amount of ${symbol} is not whole: ${amount}`)
    return units / unit
  }

  /** Places of the market's tokens. */
  #market(symbol: string): { base: number; quote: number } {
    const { markets, tokens } = this.#manifest
    const terms = markets.find((each) => each.symbol === symbol)
    if (terms === undefined) throw new Error(`no market ${symbol}`)
    const place = (name: string): number => tokens.findIndex((each) => each.symbol === name)
    return { base: place(terms.base), quote: place(terms.quote) }
  }

  #wrong(problem: string): void {
    this.#problems.add(problem)
  }
}

/** A pending order has no place on the tape yet: older than any that has. */
function isOlder(a: RpcOrder, b: RpcOrder): boolean {
  return (a.tapeIndex ?? -1) < (b.tapeIndex ?? -1)
}

/** What of a trade never changes. */
function factsOf(trade: RpcMyTrade): string {
  const { account, market, mySide, price, amount, liquidity, fee, batch } = trade
  return [account, market, mySide, price, amount, liquidity, fee, batch].join(' ')
}

/** A decimal as a whole number of its eighteenth place. */
export function decimal(value: string): bigint {
  const [whole, fraction = ''] = value.replace('-', '').split('.')
  const units = BigInt(whole + fraction.padEnd(PLACES, '0'))
  return value.startsWith('-') ? -units : units
}

function text(units: bigint): string {
  const digits = units.toString().padStart(PLACES + 1, '0')
  return `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
