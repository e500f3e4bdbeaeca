import test from 'brittle'
import { LaneFault } from '../../../daemon/lanes/lane-faults.ts'
import { cancelOnDisconnect } from '../../../daemon/rpc/cancel-on-disconnect.ts'
import { HostedAccount } from '../../../daemon/trading/hosted-account.ts'
import { VirtualClock } from '../../helpers/clock.ts'

type Desk = Parameters<typeof cancelOnDisconnect>[0]['desk']

/** A desk whose lane is full for so many calls. */
function fullDesk(calls: number) {
  const cancelled: string[] = []
  let left = calls
  const take = (address: string) => {
    if (left-- > 0) throw new LaneFault('lane_busy', 'full')
    cancelled.push(address)
    return { value: null, journaled: Promise.resolve(), outcome: new Promise<never>(() => {}) }
  }
  const desk: Desk = {
    records: { find: () => null },
    account: (address) => new HostedAccount(address ?? '', null, 4),
    cancel: ({ address }) => take(address),
    cancelAll: ({ address }) => take(address)
  }
  return { desk, cancelled }
}

test('disconnect - a lane that is full is asked again until it has every cancel', async (t) => {
  const clock = new VirtualClock()
  const faults: unknown[] = []
  const { desk, cancelled } = fullDesk(3)
  const onfault = (fault: unknown) => faults.push(fault)
  cancelOnDisconnect({ desk, clock, onfault }, { scope: 'account', accounts: ['one', 'two'] })
  t.alike(cancelled, [])
  clock.advance(1000)
  t.alike(cancelled, ['one', 'two'])
  t.alike(faults, [])
})
