import test from 'brittle'
import type { Assert } from 'brittle'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../daemon/clock.ts'
import { NETWORK_LIMITS } from '../../../daemon/network/limits.ts'
import { freePort, localDht, type LocalDht } from '../../helpers/dht.ts'
import { until } from '../../helpers/until.ts'
import { bytesOf, createNetwork, idOf, keyPairOf, listening, type Heard } from './helpers.ts'
import type { ChildOptions, ChildWord } from './network-child.ts'

const CHANNEL = 'curb/test/1'
const CHILD = fileURLToPath(new URL('network-child.ts', import.meta.url))
const PAIR = [1, 2]

async function launch(
  t: Assert,
  dht: LocalDht,
  port: number,
  validators = PAIR
): Promise<ChildProcess> {
  const options: ChildOptions = { number: 2, validators, bootstrap: dht.bootstrap, port }
  const child = fork(CHILD, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  await new Promise<void>((resolve) => {
    child.on('message', (word: ChildWord) => {
      if ('open' in word) resolve()
    })
  })
  return child
}

test('network - two processes: talk, kill -9, restart, talk again', async (t) => {
  const dht = await localDht(t)
  const [own, other] = PAIR.map(keyPairOf)
  const heard: Heard[] = []
  const { network } = await createNetwork(t, dht, { keyPair: own, validators: [own, other] })
  network.channel(listening(CHANNEL, heard))
  await network.open()
  const port = await freePort()

  for (let life = 1; life <= 3; life++) {
    const child = await launch(t, dht, port)
    await until(() => {
      network.peer(idOf(other))?.send(CHANNEL, 0, bytesOf(`life ${life}`))
      return heard.some(({ text }) => text === `life ${life}`)
    }, `the echo of life ${life}`)
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  t.ok(heard.every(({ from }) => from === idOf(other)))
})

test('network - a validator that was killed is missed by its silence, one that only has nothing to say is kept', async (t) => {
  const dht = await localDht(t)
  const [own, other] = PAIR.map(keyPairOf)
  let turns = 0
  const after: typeof systemClock.after = (delayMs, fn) =>
    systemClock.after(delayMs, () => {
      turns++
      fn()
    })
  // Not a validator: nobody dials it, and it has nothing to say by itself.
  const { network } = await createNetwork(t, dht, {
    keyPair: own,
    validators: [other],
    clock: { ...systemClock, after }
  })
  network.channel(listening(CHANNEL, []))
  await network.open()
  const port = await freePort()
  const child = await launch(t, dht, port, [2])
  const peer = await until(() => network.peer(idOf(other)), 'the validator')
  const quietFrom = turns
  await until(() => turns - quietFrom > 2 * NETWORK_LIMITS.silentLooksMax, 'looks at a quiet peer')
  t.is(network.peer(idOf(other)), peer)

  child.kill('SIGKILL')
  await until(() => network.status().missing.length > 0, 'the peer to be missed')
  t.is(network.status().missing[0].lastError, 'silent')
  await launch(t, dht, port, [2])
  t.not(await until(() => network.peer(idOf(other)), 'its next life'), peer)
})

test('network - a process that stands still is not written to without bound', async (t) => {
  const dht = await localDht(t)
  const [own, other] = PAIR.map(keyPairOf)
  const limits = { outboxBytesMax: 4_000_000, stalledMs: 300 }
  const { network } = await createNetwork(t, dht, {
    keyPair: own,
    validators: [own, other],
    limits
  })
  network.channel(listening(CHANNEL, []))
  await network.open()
  const child = await launch(t, dht, await freePort())
  const peer = await until(() => {
    const found = network.peer(idOf(other))
    return found?.has(CHANNEL) === true ? found : null
  }, 'the peer')
  child.kill('SIGSTOP')
  const load = new Uint8Array(50_000)
  let takenBytes = 0
  await until(() => {
    if (!peer.send(CHANNEL, 1, load)) return true
    takenBytes += load.length
    return peer.closed
  }, 'the outbox to be full')
  t.ok(takenBytes < 40_000_000, `${takenBytes} bytes taken`)
  await until(() => peer.closed, 'it to be let go')
  child.kill('SIGCONT')
  await until(() => network.peer(idOf(other))?.has(CHANNEL), 'it to come back')
  t.pass('it is back once it moves again')
})
