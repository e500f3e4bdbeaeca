// The invariants of design 3.5 in Solidity, by forge from npm: the same seed for every change, and
// in the long run other seeds, longer.
import test, { type Assert } from 'brittle'
import path from 'node:path'
import { runProgram } from '../helpers/run-program.ts'

const long = process.env['TEST_LONG'] === '1'
const fuzz = path.join(import.meta.dirname, '..', '..', 'contracts', 'fuzz.ts')
/** The seventh of 3.5 is the differential test; voids have one more. */
const INVARIANTS = 7

type Size = { seed: number; runs: number; depth: number }

function forge({ seed, runs, depth }: Size): Promise<{ code: number | null; said: string }> {
  const words = ['--import', 'tsx', fuzz, '--fuzz-seed', String(seed), '--color', 'never']
  return runProgram(process.execPath, words, {
    ...process.env,
    FOUNDRY_INVARIANT_RUNS: String(runs),
    FOUNDRY_INVARIANT_DEPTH: String(depth)
  })
}

async function holds(t: Assert, size: Size): Promise<void> {
  const { code, said } = await forge(size)
  if (code !== 0) t.comment(said)
  t.is(code, 0, `seed ${size.seed}`)
  const passed = said.match(/\[PASS\] invariant_\d_\w+\(\) \(runs: \d+, calls: \d+/g) ?? []
  t.is(passed.length, INVARIANTS, 'every invariant was tried')
  for (const line of passed) {
    t.ok(line.endsWith(`(runs: ${size.runs}, calls: ${size.runs * size.depth}`), line)
  }
}

test('vault - its invariants hold in forge’s fuzz', { timeout: 600_000 }, async (t) => {
  await holds(t, { seed: 1, runs: 16, depth: 50 })
})

// `npm run test:long`; else the smallest of its runs.
test('vault - its invariants hold with other seeds', { timeout: 1_800_000 }, async (t) => {
  const seeds = long ? [2, 3, 4] : [2]
  const size = long ? { runs: 64, depth: 100 } : { runs: 2, depth: 50 }
  for (const seed of seeds) await holds(t, { seed, ...size })
})
