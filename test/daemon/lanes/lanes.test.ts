import test from 'brittle'
import { decodeBlock } from '../../../protocol/entries.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { decodeMessage, laneMessageTypes } from '../../../daemon/lanes/messages.ts'
import { World, bigEntry, daemonKeys, entry } from './world.ts'

test('lanes - an entry is journaled, pushed to every validator and acknowledged', async (t) => {
  const world = new World()
  const [a, b, c, d] = await world.venue()
  const placed = a.lanes.submit(entry(1))
  await world.run(20)
  t.alike(await placed, { lane: a.key, laneIndex: 0, entry: 1 }, 'entry 0 names the lane')
  for (const daemon of [a, b, c, d]) t.is(daemon.has(a.key), 1, `at ${daemon.index}`)
  const head = b.head(a.key)
  t.ok(b.lanes.reads.signed(head), 'the head is signed by the lane')
  const blocks = b.lanes.reads.blocks(a.key, 0, head.length, head.treeHash)
  const entries = blocks ? decodeBlock(blocks[0]) : []
  t.alike(
    entries.map(({ kind }) => kind),
    ['open', 'lease']
  )
  const open = entries[0]
  t.ok(open.kind === 'open' && toHex(open.daemon) === a.id && open.incarnation === 0)
})

test('lanes - entries of the same few milliseconds share a block, and a head is signed once', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  const before = world.verified
  const tickets = Array.from({ length: 100 }, (_, n) => a.lanes.offer(entry(n)))
  await world.run(20)
  t.is(b.has(a.key), 1, 'one block')
  t.alike(
    tickets.map(({ laneIndex, entry: place }) => [laneIndex, place]),
    tickets.map((_, n) => [0, n + 1])
  )
  t.is(world.verified - before, 3, 'each of the three others checked one signature')
})

test('lanes - blocks are bounded, and a run of several is under one signature', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  const before = world.verified
  const tickets = Array.from({ length: 120 }, (_, n) => a.lanes.offer(bigEntry(n)))
  await world.run(30)
  const last = tickets[tickets.length - 1]
  t.ok(last.laneIndex > 2, `${last.laneIndex + 1} blocks`)
  t.is(b.has(a.key), last.laneIndex + 1)
  const head = b.head(a.key)
  const blocks = b.lanes.reads.blocks(a.key, 0, head.length, head.treeHash) ?? []
  t.ok(blocks.every((block) => block.length <= 64 * 1024))
  t.is(world.verified - before, 6, 'two runs, checked by three')
})

test('lanes - nothing leaves the daemon before it is in the journal', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  a.journal.held = true
  let shown = 0
  world.tamper = (from, _to, type, payload) => {
    if (from === a.id && type === laneMessageTypes.heads) shown++
    return payload
  }
  let journaled = false
  const ticket = a.lanes.offer(entry(1))
  void ticket.journaled.then(() => (journaled = true))
  await world.run(5_000)
  t.absent(journaled, 'not accepted')
  t.is(b.has(a.key), 0, 'not pushed')
  t.is(shown, 0, 'not shown')
  a.journal.release()
  await world.run(20)
  t.ok(journaled)
  t.is(b.has(a.key), 1)
})

test('lanes - a validator acknowledges only what is in its own journal', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  let acks = 0
  world.tamper = (from, _to, type, payload) => {
    if (type === laneMessageTypes.acks && from === b.id) acks++
    return payload
  }
  b.journal.held = true
  a.lanes.offer(entry(1))
  await world.run(100)
  t.is(acks, 0)
  const [status] = b.lanes.reads.lanes().filter(({ key }) => key === a.key)
  t.is(status.durableLength, 1, 'the data counts for a vote, which the journal writes after it')
  b.journal.release()
  await world.run(100)
  t.is(acks, 1)
})

test('lanes - a head that the tape does not take is certified by a quorum', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  a.lanes.offer(entry(1))
  await world.run(200)
  const [certified] = b.lanes.reads.certified(a.key, 0)
  t.is(certified.length, 1)
  t.is(certified.validators.length, 3)
  t.is(a.lanes.reads.certified(a.key, 0).length, 1, 'its owner has it too')
  t.is(b.lanes.reads.certified(a.key, 1).length, 0, 'none beyond')
  t.is(b.lanes.reads.certified(a.key, 0, certified.receivedAtMs).length, 0, 'none older')
  world.cut(a, [a.key])
  t.is(b.lanes.reads.certified(a.key, 0).length, 0, 'the tape has overtaken it')
})

test('lanes - a head that the tape takes at once costs no certificate and no acknowledgement', async (t) => {
  const world = new World()
  const [a] = await world.venue()
  let certificates = 0
  let acks = 0
  world.tamper = (_from, _to, type, payload) => {
    if (type === laneMessageTypes.certificate) certificates++
    if (type === laneMessageTypes.acks) acks++
    return payload
  }
  for (let n = 0; n < 20; n++) {
    a.lanes.offer(entry(n))
    await world.run(12)
    world.cut(a, [a.key])
  }
  t.is(certificates, 0)
  t.is(acks, 0)
})

test('lanes - heads that wait for the tape are acknowledged together', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  let messages = 0
  let acks = 0
  world.tamper = (from, _to, type, payload) => {
    if (type === laneMessageTypes.acks && from === b.id) {
      messages++
      const message = decodeMessage(type, payload)
      if (message.kind === 'acks') acks += message.acks.length
    }
    return payload
  }
  for (let n = 0; n < 40; n++) {
    a.lanes.offer(entry(n))
    await world.run(3)
  }
  await world.run(100)
  t.ok(acks > 10 && acks === b.has(a.key), `each of ${acks} heads`)
  t.ok(messages < acks, `in ${messages} messages`)
})

test('lanes - what was not acknowledged is pushed again on connecting', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  for (const other of [0, 2, 3]) world.disconnect(1, other)
  for (let n = 0; n < 5; n++) {
    a.lanes.offer(entry(n))
    await world.run(20)
  }
  t.is(b.has(a.key), 0)
  world.connect(0, 1)
  await world.run(50)
  t.is(b.has(a.key), 5)
})

test('lanes - a lost push is sent again, later and later', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  world.tamper = (from, to, type, payload) =>
    type === laneMessageTypes.run && from === a.id && to === b.id ? null : payload
  a.lanes.offer(entry(1))
  await world.run(10_000)
  const tries = a.sentRuns.get(b.id) ?? 0
  t.ok(tries >= 4 && tries <= 7, `${tries} tries in ten seconds`)
  world.tamper = (_from, _to, _type, payload) => payload
  await world.run(9_000)
  t.is(b.has(a.key), 1)
})

test('lanes - a validator that the owner never reaches repairs by range request', async (t) => {
  const world = new World()
  const [a, b, , d] = await world.venue()
  world.disconnect(0, 3)
  for (let n = 0; n < 30; n++) {
    a.lanes.offer(bigEntry(n))
    await world.run(15)
  }
  await world.run(3_000)
  t.is(d.has(a.key), b.has(a.key), 'gossip told of the head, a request brought the blocks')
})

test('lanes - a wanted head is asked for, its sources in turn', async (t) => {
  const world = new World()
  const [a, b, , d] = await world.venue()
  world.disconnect(0, 3)
  a.lanes.offer(entry(1))
  await world.run(20)
  const head = b.head(a.key)
  const lost: string[] = []
  world.tamper = (from, to, type, payload) => {
    if (type !== laneMessageTypes.request || from !== d.id) return payload
    lost.push(to)
    return lost.length <= 2 ? null : payload
  }
  d.lanes.reads.want(head, [world.daemons[2].id])
  await world.run(2_000)
  t.is(d.has(a.key), 1)
  t.is(lost[0], world.daemons[2].id, 'the one that was named first')
  t.not(lost[1], lost[0], 'then another')
})

test('lanes - range requests back off', async (t) => {
  const world = new World()
  const [a, b, , d] = await world.venue()
  world.disconnect(0, 3)
  a.lanes.offer(entry(1))
  await world.run(20)
  const head = b.head(a.key)
  const times: number[] = []
  world.tamper = (from, to, type, payload) => {
    if (type === laneMessageTypes.heads && to === d.id) return null
    if (type !== laneMessageTypes.request || from !== d.id) return payload
    times.push(world.clock.now())
    return null
  }
  d.lanes.reads.want(head, [])
  await world.run(20_000)
  const gaps = times.slice(1).map((at, i) => at - times[i])
  t.ok(gaps.length >= 4)
  t.ok(
    gaps.every((gap, i) => i === 0 || gap >= gaps[i - 1]),
    gaps.join()
  )
  t.ok(times.length < 16, 'not at a fixed beat')
})

test('lanes - a head is proposed only upon the parent that it extends', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  for (let n = 0; n < 3; n++) {
    a.lanes.offer(entry(n))
    await world.run(20)
  }
  const { reads } = b.lanes
  const whole = b.head(a.key)
  t.is(whole.length, 3)
  const small = reads.best(a.key, 0, new Uint8Array(32), { bytes: 1e6, entries: 2 })
  t.is(small?.length, 1, 'as much as the limits allow')
  const parent = small?.treeHash ?? new Uint8Array(32)
  t.is(reads.best(a.key, 1, parent, whole.size)?.length, 3)
  t.is(reads.best(a.key, 1, whole.treeHash, whole.size), null, 'another parent')
  t.is(reads.best(a.key, 3, whole.treeHash, whole.size), null, 'nothing new')
  t.ok(reads.extends(a.key, 1, parent, 3, whole.treeHash))
  t.absent(reads.extends(a.key, 1, whole.treeHash, 3, whole.treeHash))
  t.alike(reads.measure(a.key, 1, 3, whole.treeHash)?.entries, 2)
  t.is(reads.measure(a.key, 1, 3, parent), null)
})

test('lanes - a follower without a vote publishes as well', async (t) => {
  const world = new World()
  await world.venue()
  const follower = world.start(7)
  for (let i = 0; i < 4; i++) world.connect(7, i)
  await world.run(20)
  t.ok(follower.lanes.ready)
  follower.lanes.offer(entry(1))
  await world.run(200)
  for (const validator of world.daemons.slice(0, 4)) {
    t.is(validator.has(follower.key), 1)
    t.is(validator.lanes.reads.certified(follower.key, 0).length, 1)
  }
})

test('lanes - what is final leaves memory, and the slices of a cut are served on', async (t) => {
  const world = new World()
  const [a, b, c] = await world.venue()
  const late = world.start(8)
  for (let n = 0; n < 10; n++) {
    a.lanes.offer(bigEntry(n))
    c.lanes.offer(bigEntry(n))
    await world.run(20)
    const slices = world.cut(b, [a.key, c.key])
    t.is(slices.length, 2)
  }
  t.is(b.lanes.status().pendingBytes, 0)
  t.is(a.lanes.backlog, 0)
  for (const key of [a.key, c.key]) {
    t.is(late.lanes.reads.base(key)?.length, 10, 'who had no push has it from the tape')
    t.alike(late.lanes.reads.base(key)?.roots, b.lanes.reads.base(key)?.roots)
  }
})

test('lanes - a slice that does not follow is refused, and a base bridges the gap', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  const late = world.start(8)
  late.alive = false
  for (let n = 0; n < 3; n++) {
    a.lanes.offer(entry(n))
    await world.run(20)
    world.cut(b, [a.key])
  }
  late.alive = true
  a.lanes.offer(entry(9))
  await world.run(20)
  const base = b.base(a.key)
  const slices = world.cut(b, [a.key])
  t.alike(late.lanes.final(slices), [slices[0].lane], 'blocks 0 to 3 are unknown to it')
  t.ok(late.lanes.rebase([base]))
  t.alike(late.lanes.final(slices), [])
  t.is(late.lanes.reads.base(a.key)?.length, 4)
  t.absent(late.lanes.rebase([{ ...base, length: 7 }]), 'roots that do not fit the length')
})

test('lanes - the owner is the only one whose runs are acknowledged to it', async (t) => {
  const world = new World()
  const [a, b] = await world.venue()
  let acks = 0
  world.tamper = (_from, to, type, payload) => {
    if (type === laneMessageTypes.acks && to !== a.id) acks++
    return payload
  }
  a.lanes.offer(entry(1))
  await world.run(50)
  const head = b.head(a.key)
  b.lanes.reads.forward(a.key, 0, head.length, head.treeHash, toHex(daemonKeys(2).publicKey))
  await world.run(50)
  t.is(acks, 0)
})
