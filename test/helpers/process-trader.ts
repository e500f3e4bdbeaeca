// Someone who trades over the JSON-RPC of a daemon in a process of its own, and writes down in the
// ledger what he sends and what he is told.
import { randomUUID } from 'node:crypto'
import type { Wallet } from 'ethers'
import { z } from 'zod'
import type { Member } from '../../config/devnet-plan.ts'
import { RpcFault } from '../../client/fault.ts'
import type { SocketClient } from '../../client/socket.ts'
import type {
  RpcBalance,
  RpcMyTrade,
  RpcOrder,
  RpcOrderResult,
  RpcPlaceParams,
  RpcQuoteParams,
  RpcSide
} from '../../protocol/rpc.ts'
import type { Ledger, Sent } from './ledger.ts'
import { until } from './until.ts'

/** As `eth_signTypedData_v4` takes it. */
export const typedDataShape = z.object({
  domain: z.record(z.string(), z.any()),
  types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
  message: z.record(z.string(), z.unknown())
})

export const MARKET = 'WETH/USDC'
const PAGE = 1000

export type Terms = Omit<Partial<RpcPlaceParams>, 'amount' | 'price'>

export class ProcessTrader {
  readonly member: Member
  readonly account: string
  readonly client: SocketClient
  readonly #ledger: Ledger

  constructor(member: Member, account: string, client: SocketClient, ledger: Ledger) {
    this.member = member
    this.account = account
    this.client = client
    this.#ledger = ledger
  }

  get name(): string {
    return this.member.name
  }

  /** From here on every word of the daemon about orders and trades goes into the ledger. */
  async listens(): Promise<void> {
    // The channels' own shapes, by their names.
    await this.client.subscribe('user.orders', (data) => this.#ledger.toldOrder(data as RpcOrder))
    await this.client.subscribe('user.trades', (data) => this.#ledger.toldTrade(data as RpcMyTrade))
  }

  /** Ends `listens`: for who asks for more than anybody could write down. */
  async isDeaf(): Promise<void> {
    for (const channel of ['user.orders', 'user.trades']) await this.client.unsubscribe(channel)
  }

  buys(amount: string, price: string | null, terms: Terms = {}): Promise<RpcOrderResult> {
    return this.places('buy', amount, price, terms)
  }

  sells(amount: string, price: string | null, terms: Terms = {}): Promise<RpcOrderResult> {
    return this.places('sell', amount, price, terms)
  }

  /** A limit order, or without a price a market order. @throws RpcFault */
  async places(
    side: RpcSide,
    amount: string,
    price: string | null,
    terms: Terms = {}
  ): Promise<RpcOrderResult> {
    const sent: Sent = {
      account: this.account,
      clientOrderId: terms.clientOrderId ?? randomUUID(),
      market: terms.market ?? MARKET,
      side,
      amount,
      price
    }
    return this.sends(sent, terms)
  }

  /** Sends it, or sends it once more: the same clientOrderId stands for one order only. */
  async sends(sent: Sent, terms: Terms = {}): Promise<RpcOrderResult> {
    const { account, clientOrderId, market, amount, price } = sent
    this.#ledger.sent(sent)
    const kind = price === null ? { type: 'market' as const } : { price }
    try {
      const result = await this.client.call(`private/${sent.side}`, {
        ...terms,
        account,
        clientOrderId,
        market,
        amount,
        ...kind
      })
      this.#told(result)
      return result
    } catch (fault) {
      // Whoever lost his connection does not know whether the order was taken.
      if (fault instanceof RpcFault && isRefusal(fault)) this.#ledger.refused(sent)
      throw fault
    }
  }

  /** An order that a key outside of the daemon signs: the account's own, or a delegate's. */
  async signs(
    wallet: Wallet,
    terms: { side: RpcSide; amount: string; price: string } & Terms
  ): Promise<RpcOrderResult> {
    const { account } = this
    const prepared = await this.client.call('private/prepare_order', {
      account,
      market: MARKET,
      ...terms
    })
    const { domain, types, message } = typedDataShape.parse(prepared.typedData)
    // A library takes the domain's type from the domain itself.
    const { EIP712Domain: _domain, ...rest } = types
    const signature = await wallet.signTypedData(domain, rest, message)
    const result = await this.client.call('private/submit_signed_order', {
      order: message,
      signature
    })
    this.#told(result)
    return result
  }

  async quotes(
    quotes: RpcQuoteParams['quotes'],
    more: Partial<RpcQuoteParams> = {}
  ): Promise<{ orders: RpcOrder[]; trades: RpcMyTrade[] }> {
    const { account } = this
    const result = await this.client.call('private/mass_quote', {
      account,
      market: MARKET,
      quotes,
      ...more
    })
    for (const order of result.orders) this.#told({ order, trades: [] })
    for (const trade of result.trades) this.#ledger.toldTrade(trade)
    return result
  }

  /** What shall still be filled, or at another price. @throws RpcFault */
  async edits(order: RpcOrder, change: { amount?: string; price?: string }): Promise<RpcOrder> {
    const { orderId, account, clientOrderId } = order
    if (clientOrderId !== null) this.#ledger.edited({ account, clientOrderId })
    const result = await this.client.call('private/edit', { orderId, ...change })
    this.#told(result)
    return result.order
  }

  async cancels(orderId: string): Promise<RpcOrder> {
    const order = await this.client.call('private/cancel', { orderId })
    this.#ledger.toldOrder(order)
    return order
  }

  async cancelsAll(): Promise<string[]> {
    const { cancelled } = await this.client.call('private/cancel_all', { account: this.account })
    return cancelled
  }

  async withdraws(token: string, amount: string): Promise<void> {
    await this.client.call('private/withdraw', { account: this.account, token, amount })
  }

  order(orderId: string): Promise<RpcOrder> {
    return this.client.call('private/get_order', { orderId })
  }

  async balance(token: string): Promise<RpcBalance> {
    const balances = await this.client.call('private/get_balances', { account: this.account })
    const found = balances.find((each) => each.token === token)
    if (found === undefined) throw new Error(`no balance of ${token}`)
    return found
  }

  /** Every fill that the daemon knows of, told to the ledger. */
  async trades(): Promise<RpcMyTrade[]> {
    const all: RpcMyTrade[] = []
    for (let before: number | null = null; ;) {
      const page: RpcMyTrade[] = await patiently(() =>
        this.client.call('private/get_my_trades', {
          account: this.account,
          count: PAGE,
          ...(before === null ? {} : { before })
        })
      )
      for (const trade of page) this.#ledger.toldTrade(trade)
      all.push(...page)
      if (page.length < PAGE) return all
      // A page may end within a block: the next one begins with that block again.
      const oldest = Number(page[page.length - 1].tradeId.split('.')[0]) + 1
      if (oldest === before) throw new Error(`more than ${PAGE} fills in block ${oldest - 1}`)
      before = oldest
    }
  }

  /** What became of each order that nobody answered for, and of each that was ever told. */
  async asks(): Promise<void> {
    const mine = this.#ledger.unanswered.filter(({ account }) => account === this.account)
    for (const { clientOrderId, account } of mine) {
      const order = await patiently(() =>
        this.client.call('private/get_order', { clientOrderId, account })
      )
      this.#ledger.toldOrder(order)
    }
    for (const { orderId, account } of this.#ledger.orders) {
      if (account !== this.account) continue
      this.#ledger.toldOrder(await patiently(() => this.order(orderId)))
    }
  }

  /** Waits until the order is in one of the states. */
  async sees(orderId: string, ...states: RpcOrder['state'][]): Promise<RpcOrder> {
    return until(
      async () => {
        const order = await this.order(orderId)
        return states.includes(order.state) ? order : null
      },
      `${orderId} to be ${states.join(' or ')}`
    )
  }

  #told({ order, trades }: RpcOrderResult): void {
    this.#ledger.toldOrder(order)
    for (const trade of trades) this.#ledger.toldTrade(trade)
  }
}

/** Asks again while the daemon says that it was asked too much. */
function patiently<T extends object>(call: () => Promise<T>): Promise<T> {
  return until(async () => {
    try {
      return await call()
    } catch (fault) {
      if (fault instanceof RpcFault && fault.rpcName === 'too_many_requests') return null
      throw fault
    }
  }, 'the daemon to have time for a question')
}

/** The daemon said no; else nobody knows what became of the call. */
export function isRefusal({ rpcName }: RpcFault): boolean {
  return !['closed', 'unreachable', 'outcome_unknown', 'internal_error'].includes(rpcName)
}
