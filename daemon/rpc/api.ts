// What the methods and channels need of the daemon: composed in daemon/app.ts.
import type { Manifest } from '../../protocol/manifest.ts'
import type { RpcStatus } from '../../protocol/rpc.ts'
import type { SigningTerms } from '../../protocol/typed-data.ts'
import type { Address, Bytes32, Entry } from '../../protocol/types.ts'
import type { OwnMove } from '../chain/vault-account.ts'
import type { Clock } from '../clock.ts'
import type { DaemonStatus } from '../daemon.ts'
import type { History } from '../history/history.ts'
import type { TapeEntry } from '../tape/types.ts'
import type { Desk } from '../trading/desk.ts'
import type { Leases } from '../trading/leases.ts'
import type { OrderForms } from '../trading/order-form.ts'
import type { Placing } from '../trading/placing.ts'
import type { RequestName, Requests } from '../trading/requests.ts'
import type { Withdrawing } from '../trading/withdrawing.ts'
import type { TradingNode } from '../trading/types.ts'
import type { Auth } from './auth.ts'
import type { Format } from './format.ts'
import type { Monitor } from './monitor.ts'

/** The daemon, as the JSON-RPC sees it. */
export type RpcNode = TradingNode & {
  readonly terms: SigningTerms
  readonly tapeKey: Bytes32
  status(): DaemonStatus
  readTape(index: number): Promise<TapeEntry | null>
  /** An entry by its place on the tape; null when the block is not here. */
  readEntry(index: number, entry: number): Promise<Entry | null>
  /** The signed head that covers a block: its length, tree hash and the quorum's signature. */
  signedHead(
    index: number
  ): Promise<{ length: number; treeHash: Bytes32; signature: Uint8Array } | null>
  lanes(): { known: number; current: number; length: number; finalLength: number }
  /** Swarm keys of validators that are known to have a block of the own lane: those whose signatures
   * made the tape's head that took it in at `tapeIndex`, or as long as it is not final, a quorum that
   * acknowledged it. */
  acknowledgedBy(laneBlock: number, tapeIndex: number | null): Promise<string[]>
  evidence(): RpcStatus['evidence']
  /** Signatures of entries that were checked and hold, since the start. */
  signaturesChecked(): number
  /** Stays away from these peers (hex keys) until called again. */
  blockPeers(keys: readonly string[]): void
}

/** What settlement knows beyond the engine: null on a venue without a chain. */
export type RpcSettlement = {
  /** State and transaction of a batch that is on its way to the chain; null when nothing is known
   * that the tape does not say. */
  batch(index: number): {
    state: 'submitted' | 'mined' | 'final' | 'reverted'
    transaction: string | null
    gas: number | null
  } | null
  onbatch(listener: (index: number) => void): void
  status(): {
    gasMoneyLow: boolean
    turn: NonNullable<RpcStatus['settlement']>['turn']
    problems: string[]
    /** The settler's balance for gas, wei; null without a settler. */
    gasWei: bigint | null
    spent: { gas: bigint; wei: bigint }
  }
  /** @throws Fault when the batch cannot be voided yet */
  voidBatch(index: number): Promise<void>
}

/** Transactions of one account to the vault. They resolve when the transaction is mined; one that was
 * named before resolves with what became of it. */
export type RpcVault = {
  /** Deposits and requests of exits that the tape may not have yet, oldest first. */
  underWay(): OwnMove[]
  deposit(token: number, quanta: number, name?: RequestName): Promise<{ transaction: string }>
  exit(
    action: 'request' | 'claim' | 'cancel',
    token: number,
    name?: RequestName
  ): Promise<{ transaction: string; readyAt: number | null }>
  /** Of the vault: orders of smaller nonces are dead `readyAt` (milliseconds), once applied. */
  requestFloor(
    nonce: number,
    name?: RequestName
  ): Promise<{ transaction: string; readyAt: number | null }>
  applyFloor(name?: RequestName): Promise<{ transaction: string }>
  setDelegate(
    grant: {
      delegate: Address
      /** Null for all markets. */
      market: number | null
      cosign: boolean
      /** Whole seconds. */
      from: number
      until: number
    },
    name?: RequestName
  ): Promise<{ transaction: string }>
}

export type ChainState = 'none' | 'following' | 'unreachable' | 'lying'

export type RpcApi = {
  version: string
  manifest: Manifest
  clock: Clock
  node: RpcNode
  desk: Desk
  placing: Placing
  requests: Requests
  withdrawing: Withdrawing
  leases: Leases
  forms: OrderForms
  format: Format
  history: History
  monitor: Monitor
  auth: Auth
  settlement: RpcSettlement | null
  /** Null: no chain, or the account's key is not here. */
  vault(account: Address): RpcVault | null
  chainState(): ChainState
}
