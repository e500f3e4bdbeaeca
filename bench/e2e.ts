// The product as its user meets it: a devnet without bots (four validators, two traders, a chain
// with a block a second), measured through the JSON-RPC. The built program runs, not its source.
//
//   npm run bench:e2e [-- --json] [--entries N]
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { RpcFault } from '../client/fault.ts'
import type { RpcMyTrade } from '../protocol/rpc.ts'
import { ProcessVenue } from '../test/helpers/processes.ts'
import { MARKET, type ProcessTrader } from '../test/helpers/process-trader.ts'
import { until } from '../test/helpers/until.ts'
import { percentile } from './measure.ts'
import { loadOf } from './process-load.ts'
import { median, report, type Row, say } from './report.ts'

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, entries: { type: 'string', default: '100000' } }
})
const entries = Number(values.entries)

const WARM_UP = 50
const LIGHT = 400
const TRADES = 12
const REST_MS = 10_000
const LOAD_MS = 15_000
const READ_MS = 5_000
const WINDOW = 64
const READERS = 8
const READS_AT_ONCE = 16
const BATCH = 100
const PATIENCE_MS = 120_000

const root = join(import.meta.dirname, '..')
const program = join(root, 'dist', 'daemon', 'curbd.js')

/** Far from each other: nothing trades unless it is asked to. */
const LOW = '1000'
const HIGH = '3000'

const rows: Row[] = []
const row = (name: string, value: number, unit: string): void => {
  rows.push({ name: `e2e.${name}`, value, unit })
  say(`${name}: ${value.toFixed(2)} ${unit}`)
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await run()
  return performance.now() - began
}

function latencies(name: string, times: readonly number[]): void {
  const sorted = Float64Array.from(times).sort()
  row(`${name}.p50Ms`, percentile(sorted, 0.5), 'ms')
  row(`${name}.p99Ms`, percentile(sorted, 0.99), 'ms')
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

/** One order after the other, and its cancel: light load. */
async function placeAndCancel({ client, account }: ProcessTrader): Promise<void> {
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
  latencies('accepted', accepted)
  latencies('cancelled', cancelled)
}

/** Single trades until they are final, and how long the chain took. */
async function tradesToFinal(maker: ProcessTrader, taker: ProcessTrader): Promise<void> {
  const seen = new Map<string, number>()
  await taker.client.subscribe('user.trades', (data) => {
    // The channel's own shape, by its name.
    const { tradeId, state } = data as RpcMyTrade
    const key = `${tradeId} ${state}`
    if (!seen.has(key)) seen.set(key, performance.now())
  })
  const finals: number[] = []
  const mined: number[] = []
  for (let i = 0; i < TRADES; i++) {
    await maker.sells('0.01', '2000')
    const began = performance.now()
    const { trades } = await taker.buys('0.01', '2000')
    const [{ tradeId }] = trades
    const at = await until(() => seen.get(`${tradeId} final`), 'a trade to be final', PATIENCE_MS)
    finals.push(at - began)
    mined.push((seen.get(`${tradeId} mined`) ?? at) - began)
  }
  latencies('final', finals)
  row('fillToMinedSeconds', median(mined) / 1000, 's')
}

/** Orders of both traders, so many under way at once; every other call cancels. */
async function sustained(traders: readonly ProcessTrader[]): Promise<number> {
  const end = performance.now() + LOAD_MS
  let taken = 0
  const worker = async ({ client, account }: ProcessTrader, price: string): Promise<void> => {
    const side = price === LOW ? 'private/buy' : 'private/sell'
    while (performance.now() < end) {
      const terms = { account, market: MARKET, amount: '0.001', price }
      let orderId = ''
      const placed = client.call(side, terms).then(({ order }) => (orderId = order.orderId))
      if (!(await isAnswered(placed))) continue
      taken++
      if (await isAnswered(client.call('private/cancel', { orderId }))) taken++
    }
  }
  const began = performance.now()
  await Promise.all(
    traders.flatMap((trader, i) =>
      Array.from({ length: WINDOW }, () => worker(trader, i === 0 ? LOW : HIGH))
    )
  )
  return (1000 * taken) / (performance.now() - began)
}

async function bookRequests(venue: ProcessVenue): Promise<number> {
  const clients = await Promise.all(Array.from({ length: READERS }, () => venue.client('trader-1')))
  const end = performance.now() + READ_MS
  let answered = 0
  const began = performance.now()
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

/** Puts entries on the tape, kills the daemon, and waits until it takes an order again. */
async function restart(venue: ProcessVenue, trader: ProcessTrader): Promise<number> {
  const { client, account } = trader
  const actions = Array.from({ length: BATCH }, () => ({
    action: 'buy' as const,
    market: MARKET,
    amount: '0.001',
    price: LOW
  }))
  for (let sent = 0; sent < entries; sent += BATCH + 1) {
    await client.call('private/place', { account, actions })
    await client.call('private/cancel_all', { account })
  }
  await venue.kills(trader.name)
  return timed(async () => {
    await venue.restarts(trader.name)
    await until(
      async () => {
        try {
          const terms = { account, market: MARKET, amount: '0.001', price: LOW }
          await client.call('private/buy', terms)
          return true
        } catch {
          return false
        }
      },
      'an order to be taken after the restart',
      PATIENCE_MS
    )
  })
}

execFileSync(process.execPath, [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '-p',
  join(root, 'tsconfig.build.json')
])
const venue = new ProcessVenue({
  program: (words) => ({ command: process.execPath, args: [program, ...words] })
})
try {
  say('a venue of four validators and two traders ...')
  await venue.open()
  const [maker, taker] = venue.traders
  const pids = venue.local.members.map(({ name }) => venue.local.processes.pid(name) ?? 0)
  const idle = await loadOf(pids, () => new Promise((resolve) => setTimeout(resolve, REST_MS)))
  row('idle.cpuPercent', idle.cpuPercent, '% of a core, mean of six daemons')
  row('idle.memoryMB', idle.memoryMB, 'MB, mean of six daemons')
  await placeAndCancel(taker)
  await tradesToFinal(maker, taker)
  row('bookRequestsPerSecond', await bookRequests(venue), 'requests/s')
  let perSecond = 0
  const load = await loadOf(pids, async () => {
    perSecond = await sustained(venue.traders)
  })
  row('ordersPerSecond', perSecond, 'orders and cancels/s')
  row('load.cpuPercent', load.cpuPercent, '% of a core, mean of six daemons')
  row('load.memoryMB', load.memoryMB, 'MB, mean of six daemons')
  row('restart.seconds', (await restart(venue, taker)) / 1000, `s, ${entries} entries`)
  report('e2e', rows)
} finally {
  await venue.close()
}
process.exit(0)
