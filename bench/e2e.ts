// The product as its user meets it: a devnet without bots (four validators, two traders, a chain
// with a block a second), measured through the JSON-RPC. The built program runs, not its source.
//
//   npm run bench:e2e [-- --json] [--entries N] [--only start,latency,final,idle,reads,load,restart]
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { ProcessVenue, type ProcessVenueOptions } from '../test/helpers/processes.ts'
import { flowToFinal, lonelyTrades } from './e2e-final.ts'
import {
  bookRequests,
  ordersAlone,
  ordersAndCancels,
  ordersThatTrade,
  placeAndCancel,
  type Trading,
  warmUp
} from './e2e-load.ts'
import { fillTape, restartSeconds } from './e2e-restart.ts'
import { root, startSeconds } from './e2e-start.ts'
import { percentile } from './measure.ts'
import { type Loads, loadOf } from './process-load.ts'
import { median, report, type Row, say } from './report.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    entries: { type: 'string', default: '100000' },
    only: { type: 'string', default: 'start,latency,final,idle,reads,load,restart' }
  }
})
const entries = Number(values.entries)
const only = new Set(values.only.split(','))

/** How long a venue is left alone before it counts as at rest, and how long it is watched. */
const SETTLE_MS = 4000
const REST_MS = 8000

const rows: Row[] = []
const row = (name: string, value: number, unit: string): void => {
  rows.push({ name: `e2e.${name}`, value, unit })
  say(`${name}: ${value.toFixed(2)} ${unit}`)
}

function latencies(name: string, times: readonly number[]): void {
  const sorted = Float64Array.from(times).sort()
  row(`${name}.p50Ms`, percentile(sorted, 0.5), `ms, ${times.length} times`)
  row(`${name}.p99Ms`, percentile(sorted, 0.99), 'ms')
}

function loads(name: string, { mean, worst }: Loads): void {
  row(`${name}.cpuPercent`, mean.cpuPercent, '% of a core, mean of six daemons')
  row(`${name}.worst.cpuPercent`, worst.cpuPercent, '% of a core, the busiest of the six')
  row(`${name}.memoryMB`, mean.memoryMB, 'MB, mean of six daemons')
  row(`${name}.worst.memoryMB`, worst.memoryMB, 'MB, the largest of the six')
}

async function tradingRows({ seconds, orders, settles }: Trading): Promise<void> {
  const { trades, batches, settledMs } = await settles()
  row('ordersPerSecond', orders / seconds, 'orders/s, one in ten at the price of the other side')
  row('load.tradesPerSecond', trades / seconds, `trades/s among them, in ${batches} batches`)
  row('load.settledSeconds', settledMs / 1000, 's, from the last order until all had settled')
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function onVenue(
  options: ProcessVenueOptions,
  run: (venue: ProcessVenue) => Promise<void>
): Promise<void> {
  const venue = new ProcessVenue(options)
  try {
    await venue.open()
    await run(venue)
  } finally {
    await venue.close()
  }
}

async function sixDaemons(venue: ProcessVenue): Promise<void> {
  const [maker, taker] = venue.traders
  const pids = venue.local.members.map(({ name }) => venue.local.processes.pid(name) ?? 0)
  if (only.has('latency')) {
    const { accepted, cancelled } = await placeAndCancel(taker)
    latencies('accepted', accepted)
    latencies('cancelled', cancelled)
  }
  if (only.has('final')) {
    const toMined = await lonelyTrades(maker, taker)
    row('fillToMinedSeconds', median(toMined) / 1000, 's, a batch’s first fill and only one')
    const flow = await flowToFinal(maker, taker)
    latencies('final', flow.finals)
    row('lastFillToMinedSeconds', median(flow.lastFills) / 1000, 's, the last of a batch’s fills')
  }
  if (only.has('idle')) {
    await rest(SETTLE_MS)
    loads('idle', await loadOf(pids, () => rest(REST_MS)))
  }
  if (only.has('reads')) row('bookRequestsPerSecond', await bookRequests(venue), 'requests/s')
  if (only.has('load')) {
    await warmUp(venue.traders)
    const resting = await ordersAlone(venue.traders)
    row('resting.ordersPerSecond', resting, 'orders/s, none trades, all cancelled now and then')
    const load = await loadOf(pids, () => ordersThatTrade(venue))
    loads('load', load)
    await tradingRows(load.result)
    const pairs = await ordersAndCancels(venue.traders)
    row('pairs.ordersPerSecond', pairs.orders, 'orders/s, each with a cancel of its own')
    row('pairs.cancelsPerSecond', pairs.cancels, 'cancels/s')
  }
}

say('building ...')
execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] })
if (only.has('start')) {
  row('npmStart.settledSeconds', await startSeconds(), 's, from the build on')
}
if (['latency', 'final', 'idle', 'reads', 'load'].some((part) => only.has(part))) {
  say('a venue of four validators and two traders ...')
  await onVenue({}, sixDaemons)
}
if (only.has('restart')) {
  say(`a venue of one validator and one trader, and ${entries} entries ...`)
  await onVenue({ validators: 1, traders: 1 }, async (venue) => {
    const began = performance.now()
    const filled = await fillTape(venue.traders[0], entries)
    say(`filled in ${((performance.now() - began) / 1000).toFixed(1)} s`)
    row('restart.seconds', await restartSeconds(venue), `s, ${filled} entries on the tape`)
  })
}
report('e2e', rows)
process.exit(0)
