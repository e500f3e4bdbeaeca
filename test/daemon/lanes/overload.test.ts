// How much of the own lane may wait to be final, and for whom there is room beyond.
import test from 'brittle'
import { LaneFault } from '../../../daemon/lanes/lane-faults.ts'
import { World, entry } from './world.ts'

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'none'
  } catch (fault) {
    return fault instanceof LaneFault ? fault.code : String(fault)
  }
}

test('own lane - overload is refused at the door, and ends when the tape goes on', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  let taken = 0
  let busy = 0
  for (let n = 0; n < 10_000; n++) {
    const code = codeOf(() => a.lanes.offer(entry(n)))
    if (code === 'none') taken++
    else if (code === 'lane_busy') busy++
  }
  t.is(taken + busy, 10_000, 'nothing else is thrown')
  t.ok(taken >= 1024 && taken <= 4096, `${taken} taken`)
  await world.run(50)
  t.is(
    codeOf(() => a.lanes.offer(entry(1))),
    'lane_busy',
    'journaled is not yet final'
  )
  world.cut(b, [a.key])
  t.is(
    codeOf(() => a.lanes.offer(entry(1))),
    'none'
  )
  t.is(a.lanes.backlog, 1)
})

test('own lane - when it is full of orders there is room for cancels, and that has an end', async (t) => {
  const world = new World()
  const [a] = await world.venue()
  while (codeOf(() => a.lanes.offer(entry(1))) === 'none') await Promise.resolve()
  let taken = 0
  while (codeOf(() => a.lanes.offer(entry(2), true)) === 'none') taken++
  t.ok(taken >= 1024 && taken <= 4096, `${taken} cancels taken`)
  t.is(
    codeOf(() => a.lanes.offer(entry(1))),
    'lane_busy'
  )
})

test('own lane - a fast venue may have more waiting', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  for (let n = 0; n < 100; n++) {
    for (let i = 0; i < 100; i++) a.lanes.offer(entry(i))
    await world.run(20)
    world.cut(b, [a.key])
  }
  let taken = 0
  while (codeOf(() => a.lanes.offer(entry(1))) === 'none') taken++
  t.ok(taken > 3000 && taken < 8000, `about a second of 5,000 a second: ${taken}`)
})
