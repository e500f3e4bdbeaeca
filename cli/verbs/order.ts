// `curb order buy WETH/USDC 1.5 @ 2000 --post-only`: as a person says it.
import { type Command, Option } from 'commander'
import type { HttpClient } from '../../client/http.ts'
import type { RpcMyTrade, RpcOrder, RpcOrderResult, RpcPlaceParams } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { UsageError } from '../exit.ts'
import { wholeNumber } from '../numbers.ts'
import { facts, table, timeText } from '../output.ts'

type PlaceFlags = {
  market?: boolean
  price?: string
  postOnly?: boolean | string
  ioc?: boolean
  fok?: boolean
  clientId?: string
  account?: string
  leased?: boolean
  stop?: string
  takeProfit?: string
  expires?: number
  preventSelfTrade?: RpcPlaceParams['selfTradePrevention']
  wait: boolean
}

export function orderCommands(program: Command): void {
  const order = program.command('order').description('place, change, cancel and look at orders')
  for (const side of ['buy', 'sell'] as const) placeCommand(order, side)
  order
    .command('cancel <order>')
    .description('cancel an order by its id, or by yours')
    .option('--client-id', 'the id is a clientOrderId, even if it has a colon in it')
    .option('--account <address>', 'account, when the daemon hosts several')
    .action(
      async (id: string, flags: { clientId?: boolean; account?: string }, command: Command) => {
        const context = Context.of(command)
        const cancelled = await context.call((client) =>
          flags.clientId === true || !isOrderId(id)
            ? client.call('private/cancel_by_client_id', { clientOrderId: id, ...accountOf(flags) })
            : client.call('private/cancel', { orderId: id })
        )
        context.output.result(cancelled, orderText)
      }
    )
  order
    .command('cancel-all [market]')
    .description('cancel all orders, of a market or a side')
    .addOption(new Option('--side <side>', 'only this side').choices(['buy', 'sell']))
    .option('--account <address>', 'account, when the daemon hosts several')
    .action(async (market: string | undefined, flags: CancelAllFlags, command: Command) => {
      const context = Context.of(command)
      const { side } = flags
      const params = {
        ...accountOf(flags),
        ...(market === undefined ? {} : { market }),
        ...(side === undefined ? {} : { side })
      }
      const done = await context.call((client) => client.call('private/cancel_all', params))
      context.output.result(done, ({ cancelled }) => `${cancelled.length} orders cancelled`)
    })
  order
    .command('edit <order>')
    .description('change price or amount; keeps its place when only the amount gets less')
    .option('--price <price>', 'new price')
    .option('--amount <amount>', 'new amount still to fill')
    .option('--account <address>', 'account, when the daemon hosts several')
    .action(
      async (
        id: string,
        { account, ...flags }: { price?: string; amount?: string; account?: string },
        command: Command
      ) => {
        if (flags.price === undefined && flags.amount === undefined) {
          throw new UsageError('name what shall change: --price or --amount')
        }
        const context = Context.of(command)
        const edited = await context.call(async (client) => {
          const orderId = await orderIdOf(client, id, { account })
          return client.call('private/edit', { orderId, ...flags })
        })
        context.output.result(edited, placedText)
      }
    )
  lookCommands(order)
}

type CancelAllFlags = { side?: 'buy' | 'sell'; account?: string }

function placeCommand(order: Command, side: 'buy' | 'sell'): void {
  order
    .command(`${side} <market> <amount> [at] [price]`)
    .description(`${side}: curb order ${side} WETH/USDC 1.5 @ 2000, or --market`)
    .option('--market', 'at the best price there is, within a protection')
    .option('--price <price>', 'limit price, the same as "@ price"')
    .option('--post-only [mode]', 'never take: refuse, or with "slide" move behind the touch')
    .option('--ioc', 'what cannot be filled at once is cancelled')
    .option('--fok', 'all at once or nothing')
    .option('--client-id <id>', 'your own id; the same one again is not a second order')
    .option('--account <address>', 'account, when the daemon hosts several')
    .option('--leased', 'lives only while the daemon renews its lease')
    .option('--stop <price>', 'wait until the last trade is at or through this price')
    .option('--take-profit <price>', 'the same in the other direction')
    .option('--expires <seconds>', 'life of the order', wholeNumber())
    .addOption(
      new Option('--prevent-self-trade <mode>', 'what to do on meeting an own order').choices([
        'cancelNewest',
        'cancelOldest',
        'cancelBoth',
        'decrement'
      ])
    )
    .option('--no-wait', 'do not wait for the engine’s answer')
    .action(
      async (
        market: string,
        amount: string,
        at: string | undefined,
        price: string | undefined,
        flags: PlaceFlags,
        command: Command
      ) => {
        const params = placeParams(market, amount, at, price, flags)
        const context = Context.of(command)
        const placed = await context.call((client) => client.call(`private/${side}`, params))
        context.output.result(placed, placedText)
      }
    )
}

/** @throws UsageError when price and type contradict each other */
export function placeParams(
  market: string,
  amount: string,
  at: string | undefined,
  spoken: string | undefined,
  flags: PlaceFlags
): RpcPlaceParams {
  const words = [amount, at ?? '', spoken ?? ''].join(' ')
  const [quantity, named, ...more] = words.split('@').map((part) => part.trim())
  if (more.length > 0 || (named === undefined && at !== undefined)) {
    throw new UsageError(`an order reads "${market} 1.5 @ 2000"; what is "${words.trim()}"?`)
  }
  if (named === '') throw new UsageError('a price belongs after the @')
  if (named !== undefined && flags.price !== undefined) {
    throw new UsageError('"@ price" or --price, not both')
  }
  const price = named ?? flags.price
  if (price === undefined && flags.market !== true) {
    throw new UsageError('name a price ("@ 2000"), or --market')
  }
  if (flags.ioc === true && flags.fok === true) throw new UsageError('--ioc or --fok, not both')
  const now = Math.floor(Date.now() / 1000)
  return {
    market,
    amount: quantity,
    ...accountOf(flags),
    ...(price === undefined ? {} : { price }),
    ...(flags.market === true ? { type: 'market' as const } : {}),
    ...(flags.ioc === true ? { timeInForce: 'ioc' as const } : {}),
    ...(flags.fok === true ? { timeInForce: 'fok' as const } : {}),
    ...postOnlyOf(flags.postOnly),
    ...(flags.clientId === undefined ? {} : { clientOrderId: flags.clientId }),
    ...(flags.leased === true ? { leased: true } : {}),
    ...triggerOf(flags),
    ...(flags.expires === undefined ? {} : { expiry: now + flags.expires }),
    ...(flags.preventSelfTrade === undefined
      ? {}
      : { selfTradePrevention: flags.preventSelfTrade }),
    ...(flags.wait ? {} : { wait: false })
  }
}

function postOnlyOf(mode: boolean | string | undefined): Pick<RpcPlaceParams, 'postOnly'> {
  if (mode === undefined || mode === false) return {}
  if (mode === true || mode === 'reject') return { postOnly: 'reject' }
  if (mode === 'slide') return { postOnly: 'slide' }
  throw new UsageError(`--post-only ${mode}: it is "reject" or "slide"`)
}

function triggerOf({ stop, takeProfit }: PlaceFlags): Pick<RpcPlaceParams, 'trigger'> {
  if (stop !== undefined && takeProfit !== undefined) {
    throw new UsageError('--stop or --take-profit, not both')
  }
  if (stop !== undefined) return { trigger: { kind: 'stop', price: stop } }
  return takeProfit === undefined ? {} : { trigger: { kind: 'takeProfit', price: takeProfit } }
}

function lookCommands(order: Command): void {
  order
    .command('list [market]')
    .description('open orders, or with --history ended ones')
    .option('--history', 'ended orders')
    .option('--account <address>', 'account, when the daemon hosts several')
    .action(
      async (
        market: string | undefined,
        flags: { history?: boolean; account?: string },
        command: Command
      ) => {
        const context = Context.of(command)
        const params = { ...accountOf(flags), ...(market === undefined ? {} : { market }) }
        const orders = await context.call((client) =>
          flags.history === true
            ? client.call('private/get_order_history', params)
            : client.call('private/get_open_orders', params)
        )
        context.output.result(orders, ordersTable)
      }
    )
  order
    .command('show <order>')
    .description('one order, by its id or by yours')
    .option('--account <address>', 'account, when the daemon hosts several')
    .action(async (id: string, flags: { account?: string }, command: Command) => {
      const context = Context.of(command)
      const params = isOrderId(id) ? { orderId: id } : { clientOrderId: id, ...accountOf(flags) }
      const found = await context.call((client) => client.call('private/get_order', params))
      context.output.result(found, orderText)
    })
  order
    .command('explain <order>')
    .description('every hash stage of an order, where it is, and who has it')
    .option('--account <address>', 'account, when the daemon hosts several')
    .action(async (id: string, flags: { account?: string }, command: Command) => {
      const context = Context.of(command)
      const told = await context.call(async (client) => {
        const orderId = await orderIdOf(client, id, flags)
        return client.call('private/explain_order', { orderId })
      })
      context.output.result(told, ({ structHash, digest, signer, lane, tape, words }) =>
        [
          facts([
            ['struct hash', structHash],
            ['digest', digest],
            ['signer', signer ?? 'unknown'],
            ['lane', lane === null ? 'not known' : `${lane.key} block ${lane.block}`],
            ['acknowledged', lane === null ? '' : `${lane.acknowledgedBy.length} validators`],
            ['tape', tape === null ? 'not final' : `block ${tape.index}, entry ${tape.entry}`]
          ]),
          ...words
        ].join('\n')
      )
    })
}

function accountOf({ account }: { account?: string | undefined }): { account?: string } {
  return account === undefined ? {} : { account }
}

/** `account:nonce`; anything else is a name that its owner gave. */
function isOrderId(id: string): boolean {
  return /^0x[0-9a-fA-F]{40}:\d+$/.test(id)
}

async function orderIdOf(
  client: HttpClient,
  id: string,
  flags: { account?: string | undefined }
): Promise<string> {
  if (isOrderId(id)) return id
  const found = await client.call('private/get_order', { clientOrderId: id, ...accountOf(flags) })
  return found.orderId
}

function placedText({ order, trades }: RpcOrderResult): string {
  const fills = trades.length === 0 ? [] : ['', tradesTable(trades)]
  return [orderText(order), ...fills].join('\n')
}

export function orderText(order: RpcOrder): string {
  const why = order.reason === null ? '' : ` (${order.reason})`
  return facts([
    ['order', order.orderId],
    ['state', order.state + why],
    ['order is', `${order.side} ${order.amount} ${order.market} @ ${order.price}`],
    [
      'filled',
      `${order.filledAmount}${order.averagePrice === null ? '' : ` at ${order.averagePrice}`}`
    ],
    ['to go', order.remainingAmount],
    ['fee', order.fee],
    ['client id', order.clientOrderId ?? '-'],
    ['expires', timeText(order.expiry * 1000)]
  ])
}

function ordersTable(orders: RpcOrder[]): string {
  return table(
    [
      { title: 'order' },
      { title: 'market' },
      { title: 'side' },
      { title: 'price', right: true },
      { title: 'to go', right: true },
      { title: 'filled', right: true },
      { title: 'state' },
      { title: 'client id' }
    ],
    orders.map((order) => [
      order.orderId,
      order.market,
      order.side,
      order.price,
      order.remainingAmount,
      order.filledAmount,
      order.reason === null ? order.state : `${order.state} (${order.reason})`,
      order.clientOrderId ?? ''
    ]),
    'no orders'
  )
}

export function tradesTable(trades: RpcMyTrade[]): string {
  return table(
    [
      { title: 'time' },
      { title: 'market' },
      { title: 'side' },
      { title: 'amount', right: true },
      { title: 'price', right: true },
      { title: 'fee', right: true },
      { title: 'as' },
      { title: 'batch', right: true },
      { title: 'state' }
    ],
    trades.map((trade) => [
      timeText(trade.time),
      trade.market,
      trade.mySide,
      trade.amount,
      trade.price,
      trade.fee,
      trade.liquidity,
      String(trade.batch),
      trade.state
    ]),
    'no fills'
  )
}
