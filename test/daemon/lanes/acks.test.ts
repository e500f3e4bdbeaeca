// When a validator acknowledges what the tape has not taken, and how long it waits before.
import test from 'brittle'
import { Patience } from '../../../daemon/lanes/patience.ts'
import { laneMessageTypes } from '../../../daemon/lanes/messages.ts'
import { laneLimitDefaults } from '../../../daemon/lanes/options.ts'
import { World, entry } from './world.ts'

const { ackMs, ackMaxMs } = laneLimitDefaults

/** A venue whose tape takes the first daemon's lane only every `paceMs`, for a while. */
async function slowVenue(paceMs: number, cuts: number) {
  const world = new World()
  const [a, b] = await world.venue()
  const counts = { acks: 0, certificates: 0 }
  world.tamper = (_from, _to, type, payload) => {
    if (type === laneMessageTypes.acks) counts.acks++
    if (type === laneMessageTypes.certificate) counts.certificates++
    return payload
  }
  for (let n = 0; n < cuts; n++) {
    a.lanes.offer(entry(n))
    await world.run(paceMs)
    world.cut(a, [a.key])
  }
  return { world, a, b, counts }
}

test('acknowledgements - where the tape is slow, what it takes in its usual time needs none', async (t) => {
  const { world, a, counts } = await slowVenue(150, 20)
  t.ok(counts.acks > 0 && counts.certificates > 0, 'at first nothing was known of its pace')
  counts.acks = counts.certificates = 0
  for (let n = 0; n < 20; n++) {
    a.lanes.offer(entry(100 + n))
    await world.run(150)
    world.cut(a, [a.key])
  }
  t.alike(counts, { acks: 0, certificates: 0 })
})

test('acknowledgements - however slow the tape was, a head that it leaves waiting is certified', async (t) => {
  const { world, a, b, counts } = await slowVenue(2000, 20)
  counts.acks = 0
  const before = b.lanes.reads.certified(a.key, 0).length
  a.lanes.offer(entry(1000))
  await world.run(ackMs + 50)
  t.is(counts.acks, 0, 'not as soon as on a fast venue')
  await world.run(ackMaxMs - ackMs)
  t.is(counts.acks, 3)
  t.is(b.lanes.reads.certified(a.key, 0).length, before + 1)
})

test('acknowledgements - what waits for one is not pushed again meanwhile', async (t) => {
  const { world, a, b } = await slowVenue(2000, 20)
  const before = a.sentRuns.get(b.id) ?? 0
  a.lanes.offer(entry(1000))
  await world.run(1900)
  t.is((a.sentRuns.get(b.id) ?? 0) - before, 1)
})

test('acknowledgements - those of a lane that is taken by certificates only do not wait', async (t) => {
  const world = new World()
  const [a, b, c, d] = await world.venue()
  for (const { lanes } of [b, c, d]) lanes.reads.hurry(a.key, true)
  a.lanes.offer(entry(1))
  await world.run(20)
  t.is(b.lanes.reads.certified(a.key, 0).length, 1, 'in less than a head waits elsewhere')
  world.cut(a, [a.key])
  for (const { lanes } of [b, c, d]) lanes.reads.hurry(a.key, false)
  a.lanes.offer(entry(2))
  await world.run(ackMs)
  t.is(b.lanes.reads.certified(a.key, 0).length, 0, 'as elsewhere again')
  for (const { lanes } of [b, c, d]) lanes.reads.hurry(a.key, true)
  await world.run(10)
  t.is(b.lanes.reads.certified(a.key, 0).length, 1, 'those that waited are given at once')
})

test('patience - follows the usual time within its bounds, and forgets what was out of the way', (t) => {
  const patience = new Patience({ leastMs: 60, mostMs: 500 })
  const usually = (ms: number): number => {
    for (let i = 0; i < 100; i++) patience.took(ms)
    return Math.round(patience.ms)
  }
  t.is(patience.ms, 60)
  t.is(usually(12), 60)
  t.is(usually(120), 240)
  t.is(usually(60_000), 500)
  t.is(usually(100), 200, 'it comes back')
  patience.took(60_000)
  t.ok(patience.ms < 320, 'one is not the usual')
  t.is(new Patience({ leastMs: 60, mostMs: 10 }).ms, 60, 'the least counts')
})
