import { Option, type Command } from 'commander'
import { followBook } from '../../client/book.ts'
import { followOrders, type LocalOrders } from '../../client/order-queues.ts'
import type { RpcCandle, RpcFullBook, RpcLevel, RpcTicker, RpcTrade } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { moment, wholeNumber } from '../numbers.ts'
import { facts, table, timeText } from '../output.ts'
import { watch } from '../watch.ts'

const resolutions = ['1m', '5m', '15m', '1h', '4h', '1d'] as const

export function marketCommands(program: Command): void {
  program
    .command('book <market>')
    .description('the order book; --orders shows every order in its queue')
    .option('--depth <levels>', 'levels of each side', wholeNumber(), 10)
    .option('--orders', 'single orders instead of levels')
    .option('--watch', 'show every change until Ctrl-C')
    .action(showBook)
  program
    .command('trades <market>')
    .description('the last trades')
    .addOption(
      new Option('--count <count>', 'how many')
        .argParser(wholeNumber())
        .default(20)
        .conflicts('watch')
    )
    .option('--watch', 'show every trade until Ctrl-C')
    .action(showTrades)
  program
    .command('candles <market>')
    .description('open, high, low, close and volume')
    .addOption(
      new Option('--resolution <span>', 'length of one').choices(resolutions).default('5m')
    )
    .addOption(
      new Option('--from <time>', 'first time, such as 2026-11-22T20:00Z, or seconds since 1970')
        .argParser(moment)
        .conflicts('watch')
    )
    .addOption(new Option('--to <time>', 'last time').argParser(moment).conflicts('watch'))
    .option('--watch', 'show every change until Ctrl-C')
    .action(showCandles)
  program
    .command('ticker <market>')
    .description('best prices, last trade, a day’s range and volume')
    .option('--watch', 'show every change until Ctrl-C')
    .action(showTicker)
}

type Watch = { watch?: boolean }

async function showBook(
  market: string,
  flags: Watch & { depth: number; orders?: boolean },
  command: Command
): Promise<void> {
  const context = Context.of(command)
  const { depth } = flags
  if (flags.watch === true && flags.orders === true) {
    return watch(context, (client) =>
      followOrders(client, market, (book) => {
        context.output.line(watched(market, book, depth), (each) => `${clear}${queueTable(each)}`)
      })
    )
  }
  if (flags.watch === true) {
    return watch(context, (client) =>
      followBook(client, market, depth, ({ bids, asks, changeId }) => {
        context.output.line({ market, changeId, bids, asks }, (book) => `${clear}${ladder(book)}`)
      })
    )
  }
  const level = flags.orders === true ? 3 : 2
  const book = await context.call((client) =>
    client.call('public/get_order_book', { market, depth, level })
  )
  context.output.result(book, (value) => ('orders' in value ? queueTable(value) : ladder(value)))
}

async function showTrades(
  market: string,
  flags: Watch & { count: number },
  command: Command
): Promise<void> {
  const context = Context.of(command)
  if (flags.watch === true) {
    return watch(context, (client) =>
      client.subscribe(`trades.${market}`, (data) => {
        // The channel's own shape, by its name.
        for (const trade of data as RpcTrade[]) context.output.line(trade, tradeLine)
      })
    )
  }
  const trades = await context.call((client) =>
    client.call('public/get_last_trades', { market, count: flags.count })
  )
  context.output.result(trades, (all) =>
    all.length === 0 ? 'no trades yet' : all.map(tradeLine).join('\n')
  )
}

async function showCandles(
  market: string,
  flags: Watch & { resolution: (typeof resolutions)[number]; from?: number; to?: number },
  command: Command
): Promise<void> {
  const context = Context.of(command)
  const { watch: isWatched, ...span } = flags
  const { resolution } = span
  if (isWatched === true) {
    return watch(context, (client) =>
      client.subscribe(`candles.${market}.${resolution}`, (data) => {
        const { candle } = data as { candle: RpcCandle }
        context.output.line(candle, (each) => candleRow(each).join('  '))
      })
    )
  }
  const found = await context.call((client) =>
    client.call('public/get_candles', { market, ...span })
  )
  context.output.result(found, ({ candles }) =>
    table(
      [
        { title: 'time' },
        ...['open', 'high', 'low', 'close', 'volume'].map((title) => ({ title, right: true }))
      ],
      candles.map(candleRow),
      'no trades yet'
    )
  )
}

async function showTicker(market: string, flags: Watch, command: Command): Promise<void> {
  const context = Context.of(command)
  if (flags.watch === true) {
    return watch(context, (client) =>
      client.subscribe(`ticker.${market}`, (data) => {
        context.output.line(data as RpcTicker, (ticker) => `${clear}${tickerText(ticker)}`)
      })
    )
  }
  const ticker = await context.call((client) => client.call('public/ticker', { market }))
  context.output.result(ticker, tickerText)
}

/** Home and clear on a terminal; nothing in a pipe. */
const clear = process.stdout.isTTY ? '\u001b[H\u001b[J' : ''

export function ladder({ bids, asks }: { bids: RpcLevel[]; asks: RpcLevel[] }): string {
  const depth = Math.max(bids.length, asks.length)
  const rows = Array.from({ length: depth }, (_, row) => {
    const [bidPrice, bidAmount] = bids[row] ?? ['', '']
    const [askPrice, askAmount] = asks[row] ?? ['', '']
    return [bidAmount, bidPrice, askPrice, askAmount]
  })
  const titles = ['amount', 'bid', 'ask', 'amount']
  return table(
    titles.map((title, index) => ({ title, right: index < 2 })),
    rows,
    'the book is empty'
  )
}

type Queued = Pick<RpcFullBook['orders'][number], 'sequence' | 'side' | 'price' | 'amount'> & {
  position: number
  amountAhead: string
  own?: boolean
}

/** The first orders of each side, with their places. */
function watched(market: string, book: LocalOrders, count: number) {
  const orders = [...book.first('buy', count), ...book.first('sell', count)].map(
    (order): Queued => {
      const place = book.position(order.sequence)
      return { ...order, position: place?.position ?? 0, amountAhead: place?.amountAhead ?? '0' }
    }
  )
  return { market, changeId: book.changeId, orders }
}

function queueTable({ orders }: { orders: readonly Queued[] }): string {
  return table(
    [
      { title: 'side' },
      { title: 'price', right: true },
      { title: 'amount', right: true },
      { title: 'place', right: true },
      { title: 'ahead', right: true },
      { title: '' }
    ],
    orders.map((order) => [
      order.side,
      order.price,
      order.amount,
      String(order.position + 1),
      order.amountAhead,
      order.own === true ? 'yours' : ''
    ]),
    'the book is empty'
  )
}

function tradeLine(trade: RpcTrade): string {
  const { time, side, amount, price, state, batch } = trade
  return `${timeText(time)}  ${side.padEnd(4)}  ${amount.padStart(10)} @ ${price.padEnd(12)}  ${state} in batch ${batch}`
}

function candleRow([time, ...values]: RpcCandle): string[] {
  return [timeText(time), ...values]
}

function tickerText(ticker: RpcTicker): string {
  const level = (value: RpcLevel | null) => (value === null ? '-' : `${value[0]} x ${value[1]}`)
  return facts([
    ['market', ticker.market],
    ['bid', level(ticker.bestBid)],
    ['ask', level(ticker.bestAsk)],
    ['last', ticker.last ?? '-'],
    ['day', `${ticker.low24h ?? '-'} to ${ticker.high24h ?? '-'}`],
    ['volume', `${ticker.volume24h} (${ticker.quoteVolume24h})`]
  ])
}
