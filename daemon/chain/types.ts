// The chain as an input (design 3.4), behind one face: the vault's events by confirmed blocks, or,
// on a venue without a chain, nothing at all.
import type { ChainView } from '../consensus/core/types.ts'

/** Follows the vault. `next` and `check` answer from memory and never wait; both know only
 * confirmed blocks. `from` null is the start of the vault. */
export type ChainSource = ChainView & {
  open(): Promise<void>
  close(): Promise<void>
  /** Called when there is more to take than before: a reason for a cut. */
  onadvance(listener: () => void): void
  /** What is wrong, in a line for status and logs; null when nothing is. */
  readonly problem: string | null
}
