import test from 'brittle'
import { Repair, repairDefaults } from '../../../daemon/lanes/repair.ts'
import type { HeadClaim } from '../../../daemon/lanes/types.ts'

function head(length: number, fill = 1): HeadClaim {
  const treeHash = new Uint8Array(32).fill(fill)
  return { lane: new Uint8Array(32), length, treeHash, signature: new Uint8Array(68) }
}

test('lane repair - the first wait grows with the backlog and with the heads that are missing', (t) => {
  const quiet = new Repair(repairDefaults)
  quiet.want('a', head(1), [], 0, 0)
  const loaded = new Repair(repairDefaults)
  loaded.want('a', head(1), [], 0, 8 * 1024 * 1024)
  const many = new Repair(repairDefaults)
  for (let i = 0; i < 200; i++) many.want(`lane ${i}`, head(1), [], 0, 0)
  many.want('a', head(1), [], 0, 0)
  const wait = (repair: Repair): number => {
    for (let at = 0; ; at++) if (repair.due(at, 0).some(({ key }) => key === 'a')) return at
  }
  t.is(wait(quiet), 64, 'about fetchAfterMs')
  t.ok(wait(loaded) > 250)
  t.ok(wait(many) > 500)
})

test('lane repair - data on its way postpones the request', (t) => {
  const repair = new Repair(repairDefaults)
  repair.want('a', head(5), [], 0, 0)
  for (let at = 0; at < 1_000; at += 50) {
    t.is(repair.due(at, 0).length, 0)
    repair.moved('a', at, 0)
  }
  t.is(repair.due(1_100, 0).length, 1, 'once it stops coming')
})

test('lane repair - gives up after so many attempts, and may be asked again', (t) => {
  const repair = new Repair({ ...repairDefaults, attemptsMax: 3 })
  repair.want('a', head(5), [], 0, 0)
  let asked = 0
  for (let at = 0; at < 60_000; at += 10) asked += repair.due(at, 0).length
  t.is(asked, 3)
  t.is(repair.size, 0)
  t.is(repair.nextAtMs(), null)
  t.ok(repair.want('a', head(5), [], 60_000, 0))
})

test('lane repair - a new source is a new chance, an old one is not', (t) => {
  const repair = new Repair(repairDefaults)
  repair.want('a', head(5), ['x'], 0, 0)
  for (let at = 0; at < 10_000; at += 10) repair.due(at, 0)
  const late = repair.nextAtMs() ?? 0
  repair.want('a', head(5), ['x'], 10_000, 0)
  t.is(repair.nextAtMs(), late)
  repair.want('a', head(5), ['y'], 10_000, 0)
  t.is(repair.nextAtMs(), 10_064)
  const [want] = repair.due(10_064, 0)
  t.is(want.peers[want.attempts - 1], 'y', 'and is asked first')
})

test('lane repair - is bounded, in all and by lane', (t) => {
  const repair = new Repair({ ...repairDefaults, wantsMax: 10, wantsPerLaneMax: 3 })
  for (let i = 1; i <= 5; i++) t.is(repair.want('a', head(i), [], 0, 0), i <= 3)
  for (let i = 0; i < 20; i++) repair.want(`lane ${i}`, head(1), [], 0, 0)
  t.is(repair.size, 10)
  repair.settle('a', ({ length }) => length <= 2)
  t.is(repair.size, 8)
  t.ok(repair.wants('a', 2))
  t.absent(repair.wants('a', 3))
})

test('lane repair - data that trickles in postpones a request so long and no longer', (t) => {
  const repair = new Repair(repairDefaults)
  repair.want('a', head(5), [], 0, 0)
  let asked: number | null = null
  for (let at = 0; at < 10_000; at += 50) {
    if (repair.due(at, 0).length > 0) asked ??= at
    repair.moved('a', at, 0)
  }
  t.ok(asked !== null && asked <= 2_000, `asked after ${asked} ms`)
})

test('lane repair - heads that one peer names take neither the room nor the patience of others', (t) => {
  const repair = new Repair(repairDefaults)
  for (let i = 0; i < 3000; i++) repair.want(`made up ${i}`, head(1), ['liar'], 0, 0)
  t.ok(repair.want('a', head(1), ['leader'], 0, 0), 'there is room')
  t.ok(repair.want('b', head(1), ['x', 'liar'], 0, 0), 'and for what several name')
  const asked = new Set<string>()
  for (let at = 0; at <= 200; at++) for (const { key } of repair.due(at, 0)) asked.add(key)
  t.ok(asked.has('a') && asked.has('b'), 'the first wait is about fetchAfterMs')
  t.ok(repair.size <= repairDefaults.wantsMax)
})
