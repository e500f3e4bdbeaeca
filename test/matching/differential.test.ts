import test from 'brittle'
import { Auditor } from './streams/auditor.ts'
import { Coverage } from './streams/coverage.ts'
import { runDifferential } from './streams/differential.ts'

// `npm run test:long` makes it a million commands; any number, with a table of what came:
//   node --import tsx test/matching/differential-long.ts --commands 1000000 --seed 1
const commands = process.env['TEST_LONG'] === '1' ? 125_000 : 15_000

test('differential - engine and oracle agree, through snapshots, wherever the rules collide', (t) => {
  const coverage = new Coverage()
  for (let seed = 1; seed <= 10; seed++) {
    const auditor = (config: ConstructorParameters<typeof Auditor>[0]): Auditor =>
      new Auditor(config)
    const hash = runDifferential({ seed, commands, snapshotEveryBlocks: 60, coverage, auditor })
    t.is(hash.length, 64, `seed ${seed} ends at ${hash.slice(0, 16)}`)
  }
  t.alike(coverage.missing(), [], 'every kind of event and every reason came')
})

test('differential - a run without snapshots ends at the same hash as one with many', (t) => {
  const run = (snapshotEveryBlocks: number): string =>
    runDifferential({ seed: 77, commands: 6000, snapshotEveryBlocks })
  t.is(run(0), run(3))
})
