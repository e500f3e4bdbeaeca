// A transaction that is under way: every attempt to get its nonce mined, and who waits for it.
import type { ChainFault } from './chain-fault.ts'
import type { Attempt, Mined, RequestName } from './transaction-record.ts'

export type Sent = {
  label: string
  nonce: number
  /** Of the first attempt: a replacement has another. */
  hash: string
  /** In a block, which a reorg may still undo. @throws ChainFault transaction_superseded,
   * transactions_closed */
  mined: Promise<Mined>
}

export type Pending = {
  nonce: number
  label: string
  name: RequestName | null
  attempts: Attempt[]
  sentAt: number
  bumpedAt: number
  /** Where it was last seen; a reorg may take it away. */
  minedIn: string | null
  resolve: (mined: Mined) => void
  reject: (fault: ChainFault) => void
  mined: Promise<Mined>
}

export function newPending({ nonce, label, name }: Attempt, now: number): Pending {
  let resolve: Pending['resolve'] = () => {}
  let reject: Pending['reject'] = () => {}
  const mined = new Promise<Mined>((onmined, onfault) => {
    resolve = onmined
    reject = onfault
  })
  // Whoever does not wait must not be ended by it.
  mined.catch(() => {})
  const times = { sentAt: 0, bumpedAt: now, minedIn: null }
  return { nonce, label, name, attempts: [], ...times, resolve, reject, mined }
}

export function sentOf({ label, nonce, attempts, mined }: Pending): Sent {
  return { label, nonce, hash: attempts[0].hash, mined }
}
