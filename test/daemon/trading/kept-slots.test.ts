import test from 'brittle'
import { HostedAccount } from '../../../daemon/trading/hosted-account.ts'

test('kept slots - a kept slot is free again when it is handed in, or when its time is over', (t) => {
  const account = new HostedAccount(`0x${'11'.repeat(20)}`, null, 3)
  const keep = (nonce: number, now: number): number | null => {
    const slot = account.freeSlot(now)
    if (slot !== null) account.keepSlot({ nonce, slot }, now)
    return slot
  }
  t.alike([keep(1, 0), keep(2, 1000), keep(3, 2000), keep(4, 3000)], [0, 1, 2, null])
  account.leaveSlot(2)
  account.leaveSlot(2)
  account.leaveSlot(77)
  t.is(keep(5, 4000), 1, 'handed in')
  t.is(account.freeSlot(119_999), null)
  t.is(account.freeSlot(120_000), 0, 'its two minutes are over')
  t.is(account.freeSlot(122_000), 0)
  account.slots.hold(0)
  t.is(account.freeSlot(122_000), 2)
  account.slots.hold(2)
  t.is(account.freeSlot(123_999), null)
  t.is(account.freeSlot(124_000), 1)
})
