import test from 'brittle'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { measureGas } from '../../bench/gas.ts'
import type { Report } from '../../bench/report.ts'

/** Signatures have zero bytes, which cost less, now and then. */
const tolerance = 1.005

test('gas - no row is worse than the recorded one', { timeout: 120_000 }, async (t) => {
  const file = path.join(import.meta.dirname, '../../bench/recorded/gas.json')
  const recorded: Report = JSON.parse(readFileSync(file, 'utf8'))
  const rows = new Map((await measureGas()).map(({ name, value }) => [name, value]))
  t.is(rows.size, recorded.rows.length, 'every row is recorded')
  for (const { name, value } of recorded.rows) {
    const now = rows.get(name) ?? Infinity
    t.ok(now <= value * tolerance, `${name}: ${now}, recorded ${value}`)
  }
})
