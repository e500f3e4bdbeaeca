import test from 'brittle'
import {
  HEADS_MAX,
  encodeMessage,
  laneMessageRules,
  laneMessageTypes
} from '../../../daemon/lanes/messages.ts'
import { laneLimitDefaults } from '../../../daemon/lanes/options.ts'
import { joinBlock } from '../../../protocol/entries.ts'
import { Forger } from './forger.ts'
import { type TestDaemon, World, bigEntry, entry } from './world.ts'

const OUTSIDERS = [9, 10, 11, 12]
const TRADER = 13

/** A venue whose doors let no lane of a forger in, and outsiders who bring some. */
async function venue(limits: object): Promise<{
  world: World
  validators: TestDaemon[]
  brings(outsider: number, blocks: readonly Uint8Array[]): Forger
}> {
  const world = new World(4, { limits })
  const validators = await world.venue()
  const forged = new Set<string>()
  for (const daemon of validators) daemon.admits = (lane) => !forged.has(lane)
  for (const index of [...OUTSIDERS, TRADER]) {
    world.start(index)
    for (let i = 0; i < 4; i++) world.connect(index, i)
  }
  await world.run(50)
  const brings = (outsider: number, blocks: readonly Uint8Array[]): Forger => {
    const forger = new Forger(100 + forged.size)
    forged.add(forger.key)
    let { empty: log } = forger
    for (const block of blocks) {
      const made = forger.runOf(log, [block])
      log = made.log
      for (let i = 0; i < 4; i++) {
        world.inject(outsider, i, laneMessageTypes.heads, forger.shows(log))
        world.inject(outsider, i, laneMessageTypes.run, made.payload)
      }
    }
    return forger
  }
  return { world, validators, brings }
}

test('lane strangers - those that may not come in take no room from those that may', async (t) => {
  const limits = { laneBytesMax: 100_000, allBytesMax: 400_000 }
  const { world, validators, brings } = await venue(limits)
  const blocks = Array.from({ length: 150 }, (_, n) => joinBlock([bigEntry(n)]))
  for (const outsider of OUTSIDERS) for (let lane = 0; lane < 4; lane++) brings(outsider, blocks)
  for (const outsider of OUTSIDERS) world.crash(outsider)
  const trader = world.daemons[TRADER]
  for (let n = 0; n < 30; n++) {
    trader.lanes.offer(bigEntry(n))
    await world.run(20)
  }
  await world.run(10_000)
  t.alike(
    validators.map((each) => each.has(trader.key)),
    validators.map(() => trader.has(trader.key))
  )
  for (const each of validators) t.ok(each.lanes.status().pendingBytes <= 400_000)
})

test('lane strangers - however many there are, a lane that may come in is met', async (t) => {
  const { world, validators, brings } = await venue({ strangersMax: 8 })
  for (const outsider of OUTSIDERS) {
    for (let lane = 0; lane < 4; lane++) brings(outsider, [joinBlock([entry(lane)])])
  }
  for (const outsider of OUTSIDERS) world.crash(outsider)
  const trader = world.daemons[TRADER]
  trader.lanes.offer(entry(1))
  await world.run(10_000)
  t.ok(trader.has(trader.key) > 0)
  for (const each of validators) t.is(each.has(trader.key), trader.has(trader.key))
})

test('lane strangers - a restart lets in nobody whom the door refused', async (t) => {
  const { world, validators, brings } = await venue({})
  const { key } = brings(OUTSIDERS[0], [joinBlock([entry(1)])])
  await world.run(100)
  t.is(validators[0].has(key), 1)
  await t.exception(() => validators[0].head(key))
  const { admits } = validators[0]
  const again = world.start(0, world.crash(0))
  again.admits = admits
  t.is(again.has(key), 1)
  await t.exception(() => again.head(key))
})

test('lane strangers - who has brought as many as he may costs no more signature checks', async (t) => {
  const { world } = await venue({})
  const shows = (outsider: number, count: number, seed: number): void => {
    const heads = Array.from({ length: count }, (_, i) => {
      const forger = new Forger(seed + i)
      return { head: forger.head(forger.run(forger.empty, [1]).log), held: false }
    })
    const { payload } = encodeMessage({ kind: 'heads', heads })
    world.inject(outsider, 0, laneMessageTypes.heads, payload)
  }
  const before = world.verified
  shows(OUTSIDERS[0], 100, 20)
  t.is(world.verified - before, laneLimitDefaults.strangersPerPeerMax)
  const cost = laneMessageRules[laneMessageTypes.heads].cost ?? 1
  t.ok(cost >= HEADS_MAX, 'and each message is paid for as if each head were checked')
})
