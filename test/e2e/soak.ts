// `npm run soak [-- --minutes N] [--seed N] [--calm] [--brisk]`: random flow of both traders on a venue of
// processes while daemons are killed, frozen and cut off at random, the chain stands still and takes
// blocks back, then the ledger's own count.
// Every finding names the seed: it draws the same orders and faults again, but real processes decide
// by their timing who trades with whom, so a run does not repeat exactly.
import { parseArgs } from 'node:util'
import { Flow } from '../helpers/flow.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { between, seededRandom } from '../helpers/random.ts'
import { pause, VenueFaults } from '../helpers/venue-faults.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    /** No faults, flow alone. */
    calm: { type: 'boolean', default: false },
    /** Faults that are shorter and closer together, so that a short run has each kind. */
    brisk: { type: 'boolean', default: false }
  }
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('usage: npm run soak -- [--minutes N] [--seed N] [--calm] [--brisk]\n')
  process.exit(2)
}

const everyMs = values.brisk ? { least: 500, most: 2000 } : { least: 10_000, most: 30_000 }
const lastsMs = values.brisk ? { least: 500, most: 3000 } : { least: 500, most: 8000 }

const venue = new ProcessVenue({
  validators: 4,
  traders: 2,
  seed,
  settlement: { batchAgeMs: 2000, cosignMs: 500 }
})

function say(text: string): void {
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stdout.write(`${String(seconds).padStart(5)} s  ${text}\n`)
}

const started = performance.now()
let failed = false
try {
  await venue.open()
  say(`a venue of ${venue.local.members.length} daemons, seed ${seed}`)
  const end = performance.now() + minutes * 60_000
  const isOver = () => performance.now() > end
  const flows = venue.traders.map((trader, i) => new Flow(trader, seededRandom(seed * 100 + i)))
  const runs = Promise.all(flows.map((flow) => flow.run(Infinity, isOver)))
  runs.catch((cause: unknown) => say(`the flow broke off: ${String(cause)}`))
  const random = seededRandom(seed)
  const faults = new VenueFaults(venue, random, lastsMs)
  while (!isOver()) {
    await pause(values.calm ? 5000 : between(random, everyMs.least, everyMs.most))
    if (!values.calm && !isOver()) say(await faults.next())
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
  const told = [
    `${venue.ledger.orders.length} orders`,
    `${venue.ledger.trades.length / 2} trades in ${settled} batches`,
    `${withdrawn} withdrawals`,
    `faults: ${[...faults.counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none'}`
  ]
  say(
    failed
      ? `seed ${seed}: ${problems.length} problems; the venue is kept in ${venue.folder}`
      : `all is true: ${told.join(', ')}`
  )
} catch (cause) {
  failed = true
  say(`seed ${seed}: ${cause instanceof Error ? cause.stack : String(cause)}`)
  say(`the venue is kept in ${venue.folder}`)
}
await venue.close({ keep: failed })
process.exit(failed ? 1 : 0)
