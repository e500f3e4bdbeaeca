import test from 'brittle'
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
