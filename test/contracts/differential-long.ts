// The differential test at length:
//   npm run contracts:differential -- --batches 10000 --seed 1
import { parseArgs } from 'node:util'
import { runVenues } from './differential/venues.ts'

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' }
  }
})
const started = performance.now()
const totals = await runVenues({
  batches: Number(values.batches),
  seed: Number(values.seed),
  ondone: (seed, of) => {
    const seconds = Math.round((performance.now() - started) / 1000)
    console.log(`${seconds} s: seed ${seed}: ${JSON.stringify(of)}`)
  }
})
console.log(`all: ${JSON.stringify(totals)}`)
