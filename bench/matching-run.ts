// One engine on one workload, in a process of its own (started by matching.ts):
//   matching-run.ts ENGINE WORKLOAD --preload N --commands N --prefix N --runs N
// Prints one JSON object: speeds of each run, latencies, and what the trades add up to.
import { parseArgs } from 'node:util'
import { seededRandom } from '../test/helpers/random.ts'
import type { Flow } from './flow.ts'
import { loaded, percentile, timeEach, timeRun } from './measure.ts'
import { Ours } from './ours.ts'
import { Probe } from './probe.ts'
import type { Contestant } from './tally.ts'
import { makeWorkload, workloadNames } from './workloads.ts'
import { LimitOrderBook, Naive, NodejsOrderBook } from './yardsticks.ts'

export type RunResult = {
  mops: number[]
  p50Ns: number
  p99Ns: number
  p999Ns: number
  trades: number
  hash: number
  resting: number
  bestBid: number
  bestAsk: number
}

const engines: Record<string, (flow: Flow, capacity: number) => Contestant> = {
  ours: (flow, capacity) => new Ours(flow, capacity),
  probe: (flow, capacity) => new Probe(flow, capacity),
  naive: (flow) => new Naive(flow),
  'nodejs-order-book': (flow) => new NodejsOrderBook(flow),
  'limit-order-book': (flow) => new LimitOrderBook(flow)
}

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      preload: { type: 'string', default: '0' },
      commands: { type: 'string', default: '1000000' },
      prefix: { type: 'string', default: '0' },
      runs: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' }
    }
  })
  const [engineName, workloadName] = positionals
  const name = workloadNames.find((known) => known === workloadName)
  const make = engines[engineName]
  if (!name || !make) throw new Error(`no such engine or workload: ${positionals.join(' ')}`)
  const size = { preload: Number(values.preload), commands: Number(values.commands) }
  const workload = makeWorkload(name, size, seededRandom(Number(values.seed)))
  const { flow, preload } = workload
  const prefix = Number(values.prefix)
  const end = prefix > 0 ? Math.min(flow.count, preload + prefix) : flow.count
  const mops: number[] = []
  let engine = loaded(make, workload)
  for (let run = 0; run < Number(values.runs); run++) {
    if (run > 0) engine = loaded(make, workload)
    mops.push(((end - preload) / timeRun(engine, preload, end)) * 1000)
  }
  // Last, on compiled code: a venue runs for months, not for its first ten thousand commands.
  const times = timeEach(loaded(make, workload), preload, end)
  const result: RunResult = {
    mops,
    p50Ns: percentile(times, 0.5),
    p99Ns: percentile(times, 0.99),
    p999Ns: percentile(times, 0.999),
    trades: engine.tally.trades,
    hash: engine.tally.hash,
    resting: engine.resting(),
    bestBid: engine.bestBid(),
    bestAsk: engine.bestAsk()
  }
  process.stdout.write(JSON.stringify(result) + '\n')
}

main()
