import test from 'brittle'
import b4a from 'b4a'
import Corestore from 'corestore'
import { between, randomBytes, seededRandom } from '../../helpers/random.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { localDht } from '../../helpers/dht.ts'
import { until } from '../../helpers/until.ts'
import { bytesOf, createNetwork, keyPairOf, listening, type Heard } from './helpers.ts'

const CHANNEL = 'curb/test/1'

test('network - validators find each other by key, a daemon finds them too', async (t) => {
  const dht = await localDht(t)
  const validators = [1, 2, 3, 4].map(keyPairOf)
  const heard: Heard[] = []
  const all = await Promise.all(
    [...validators, keyPairOf(50)].map((keyPair) => createNetwork(t, dht, { keyPair, validators }))
  )
  const channels = all.map(({ network }) => network.channel(listening(CHANNEL, heard)))
  await Promise.all(all.map(({ network }) => network.open()))
  for (const { network } of all) {
    await until(() => network.status().peers.length === 4, 'four peers')
    await until(() => network.status().missing.length === 0, 'nobody missing')
  }
  t.is(all[0].network.status().validatorsReached, 4)
  t.is(all[4].network.status().validatorsReached, 4)
  t.is(all[0].network.peer(all[4].id)?.role, 'daemon')
  t.is(all[4].network.peer(all[0].id)?.role, 'validator')

  await until(() => [...channels[0].peers].length === 4, 'the channel to be open')
  t.is(channels[0].broadcast(0, bytesOf('hello')), 4)
  await until(() => heard.length === 4, 'four to hear it')
  t.ok(heard.every(({ from, text }) => from === all[0].id && text === 'hello'))
})

test('network - daemons that know nobody find each other by the topic', async (t) => {
  const dht = await localDht(t)
  const all = await Promise.all(
    [10, 11, 12].map((number) =>
      createNetwork(t, dht, { keyPair: keyPairOf(number), validators: [keyPairOf(99)] })
    )
  )
  await Promise.all(all.map(({ network }) => network.open()))
  for (const { network } of all) {
    await until(() => network.peers().length === 2, 'the two others')
  }
  const [missing] = all[0].network.status().missing
  t.is(missing.role, 'validator')
  t.is(all[0].network.status().validatorsReached, 0)
})

test('network - a connection that is lost comes back, dialled by either side', async (t) => {
  const dht = await localDht(t)
  const validators = [1, 2].map(keyPairOf)
  const [one, two] = await Promise.all(
    validators.map((keyPair) => createNetwork(t, dht, { keyPair, validators }))
  )
  let opened = 0
  let closed = 0
  one.network.channel({
    ...listening(CHANNEL, []),
    onopen: () => opened++,
    onclose: () => closed++
  })
  two.network.channel(listening(CHANNEL, []))
  await Promise.all([one.network.open(), two.network.open()])
  for (let times = 1; times <= 3; times++) {
    const peer = await until(() => {
      const found = two.network.peer(one.id)
      return found?.has(CHANNEL) === true && opened === times ? found : null
    }, 'the peer')
    peer.close('a test')
    await until(() => closed === times, 'the other side to notice')
  }
  await until(() => opened === 4, 'the last return')
  t.alike(one.network.status().refusals, [], 'a parting is no refusal')
})

test('network - messages arrive whole, once and in order, small and large', async (t) => {
  const dht = await localDht(t)
  const validators = [1, 2].map(keyPairOf)
  const [one, two] = await Promise.all(
    validators.map((keyPair) => createNetwork(t, dht, { keyPair, validators }))
  )
  const random = seededRandom(5)
  const sent: Uint8Array[] = []
  const received: Uint8Array[] = []
  two.network.channel({
    name: CHANNEL,
    messages: [{ name: 'load', bytesMax: 1_500_000 }],
    onmessage: (_, __, payload) => received.push(payload)
  })
  const channel = one.network.channel(listening(CHANNEL, []))
  await Promise.all([one.network.open(), two.network.open()])
  const peer = await until(() => [...channel.peers][0], 'the channel')
  while (sent.length < 3_000) {
    const burst = between(random, 1, 300)
    for (let count = 0; count < burst; count++) {
      const payload = randomBytes(random, random() < 0.01 ? between(random, 1, 90_000) : count % 70)
      if (!peer.send(CHANNEL, 0, payload)) t.fail('a message was not taken')
      sent.push(payload)
    }
    await until(() => received.length > sent.length - 2_000, 'half of it')
  }
  peer.send(CHANNEL, 0, new Uint8Array(1_400_000).fill(3))
  sent.push(new Uint8Array(1_400_000).fill(3))
  await until(() => received.length === sent.length, 'all of it')
  t.ok(sent.every((payload, at) => b4a.equals(payload, received[at])))
  const [status] = two.network.status().peers
  t.is(status.messagesIn, sent.length)
  t.is(one.network.status().peers[0].messagesOut, sent.length)
  t.ok(status.roundTripMs >= 0)
})

test('network - what peers announce is seen, with their lag', async (t) => {
  const dht = await localDht(t)
  const validators = [1, 2].map(keyPairOf)
  const [one, two] = await Promise.all(
    validators.map((keyPair) => createNetwork(t, dht, { keyPair, validators }))
  )
  const lane = new Uint8Array(32).fill(5)
  one.network.setLane(lane, bytesOf('a link'))
  one.network.announce({ tapeLength: 7, snapshot: null })
  await Promise.all([one.network.open(), two.network.open()])
  const peer = await until(() => two.network.peer(one.id), 'the peer')
  t.alike(peer.hello.lane, lane)
  t.alike(peer.hello.link, Uint8Array.from(bytesOf('a link')))
  t.is(peer.announced.tapeLength, 7)

  const hash = new Uint8Array(32).fill(6)
  for (let tapeLength = 8; tapeLength <= 500; tapeLength++) {
    one.network.announce({ tapeLength, snapshot: { index: 400, hash } })
  }
  two.network.announce({ tapeLength: 490, snapshot: null })
  await until(() => peer.announced.tapeLength === 500, 'the last one')
  t.alike(peer.announced.snapshot, { index: 400, hash })
  t.is(two.network.status().peers[0].lag, -10)
})

test('network - stores replicate over the same connection', async (t) => {
  const dht = await localDht(t)
  const validators = [1, 2].map(keyPairOf)
  const folder = await temporaryFolder(t)
  const stores = [1, 2].map((number) => new Corestore(`${folder}/${number}`))
  const [one, two] = await Promise.all(
    validators.map((keyPair, at) =>
      createNetwork(t, dht, {
        keyPair,
        validators,
        replicate: (stream) => stores[at].replicate(stream)
      })
    )
  )
  t.teardown(() => Promise.all(stores.map((store) => store.close())))
  const core = stores[0].get({ name: 'a log' })
  await core.append([bytesOf('first'), bytesOf('second')])
  const copy = stores[1].get(core.key)
  await Promise.all([one.network.open(), two.network.open()])
  const block = await copy.get(1)
  t.is(block === null ? null : b4a.toString(block), 'second')
  const late = stores[0].get({ name: 'opened while connected' })
  await late.append(bytesOf('late'))
  const lateBlock = await stores[1].get(late.key).get(0)
  t.is(lateBlock === null ? null : b4a.toString(lateBlock), 'late')
})

test('network - a port that is taken is a clear error; channels are registered once', async (t) => {
  const dht = await localDht(t)
  const first = await createNetwork(t, dht, { keyPair: keyPairOf(1), validators: [keyPairOf(1)] })
  first.network.channel(listening(CHANNEL, []))
  await t.exception(async () => first.network.channel(listening(CHANNEL, [])), /once/)
  await first.network.open()
  await t.exception(async () => first.network.channel(listening('curb/late/1', [])), /before open/)
  const second = await createNetwork(t, dht, {
    keyPair: keyPairOf(2),
    validators: [keyPairOf(1)],
    port: first.network.status().port
  })
  await t.exception(second.network.open(), /another daemon running/)
})

test('network - a partition parts and heals', async (t) => {
  const dht = await localDht(t)
  const validators = [1, 2, 3, 4].map(keyPairOf)
  const all = await Promise.all(
    validators.map((keyPair) => createNetwork(t, dht, { keyPair, validators }))
  )
  await Promise.all(all.map(({ network }) => network.open()))
  const reached = (count: number) =>
    until(() => all.every(({ network }) => network.peers().length === count), `${count} peers`)
  await reached(3)
  const [west, east] = [all.slice(0, 2), all.slice(2)]
  for (const { network } of west) network.block(east.map(({ id }) => id))
  await reached(1)
  t.is(all[0].network.peers()[0].id, all[1].id)
  for (const { network } of west) network.block([])
  await reached(3)
  t.alike(all[0].network.status().banned, [])
})

test('network - all dial all at one moment, and each pair ends with one connection', async (t) => {
  const dht = await localDht(t)
  const validators = [1, 2, 3, 4, 5].map(keyPairOf)
  const limits = { dialSecondMs: 0 }
  const all = await Promise.all(
    validators.map((keyPair) => createNetwork(t, dht, { keyPair, validators, limits }))
  )
  for (const { network } of all) network.channel(listening(CHANNEL, []))
  await Promise.all(all.map(({ network }) => network.open()))
  const settled = () =>
    all.every(({ network }) => network.peers().filter((peer) => peer.has(CHANNEL)).length === 4)
  await until(settled, 'all to know all')
  t.ok(settled())
})
