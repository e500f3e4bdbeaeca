// The long differential run, for nights and releases:
//   node --import tsx test/matching/differential-long.ts --commands 1000000 --seed 1
// Streams of 50,000 entries each, seeds counting up from --seed, with snapshots in between.
import { parseArgs } from 'node:util'
import { Auditor } from './streams/auditor.ts'
import { Coverage } from './streams/coverage.ts'
import { runDifferential } from './streams/differential.ts'

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' }
  }
})
const total = Number(values.commands)
const perStream = Math.min(50_000, total)
const first = Number(values.seed)
const coverage = new Coverage()

for (let done = 0, seed = first; done < total; done += perStream, seed++) {
  const hash = runDifferential({
    seed,
    commands: perStream,
    snapshotEveryBlocks: 200,
    coverage,
    auditor: (config) => new Auditor(config)
  })
  process.stdout.write(`seed ${seed}: ${done + perStream} commands, hash ${hash}\n`)
}
process.stdout.write(coverage.table() + '\n')
const missing = coverage.missing()
if (missing.length > 0) {
  process.stdout.write(`never came: ${missing.join(', ')}\n`)
  process.exitCode = 1
}
