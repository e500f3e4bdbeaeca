// A batch that somebody brought to the chain, as the vault's logs show it.
import type { ChainEvent } from '../../protocol/types.ts'
import type { VaultLog } from './rpc.ts'

/** In a block that may still go (`mined`), or confirmed. */
export type SeenBatch = {
  index: number
  kind: 'settled' | 'voided'
  confirmed: boolean
  transaction: string
}

/** Null for an event of another kind. */
export function seenOf(event: ChainEvent, log: VaultLog, confirmed: boolean): SeenBatch | null {
  if (event.kind !== 'batchSettled' && event.kind !== 'batchVoided') return null
  const kind = event.kind === 'batchSettled' ? 'settled' : 'voided'
  return { index: event.index, kind, confirmed, transaction: log.transaction }
}
