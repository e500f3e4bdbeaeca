import type { Core } from './core.ts'
import type { NonceIndex } from './nonce-index.ts'
import type { BlockInput } from './types.ts'
export function writeSnapshot(core: Core, cursor: BlockInput['cursor']): Uint8Array {
  throw new Error(`later ${core.index} ${cursor}`)
}
export function readSnapshot(
  core: Core,
  nonces: NonceIndex,
  bytes: Uint8Array
): BlockInput['cursor'] {
  throw new Error(`later ${core.index} ${nonces} ${bytes}`)
}
