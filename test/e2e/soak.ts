// `npm run soak [-- --minutes N] [--seed N] [--calm]`: random flow of both traders on a venue of
// processes while daemons are killed, frozen and cut off at random, the chain stands still and takes
// blocks back, then the ledger's own count.
// Every finding names the seed: it draws the same orders and faults again, but real processes decide
// by their timing who trades with whom, so a run does not repeat exactly.
import { parseArgs } from 'node:util'
import { Flow } from '../helpers/flow.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { between, pick, seededRandom } from '../helpers/random.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    /** No faults, flow alone. */
    calm: { type: 'boolean', default: false }
  }
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('usage: npm run soak -- [--minutes N] [--seed N] [--calm]\n')
  process.exit(2)
}

const FAULT_EVERY_MS = { least: 10_000, most: 30_000 }
const FAULT_MS = { least: 500, most: 8_000 }

const venue = new ProcessVenue({
  validators: 4,
  traders: 2,
  seed,
  settlement: { batchAgeMs: 2000, cosignMs: 500 }
})

/** Whole milliseconds. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** One fault at a time: more than a quarter of the validators down would be a stop, not a soak. */
async function fault(random: () => number): Promise<string> {
  const name = pick(random, venue.local.members).name
  const kind = pick(random, ['kill', 'pause', 'partition', 'chain', 'reorg'] as const)
  const ms = between(random, FAULT_MS.least, FAULT_MS.most)
  const { processes } = venue.local
  if (kind === 'chain') {
    processes.signal('chain', 'SIGSTOP')
    await pause(ms)
    processes.signal('chain', 'SIGCONT')
    return `the chain stood still for ${ms} ms`
  }
  if (kind === 'reorg') {
    // The newest block alone: the venue asks for one confirmation.
    await venue.chain.send('anvil_reorg', [1, []])
    return 'the newest block was taken back'
  }
  if (kind === 'kill') {
    await venue.kills(name)
    await pause(ms)
    await venue.restarts(name)
  } else if (kind === 'pause') {
    processes.signal(name, 'SIGSTOP')
    await pause(ms)
    processes.signal(name, 'SIGCONT')
    await venue.ready(name)
  } else {
    await venue.local.partition([name])
    await pause(ms)
    await venue.local.partition([], { healed: true })
    await venue.ready(name)
  }
  return `${kind} ${name} for ${ms} ms`
}

function say(text: string): void {
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stdout.write(`${String(seconds).padStart(5)} s  ${text}\n`)
}

const started = performance.now()
let failed = false
let faults = 0
try {
  await venue.open()
  say(`a venue of ${venue.local.members.length} daemons, seed ${seed}`)
  const end = performance.now() + minutes * 60_000
  const isOver = () => performance.now() > end
  const flows = venue.traders.map((trader, i) => new Flow(trader, seededRandom(seed * 100 + i)))
  const runs = Promise.all(flows.map((flow) => flow.run(Infinity, isOver)))
  runs.catch((cause: unknown) => say(`the flow broke off: ${String(cause)}`))
  const random = seededRandom(seed)
  while (!isOver()) {
    await pause(values.calm ? 5000 : between(random, FAULT_EVERY_MS.least, FAULT_EVERY_MS.most))
    if (!values.calm && !isOver()) {
      say(await fault(random))
      faults++
    }
    const steps = flows.reduce((sum, flow) => sum + flow.steps, 0)
    const refusals = flows.reduce((sum, flow) => sum + flow.refusals, 0)
    say(`${steps} calls, ${refusals} refused, ${venue.ledger.trades.length / 2} trades`)
  }
  await runs
  const problems = await venue.problems()
  for (const problem of problems) say(`WRONG: ${problem}`)
  failed = problems.length > 0
  const settled = (await venue.batches()).length
  const withdrawn = flows.reduce((sum, flow) => sum + flow.withdrawals, 0)
  say(
    failed
      ? `seed ${seed}: ${problems.length} problems; the venue is kept in ${venue.folder}`
      : `all is true: ${venue.ledger.orders.length} orders, ${venue.ledger.trades.length / 2} trades in ${settled} batches, ${withdrawn} withdrawals, ${faults} faults`
  )
} catch (cause) {
  failed = true
  say(`seed ${seed}: ${cause instanceof Error ? cause.stack : String(cause)}`)
  say(`the venue is kept in ${venue.folder}`)
}
await venue.close({ keep: failed })
process.exit(failed ? 1 : 0)
