import test from 'brittle'
import { decodeBlock } from '../../../protocol/entries.ts'
import { LaneFault } from '../../../daemon/lanes/lane-faults.ts'
import { laneMessageTypes } from '../../../daemon/lanes/messages.ts'
import { between, seededRandom } from '../../helpers/random.ts'
import { TestDaemon, TestJournal, World, bigEntry, entry } from './world.ts'

/** The lease numbers of a lane's entries, in order, as another daemon has them. */
function numbers(at: TestDaemon, key: string): number[] {
  const head = at.head(key)
  const blocks = at.lanes.reads.blocks(key, 0, head.length, head.treeHash) ?? []
  return blocks
    .flatMap((block) => decodeBlock(block))
    .flatMap((made) => (made.kind === 'lease' ? [made.ttlMs - 1] : []))
}

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'none'
  } catch (fault) {
    return fault instanceof LaneFault ? fault.code : String(fault)
  }
}

function codeOfLate(journaled: Promise<void>): Promise<string> {
  return journaled.then(
    () => 'none',
    (fault) => (fault instanceof LaneFault ? fault.code : String(fault))
  )
}

test('own lane - waits for a quorum of answers before it writes', async (t) => {
  const world = new World()
  for (let i = 0; i < 4; i++) world.start(i)
  const [a, b] = world.daemons
  world.connect(0, 1)
  const ticket = a.lanes.offer(entry(1))
  let journaled = false
  void ticket.journaled.then(() => (journaled = true))
  await world.run(500)
  t.absent(a.lanes.ready, 'itself and one other are two of three')
  t.absent(journaled)
  t.is(b.has(a.key), 0)
  world.connect(0, 2)
  await world.run(50)
  t.ok(a.lanes.ready)
  t.ok(journaled, 'what was submitted meanwhile is not lost')
  t.is(b.has(a.key), 1)
})

test('own lane - a venue of one starts at once', async (t) => {
  const world = new World(1)
  const a = world.start(0)
  t.ok(a.lanes.ready)
  a.lanes.offer(entry(1))
  await world.run(100)
  t.is(a.lanes.reads.certified(a.key, 0).length, 1, 'its own word is a quorum')
})

test('own lane - restarts where its journal ends, and pushes what is not final', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  for (let n = 0; n < 5; n++) {
    a.lanes.offer(entry(n))
    await world.run(15)
  }
  world.cut(b, [a.key])
  for (const i of [1, 2, 3]) world.disconnect(0, i)
  for (let n = 5; n < 9; n++) {
    a.lanes.offer(entry(n))
    await world.run(15)
  }
  const { key } = a
  const again = world.start(0, world.crash(0))
  t.is(again.arrived.length, 0, 'what the journal held is left to the tape to prepare')
  for (const i of [1, 2, 3]) world.connect(0, i)
  await world.run(50)
  t.is(again.key, key, 'the same lane')
  t.is(b.has(key), 9)
  again.lanes.offer(entry(9))
  await world.run(50)
  t.alike(numbers(b, key), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.is(again.lanes.name.incarnation, 0)
})

test('own lane - restarts from a rotated journal', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  for (let n = 0; n < 6; n++) {
    a.lanes.offer(entry(n))
    await world.run(15)
    if (n === 3) world.cut(b, [a.key])
  }
  const checkpoint = [...a.lanes.checkpoint()]
  const { key } = a
  world.crash(0)
  const again = world.start(0, checkpoint)
  for (const i of [1, 2, 3]) world.connect(0, i)
  again.lanes.offer(entry(6))
  await world.run(50)
  t.is(again.key, key)
  t.alike(numbers(b, key), [0, 1, 2, 3, 4, 5, 6])
  t.alike(again.lanes.reads.base(key)?.roots, b.lanes.reads.base(key)?.roots)
})

test('own lane - a journal rotated while a run is on its way to the disk keeps what was there', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  a.lanes.offer(entry(0))
  await world.run(50)
  const { key } = a
  t.is(b.has(key), 1)
  for (const daemon of [a, b]) daemon.journal.held = true
  a.lanes.offer(entry(1))
  await world.run(20)
  const kept = [...a.lanes.checkpoint()]
  a.journal.release()
  await world.run(20)
  const keptByValidator = [...b.lanes.checkpoint()]
  world.crash(0)
  world.crash(1)
  t.is(world.start(0, kept).has(key), 2, 'what was told as journaled, and what was on its way')
  t.is(world.start(1, keptByValidator).has(key), 2, 'what was acknowledged, and what votes rely on')
})

test('own lane - a lost journal means another incarnation, and no second history', async (t) => {
  const world = new World()
  const [a, b, c] = await world.venue()
  for (let n = 0; n < 3; n++) {
    a.lanes.offer(entry(n))
    await world.run(15)
  }
  const { key } = a
  world.crash(0)
  const again = world.start(0, [])
  const ticket = again.lanes.offer(entry(9))
  for (const i of [1, 2, 3]) world.connect(0, i)
  const refused = codeOfLate(ticket.journaled)
  await world.run(50)
  t.is(await refused, 'lane_abandoned', 'it is told, and may submit again')
  t.is(again.lanes.name.incarnation, 1)
  t.not(again.key, key)
  t.alike(
    again.used.map(({ name, abandoned }) => [name.incarnation, abandoned]),
    [
      [0, null],
      [1, key]
    ]
  )
  again.lanes.offer(entry(9))
  await world.run(50)
  t.alike(numbers(c, again.key), [9])
  t.is(b.evidence.length, 0)
  const third = world.start(0, (world.crash(0), []))
  for (const i of [1, 2, 3]) world.connect(0, i)
  await world.run(50)
  t.is(third.lanes.name.incarnation, 2, 'once more: it asks its way up')
})

test('own lane - a journal from an old copy means another incarnation', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  a.lanes.offer(entry(0))
  await world.run(15)
  const copy = [...a.journal.synced]
  a.lanes.offer(entry(1))
  await world.run(15)
  world.crash(0)
  const again = world.start(0, copy)
  for (const i of [1, 2, 3]) world.connect(0, i)
  await world.run(50)
  t.is(again.lanes.name.incarnation, 1)
  const later = world.start(0, world.crash(0))
  t.is(later.lanes.name.incarnation, 1, 'it need not be told again')
  for (const i of [1, 2, 3]) world.connect(0, i)
  await world.run(50)
  t.is(later.lanes.name.incarnation, 1)
  t.is(b.evidence.length, 0)
})

test('own lane - a tape that is ahead of the journal means another incarnation', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  a.lanes.offer(entry(0))
  await world.run(15)
  const slices = world.cut(b, [a.key])
  world.crash(0)
  const again = world.start(0, [])
  again.lanes.final(slices)
  t.is(again.lanes.name.incarnation, 1)
  world.crash(0)
  const other = new TestDaemon(world, 0, new TestJournal(world.clock))
  other.lanes.final(slices)
  other.lanes.open()
  t.is(other.lanes.name.incarnation, 1, 'also when the tape was restored first')
})

test('own lane - abandoned while it runs: what is under way is refused, the next lane works', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  for (let n = 0; n < 3; n++) {
    a.lanes.offer(entry(n))
    await world.run(100)
  }
  const { key } = a
  t.is(b.lanes.reads.certified(key, 0)[0].length, 3)
  a.journal.held = true
  const syncing = codeOfLate(a.lanes.offer(entry(3)).journaled)
  await world.run(10)
  const gathering = codeOfLate(a.lanes.offer(entry(4)).journaled)
  const roots = [{ size: 100, hash: new Uint8Array(32) }]
  const { lane, signer } = a.lanes.name
  a.lanes.rebase([{ lane, signer, length: 64, roots, signature: null }])
  t.is(a.lanes.name.incarnation, 1)
  a.journal.release()
  t.is(await syncing, 'lane_abandoned')
  t.is(await gathering, 'lane_abandoned')
  await world.run(50)
  a.lanes.offer(entry(5))
  await world.run(100)
  t.alike(numbers(b, a.key), [5])
  t.is(b.lanes.reads.certified(a.key, 0)[0]?.length, 1)
  t.is(b.has(key), 3, 'of the old lane nothing more was sent')
})

test('own lane - power loss at any moment loses nothing that was accepted', async (t) => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = seededRandom(seed)
    const world = new World()
    await world.venue()
    const accepted = new Set<number>()
    let next = 0
    for (let life = 0; life < 4; life++) {
      const a = world.daemons[0]
      const key = a.key
      for (let step = 0; step < between(random, 1, 8); step++) {
        for (let i = 0; i < between(random, 1, 5); i++) {
          const n = next++
          void a.lanes.offer(entry(n)).journaled.then(
            () => accepted.add(n),
            () => undefined
          )
        }
        await world.run(between(random, 0, 12))
        if (random() < 0.3) a.journal.held = !a.journal.held
        if (!a.journal.held) a.journal.release()
      }
      const again = world.start(0, world.crash(0))
      for (const i of [1, 2, 3]) world.connect(0, i)
      await world.run(100)
      if (again.key !== key) t.fail(`seed ${seed}: the lane was abandoned without need`)
    }
    const { key } = world.daemons[0]
    if (accepted.size === 0) continue
    const seen = numbers(world.daemons[1], key)
    const missing = [...accepted].filter((n) => !seen.includes(n))
    if (missing.length > 0) t.fail(`seed ${seed}: ${missing.join()} were accepted and are lost`)
    if (seen.some((n, i) => i > 0 && n <= seen[i - 1])) t.fail(`seed ${seed}: order changed`)
    for (const { evidence } of world.daemons) {
      if (evidence.length > 0) t.fail(`seed ${seed}: the lane forked`)
    }
  }
  t.pass('25 seeds')
})

test('own lane - closing waits for the journal and takes no more', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  const ticket = a.lanes.offer(entry(1))
  const closed = a.lanes.close()
  t.is(
    codeOf(() => a.lanes.offer(entry(2))),
    'lane_closed'
  )
  await world.run(20)
  await closed
  await ticket.journaled
  await a.lanes.close()
  t.is(b.has(a.key), 1)
})

test('own lane - an entry that fits in no block is refused', async (t) => {
  const world = new World()
  const [a] = await world.venue()
  t.is(
    codeOf(() => a.lanes.offer(new Uint8Array(64 * 1024))),
    'lane_entry_too_large'
  )
})

test('own lane - a validator that reads slowly has a bounded window', async (t) => {
  const world = new World(4, { outbox: { windowBytes: 100_000 } })
  const [a, b] = await world.venue()
  b.journal.held = true
  let received = 0
  world.tamper = (from, to, type, payload) => {
    if (type === laneMessageTypes.run && from === a.id && to === b.id) received += payload.length
    return payload
  }
  for (let n = 0; n < 200; n++) {
    a.lanes.offer(bigEntry(n))
    await world.run(3)
  }
  await world.run(50)
  t.ok(received > 0 && received <= 400_000, `${received} bytes of ${200 * 2300}`)
  t.is(world.daemons[2].has(a.key), a.has(a.key), 'the others do not wait for it')
  b.journal.release()
  await world.run(20_000)
  t.is(b.has(a.key), a.has(a.key), 'it has all of it in the end')
})

test('own lane - waits longer for company the more entries come', async (t) => {
  const world = new World()
  const [a] = await world.venue()
  a.lanes.offer(entry(0))
  await world.run(1_000)
  const before = world.clock.now()
  let at = 0
  void a.lanes.offer(entry(1)).journaled.then(() => (at = world.clock.now()))
  await world.run(50)
  t.is(at - before, 3, 'two milliseconds and the journal')
  for (let n = 0; n < 300; n++) {
    for (let i = 0; i < 3; i++) a.lanes.offer(entry(n))
    await world.run(1)
  }
  const busy = world.clock.now()
  void a.lanes.offer(entry(1)).journaled.then(() => (at = world.clock.now()))
  await world.run(50)
  t.ok(at - busy <= 11, 'ten milliseconds at most')
  const blocks = a.has(a.key)
  t.ok(blocks < 2 + 300 / 8, `${blocks} blocks for 900 entries`)
})

test('own lane - no run holds more than a cut may take, however much was gathered', async (t) => {
  const limit = 100
  const world = new World(4, { runEntriesMax: limit })
  for (let i = 0; i < 4; i++) world.start(i)
  const [a] = world.daemons
  for (let i = 0; i < 950; i++) a.lanes.offer(entry(i))
  for (const other of [1, 2, 3]) world.connect(0, other)
  await world.run(500)
  const { reads } = a.lanes
  let from = 0
  let fromHash: Uint8Array = new Uint8Array(32)
  for (let cuts = 0; cuts < 20; cuts++) {
    const head = reads.best(a.key, from, fromHash, { bytes: 1024 * 1024, entries: limit })
    if (head === null) break
    from = head.length
    fromHash = head.treeHash
  }
  t.is(numbers(a, a.key).length, 950)
  t.is(from, a.head(a.key).length, 'cut by cut the whole lane can be taken')
})
