// npm run bench:matching [-- --json] [-- --runs N]
// Ours, the naive oracle, two books from npm and a rule-free probe on the same order flow, each in
// a process of its own, compiled as a daemon is, one after the other. Slow engines run a prefix (of
// a smaller book where loading the large one would take minutes), and ours runs the same prefix for
// the ratio. The hash of all trades, in order, must agree; it is an error if it does not. Speeds are
// the median of the runs. Latencies are of a run of their own, the last, with a clock around each
// command (its 40 ns included); one command in 512 ends a block and pays for the hash of the block's
// events. `ours` is given its commands one by one, as all the others are; `blocks` is the whole
// engine on blocks of entries.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { BlocksMemory, BlocksResult } from './blocks.ts'
import { compiled, nodeFlags } from './compiled.ts'
import type { RunResult } from './matching-run.ts'
import { median, report, say, type Row } from './report.ts'
import { fullSize, workloadNames, type Size, type WorkloadName } from './workloads.ts'

const run = promisify(execFile)
const oneByOne = 'matching-run.js'
const inBlocks = 'blocks.js'
const programs = join(await compiled(), 'bench')

/** What a slow engine is given: a book, and how many commands of the flow on it. */
type Prefix = Size & { prefix: number }

/** Loading a book costs the naive one and those from npm far more than the commands after it. */
const smallMixed: Prefix = { preload: 20_000, commands: 20_000, prefix: 5000 }
const smallDeep: Prefix = { preload: 20_000, commands: 10_000, prefix: 5000 }
const shortHot: Prefix = { preload: 0, commands: 20_000, prefix: 20_000 }
const wholeMixed: Prefix = { ...fullSize.mixed, prefix: 10_000 }

const prefixes: Record<string, Record<WorkloadName, Prefix>> = {
  naive: { mixed: smallMixed, deep: smallDeep, hot: shortHot },
  'nodejs-order-book': { mixed: wholeMixed, deep: smallDeep, hot: shortHot },
  'limit-order-book': { mixed: wholeMixed, deep: smallDeep, hot: shortHot }
}

async function child(program: string, words: string[]): Promise<string> {
  const file = join(programs, program)
  const { stdout } = await run(process.execPath, [...nodeFlags, file, ...words], {
    timeout: 600_000,
    maxBuffer: 1 << 24
  })
  return stdout
}

async function measure(
  engine: string,
  workload: WorkloadName,
  { preload, commands, prefix }: Prefix,
  runs: number
): Promise<RunResult> {
  const sizes = ['--preload', preload, '--commands', commands, '--prefix', prefix, '--runs', runs]
  const words = [engine, workload, ...sizes.map(String)]
  const result: RunResult = JSON.parse(await child(oneByOne, words))
  say(`${workload} ${engine}: ${median(result.mops).toFixed(4)} Mops/s, hash ${result.hash}`)
  return result
}

function mustAgree(workload: string, engine: string, one: RunResult, other: RunResult): void {
  const facts = ({ hash, trades, resting, bestBid, bestAsk }: RunResult): string =>
    JSON.stringify({ hash, trades, resting, bestBid, bestAsk })
  if (facts(one) === facts(other)) return
  throw new Error(`${workload}: ours ends at ${facts(one)}, ${engine} at ${facts(other)}`)
}

function rowsOf(workload: string, engine: string, result: RunResult): Row[] {
  const name = `matching.${workload}.${engine}`
  return [
    { name: `${name}.mops`, value: median(result.mops), unit: 'Mops/s' },
    { name: `${name}.p50Ns`, value: result.p50Ns, unit: 'ns' },
    { name: `${name}.p99Ns`, value: result.p99Ns, unit: 'ns' },
    { name: `${name}.p999Ns`, value: result.p999Ns, unit: 'ns' }
  ]
}

async function benchWorkload(workload: WorkloadName, runs: number): Promise<Row[]> {
  const whole: Prefix = { ...fullSize[workload], prefix: 0 }
  const ours = await measure('ours', workload, whole, runs)
  const probe = await measure('probe', workload, whole, runs)
  mustAgree(workload, 'probe', ours, probe)
  const name = `matching.${workload}`
  const rows = [
    ...rowsOf(workload, 'ours', ours),
    ...rowsOf(workload, 'probe', probe),
    { name: `${name}.ours.trades`, value: ours.trades, unit: 'trades' },
    { name: `${name}.ours.hash`, value: ours.hash, unit: 'FNV-1a' },
    { name: `${name}.ours.ofProbe`, value: median(ours.mops) / median(probe.mops), unit: 'times' }
  ]
  if (workload !== 'deep') {
    const { preload } = whole
    const words = [workload, '--preload', preload, '--runs', Math.max(runs, 7)].map(String)
    const blocks: BlocksResult = JSON.parse(await child(inBlocks, words))
    say(`${workload} in blocks: ${median(blocks.mops).toFixed(4)} Mops/s`)
    rows.push({ name: `${name}.blocks.mops`, value: median(blocks.mops), unit: 'Mops/s' })
  }
  for (const [engine, sizes] of Object.entries(prefixes)) {
    const part = sizes[workload]
    const theirs = await measure(engine, workload, part, 3)
    // So few commands take us a millisecond: more runs, so that the optimiser has seen them.
    const same = await measure('ours', workload, part, Math.max(runs, 15))
    mustAgree(workload, engine, same, theirs)
    const times = median(same.mops) / median(theirs.mops)
    rows.push(
      ...rowsOf(workload, engine, theirs),
      { name: `${name}.${engine}.commands`, value: part.prefix, unit: 'commands' },
      { name: `${name}.${engine}.preload`, value: part.preload, unit: 'commands' },
      { name: `${name}.${engine}.oursMops`, value: median(same.mops), unit: 'Mops/s' },
      { name: `${name}.${engine}.oursTimes`, value: times, unit: 'times' }
    )
  }
  return rows
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      runs: { type: 'string', default: '5' }
    }
  })
  const rows: Row[] = []
  for (const workload of workloadNames) {
    rows.push(...(await benchWorkload(workload, Number(values.runs))))
  }
  const { preload, commands } = fullSize.deep
  const sizes = ['--memory', '--preload', String(preload), '--commands', String(commands)]
  const memory: BlocksMemory = JSON.parse(await child(inBlocks, ['deep', ...sizes]))
  rows.push({
    name: 'matching.ours.bytesPerRestingOrder',
    value: memory.bytesPerRestingOrder,
    unit: 'bytes'
  })
  report('matching', rows)
}

await main()
