import test from 'brittle'
import type { Assert } from 'brittle'
import type DHT from 'hyperdht'
import b4a from 'b4a'
import type { Hello } from '../../../daemon/network/types.ts'
import { REPUTATION_DEFAULTS } from '../../../daemon/network/reputation.ts'
import { VirtualClock } from '../../helpers/clock.ts'
import { localDht } from '../../helpers/dht.ts'
import { randomBytes, seededRandom } from '../../helpers/random.ts'
import { until } from '../../helpers/until.ts'
import {
  bytesOf,
  createNetwork,
  keyPairOf,
  listening,
  type Heard,
  type TestNetwork,
  type TestOptions
} from './helpers.ts'
import { HONEST_HELLO, createStrangers, visit, type Stranger } from './stranger.ts'

const CHANNEL = 'curb/test/1'
const HOST = keyPairOf(1)
const GUEST = keyPairOf(60)

type Scene = TestNetwork & { heard: Heard[]; strangers: DHT }

/** One validator with a channel, and a node for those who come to harm it. */
async function scene(t: Assert, options: Partial<TestOptions> = {}): Promise<Scene> {
  const dht = await localDht(t)
  const host = await createNetwork(t, dht, { keyPair: HOST, validators: [HOST], ...options })
  const heard: Heard[] = []
  host.network.channel(listening(CHANNEL, heard))
  host.network.channel({ ...listening('curb/private/1', heard), between: 'validators' })
  await host.network.open()
  return { ...host, heard, strangers: createStrangers(t, dht) }
}

function arrive(
  { strangers }: Scene,
  keyPair = GUEST,
  hello: Hello | Uint8Array | null = HONEST_HELLO
): Promise<Stranger> {
  return visit(strangers, HOST.publicKey, keyPair, hello)
}

async function arriveAndJoin({ strangers }: Scene, keyPair = GUEST) {
  const stranger = await visit(strangers, HOST.publicKey, keyPair, HONEST_HELLO, [CHANNEL])
  const [{ channel, frame }] = stranger.doors
  await channel.fullyOpened()
  return { stranger, frame }
}

function message(type: number, payload: Uint8Array): Uint8Array {
  const head =
    payload.length <= 0xfc ? [payload.length] : [0xfd, payload.length & 255, payload.length >> 8]
  return b4a.concat([Uint8Array.from([type, ...head]), payload])
}

const refusalsOf = ({ network }: TestNetwork) =>
  network.status().refusals.map(({ code, by }) => `${code} by ${by}`)

test('network - another version is told so and let go', async (t) => {
  const at = await scene(t)
  // Version 9, and then a layout that only version 9 knows.
  const stranger = await arrive(at, GUEST, Uint8Array.from([9, 1, 2, 3]))
  await until(() => stranger.ended, 'the connection to end')
  t.alike(stranger.byes, [
    {
      code: 'VERSION_MISMATCH',
      message: 'curb/1 version 9 meets version 1: update the older daemon'
    }
  ])
  t.alike(refusalsOf(at), ['VERSION_MISMATCH by us'])
  t.ok(at.lines.some(({ level, message }) => level === 'warn' && message.includes('version 9')))
  t.is(at.network.peers().length, 0)
})

test('network - two venues part, and both know why', async (t) => {
  const dht = await localDht(t)
  const other = keyPairOf(2)
  const here = await createNetwork(t, dht, { keyPair: HOST, validators: [HOST], dial: [other] })
  const there = await createNetwork(t, dht, {
    keyPair: other,
    validators: [other],
    dial: [HOST],
    venue: new Uint8Array(32).fill(8)
  })
  await Promise.all([here.network.open(), there.network.open()])
  await until(() => refusalsOf(here).length > 0 && refusalsOf(there).length > 0, 'refusals')
  for (const side of [here, there]) {
    t.ok(refusalsOf(side).every((refusal) => refusal.startsWith('VENUE_MISMATCH')))
    t.is(side.network.peers().length, 0)
  }
})

test('network - who claims a role that is not his is refused', async (t) => {
  const at = await scene(t)
  const stranger = await arrive(at, GUEST, { ...HONEST_HELLO, role: 'validator' })
  await until(() => stranger.ended, 'the connection to end')
  t.is(stranger.byes[0]?.code, 'ROLE_MISMATCH')
})

test('network - garbage instead of a hello ends the connection, never the daemon', async (t) => {
  const random = seededRandom(3)
  const at = await scene(t, { limits: { refusedMs: 0, helloMs: 200 } })
  for (let length = 0; length < 140; length += 7) {
    const bytes = randomBytes(random, length)
    if (length > 0) bytes[0] = length % 2 // half of them with the right version
    const stranger = await arrive(at, GUEST, bytes)
    await until(() => stranger.ended, `the end after ${length} bytes`)
  }
  const raw = await arrive(at, keyPairOf(61), null)
  raw.stream.write(randomBytes(random, 5_000))
  await until(() => raw.ended, 'the end after raw garbage')
  t.is(at.network.peers().length, 0)
  const { frame } = await arriveAndJoin(at, keyPairOf(62))
  frame.send(message(0, bytesOf('still here')))
  await until(() => at.heard.length === 1, 'an honest peer to be heard')
})

test('network - who says nothing is let go', async (t) => {
  const at = await scene(t, { limits: { helloMs: 50 } })
  const stranger = await arrive(at, GUEST, null)
  await until(() => stranger.ended, 'the end')
  t.alike(refusalsOf(at), ['HELLO_TIMEOUT by us'])
})

test('network - malformed frames ban after a few, and the ban ends', async (t) => {
  const clock = new VirtualClock()
  const at = await scene(t, { clock })
  const { stranger, frame } = await arriveAndJoin(at)
  frame.send(message(0, bytesOf('before')))
  frame.send(Uint8Array.from([0, 200])) // a length with nothing behind it
  await until(() => at.network.status().peers[0]?.misbehaviour === 50, 'it to count')
  t.absent(stranger.ended)
  frame.send(Uint8Array.from([0, 0xfd])) // ends within the length
  await until(() => at.network.status().banned.length === 1, 'the ban')
  await until(() => stranger.byes.length > 0, 'the farewell')
  t.alike(stranger.byes, [{ code: 'BANNED', message: `${CHANNEL}: malformed frame` }])
  t.alike(
    at.heard.map(({ text }) => text),
    ['before']
  )
  clock.advance(1_000)
  await until(() => stranger.ended, 'the end')
  const banned = await arrive(at)
  t.ok(banned.ended, 'the door stays shut')
  clock.advance(REPUTATION_DEFAULTS.banMs)
  t.is(at.network.status().banned.length, 0)
  const again = await arrive(at)
  t.absent(again.ended, 'the door is open')
  await until(() => at.network.peers().length === 1, 'the peer to be back')
})

test('network - oversize, unknown and too many messages do not reach the handler', async (t) => {
  const at = await scene(t)
  const big = await arriveAndJoin(at, keyPairOf(61))
  big.frame.send(message(0, new Uint8Array(5_000)))
  big.frame.send(message(0, bytesOf('allowed')))
  await until(() => at.heard.length === 1, 'what is allowed')
  t.is(at.heard[0].text, 'allowed')
  t.is(at.network.status().peers[0].misbehaviour > 49, true)

  const unknown = await arriveAndJoin(at, keyPairOf(62))
  for (let times = 0; times < 6; times++) unknown.frame.send(message(99, bytesOf('what')))
  await until(() => unknown.stranger.ended, 'the end of the unknown')

  const many = await arriveAndJoin(at, keyPairOf(63))
  many.frame.send(b4a.concat(Array.from({ length: 5_000 }, () => message(0, bytesOf('x')))))
  await until(() => many.stranger.ended, 'the end of the many')
  t.ok(at.heard.length <= 2_050)
})

const SLOW = {
  bytesPerSecond: 1e6,
  bytesBurst: 1e6,
  unitsPerSecond: 200,
  unitsBurst: 50,
  inboxBytesMax: 4e6
}

test('network - a flood makes the flooder wait, not the others', async (t) => {
  const at = await scene(t, { limits: { daemonRates: SLOW } })
  const flooder = await arriveAndJoin(at, keyPairOf(61))
  for (let count = 0; count < 2_000; count++) flooder.frame.send(message(0, bytesOf('flood')))
  await until(() => (at.network.status().peers[0]?.throttled ?? 0) > 0, 'it to be throttled')
  const honest = await arriveAndJoin(at, keyPairOf(62))
  honest.frame.send(message(0, bytesOf('honest')))
  await until(() => at.heard.some(({ text }) => text === 'honest'), 'the honest one')
  t.ok(at.heard.length < 1_500, `${at.heard.length} of the flood came before`)
  t.absent(flooder.stranger.ended, 'it is slowed down, not banned')
})

test('network - a flooder that does not wait is banned before memory runs out', async (t) => {
  const at = await scene(t, { limits: { daemonRates: SLOW } })
  const { stranger, frame } = await arriveAndJoin(at)
  const load = message(1, new Uint8Array(60_000))
  let sentBytes = 0
  await until(() => {
    for (let count = 0; count < 10 && !stranger.ended; count++) {
      frame.send(load)
      sentBytes += load.length
    }
    return at.network.status().banned.length === 1
  }, 'the ban')
  t.ok(at.network.status().banned[0].reason.startsWith('a flood'))
  t.ok(sentBytes < 100e6, `${sentBytes} bytes sent until then`)
  await until(() => stranger.ended, 'the end')
})

test('network - a channel between validators stays shut to others', async (t) => {
  const at = await scene(t)
  const name = 'curb/private/1'
  const stranger = await visit(at.strangers, HOST.publicKey, GUEST, HONEST_HELLO, [name])
  t.is(await stranger.doors[0].channel.fullyOpened(), false)
  t.is(at.network.peers().length, 1)
  t.is(at.network.peers()[0].send('curb/private/1', 0, bytesOf('secret')), false)
})

test('network - strangers beyond the limit are turned away', async (t) => {
  const at = await scene(t, { limits: { peersMax: 2 } })
  for (const number of [61, 62]) await arriveAndJoin(at, keyPairOf(number))
  const third = await arrive(at, keyPairOf(63))
  await until(() => third.ended, 'the end')
  t.is(third.byes[0]?.code, 'PEERS_FULL')
  t.is(at.network.peers().length, 2)
})

test('network - a handler that throws harms nobody', async (t) => {
  const dht = await localDht(t)
  const at = await createNetwork(t, dht, { keyPair: HOST, validators: [HOST] })
  at.network.channel({
    name: CHANNEL,
    messages: [{ name: 'bomb', bytesMax: 10 }],
    onmessage: () => {
      throw new Error('boom')
    }
  })
  await at.network.open()
  const strangers = createStrangers(t, dht)
  const stranger = await visit(strangers, HOST.publicKey, GUEST, HONEST_HELLO, [CHANNEL])
  const [{ channel, frame }] = stranger.doors
  await channel.fullyOpened()
  frame.send(message(0, bytesOf('x')))
  await until(() => at.lines.some(({ level }) => level === 'error'), 'the log')
  t.is(at.network.peers().length, 1)
  for (let times = 0; times < 12; times++) frame.send(message(0, bytesOf('x')))
  await until(() => stranger.ended, 'it to be banned in the end')
})
