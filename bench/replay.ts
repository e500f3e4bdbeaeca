// A door for order flow from outside:
//   node --import tsx bench/replay.ts FILE.csv --preload K [--runs N] [--json]
// Lines `type,side,id,price,qty` after a header: type L (limit gtc), I (limit ioc), C (cancel);
// side B or S; integer ticks (1 to 65,534) and lots. The first K commands are applied before the
// clock starts. Prints one JSON object. opsPerSecond is the median of the runs; the latencies are
// of a run of their own, the last, in which each command is timed. What runs is compiled first, as a
// daemon is.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { again } from './compiled.ts'
import { readFlow } from './flow.ts'
import { loaded, percentile, timeEach, timeRun } from './measure.ts'
import { Ours } from './ours.ts'
import { median, say } from './report.ts'

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      preload: { type: 'string', default: '0' },
      runs: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false }
    }
  })
  const [file] = positionals
  if (file === undefined) throw new Error('which file?')

  const flow = readFlow(readFileSync(file, 'utf8'))
  const preload = Math.min(Number(values.preload), flow.count)
  const workload = { flow, preload }
  const make = (): Ours => new Ours(flow, flow.count)

  const speeds: number[] = []
  let engine = loaded(make, workload)
  for (let run = 0; run < Number(values.runs); run++) {
    if (run > 0) engine = loaded(make, workload)
    speeds.push(((flow.count - preload) / timeRun(engine, preload, flow.count)) * 1e9)
    say(`run ${run + 1}: ${Math.round(speeds[run])} commands a second`)
  }

  const times = timeEach(loaded(make, workload), preload, flow.count)
  const { tally } = engine
  process.stdout.write(
    JSON.stringify({
      commands: flow.count - preload,
      opsPerSecond: Math.round(median(speeds)),
      p50Ns: percentile(times, 0.5),
      p99Ns: percentile(times, 0.99),
      p999Ns: percentile(times, 0.999),
      trades: tally.trades,
      volume: tally.volume,
      notional: tally.notional,
      hash: tally.hash,
      bestBid: engine.bestBid(),
      bestAsk: engine.bestAsk(),
      resting: engine.resting()
    }) + '\n'
  )
}

if (import.meta.url.endsWith('.ts')) await again('replay.js')
else main()
