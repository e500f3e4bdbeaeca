// The differential test at length:
//   node --import tsx test/contracts/differential-long.ts --batches 10000 --seed 1
// A run of many batches goes through many venues, a thousand batches each, seeds ascending.
import { parseArgs } from 'node:util'
import { runDifferential, type DifferentialTotals } from './differential/run.ts'

const PER_VENUE = 1000

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' }
  }
})

const wanted = Number(values.batches)
const all: Record<string, number> = {}
let done = 0
for (let seed = Number(values.seed); done < wanted; seed++) {
  const started = performance.now()
  const batches = Math.min(PER_VENUE, wanted - done)
  const totals: DifferentialTotals = await runDifferential({ seed, batches })
  for (const [name, count] of Object.entries(totals)) all[name] = (all[name] ?? 0) + count
  done += totals.batches + totals.voids
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`seed ${seed}: ${JSON.stringify(totals)} in ${seconds} s`)
}
console.log(`all: ${JSON.stringify(all)}`)
