// A connection that went takes its orders with it, if it had asked for that.
import { isLive } from '../trading/records.ts'
import type { Desk } from '../trading/desk.ts'
import type { CancelOnDisconnect } from './session.ts'

/** Nonces that one cancel carries. */
const cancelMax = 256

export function cancelOnDisconnect(
  desk: Desk,
  cancel: CancelOnDisconnect,
  onfault: (fault: unknown) => void
): void {
  try {
    if (cancel.scope === 'account') {
      for (const account of cancel.accounts) desk.cancelAll(desk.account(account), null, null)
      return
    }
    const nonces = new Map<string, number[]>()
    for (const { account, nonce } of cancel.placed) {
      const record = desk.records.find(account, nonce)
      if (record === null || !isLive(record.state)) continue
      nonces.set(account, [...(nonces.get(account) ?? []), nonce])
    }
    for (const [account, all] of nonces) {
      for (let at = 0; at < all.length; at += cancelMax) {
        desk.cancel(desk.account(account), all.slice(at, at + cancelMax))
      }
    }
  } catch (fault) {
    // The tape is stale, or the lane is busy: the orders stay, and the log says so.
    onfault(fault)
  }
}
