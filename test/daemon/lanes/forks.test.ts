import test from 'brittle'
import type { Assert } from 'brittle'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { ed25519Verify } from '../../../crypto/ed25519.ts'
import { verifyEvidence } from '../../../daemon/lanes/evidence.ts'
import { LaneNames } from '../../../daemon/lanes/lane-key.ts'
import { encodeMessage, laneMessageTypes } from '../../../daemon/lanes/messages.ts'
import type { Evidence, FinalSlice } from '../../../daemon/lanes/types.ts'
import { type Forged, Forger } from './forger.ts'
import { type TestDaemon, VENUE, World, entry } from './world.ts'

const ATTACKER = 9
const names = new LaneNames({ venue: VENUE, limit: 10 }, { hash: blake2b256Parts })
const genuine = (evidence: Evidence) =>
  verifyEvidence(evidence, { hash: blake2b256Parts, verify: ed25519Verify, names })

/** A venue of four, and a fifth daemon from which the forger's messages come. */
async function venue(): Promise<{ world: World; validators: TestDaemon[]; forger: Forger }> {
  const world = new World()
  const validators = await world.venue()
  world.start(ATTACKER)
  for (let i = 0; i < 4; i++) world.connect(ATTACKER, i)
  await world.run(50)
  return { world, validators, forger: new Forger() }
}

function push(world: World, to: number, { payload }: Forged): void {
  world.inject(ATTACKER, to, laneMessageTypes.run, payload)
}

function convicted(t: Assert, daemons: TestDaemon[], forger: Forger): void {
  for (const daemon of daemons) {
    const found = daemon.evidence.filter(({ lane }) => lane === forger.key)
    t.is(found.length, 1, `daemon ${daemon.index} found it, once`)
    t.ok(found[0] && genuine(found[0].evidence), 'and can prove it to anyone')
    const status = daemon.lanes.reads.lanes().find(({ key }) => key === forger.key)
    t.ok(status?.conflicted)
    t.is(daemon.misbehaviour.length, 0, 'no messenger is blamed')
  }
}

test('lane forks - two heads of equal length, X to two validators and Y to the other two', async (t) => {
  const { world, validators, forger } = await venue()
  const trunk = forger.run(forger.empty, [0, 1])
  const [x, y] = [forger.run(trunk.log, [2]), forger.run(trunk.log, [3])]
  for (const to of [0, 1, 2, 3]) push(world, to, trunk)
  for (const to of [0, 1]) push(world, to, x)
  for (const to of [2, 3]) push(world, to, y)
  await world.run(1_500)
  convicted(t, validators, forger)
})

test('lane forks - of unequal length, found by whoever holds the longer', async (t) => {
  const { world, validators, forger } = await venue()
  const trunk = forger.run(forger.empty, [0])
  const short = forger.run(trunk.log, [1, 2])
  const long = forger.run(trunk.log, [3, 4, 5, 6, 7, 8, 9])
  push(world, 0, trunk)
  push(world, 0, short)
  push(world, 1, trunk)
  push(world, 1, long)
  await world.run(2_000)
  convicted(t, validators, forger)
})

test('lane forks - both pushed to one validator', async (t) => {
  const { world, validators, forger } = await venue()
  for (const items of [[0, 1], [0, 2, 3], [5]]) {
    push(world, 2, forger.run(forger.empty, items))
  }
  await world.run(100)
  convicted(t, validators, forger)
})

test('lane forks - heads alone suffice, no blocks', async (t) => {
  const { world, validators, forger } = await venue()
  const [x, y] = [forger.run(forger.empty, [1]), forger.run(forger.empty, [2])]
  world.inject(ATTACKER, 0, laneMessageTypes.heads, forger.shows(x.log))
  push(world, 1, y)
  await world.run(1_500)
  convicted(t, validators, forger)
})

test('lane forks - two heads shown to two validators, blocks to nobody', async (t) => {
  const { world, validators, forger } = await venue()
  let told = 0
  world.tamper = (from, _to, type, payload) => {
    if (type === laneMessageTypes.heads && from !== world.daemons[ATTACKER].id) told++
    return payload
  }
  const [x, y] = [forger.run(forger.empty, [1]), forger.run(forger.empty, [2])]
  world.inject(ATTACKER, 0, laneMessageTypes.heads, forger.shows(x.log))
  world.inject(ATTACKER, 1, laneMessageTypes.heads, forger.shows(y.log))
  await world.run(2_500)
  convicted(t, validators, forger)
  await world.run(20_000)
  const before = told
  await world.run(60_000)
  t.is(told, before, 'nobody goes on about it')
})

test('lane forks - blocks contradict a head that was shown before, by one validator alone', async (t) => {
  const { world, validators, forger } = await venue()
  for (const i of [1, 2, 3]) world.disconnect(0, i)
  const x = forger.run(forger.empty, [1, 2])
  world.inject(ATTACKER, 0, laneMessageTypes.heads, forger.shows(x.log))
  await world.run(5)
  t.is(validators[0].evidence.length, 0)
  push(world, 0, forger.run(forger.empty, [3, 4, 5, 6]))
  await world.run(5)
  convicted(t, [validators[0]], forger)
})

test('lane forks - below the last head, of what is final and still kept', async (t) => {
  const { world, validators, forger } = await venue()
  const a = forger.run(forger.empty, [0, 1, 2, 3])
  for (const to of [0, 1, 2, 3]) push(world, to, a)
  await world.run(20)
  world.cut(validators[0], [forger.key])
  const b = forger.run(forger.empty, [0, 7])
  world.inject(ATTACKER, 0, laneMessageTypes.heads, forger.shows(b.log))
  await world.run(100)
  convicted(t, validators, forger)
})

test('lane forks - a conflicted lane is neither acknowledged nor proposed nor taken further', async (t) => {
  const { world, validators, forger } = await venue()
  const [a] = validators
  let acks = 0
  world.tamper = (from, _to, type, payload) => {
    if (type === laneMessageTypes.acks && from === a.id) acks++
    return payload
  }
  const claim = encodeMessage({ kind: 'claim', signer: forger.keys.publicKey })
  world.inject(ATTACKER, 0, claim.type, claim.payload)
  const x = forger.run(forger.empty, [1])
  push(world, 0, x)
  await world.run(100)
  t.is(acks, 1, 'it is, as long as nothing is known against it')
  push(world, 0, forger.run(forger.empty, [2]))
  await world.run(100)
  push(world, 0, x)
  await world.run(100)
  t.is(acks, 1)
  const { reads } = a.lanes
  t.is(reads.best(forger.key, 0, new Uint8Array(32), { bytes: 1e9, entries: 1e9 }), null)
  const grown = forger.run(x.log, [3])
  push(world, 0, grown)
  await world.run(20)
  t.absent(reads.has(forger.key, 2, grown.run.treeHash), 'a push is not taken')
  reads.want({ ...grown.run, lane: forger.lane }, [])
  push(world, 0, grown)
  await world.run(20)
  t.ok(reads.has(forger.key, 2, grown.run.treeHash), 'what a vote waits for is')
})

test('lane forks - branches are kept side by side, and one of them becomes final', async (t) => {
  const { world, validators, forger } = await venue()
  const [x, y] = [forger.run(forger.empty, [1, 2]), forger.run(forger.empty, [3, 4, 5])]
  push(world, 0, x)
  push(world, 0, y)
  await world.run(100)
  const { reads } = validators[0].lanes
  for (const { run } of [x, y]) {
    t.ok(reads.has(forger.key, run.length, run.treeHash))
    t.alike(reads.blocks(forger.key, 0, run.length, run.treeHash), run.blocks)
    t.ok(reads.signed({ ...run, lane: forger.lane }))
  }
  t.absent(reads.extends(forger.key, 2, x.run.treeHash, 3, y.run.treeHash), 'not one history')
  const slice: FinalSlice = { ...x.run, lane: forger.lane }
  for (const daemon of validators) t.alike(daemon.lanes.final([slice]), [])
  t.absent(reads.has(forger.key, 3, y.run.treeHash), 'the other is dropped')
  t.is(validators[0].lanes.status().pendingBytes, 0)
  t.alike(validators[3].lanes.reads.base(forger.key)?.length, 2, 'also where it never was')
})

test('lane forks - evidence outlives a restart and is told to whoever connects', async (t) => {
  const { world, validators, forger } = await venue()
  for (const i of [1, 2, 3]) {
    world.disconnect(0, i)
    world.disconnect(ATTACKER, i)
  }
  push(world, 0, forger.run(forger.empty, [1]))
  push(world, 0, forger.run(forger.empty, [2]))
  await world.run(100)
  t.is(validators[0].evidence.length, 1)
  t.is(validators[1].evidence.length, 0)
  const records = world.crash(0)
  const again = world.start(0, records)
  t.ok(again.lanes.reads.evidence(forger.key), 'it is in the journal')
  world.connect(0, 1)
  await world.run(50)
  convicted(t, [validators[1]], forger)
})

test('lane forks - evidence that proves nothing is a forgery by its sender', async (t) => {
  const { world, validators, forger } = await venue()
  const trunk = forger.run(forger.empty, [0, 1])
  const grown = forger.run(trunk.log, [2])
  const other = new Forger(201).run(forger.empty, [5])
  const a = forger.head(trunk.log)
  const b = forger.head(grown.log)
  const leaf = { size: 3, hash: new Uint8Array(32) }
  const false_: Evidence[] = [
    { a, b: a, roots: [], leaves: [] },
    { a, b, roots: trunk.log.roots(), leaves: [leaf] },
    { a, b, roots: [], leaves: [] },
    { a, b: other.run, roots: [], leaves: [] },
    { a: { ...a, treeHash: b.treeHash }, b: a, roots: [], leaves: [] }
  ]
  for (const evidence of false_) {
    t.absent(genuine(evidence))
    const { payload } = encodeMessage({ kind: 'evidence', evidence })
    world.inject(ATTACKER, 1, laneMessageTypes.evidence, payload)
  }
  t.is(validators[1].misbehaviour.length, false_.length)
  t.is(validators[1].evidence.length, 0)
})

test('lane forks - a run altered on its way convicts its sender, not the lane', async (t) => {
  const { world, validators, forger } = await venue()
  const good = forger.run(forger.empty, [0])
  const bad = good.payload.slice()
  bad[bad.length - 1] ^= 1
  world.inject(ATTACKER, 0, laneMessageTypes.run, bad)
  const signature = good.payload.slice()
  signature[70] ^= 1
  world.inject(ATTACKER, 0, laneMessageTypes.run, signature)
  await world.run(50)
  t.is(validators[0].has(forger.key), 0)
  t.ok(validators[0].misbehaviour.length >= 1)
  push(world, 0, good)
  await world.run(50)
  t.is(validators[0].has(forger.key), 1, 'the genuine run is taken all the same')
  t.is(validators[0].evidence.length, 0)
})

test('lane forks - random histories: every validator convicts exactly the lanes that forked', async (t) => {
  let state = 12345
  const random = (n: number) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * n)
  }
  for (let round = 0; round < 12; round++) {
    const { world, validators, forger } = await venue()
    const logs = [forger.empty]
    const runs: Forged[] = []
    let forked = false
    const tips = new Set([forger.empty])
    for (let i = 0; i < 6; i++) {
      const honest = round % 3 === 0
      const log = honest ? logs[logs.length - 1] : logs[random(logs.length)]
      if (!tips.has(log)) forked = true
      tips.delete(log)
      const made = forger.run(
        log,
        Array.from({ length: 1 + random(4) }, () => random(1e6))
      )
      tips.add(made.log)
      logs.push(made.log)
      runs.push(made)
    }
    for (const made of runs) {
      const to = random(4)
      push(world, to, made)
      if (random(2) === 0) push(world, (to + 1) % 4, made)
      await world.run(random(30))
    }
    // A gap is filled by the owner alone: as an honest one would, he pushes all of it again.
    for (const made of runs) {
      push(world, random(2), made)
      await world.run(3_000)
    }
    const conflicted = validators.map(
      ({ lanes }) => lanes.reads.lanes().find(({ key }) => key === forger.key)?.conflicted ?? false
    )
    t.alike(conflicted, [forked, forked, forked, forked], `round ${round}: forked ${forked}`)
    if (!forked) {
      const last = runs[runs.length - 1].run
      for (const { lanes } of validators) {
        t.ok(lanes.reads.has(forger.key, last.length, last.treeHash), 'and has all of the others')
      }
    }
  }
})

test('lane forks - the daemon whose own lane forked abandons it', async (t) => {
  const world = new World()
  const [a] = await world.venue()
  const { name } = a.lanes
  a.lanes.offer(entry(1))
  await world.run(30)
  // Its disk is copied, and the copy runs as well.
  const copy = [...a.journal.synced]
  a.lanes.offer(entry(2))
  await world.run(30)
  world.crash(0)
  const b = world.start(0, copy)
  b.lanes.offer(entry(3))
  for (const i of [1, 2, 3]) world.connect(0, i)
  await world.run(100)
  t.not(b.lanes.name.key, name.key)
  t.is(b.lanes.name.incarnation, 1)
  for (const validator of [1, 2, 3]) {
    t.is(world.daemons[validator].evidence.length, 0, 'in time: nothing was signed twice')
  }
})

test('lane forks - a new journal holds every branch: a vote may rely on either', async (t) => {
  const { world, validators, forger } = await venue()
  const [a] = validators
  const trunk = forger.run(forger.empty, [0, 1])
  const branches = [forger.run(trunk.log, [2]), forger.run(trunk.log, [3, 4])]
  push(world, 0, trunk)
  push(world, 0, branches[0])
  // Convicted, it gets no more room, but for what a leader's cut names.
  a.lanes.reads.want({ ...branches[1].run, lane: forger.lane }, [])
  push(world, 0, branches[1])
  await world.run(100)
  const checkpoint = [...a.lanes.checkpoint()]
  world.crash(0)
  const again = world.start(0, checkpoint)
  for (const { run } of branches) {
    t.ok(again.lanes.reads.has(forger.key, run.length, run.treeHash), `${run.length} blocks`)
    t.is(again.lanes.reads.blocks(forger.key, 0, run.length, run.treeHash)?.length, run.length)
  }
  t.ok(again.lanes.reads.evidence(forger.key), 'and what convicts it')
})
