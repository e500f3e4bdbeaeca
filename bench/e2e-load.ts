// Orders, cancels and questions through the JSON-RPC: one after the other, and as many as it takes.
import { RpcFault } from '../client/fault.ts'
import { MARKET, type ProcessTrader } from '../test/helpers/process-trader.ts'
import type { ProcessVenue } from '../test/helpers/processes.ts'
import { until } from '../test/helpers/until.ts'

const WARM_UP = 30
const LIGHT = 200
const LOAD_MS = 6000
/** Six young processes compile their code first. */
const WARM_MS = 5000
const READ_MS = 4000
/** Calls of one trader that are under way at once. */
const WINDOW = 64
const READERS = 8
const READS_AT_ONCE = 16
/** An account may have 1,024 orders at once. */
const RESTING_MAX = 800

/** Far from each other: nothing trades. */
const LOW = '1000'
const HIGH = '3000'
/** Here one order in so many meets one of the other trader. */
const MIDDLE = '2000'
const MEETS_EVERY = 10
const TRADING_MS = 15_000
const PATIENCE_MS = 60_000
const SETTLED = ['mined', 'final']

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await run()
  return performance.now() - began
}

/** False when the token's rate bucket was empty: not an answer, and not a fault. */
async function isAnswered(call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (fault) {
    if (fault instanceof RpcFault && fault.retryable) return false
    throw fault
  }
}

/** One order after the other, and its cancel; milliseconds of each. */
export async function placeAndCancel({
  client,
  account
}: ProcessTrader): Promise<{ accepted: number[]; cancelled: number[] }> {
  const accepted: number[] = []
  const cancelled: number[] = []
  for (let i = 0; i < WARM_UP + LIGHT; i++) {
    let orderId = ''
    const place = await timed(async () => {
      const terms = { account, market: MARKET, amount: '0.01', price: LOW }
      orderId = (await client.call('private/buy', terms)).order.orderId
    })
    const cancel = await timed(() => client.call('private/cancel', { orderId }))
    if (i < WARM_UP) continue
    accepted.push(place)
    cancelled.push(cancel)
  }
  return { accepted, cancelled }
}

/** So many calls of each trader at once until the time is over. @returns seconds it took */
async function sustained(
  traders: readonly ProcessTrader[],
  durationMs: number,
  step: (trader: ProcessTrader, place: (price?: string) => Promise<string | null>) => Promise<void>
): Promise<number> {
  const began = performance.now()
  const end = began + durationMs
  const worker = async (trader: ProcessTrader, isBuyer: boolean): Promise<void> => {
    const { client, account } = trader
    const method = isBuyer ? 'private/buy' : 'private/sell'
    const terms = { account, market: MARKET, amount: '0.001' }
    const place = async (price = isBuyer ? LOW : HIGH): Promise<string | null> => {
      let orderId = ''
      const placed = client
        .call(method, { ...terms, price })
        .then(({ order }) => (orderId = order.orderId))
      return (await isAnswered(placed)) ? orderId : null
    }
    while (performance.now() < end) await step(trader, place)
  }
  await Promise.all(
    traders.flatMap((trader, at) =>
      Array.from({ length: WINDOW }, () => worker(trader, at % 2 === 0))
    )
  )
  return (performance.now() - began) / 1000
}

/** Orders a second of all traders together, each a call of its own. When an account can take no
 * more, one call cancels all that rest; such calls are not counted. */
export async function ordersAlone(traders: readonly ProcessTrader[]): Promise<number> {
  let taken = 0
  const resting = new Map(traders.map(({ name }) => [name, 0]))
  const seconds = await sustained(traders, LOAD_MS, async (trader, place) => {
    const count = (resting.get(trader.name) ?? 0) + 1
    resting.set(trader.name, count)
    if (count === RESTING_MAX - WINDOW) {
      await trader.cancelsAll()
      resting.set(trader.name, WINDOW)
    }
    if ((await place()) !== null) taken++
  })
  for (const trader of traders) await trader.cancelsAll()
  return taken / seconds
}

export type Trading = {
  seconds: number
  /** Taken within these seconds. */
  orders: number
  /** Waits until every trade of them is mined. */
  settles(): Promise<Settled>
}

export type Settled = {
  trades: number
  batches: number
  /** From the last order on. */
  settledMs: number
}

/** Orders of all traders together, each a call of its own, of which one in ten is at the price at
 * which the other trader's tenth is: they trade, and batches settle meanwhile. */
export async function ordersThatTrade(venue: ProcessVenue): Promise<Trading> {
  const { traders } = venue
  const before = (await venue.batches()).filter(({ state }) => state !== 'open')
  const known = new Set(before.map(({ index }) => index))
  let orders = 0
  const counts = new Map(traders.map(({ name }) => [name, { sent: 0, resting: 0 }]))
  const seconds = await sustained(traders, TRADING_MS, async (trader, place) => {
    const count = counts.get(trader.name)
    if (count === undefined) return
    count.sent++
    const meets = count.sent % MEETS_EVERY === 0
    if (!meets && ++count.resting === RESTING_MAX - WINDOW) {
      await trader.cancelsAll()
      count.resting = WINDOW
    }
    if ((await place(meets ? MIDDLE : undefined)) !== null) orders++
  })
  const over = performance.now()
  return { seconds, orders, settles: () => settled(venue, known, over) }
}

async function settled(
  venue: ProcessVenue,
  known: ReadonlySet<number>,
  over: number
): Promise<Settled> {
  for (const trader of venue.traders) await trader.cancelsAll()
  const fresh = async () => (await venue.batches()).filter(({ index }) => !known.has(index))
  await until(
    async () => (await fresh()).every(({ fills, state }) => fills === 0 || SETTLED.includes(state)),
    'every trade to settle',
    PATIENCE_MS
  )
  const settledMs = performance.now() - over
  const batches = (await fresh()).filter(({ fills }) => fills > 0)
  const trades = batches.reduce((sum, { fills }) => sum + fills, 0)
  return { trades, batches: batches.length, settledMs }
}

/** Orders and cancels a second: each order is cancelled by a call of its own. */
export async function ordersAndCancels(
  traders: readonly ProcessTrader[],
  durationMs = LOAD_MS
): Promise<{ orders: number; cancels: number }> {
  let orders = 0
  let cancels = 0
  const seconds = await sustained(traders, durationMs, async ({ client }, place) => {
    const orderId = await place()
    if (orderId === null) return
    orders++
    if (await isAnswered(client.call('private/cancel', { orderId }))) cancels++
  })
  for (const trader of traders) await trader.cancelsAll()
  return { orders: orders / seconds, cancels: cancels / seconds }
}

export async function warmUp(traders: readonly ProcessTrader[]): Promise<void> {
  await ordersAndCancels(traders, WARM_MS)
}

/** Books of ten levels a second, of one daemon. */
export async function bookRequests(venue: ProcessVenue): Promise<number> {
  const clients = await Promise.all(Array.from({ length: READERS }, () => venue.client('trader-1')))
  const began = performance.now()
  const end = began + READ_MS
  let answered = 0
  await Promise.all(
    clients.flatMap((client) =>
      Array.from({ length: READS_AT_ONCE }, async () => {
        while (performance.now() < end) {
          const request = client.call('public/get_order_book', { market: MARKET, depth: 10 })
          if (await isAnswered(request)) answered++
        }
      })
    )
  )
  const seconds = (performance.now() - began) / 1000
  for (const client of clients) await client.close()
  return answered / seconds
}
