// What the pool and its threads say to each other.
import type { SigningTerms } from '../protocol/typed-data.ts'
import type { SecpBackend } from './secp256k1.ts'
import type { Signers } from './block-signers.ts'

export type WorkerOptions = { terms: SigningTerms; backend: SecpBackend | 'auto' }

/** Lane blocks whose signers are wanted; or bare digests and signatures, one signer each. */
export type Work =
  | { kind: 'blocks'; lane: Uint8Array; blocks: readonly Uint8Array[] }
  | { kind: 'digests'; digests: readonly Uint8Array[]; signatures: readonly Uint8Array[] }

export type Job = { id: number; work: Work }

/** For each block its signers, or null for one that does not decode. The signers of digests are a
 * single list. */
export type JobResult = { id: number; signers: (Signers | null)[] }
