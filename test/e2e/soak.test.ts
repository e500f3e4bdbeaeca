// The soak as `npm run soak` runs it: random flow through four validators, with every kind of fault,
// and the ledger's count at the end. Half a minute; twenty in `npm run test:long`.
import test from 'brittle'
import { join } from 'node:path'
import { runProgram } from '../helpers/run-program.ts'

const long = process.env['TEST_LONG'] === '1'
const words = long ? ['--minutes', '20'] : ['--minutes', '0.5', '--brisk']
const SOAK_MS = long ? 1_700_000 : 300_000
const kinds = ['kill', 'pause', 'partition', 'chain', 'reorg']

function soak(): Promise<{ code: number | null; said: string }> {
  const program = join(import.meta.dirname, 'soak.ts')
  return runProgram(process.execPath, ['--import', 'tsx', program, '--seed', '3', ...words])
}

test(
  'soak - random flow through faults of every kind, and all is true',
  { timeout: SOAK_MS },
  async (t) => {
    const { code, said } = await soak()
    if (code !== 0) t.comment(said)
    t.is(code, 0)
    const last = said.trimEnd().split('\n').at(-1) ?? ''
    const counts = /all is true: (\d+) orders, (\d+) trades in (\d+) batches/.exec(last)
    t.ok(counts, last)
    for (const count of counts?.slice(1) ?? []) t.ok(Number(count) >= 3, last)
    for (const kind of kinds) t.ok(new RegExp(`[1-9]\\d* ${kind}\\b`).test(last), kind)
  }
)
