import test from 'brittle'
import fs from 'node:fs/promises'
import path from 'node:path'
import { disk, type OpenFile } from '../../../daemon/journal/file-system.ts'
import { between, seededRandom } from '../../helpers/random.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { PowerCutDisk } from './power-cut.ts'
import { complaints, numberOf, openJournal, payloadOf, work, type Promised } from './workload.ts'

const fresh = (): Promised => ({
  called: [],
  acknowledged: new Set(),
  floor: 0,
  life: 0
})

test('journal - gives back what was appended, in order', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'journal')
  const random = seededRandom(1)
  const first = openJournal(disk, random, folder)
  const created = await first.journal.open(() => t.fail('an empty journal has no records'))
  t.is(created.existed, false)
  await Promise.all([
    first.journal.append(1, payloadOf(1)),
    first.journal.appendAll([
      { kind: 2, payload: payloadOf(2) },
      { kind: 3, payload: new Uint8Array(0) }
    ]),
    first.journal.append(255, payloadOf(4))
  ])
  await first.journal.close()

  const replayed: [number, number][] = []
  const second = openJournal(disk, random, folder)
  const result = await second.journal.open((kind, payload) => {
    replayed.push([kind, payload.length === 0 ? 0 : numberOf(payload)])
  })
  t.alike(replayed, [
    [1, 1],
    [2, 2],
    [3, 0],
    [255, 4]
  ])
  t.is(result.existed, true)
  t.is(result.records, 4)
  t.is(result.tornBytes, 0)
  await second.journal.close()
})

test('journal - appends of one turn and of a busy disk share a sync', async (t) => {
  const files = new PowerCutDisk({ random: seededRandom(2) })
  const { journal } = openJournal(files, seededRandom(2))
  await journal.open(() => {})
  const before = files.calls
  const appends: Promise<void>[] = []
  for (let number = 1; number <= 500; number++) appends.push(journal.append(0, payloadOf(number)))
  await Promise.all(appends)
  t.is(files.calls - before, 2, 'one write and one sync for 500 records')
  await journal.close()
})

test('journal - a lazy append waits for company, and comes before what is appended after it', async (t) => {
  const files = new PowerCutDisk({ random: seededRandom(2) })
  const { journal } = openJournal(files, seededRandom(2))
  await journal.open(() => {})
  const before = files.calls
  const order: number[] = []
  const lazy = journal.appendLazily(0, payloadOf(1)).then(() => order.push(1))
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  t.is(files.calls, before, 'nothing is written for it alone')
  const urgent = journal.append(0, payloadOf(2)).then(() => order.push(2))
  await Promise.all([lazy, urgent])
  t.alike(order, [1, 2])
  t.is(files.calls - before, 2, 'one write and one sync for both')
  const last = journal.appendLazily(0, payloadOf(3))
  journal.flush()
  await last
  const closing = journal.appendLazily(0, payloadOf(4))
  await journal.close()
  await closing
})

test('journal - a group larger than the target is written in several', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'journal')
  const { journal } = openJournal(disk, seededRandom(3), folder)
  await journal.open(() => {})
  const large = new Uint8Array(900_000).fill(7)
  await Promise.all([1, 2, 3, 4, 5].map((kind) => journal.append(kind, large)))
  t.ok(journal.byteLength > 4_500_000)
  t.is(journal.pendingBytes, 0)
  await t.exception(journal.append(1, new Uint8Array(9 * 1024 * 1024)), /too large/)
  await journal.close()

  const kinds: number[] = []
  const again = openJournal(disk, seededRandom(3), folder)
  await again.journal.open((kind, payload) => {
    if (payload.length === large.length) kinds.push(kind)
  })
  t.alike(kinds, [1, 2, 3, 4, 5])
  await again.journal.close()
})

test('journal - a torn tail is cut off, and what comes after it is kept', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'journal')
  const file = path.join(folder, '00000001.journal')
  const { journal } = openJournal(disk, seededRandom(4), folder)
  await journal.open(() => {})
  await journal.append(0, payloadOf(1))
  const intactBytes = journal.byteLength
  await journal.append(0, payloadOf(2))
  await journal.close()
  const whole = await fs.readFile(file)
  t.is(whole.length > intactBytes, true)

  for (let length = intactBytes; length < whole.length; length += 7) {
    await fs.writeFile(file, whole.subarray(0, length))
    const numbers: number[] = []
    const torn = openJournal(disk, seededRandom(4), folder)
    const result = await torn.journal.open((_, payload) => numbers.push(numberOf(payload)))
    await torn.journal.append(0, payloadOf(3))
    await torn.journal.close()
    const again = openJournal(disk, seededRandom(4), folder)
    await again.journal.open((_, payload) => numbers.push(numberOf(payload)))
    await again.journal.close()
    if (result.tornBytes !== length - intactBytes) t.fail(`at ${length}: ${result.tornBytes}`)
    if (numbers.join() !== '1,1,3') t.fail(`at ${length}: ${numbers.join()}`)
  }
})

test('journal - damage to anything synced is an error, never a silent loss', async (t) => {
  const build = async () => {
    const files = new PowerCutDisk({ random: seededRandom(5) })
    const { journal } = openJournal(files, seededRandom(5))
    await journal.open(() => {})
    await journal.append(0, payloadOf(1))
    await journal.rotate([1, 2, 3].map((number) => ({ kind: 0, payload: payloadOf(number) })))
    const checkpointEnd = journal.byteLength
    await journal.append(0, payloadOf(4))
    const beforeLast = journal.byteLength
    await journal.append(0, payloadOf(5))
    await journal.close()
    return { files, checkpointEnd, beforeLast, name: files.fileNames[0] }
  }
  const { beforeLast } = await build()
  for (let position = 0; position < beforeLast; position += 5) {
    const { files, name } = await build()
    files.damage(name, position)
    const { journal } = openJournal(files, seededRandom(6))
    const code = await journal
      .open(() => {})
      .then(
        () => 'opened',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error))
      )
    if (code !== 'journal_corrupt') t.fail(`a flipped bit at ${position}: ${String(code)}`)
    await journal.close()
  }
  t.pass(`${Math.ceil(beforeLast / 5)} places tried`)
})

test('journal - payloads that look like groups do not deceive the replay', async (t) => {
  const files = new PowerCutDisk({ random: seededRandom(7) })
  const victim = openJournal(files, seededRandom(7))
  await victim.journal.open(() => {})
  // Another journal's whole content, as a peer might compose it: other salt, other place.
  const other = new PowerCutDisk({ random: seededRandom(8) })
  const forged = openJournal(other, seededRandom(8))
  await forged.journal.open(() => {})
  await forged.journal.append(9, payloadOf(99))
  const handle = await other.open(other.fileNames[0], 'read-write')
  const bait = await handle.read(0, await handle.length())
  await victim.journal.append(0, payloadOf(1))
  files.cutAfter(1)
  await t.exception(victim.journal.append(1, bait), /power/)
  files.restart()

  const kinds: number[] = []
  const again = openJournal(files, seededRandom(9))
  await again.journal.open((kind) => kinds.push(kind))
  t.absent(kinds.includes(9))
  t.is(kinds[0], 0)
  await again.journal.close()
})

test('journal - a failed sync ends it: one fault, nothing acknowledged after', async (t) => {
  const files = new PowerCutDisk({ random: seededRandom(10) })
  const { journal, faults } = openJournal(files, seededRandom(10))
  await journal.open(() => {})
  files.cutAfter(1)
  const results = await Promise.allSettled([
    journal.append(0, payloadOf(1)),
    journal.append(0, payloadOf(2)),
    journal.rotate([])
  ])
  t.alike(
    results.map((result) => result.status),
    ['rejected', 'rejected', 'rejected']
  )
  await t.exception(journal.append(0, payloadOf(3)), /journal failed/)
  t.is(faults.length, 1)
})

test('journal - refuses to work closed, opens and closes twice', async (t) => {
  const files = new PowerCutDisk({ random: seededRandom(11) })
  const { journal } = openJournal(files, seededRandom(11))
  await t.exception(journal.append(0, payloadOf(1)), /not open/)
  const results = await Promise.all([journal.open(() => {}), journal.open(() => {})])
  t.is(results[0], results[1])
  const last = journal.append(0, payloadOf(1))
  await Promise.all([journal.close(), journal.close()])
  await t.execution(last, 'close waits for what is under way')
  await t.exception(journal.append(0, payloadOf(2)), /not open/)
})

test('journal - rotation keeps the checkpoint and what was under way, drops the rest', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'journal')
  const { journal } = openJournal(disk, seededRandom(12), folder)
  await journal.open(() => {})
  for (let number = 1; number <= 20; number++) await journal.append(0, payloadOf(number))
  const underWay = journal.append(0, payloadOf(21))
  const rotation = journal.rotate([{ kind: 0, payload: payloadOf(18) }])
  await t.exception(journal.rotate([]), /under way/)
  const later = journal.append(0, payloadOf(22))
  await Promise.all([underWay, rotation, later])
  await journal.append(0, payloadOf(23))
  await journal.close()
  t.alike(await fs.readdir(folder), ['00000002.journal'])

  const numbers = new Set<number>()
  const again = openJournal(disk, seededRandom(12), folder)
  await again.journal.open((_, payload) => numbers.add(numberOf(payload)))
  for (const number of [18, 21, 22, 23]) t.ok(numbers.has(number), `${number} is there`)
  t.absent(numbers.has(1))
  await again.journal.close()
})

test('journal - reads and writes format 1, byte for byte', async (t) => {
  const fixture = new URL('fixtures/format-1.journal', import.meta.url)
  const folder = path.join(await temporaryFolder(t), 'journal')
  const file = path.join(folder, '00000002.journal')
  await fs.mkdir(folder)
  await fs.copyFile(fixture, file)
  const numbers: number[] = []
  const { journal } = openJournal(disk, seededRandom(30), folder)
  await journal.open((_, payload) => numbers.push(numberOf(payload)))
  await journal.close()
  t.alike(numbers, [3, 4, 3, 5, 6], 'the checkpoint, what was under way, what came after')

  const files = new PowerCutDisk({ random: seededRandom(0) })
  const written = openJournal(files, seededRandom(30))
  await written.journal.open(() => {})
  await written.journal.append(1, payloadOf(3))
  await written.journal.rotate([3, 4].map((kind) => ({ kind, payload: payloadOf(kind) })))
  await written.journal.appendAll([5, 6].map((kind) => ({ kind, payload: payloadOf(kind) })))
  await written.journal.close()
  const handle = await files.open(files.fileNames[0], 'read-write')
  const bytes = await handle.read(0, await handle.length())
  t.alike(bytes, Uint8Array.from(await fs.readFile(fixture)))
})

const RECORDS = 60

/** One machine's life: replay, check, work until the power goes or the work is done. */
async function live(files: PowerCutDisk, promised: Promised, seed: number): Promise<string[]> {
  const replayed: number[] = []
  const { journal } = openJournal(files, seededRandom(seed))
  try {
    await journal.open((_, payload) => replayed.push(numberOf(payload)))
    const found = complaints(replayed, promised)
    promised.called = promised.called.filter((number) => replayed.includes(number))
    await work(journal, seededRandom(seed), promised, RECORDS)
    await journal.close()
    return found
  } catch (error) {
    if (!files.isOff) throw error
    return []
  }
}

/** Three lives, the power cut at the given call of the first and at some call of the second. */
async function threeLives(files: PowerCutDisk, call: number, seed: number) {
  const random = seededRandom(seed)
  const promised = fresh()
  files.cutAfter(call)
  const found = await live(files, promised, 0)
  files.restart()
  files.cutAfter(between(random, 0, call + 5))
  found.push(...(await live(files, promised, seed)))
  files.restart()
  found.push(...(await live(files, promised, seed)))
  return { found, acknowledged: promised.acknowledged.size }
}

async function callsOfOneLife(): Promise<number> {
  const files = new PowerCutDisk({ random: seededRandom(0) })
  await live(files, fresh(), 0)
  return files.calls
}

test('journal - the power cut at every single call: nothing acknowledged is lost', async (t) => {
  const calls = await callsOfOneLife()
  t.ok(calls > 60, `${calls} calls`)
  let acknowledged = 0
  for (let call = 0; call < calls; call++) {
    for (const chance of [1, 2, 3, 4]) {
      const seed = call * 10 + chance
      const files = new PowerCutDisk({ random: seededRandom(seed) })
      const life = await threeLives(files, call, seed)
      if (life.found.length > 0) t.fail(`seed ${seed}, call ${call}: ${life.found.join('; ')}`)
      acknowledged += life.acknowledged
    }
  }
  t.ok(acknowledged > calls * 4 * RECORDS, `${acknowledged} records were acknowledged`)
})

test('journal - the same cuts catch a journal that does not sync', async (t) => {
  class LazyDisk extends PowerCutDisk {
    override async open(name: string, mode: 'read-write' | 'create'): Promise<OpenFile> {
      return { ...(await super.open(name, mode)), sync: () => Promise.resolve() }
    }
  }
  const calls = await callsOfOneLife()
  let caught = 0
  for (let call = 0; call < calls; call++) {
    const files = new LazyDisk({ random: seededRandom(call) })
    const { found } = await threeLives(files, call, call).catch(() => ({ found: ['no journal'] }))
    if (found.length > 0) caught++
  }
  t.ok(caught > 10, `${caught} of ${calls} cuts`)
})
