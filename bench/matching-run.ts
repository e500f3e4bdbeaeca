// One engine on one workload, in a process of its own (started by matching.ts):
//   matching-run.ts ENGINE WORKLOAD --preload N --commands N --prefix N --runs N
// Prints one JSON object: speeds of each run, latencies, and what the trades add up to.
import { parseArgs } from 'node:util'
import { seededRandom } from '../test/helpers/random.ts'
import type { Flow } from './flow.ts'
import { Ours } from './ours.ts'
import { Probe } from './probe.ts'
import type { Contestant } from './tally.ts'
import { makeWorkload, workloadNames, type Workload } from './workloads.ts'
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

/** A fresh engine with the first rows applied, and the garbage of that gone. */
export function loaded(
  make: (flow: Flow, capacity: number) => Contestant,
  { flow, preload }: Workload
): Contestant {
  const engine = make(flow, flow.count)
  for (let row = 0; row < preload; row++) engine.apply(row)
  engine.flush()
  globalThis.gc?.()
  return engine
}

/** Nanoseconds for the rows from `preload` to `end`, events hashed and trades counted. */
export function timeRun(engine: Contestant, preload: number, end: number): number {
  const start = process.hrtime.bigint()
  for (let row = preload; row < end; row++) engine.apply(row)
  engine.flush()
  return Number(process.hrtime.bigint() - start)
}

/** Each command's own nanoseconds, sorted; the clock's cost (some 40 ns) is in them. */
export function timeEach(engine: Contestant, preload: number, end: number): Float64Array {
  const times = new Float64Array(end - preload)
  for (let row = preload; row < end; row++) {
    const before = performance.now()
    engine.apply(row)
    times[row - preload] = (performance.now() - before) * 1e6
  }
  engine.flush()
  return times.sort()
}

/** @param share of the commands that are as fast or faster */
export function percentile(sorted: Float64Array, share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))])
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
  const times = timeEach(loaded(make, workload), preload, end)
  const mops: number[] = []
  let engine = loaded(make, workload)
  for (let run = 0; run < Number(values.runs); run++) {
    if (run > 0) engine = loaded(make, workload)
    mops.push(((end - preload) / timeRun(engine, preload, end)) * 1000)
  }
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
