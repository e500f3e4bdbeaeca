import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'brittle'
import { temporaryFolder } from '../helpers/tmp.ts'

const program = fileURLToPath(new URL('../../bench/replay.ts', import.meta.url))

test('replay - order flow from outside gives the trades and the hash that it must', async (t) => {
  const file = path.join(await temporaryFolder(t), 'flow.csv')
  await writeFile(
    file,
    [
      'type,side,id,price,qty',
      'L,S,101,50,10',
      'L,S,102,51,10',
      'L,B,103,49,5',
      'C,S,101,0,0',
      'L,B,104,51,4', // takes 4 of 102 at 51
      'I,S,105,40,9', // takes 5 of 103 at 49, and the rest of it goes
      'C,B,103,0,0', // is gone already
      'L,B,106,60,10' // takes 6 of 102 at 51 and rests 4 at 60
    ].join('\n')
  )
  const flags = ['--expose-gc', '--import', 'tsx', program, file, '--preload', '3', '--runs', '1']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--json'])
  const printed: Record<string, number> = JSON.parse(stdout)
  const trades = [104, 102, 51, 4, 105, 103, 49, 5, 106, 102, 51, 6]
  const hash = trades.reduce((h, value) => Math.imul(h ^ value, 16777619), 0x811c9dc5) >>> 0
  const { opsPerSecond, p50Ns, p99Ns, p999Ns, ...facts } = printed
  t.alike(facts, {
    commands: 5,
    trades: 3,
    volume: 15,
    notional: 4 * 51 + 5 * 49 + 6 * 51,
    hash,
    bestBid: 60,
    bestAsk: 0,
    resting: 1
  })
  t.ok(opsPerSecond > 0 && p50Ns <= p99Ns && p99Ns <= p999Ns, 'and figures that make sense')
})
