// What the vault's logs show of batches and of accounts' money, in blocks that may still go and in
// confirmed ones.
import type { Address, ChainEvent } from '../../protocol/types.ts'
import type { VaultLog } from './rpc.ts'

/** In a block that may still go (`mined`), or confirmed. */
export type SeenBatch = {
  index: number
  kind: 'settled' | 'voided'
  confirmed: boolean
  transaction: string
}

/** Somebody's deposit, claim, or step of an exit. */
export type SeenMove = {
  kind: 'moved'
  event: 'deposited' | 'exitRequested' | 'exitCancelled' | 'exitClaimed' | 'claimed'
  /** The vault's number of the event, by which the tape names it too. */
  sequence: number
  account: Address
  token: number
  /** Null where the event names no amount. */
  quanta: number | null
  /** Milliseconds since 1970; null where nothing takes time. */
  readyAt: number | null
  confirmed: boolean
  transaction: string
}

export type Seen = SeenBatch | SeenMove

/** Null for an event of another kind. */
export function seenOf(event: ChainEvent, log: VaultLog, confirmed: boolean): Seen | null {
  const { transaction } = log
  switch (event.kind) {
    case 'batchSettled':
    case 'batchVoided': {
      const kind = event.kind === 'batchSettled' ? 'settled' : 'voided'
      return { index: event.index, kind, confirmed, transaction }
    }
    case 'deposited':
    case 'exitRequested':
    case 'exitCancelled':
    case 'exitClaimed':
    case 'claimed': {
      const { sequence, account, token } = event
      const quanta = 'quanta' in event ? event.quanta : null
      const readyAt = 'readyAt' in event ? event.readyAt * 1000 : null
      const what = { event: event.kind, sequence, account, token, quanta, readyAt }
      return { kind: 'moved', ...what, confirmed, transaction }
    }
    default:
      return null
  }
}
