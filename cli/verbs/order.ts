// `curb order buy WETH/USDC 1.5 @ 2000 --post-only`: as a person says it.
import { type Command, Option } from 'commander'
import type { RpcOrderResult, RpcPlaceParams } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { UsageError } from '../exit.ts'
import { wholeNumber } from '../numbers.ts'
import {
  accountOf,
  accountOption,
  isOrderId,
  noWaitOption,
  orderIdOf,
  waitParam
} from './order-flags.ts'
import { lookCommands } from './order-look.ts'
import { orderText, tradesTable } from './order-text.ts'

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
    .addOption(accountOption())
    .addOption(noWaitOption())
    .action(cancel)
  order
    .command('cancel-all [market]')
    .description('cancel all orders, of a market or a side')
    .addOption(new Option('--side <side>', 'only this side').choices(['buy', 'sell']))
    .addOption(accountOption())
    .addOption(noWaitOption())
    .action(cancelAll)
  order
    .command('edit <order>')
    .description('change price or amount; keeps its place when only the amount gets less')
    .option('--price <price>', 'new price')
    .option('--amount <amount>', 'new amount still to fill')
    .option('--expires <seconds>', 'life of the order from now on', wholeNumber())
    .addOption(accountOption())
    .addOption(noWaitOption())
    .action(edit)
  order
    .command('lease')
    .description(
      'a dead-man’s switch: --leased orders live only while the daemon renews its lease; 0 ends it'
    )
    .argument('<seconds>', 'time to live without the daemon', wholeNumber(0))
    .action(lease)
  order
    .command('protect <market> <amount>')
    .description(
      'cancel all quotes of the market once so much of them traded in a short time, and quote anew when said again; 0 ends it'
    )
    .addOption(
      new Option('--window <seconds>', 'the short time').argParser(wholeNumber()).default(1)
    )
    .addOption(accountOption())
    .action(protect)
  lookCommands(order)
}

type ProtectFlags = { window: number; account?: string }

async function protect(
  market: string,
  amount: string,
  flags: ProtectFlags,
  command: Command
): Promise<void> {
  const context = Context.of(command)
  const windowMs = flags.window * 1000
  const params = { market, amount, windowMs, ...accountOf(flags) }
  const done = await context.call((client) =>
    client.call('private/set_market_maker_protection', params)
  )
  context.output.result(done, () => `set: ${amount} of ${market} within ${flags.window} s`)
}

type CancelFlags = { clientId?: boolean; account?: string; wait: boolean }

async function cancel(id: string, flags: CancelFlags, command: Command): Promise<void> {
  const context = Context.of(command)
  const wait = waitParam(flags)
  const cancelled = await context.call((client) =>
    flags.clientId === true || !isOrderId(id)
      ? client.call('private/cancel_by_client_id', {
          clientOrderId: id,
          ...accountOf(flags),
          ...wait
        })
      : client.call('private/cancel', { orderId: id, ...wait })
  )
  context.output.result(cancelled, orderText)
}

type CancelAllFlags = { side?: 'buy' | 'sell'; account?: string; wait: boolean }

async function cancelAll(
  market: string | undefined,
  flags: CancelAllFlags,
  command: Command
): Promise<void> {
  const context = Context.of(command)
  const { side } = flags
  const params = {
    ...accountOf(flags),
    ...(market === undefined ? {} : { market }),
    ...(side === undefined ? {} : { side }),
    ...waitParam(flags)
  }
  const done = await context.call((client) => client.call('private/cancel_all', params))
  context.output.result(done, ({ cancelled }) => `${cancelled.length} orders cancelled`)
}

type EditFlags = {
  price?: string
  amount?: string
  expires?: number
  account?: string
  wait: boolean
}

async function edit(
  id: string,
  { account, expires, wait, ...change }: EditFlags,
  command: Command
): Promise<void> {
  if (change.price === undefined && change.amount === undefined && expires === undefined) {
    throw new UsageError('name what shall change: --price, --amount or --expires')
  }
  const context = Context.of(command)
  const edited = await context.call(async (client) => {
    const orderId = await orderIdOf(client, id, { account })
    return client.call('private/edit', {
      orderId,
      ...change,
      ...expiryParam(expires),
      ...waitParam({ wait })
    })
  })
  context.output.result(edited, placedText)
}

async function lease(seconds: number, _flags: object, command: Command): Promise<void> {
  const context = Context.of(command)
  const done = await context.call((client) =>
    client.call('private/set_lease', { ttlMs: seconds * 1000 })
  )
  context.output.result(done, () =>
    seconds === 0
      ? 'the lease is ended; leased orders are cancelled'
      : `leased orders live; a daemon that is gone loses them after ${seconds} s`
  )
}

/** @param expires seconds from now */
function expiryParam(expires: number | undefined): { expiry?: number } {
  return expires === undefined ? {} : { expiry: Math.floor(Date.now() / 1000) + expires }
}

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
    .addOption(accountOption())
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
    .addOption(noWaitOption())
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
    ...expiryParam(flags.expires),
    ...(flags.preventSelfTrade === undefined
      ? {}
      : { selfTradePrevention: flags.preventSelfTrade }),
    ...waitParam(flags)
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

function placedText({ order, trades }: RpcOrderResult): string {
  const fills = trades.length === 0 ? [] : ['', tradesTable(trades)]
  return [orderText(order), ...fills].join('\n')
}
