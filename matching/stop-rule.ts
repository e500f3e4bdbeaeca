// The engine stops before it can hurt (docs/matching.md, section 10): judged once a block.

import type { Core } from './core.ts'
import { RESUMED, STOPPED } from './event-writer.ts'

const CHAIN_STALE = 1
const UNSETTLED_AGE = 2
const UNSETTLED_GAS = 3

/** `blockTime` of the chain cursor, whole seconds; 0 before there is one. */
export function judgeStop(core: Core, blockTime: number): void {
  const code = stopCode(core, blockTime)
  if (code === core.stopCode) return
  core.stopCode = code
  if (code === 0) core.events.add(RESUMED, 0, 0, 0, 0, 0)
  else core.events.add(STOPPED | (code << 8), 0, 0, 0, 0, 0)
}

function stopCode(core: Core, blockTime: number): number {
  const terms = core.batches.settlement
  if (terms === null) return 0
  if (core.time - blockTime * 1000 > terms.chainStaleMaxMs) return CHAIN_STALE
  const unsettled = core.batches.list.filter((batch) => batch.hasContent)
  if (unsettled.length > 0 && core.time - unsettled[0].openedAt > terms.unsettledMaxMs) {
    return UNSETTLED_AGE
  }
  const gas = unsettled.reduce((sum, batch) => sum + core.batches.gas(batch), 0)
  return gas > terms.unsettledGasMax ? UNSETTLED_GAS : 0
}
