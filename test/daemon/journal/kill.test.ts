import test from 'brittle'
import path from 'node:path'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { disk } from '../../../daemon/journal/file-system.ts'
import { between, seededRandom } from '../../helpers/random.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { numberOf, openJournal } from './workload.ts'
import type { Word } from './kill-child.ts'

const CHILD = fileURLToPath(new URL('kill-child.ts', import.meta.url))
const LIVES = 6

/** Lets the process work until it has acknowledged so many records, then kills it. */
async function liveAndDie(folder: string, first: number, records: number) {
  const child = fork(CHILD, [folder, String(first)], { execArgv: ['--import', 'tsx'] })
  const acknowledged: number[] = []
  let floor = 0
  child.on('message', (word: Word) => {
    if ('floor' in word) floor = word.floor
    else acknowledged.push(word.acknowledged)
    if (acknowledged.length >= records) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'exit')
  return { acknowledged, floor, signal }
}

test('journal - kill -9 again and again: what was acknowledged is replayed', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'journal')
  const random = seededRandom(20)
  const promised = new Set<number>()
  let first = 1
  let floor = 0
  for (let life = 0; life < LIVES; life++) {
    const death = await liveAndDie(folder, first, between(random, 200, 2_000))
    t.is(death.signal, 'SIGKILL')
    for (const number of death.acknowledged) promised.add(number)
    floor = Math.max(floor, death.floor)

    const replayed = new Set<number>()
    const { journal } = openJournal(disk, random, folder)
    await journal.open((_, payload) => replayed.add(numberOf(payload)))
    await journal.close()
    const lost = [...promised].filter((number) => number >= floor && !replayed.has(number))
    t.alike(lost, [], `${promised.size} acknowledged so far, none lost`)
    first = Math.max(...replayed) + 1
  }
  t.ok(floor > 0, 'there were rotations')
})
