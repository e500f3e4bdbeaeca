// What settlement needs of the daemon, and what it tells.
import type { Engine } from '../../matching/index.ts'
import type { TypedHasher } from '../../protocol/eip712.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { Address, Entry } from '../../protocol/types.ts'
import type { Placed, Ticket } from '../lanes/types.ts'
import type { Outcome } from '../outcomes.ts'
import type { Applied } from '../replica/types.ts'
import type { TapeEntry } from '../tape/types.ts'
import type { AccountSigner } from '../trading/types.ts'

/** The daemon, as settlement sees it. */
export type SettlementNode = {
  readonly manifest: Manifest
  readonly hasher: TypedHasher
  readonly engine: Engine
  /** Entries are taken only while the daemon is in step with the tape. */
  readonly synced: boolean
  /** Blocks on the tape. */
  readonly tapeLength: number
  /** @throws DaemonFault, LaneFault */
  submit(entry: Entry): Ticket
  outcome(placed: Placed): Promise<Outcome>
  onapplied(listener: (applied: Applied) => void): void
  /** A block of the tape, for the signed bytes in it; null when it is not here. */
  read(index: number): Promise<TapeEntry | null>
}

/** A key that may sign net results of an account: the account's own, or a delegate's. */
export type Cosigner = { account: string; signer: AccountSigner }

/** What has become of a batch, and so of each trade in it. `matched`: in the open batch, or in
 * one that waits for co-signatures. `final`: confirmed, and on the tape. */
export type BatchProgress =
  'matched' | 'sealed' | 'attested' | 'submitted' | 'mined' | 'final' | 'reverted'

export type BatchStatus = {
  batch: number
  state: BatchProgress
  /** Of the transaction that settles it, 0x-hex; null while none is known here. */
  transaction: string | null
  /** What that transaction used; null unless this daemon sent it, and it is mined. */
  gas: number | null
  /** When this daemon learned of the state, milliseconds since 1970. */
  at: number
}

/** Whose turn it is to bring the next batch to the chain, as this daemon reckons. */
export type SettlementTurn = {
  batch: number
  /** The validator's key of the manifest; those who had their turns before may still do it. */
  settler: Address
  /** When the next one joins, milliseconds since 1970; null when all have. */
  until: number | null
}

export type SettlementStatus = {
  /** Oldest first: the open one last, and the last few that are settled before them. */
  batches: BatchStatus[]
  /** This daemon submits when it is its turn. */
  settles: boolean
  /** Null while no batch could go to the chain. */
  turn: SettlementTurn | null
  /** The settler's balance for gas, wei as a decimal string; null without a settler. */
  gasWei: string | null
  /** What this daemon's accounts have spent on mined transactions since it started. */
  spent: { gas: bigint; wei: bigint }
  gasLow: boolean
  /** What is wrong, in a line each; empty when nothing is. */
  problems: string[]
}
