// How often a daemon asks its chain's node.
import test from 'brittle'
import { systemClock } from '../../../daemon/clock.ts'
import { ChainFollower, followerDefaults } from '../../../daemon/chain/follower.ts'
import { HttpChainRpc } from '../../../daemon/chain/rpc.ts'
import { JsonRpc, jsonRpcDefaults } from '../../../daemon/chain/json-rpc.ts'
import { VirtualClock } from '../../helpers/clock.ts'
import { until } from '../../helpers/until.ts'
import { SettlementVenue } from '../settlement/venue.ts'
import { RpcProxy } from './rpc-proxy.ts'

test('follower - asks the node every pollMs, and later and later while it does not answer', async (t) => {
  const venue = await SettlementVenue.open(t)
  const proxy = await RpcProxy.open(t, venue.anvil.url)
  const rpc = new HttpChainRpc({
    rpc: new JsonRpc({ url: proxy.url, ...jsonRpcDefaults }, { clock: systemClock })
  })
  t.teardown(() => rpc.close(), { order: 60 })
  const clock = new VirtualClock()
  const pollMs = 400
  const follower = new ChainFollower(
    { ...followerDefaults, manifest: venue.manifest, pollMs },
    { rpc, clock, log: venue.log, keccak: venue.crypto.keccak }
  )
  t.teardown(() => follower.close(), { order: 50 })
  void follower.open()
  const waits = async (): Promise<number> => {
    await until(() => clock.nextAt !== null, 'the next poll to be set')
    return (clock.nextAt ?? 0) - clock.now()
  }
  t.is(await waits(), pollMs)
  for (let round = 0; round < 3; round++) {
    const { length } = proxy.calls
    clock.advance(pollMs - 1)
    t.is(proxy.calls.length, length, 'not before')
    clock.advance(1)
    await until(() => proxy.calls.length > length, 'the node to be asked')
    t.is(await waits(), pollMs)
  }
  proxy.isDown = true
  clock.advance(pollMs)
  t.is(await waits(), 2 * pollMs)
  clock.advance(2 * pollMs)
  t.is(await waits(), 4 * pollMs)
  proxy.isDown = false
  clock.advance(4 * pollMs)
  t.is(await waits(), pollMs, 'as before, once it answers')
})
