// A connection that went takes its orders with it, if it had asked for that.
import { Fault } from '../../protocol/faults.ts'
import type { Clock } from '../clock.ts'
import { isLive } from '../trading/records.ts'
import type { Desk } from '../trading/desk.ts'
import type { CancelOnDisconnect } from './session.ts'

/** Nonces that one cancel carries. */
const cancelMax = 256
/** How long to wait when the lane has no room even for a cancel. */
const retryMs = 50

export type CancelOnDisconnectDependencies = {
  desk: Pick<Desk, 'account' | 'cancel' | 'cancelAll'> & {
    records: Pick<Desk['records'], 'find'>
  }
  clock: Clock
  onfault: (fault: unknown) => void
}

export function cancelOnDisconnect(
  dependencies: CancelOnDisconnectDependencies,
  cancel: CancelOnDisconnect
): void {
  const { desk } = dependencies
  if (cancel.scope === 'account') {
    const each = cancel.accounts.map(
      (account) => () => desk.cancelAll(desk.account(account), null, null)
    )
    send(dependencies, each)
    return
  }
  const nonces = new Map<string, number[]>()
  for (const { account, nonce } of cancel.placed) {
    const record = desk.records.find(account, nonce)
    if (record === null || !isLive(record.state)) continue
    nonces.set(account, [...(nonces.get(account) ?? []), nonce])
  }
  const lists: (() => unknown)[] = []
  for (const [account, all] of nonces) {
    for (let at = 0; at < all.length; at += cancelMax) {
      const list = all.slice(at, at + cancelMax)
      lists.push(() => desk.cancel(desk.account(account), list))
    }
  }
  send(dependencies, lists)
}

/** One after the other, until all are in the lane. */
function send(dependencies: CancelOnDisconnectDependencies, cancels: (() => unknown)[]): void {
  const { clock, onfault } = dependencies
  for (const [place, cancel] of cancels.entries()) {
    try {
      cancel()
    } catch (fault) {
      if (fault instanceof Fault && fault.code === 'lane_busy') {
        clock.after(retryMs, () => send(dependencies, cancels.slice(place)))
        return
      }
      // The daemon closes, or the engine has stopped: the orders stay, and the log says so.
      onfault(fault)
    }
  }
}
