import test from 'brittle'
import { laneLimitDefaults } from '../../../daemon/lanes/options.ts'
import { encodeMessage, laneMessageTypes } from '../../../daemon/lanes/messages.ts'
import { entryCount } from '../../../daemon/lanes/lane-tree.ts'
import { joinBlock } from '../../../protocol/entries.ts'
import { Forger } from './forger.ts'
import { World, bigEntry, entry } from './world.ts'

/** No validator. */
const OUTSIDER = 9

async function venue(world = new World()) {
  const validators = await world.venue()
  world.start(OUTSIDER)
  for (let i = 0; i < 4; i++) world.connect(OUTSIDER, i)
  await world.run(50)
  return { world, validators }
}

test('lane door - beyond its bond a lane is not acknowledged, and is once it may again', async (t) => {
  const { world, validators } = await venue()
  const [b] = validators
  const a = world.daemons[OUTSIDER]
  let allowed = 20
  for (const { key } of [a]) {
    for (const daemon of validators) {
      daemon.admits = (lane, { entries }) => lane !== key || entries <= allowed
    }
  }
  for (let n = 0; n < 40; n++) {
    a.lanes.offer(entry(n))
    await world.run(20)
  }
  await world.run(200)
  const [last] = b.lanes.reads.certified(a.key, 0)
  t.ok(last.length < 25, `certified to block ${last.length} of ${a.has(a.key)}`)
  allowed = 1000
  await world.run(20_000)
  t.is(b.lanes.reads.certified(a.key, 0)[0].length, a.has(a.key))
})

test('lane door - a leader puts into its cuts what the door admits, and what it has acknowledged', async (t) => {
  const { world, validators } = await venue()
  const [b] = validators
  const a = world.daemons[OUTSIDER]
  let allowed = 4
  b.admits = (lane, { entries }) => lane !== a.key || entries <= allowed
  for (let n = 0; n < 9; n++) {
    a.lanes.offer(entry(n))
    await world.run(100)
  }
  t.is(b.has(a.key), 9)
  t.is(b.head(a.key).length, 3, 'the opening, and three')
  allowed = 0
  t.is(b.head(a.key).length, 3, 'what was acknowledged is not put out again')
})

test("lane door - validators' own lanes carry the attestations, and need no bond", async (t) => {
  const world = new World()
  const validators = await world.venue()
  for (const daemon of validators) daemon.admits = () => false
  const [a, b] = validators
  a.lanes.offer(entry(1))
  await world.run(100)
  t.is(b.head(a.key).length, a.has(a.key))
  t.is(a.head(a.key).length, a.has(a.key))
})

test('lane door - one lane cannot fill the memory', async (t) => {
  const limits = { laneBytesMax: 100_000 }
  const { world, validators } = await venue(new World(4, { limits }))
  const forger = new Forger()
  let log = forger.empty
  for (let n = 0; n < 100; n++) {
    const made = forger.runOf(log, [joinBlock([bigEntry(n)])])
    log = made.log
    world.inject(OUTSIDER, 0, laneMessageTypes.run, made.payload)
  }
  await world.run(50)
  const { pendingBytes } = validators[0].lanes.status()
  t.ok(pendingBytes > 90_000 && pendingBytes <= 100_000, `${pendingBytes} bytes`)
  world.cut(validators[0], [forger.key])
  t.is(validators[0].lanes.status().pendingBytes, 0, 'and it goes on from there')
})

test('lane door - many branches of one lane cannot either', async (t) => {
  const { world, validators } = await venue()
  const forger = new Forger()
  for (let n = 0; n < 50; n++) {
    const made = forger.run(forger.empty, [n])
    world.inject(OUTSIDER, 0, laneMessageTypes.run, made.payload)
    validators[0].lanes.reads.want({ ...made.run, lane: forger.lane }, [])
    world.inject(OUTSIDER, 0, laneMessageTypes.run, made.payload)
  }
  await world.run(50)
  const held = Array.from({ length: 50 }, (_, n) => forger.run(forger.empty, [n]).run).filter(
    ({ treeHash }) => validators[0].lanes.reads.has(forger.key, 1, treeHash)
  )
  t.ok(held.length >= 2 && held.length <= 2 * laneLimitDefaults.branchesMax, `${held.length}`)
})

test('lane door - all lanes together cannot', async (t) => {
  const limits = { allBytesMax: 200_000, strangersPerPeerMax: 1000 }
  const { world, validators } = await venue(new World(4, { limits }))
  for (let n = 0; n < 60; n++) {
    const forger = new Forger(n)
    const blocks = [joinBlock([bigEntry(1)]), joinBlock([bigEntry(2)])]
    const { payload } = forger.runOf(forger.empty, blocks)
    world.inject(OUTSIDER, 0, laneMessageTypes.run, payload)
  }
  t.ok(validators[0].lanes.status().pendingBytes <= 200_000)
})

test('lane door - a peer brings few new lanes, and strangers are few in all', async (t) => {
  const { world, validators } = await venue()
  const before = validators[0].lanes.reads.lanes().length
  for (let n = 0; n < 50; n++) {
    const forger = new Forger(n)
    world.inject(OUTSIDER, 0, laneMessageTypes.run, forger.run(forger.empty, [1]).payload)
    const { payload } = encodeMessage({
      kind: 'heads',
      heads: [{ head: forger.head(forger.run(forger.empty, [2]).log), held: true }]
    })
    world.inject(OUTSIDER, 1, laneMessageTypes.heads, payload)
  }
  const { strangersPerPeerMax } = laneLimitDefaults
  t.ok(validators[0].lanes.reads.lanes().length - before <= strangersPerPeerMax)
  t.ok(validators[1].lanes.reads.lanes().length - before <= strangersPerPeerMax)
})

test('lane door - lanes that a proposal invents are not kept', async (t) => {
  const limits = { strangersMax: 6 }
  const { world, validators } = await venue(new World(4, { limits }))
  const { lanes, id } = validators[0]
  const before = lanes.reads.lanes().length
  for (let n = 0; n < 200; n++) {
    const forger = new Forger(n)
    const head = forger.head(forger.run(forger.empty, [1]).log)
    lanes.reads.want({ ...head, lane: forger.lane }, [validators[1].id])
  }
  t.ok(lanes.reads.lanes().length - before <= 6)
  const real = new Forger(500)
  const { run, payload } = real.run(real.empty, [1])
  lanes.reads.want({ ...run, lane: real.lane }, [id])
  world.inject(1, 0, laneMessageTypes.run, payload)
  await world.run(20)
  t.is(validators[0].has(real.key), 1, 'one that exists is taken in all the same')
})

test('lane door - convicted strangers make room for honest ones', async (t) => {
  const limits = { strangersMax: 6, strangersPerPeerMax: 100 }
  const { world, validators } = await venue(new World(4, { limits }))
  for (let n = 0; n < 20; n++) {
    const forger = new Forger(n)
    for (const item of [1, 2]) {
      world.inject(OUTSIDER, 0, laneMessageTypes.run, forger.run(forger.empty, [item]).payload)
    }
  }
  const honest = new Forger(99)
  world.inject(OUTSIDER, 0, laneMessageTypes.run, honest.run(honest.empty, [1]).payload)
  await world.run(20)
  t.is(validators[0].has(honest.key), 1)
  t.ok(validators[0].lanes.reads.lanes().length <= 6 + 5)
})

test('lane door - what a forgotten stranger had pending is no longer counted', async (t) => {
  const limits = { strangersMax: 6, strangersPerPeerMax: 100, allBytesMax: 200 }
  const { world, validators } = await venue(new World(4, { limits }))
  for (let n = 0; n < 60; n++) {
    const forger = new Forger(n)
    for (const item of [1, 2]) {
      world.inject(OUTSIDER, 0, laneMessageTypes.run, forger.run(forger.empty, [item]).payload)
    }
  }
  await world.run(20)
  const honest = new Forger(99)
  const { payload, log } = honest.run(honest.empty, [1])
  world.inject(OUTSIDER, 0, laneMessageTypes.run, payload)
  await world.run(20)
  t.is(validators[0].has(honest.key), 1)
  t.ok(validators[0].lanes.status().pendingBytes <= (2 * 6 + 1) * log.byteLength)
})

test('lane door - a peer is served no faster than its allowance', async (t) => {
  const limits = { serveBurstBytes: 50_000, serveBytesPerSecond: 10_000 }
  const world = new World(4, { limits })
  const [a] = await world.venue()
  for (let n = 0; n < 60; n++) {
    a.lanes.offer(bigEntry(n))
    await world.run(12)
  }
  const head = a.head(a.key)
  world.start(OUTSIDER)
  world.connect(OUTSIDER, 1)
  await world.run(50)
  let received = 0
  world.tamper = (_from, to, type, payload) => {
    const served = type === laneMessageTypes.run && to === world.daemons[OUTSIDER].id
    if (served) received += payload.length
    return served ? null : payload
  }
  const request = encodeMessage({
    kind: 'request',
    lane: head.lane,
    from: 0,
    length: head.length,
    treeHash: head.treeHash
  })
  for (let n = 0; n < 200; n++) {
    world.inject(OUTSIDER, 1, request.type, request.payload)
    await world.run(10)
  }
  t.ok(received > 50_000, `the burst: ${received}`)
  t.ok(received <= 50_000 + 2.1 * 10_000, `${received} bytes in two seconds`)
})

test('lane door - malformed messages count against their sender, and nothing throws', async (t) => {
  const { world, validators } = await venue()
  for (let type = 0; type < 12; type++) {
    for (const size of [0, 1, 31, 200]) {
      world.inject(OUTSIDER, 0, type, new Uint8Array(size).fill(255))
    }
  }
  t.is(validators[0].misbehaviour.length, 48)
  t.ok(validators[0].misbehaviour.every(({ peer }) => peer === world.daemons[OUTSIDER].id))
})

test('lane door - a forged head counts against its sender, and ends the message', async (t) => {
  const { world, validators } = await venue()
  const forger = new Forger()
  const good = forger.head(forger.run(forger.empty, [1]).log)
  const bad = { ...good, length: 2 }
  const other = new Forger(201)
  const heads = [bad, other.head(other.run(other.empty, [1]).log)].map((head) => {
    return { head, held: true }
  })
  const { type, payload } = encodeMessage({ kind: 'heads', heads })
  world.inject(OUTSIDER, 0, type, payload)
  t.is(validators[0].misbehaviour.length, 1)
  const known = validators[0].lanes.reads.lanes().map(({ key }) => key)
  t.absent(known.includes(forger.key))
  t.absent(known.includes(other.key))
})

test('lane door - a false certificate and a false acknowledgement are found out', async (t) => {
  const world = new World()
  const validators = await world.venue()
  const [a, b, c] = validators
  world.tamper = (from, _to, type, payload) => {
    if (type !== laneMessageTypes.acks || from !== c.id) return payload
    const altered = payload.slice()
    altered[altered.length - 1] ^= 1
    return altered
  }
  a.lanes.offer(entry(1))
  await world.run(200)
  t.ok(a.misbehaviour.some(({ peer }) => peer === c.id))
  const [good] = b.lanes.reads.certified(a.key, 0)
  t.absent(good.validators.includes(2), 'made of the others')
  const head = b.head(a.key)
  const acks = [0, 1, 2].map((validator) => ({ validator, signature: new Uint8Array(64) }))
  const certificate = { lane: head.lane, length: head.length + 5, treeHash: head.treeHash, acks }
  const { type, payload } = encodeMessage({ kind: 'certificate', certificate })
  world.inject(3, 1, type, payload)
  t.is(b.lanes.reads.certified(a.key, head.length).length, 0)
  t.ok(b.misbehaviour.some(({ peer }) => peer === world.daemons[3].id))
  t.is(b.lanes.reads.certified(a.key, 0).length, 1, 'the genuine one stays')
})

test('lane door - forged certificates cannot crowd out the genuine one', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  a.lanes.offer(entry(1))
  await world.run(10)
  const head = b.head(a.key)
  const { signer } = a.lanes.name
  const claim = encodeMessage({ kind: 'claim', signer })
  const acks = [0, 1, 2].map((validator) => ({ validator, signature: new Uint8Array(64) }))
  const forged = encodeMessage({
    kind: 'certificate',
    certificate: { lane: head.lane, length: 7, treeHash: head.treeHash, acks }
  })
  for (let n = 20; n < 40; n++) {
    world.start(n)
    world.connect(n, 1)
    await world.run(2)
    world.inject(n, 1, claim.type, claim.payload)
    world.inject(n, 1, forged.type, forged.payload)
  }
  await world.run(200)
  t.is(b.lanes.reads.certified(a.key, 0)[0]?.length, 1)
})

test('lane door - the entries of a block are counted by its head alone', (t) => {
  t.is(entryCount(joinBlock([entry(1), entry(2), entry(3)])), 3)
  const many = joinBlock(Array.from({ length: 512 }, (_, n) => entry(n)))
  t.is(entryCount(many), 512)
  for (const bytes of [[], [1], [1, 0], [1, 0xfd], [1, 0xfd, 0, 9], [1, 0xfe, 1, 1, 1, 1]]) {
    const counted = entryCount(new Uint8Array(bytes))
    t.ok(counted >= 1 && counted <= 512, `[${bytes.join()}] counts ${counted}`)
  }
})

test('lane door - random loss, repeats and cuts: every validator has every entry in the end', async (t) => {
  for (let seed = 1; seed <= 15; seed++) {
    const world = new World()
    const validators = await world.venue()
    let state = seed
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647
    world.tamper = (from, to, type, payload) => {
      const chance = random()
      if (chance < 0.15) return null
      if (chance < 0.3) {
        const [one, two] = [from, to].map(
          (id) => world.daemons.find((daemon) => daemon.id === id)?.index ?? 0
        )
        world.clock.after(random() * 50, () => world.inject(one, two, type, payload))
      }
      return payload
    }
    for (let n = 0; n < 60; n++) {
      const by = validators[Math.floor(random() * 4)]
      by.lanes.offer(entry(n))
      if (random() < 0.1) {
        const [i, j] = [Math.floor(random() * 4), Math.floor(random() * 4)]
        if (i !== j) {
          world.disconnect(i, j)
          world.clock.after(random() * 300, () => world.connect(i, j))
        }
      }
      if (random() < 0.05) world.cut(by, [by.key])
      await world.run(random() * 30)
    }
    world.tamper = (_from, _to, _type, payload) => payload
    await world.run(15_000)
    for (const { key } of validators) {
      const lengths = validators.map((daemon) => daemon.has(key))
      if (new Set(lengths).size > 1) t.fail(`seed ${seed}: ${lengths.join()}`)
    }
    if (validators.some(({ evidence }) => evidence.length > 0)) t.fail(`seed ${seed}: evidence`)
    if (validators.some(({ misbehaviour }) => misbehaviour.length > 0)) {
      const reasons = validators.flatMap((daemon) =>
        daemon.misbehaviour.map(({ reason }) => reason)
      )
      t.fail(`seed ${seed}: ${reasons.join()}`)
    }
  }
  t.pass('15 seeds')
})
