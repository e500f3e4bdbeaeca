// Settlement in a daemon (design 3.3): follows the tape, and does for each batch what is this
// daemon's to do. It co-signs for the accounts that it hosts; as a validator it attests; as a
// settler it submits. What has become of each batch is told to whoever listens.
import type { JsonRpcProvider } from 'ethers'
import type { Recover } from '../../crypto/crypto.ts'
import { type Event, eventMask, eventsOf } from '../../matching/index.ts'
import type { Hash } from '../../protocol/hash.ts'
import { quorumOf } from '../../protocol/venue.ts'
import type { Spent } from '../chain/transactions.ts'
import type { ChainFollower } from '../chain/follower.ts'
import type { Seen } from '../chain/seen-batch.ts'
import type { TransactionSender } from '../chain/transactions.ts'
import type { VaultAccount } from '../chain/vault-account.ts'
import type { Clock } from '../clock.ts'
import type { NetworkLog } from '../network/types.ts'
import type { Applied } from '../replica/types.ts'
import type { AccountSigner } from '../trading/types.ts'
import { Attestations } from './attestations.ts'
import { Attesting } from './attesting.ts'
import { Claims } from './claims.ts'
import { Cosigning } from './cosigning.ts'
import { Progress } from './progress.ts'
import { Sealer } from './sealer.ts'
import { SettlementFault } from './settlement-fault.ts'
import { isReady, Submitter } from './submitter.ts'
import { type NextBatch, turnNow } from './turns.ts'
import type {
  BatchStatus,
  Cosigner,
  SettlementNode,
  SettlementStatus,
  SettlementTurn
} from './types.ts'

const OF_BATCHES = eventMask([
  'batchClosed',
  'batchSealed',
  'batchAttested',
  'voidAttested',
  'batchSettled',
  'batchReverted'
])

export type SettlementOptions = {
  /** How often a settler looks at the chain. */
  pollMs: number
  /** How long a settler has before the next one tries as well. */
  turnMs: number
  gasWarnWei: bigint
  /** Pays out settled withdrawals of the accounts in `vaults`. */
  claim: boolean
}

export const settlementDefaults = { turnMs: 30_000, claim: true }

export type SettlementDependencies = {
  node: SettlementNode
  keccak: Hash
  recover: Recover
  clock: Clock
  log: NetworkLog
  /** Keys for accounts that are linked to this daemon's lane; asked anew for each batch. */
  cosigners: () => readonly Cosigner[]
  /** The key by which the manifest knows this validator; null for another daemon. */
  validator: AccountSigner | null
  /** Null for a daemon that does not submit. */
  settler: { provider: JsonRpcProvider; sender: TransactionSender } | null
  /** What the chain's follower finds; null without an RPC. */
  chain: Pick<ChainFollower, 'onseen' | 'onadvance'> | null
  /** What the daemon's accounts have spent on transactions. */
  spent: () => Spent
  /** Accounts of this daemon that can send transactions. */
  vaults: () => readonly VaultAccount[]
}

export class Settlement {
  readonly #dependencies: SettlementDependencies
  readonly #progress: Progress
  readonly #sealer: Sealer
  readonly #attestations: Attestations
  readonly #cosigning: Cosigning
  readonly #attesting: Attesting | null
  readonly #submitter: Submitter | null
  readonly #claims: Claims | null
  /** There may be something to co-sign or attest: looked at after each block until it is done. */
  #isDue = true
  #next: NextBatch | null = null
  readonly #turnMs: number
  #isOpen = false
  #problem: string | null = null
  #looking: Promise<void> | null = null

  constructor(options: SettlementOptions, dependencies: SettlementDependencies) {
    const { node, keccak, recover, clock, log, cosigners, validator, settler } = dependencies
    const { validators, settlement } = node.manifest
    this.#dependencies = dependencies
    this.#turnMs = options.turnMs
    this.#progress = new Progress(clock)
    this.#progress.onchange(() => this.#reckon())
    this.#sealer = new Sealer(node, keccak)
    this.#attestations = new Attestations(node, recover, quorumOf(validators.length).quorum)
    this.#cosigning = new Cosigning(node, cosigners, log)
    this.#attesting = validator && new Attesting(node, validator, this.#sealer, log)
    const place = validators.findIndex(({ signer }) => signer === settler?.sender.address)
    const { pollMs, turnMs, gasWarnWei } = options
    this.#submitter =
      settler &&
      new Submitter(
        {
          pollMs,
          turnMs,
          gasWarnWei,
          validators: validators.length,
          self: place < 0 ? null : place,
          settlerWindowSeconds: settlement.settlerWindowSeconds
        },
        {
          ...settler,
          node,
          clock,
          log,
          sealer: this.#sealer,
          attestations: this.#attestations,
          progress: this.#progress
        }
      )
    this.#claims = options.claim ? new Claims(dependencies.vaults, log) : null
  }

  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    const { node, chain } = this.#dependencies
    node.onapplied((applied) => this.#applied(applied))
    chain?.onseen((seen) => this.#seen(seen))
    chain?.onadvance(() => this.#submitter?.reached())
    for (const { index, state } of node.engine.batches()) {
      this.#progress.set(index, state === 'sealed' || state === 'attested' ? state : 'matched')
    }
    this.#reckon()
    this.#submitter?.open()
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await this.#submitter?.close()
    await this.#looking
    await this.#claims?.close()
  }

  /** Each change of a batch's state, as this daemon learns of it. */
  onprogress(listener: (status: BatchStatus) => void): void {
    this.#progress.onchange(listener)
  }

  /** Of a batch that is not settled, or was among the last; null for another. */
  progressOf(batch: number): BatchStatus | null {
    return this.#progress.get(batch)
  }

  status(): SettlementStatus {
    const gas = this.#submitter?.gas ?? { wei: null, low: false }
    const problems = [this.#problem, this.#submitter?.problem ?? null]
    return {
      batches: this.#progress.list(),
      settles: this.#submitter !== null,
      turn: this.#turn(),
      gasWei: gas.wei === null ? null : String(gas.wei),
      spent: this.#dependencies.spent(),
      gasLow: gas.low,
      problems: problems.filter((problem) => problem !== null)
    }
  }

  #turn(): SettlementTurn | null {
    if (this.#next === null) return null
    const { node, clock } = this.#dependencies
    const { validators } = node.manifest
    // A settler goes by what it found on the chain itself.
    const own = this.#submitter?.next
    const next = own?.index === this.#next.index ? own : this.#next
    const options = { validators: validators.length, turnMs: this.#turnMs }
    const { validator, until } = turnNow(options, next, clock.now())
    return { batch: next.index, settler: validators[validator].signer, until }
  }

  /** The first batch that the chain has not got, if it could go there. */
  #reckon(): void {
    const { node, clock } = this.#dependencies
    const first = node.engine
      .batches()
      .find(({ index }) => this.#progress.get(index)?.state !== 'mined')
    if (first === undefined || !isReady(first)) this.#next = null
    else if (this.#next?.index !== first.index) {
      this.#next = { index: first.index, readyAt: clock.now() }
    }
  }

  /** Votes to void a batch that cannot settle; at a quorum of such votes a settler carries it out.
   * Everything from it on is undone: for an operator's hand only.
   * @throws SettlementFault not_settler, batch_unknown, batch_not_voidable; DaemonFault, LaneFault */
  voidBatch(index: number): void {
    if (this.#attesting !== null) return this.#attesting.void(index)
    throw new SettlementFault('not_settler', 'only a validator can vote to void a batch')
  }

  // The tape

  #applied(applied: Applied): void {
    if (!this.#isOpen) return
    this.#attestations.applied(applied)
    for (const [, event] of eventsOf(applied.result.events, OF_BATCHES)) {
      this.#note(event)
      this.#reckon()
    }
    if (this.#isDue && this.#looking === null && this.#dependencies.node.synced) {
      this.#isDue = false
      this.#looking = this.#look().finally(() => {
        this.#looking = null
      })
    }
  }

  #note(event: Event): void {
    switch (event.kind) {
      case 'batchClosed':
        this.#isDue = true
        return this.#progress.set(event.batch, 'matched')
      case 'batchSealed':
        this.#isDue = true
        return this.#progress.set(event.batch, 'sealed')
      case 'batchAttested':
        this.#isDue = true
        this.#submitter?.wake()
        return this.#progress.set(event.batch, 'attested')
      case 'voidAttested':
        return this.#submitter?.wake()
      case 'batchSettled':
        this.#done(event.batch)
        this.#claims?.look()
        return this.#progress.set(event.batch, 'final')
      case 'batchReverted':
        this.#done(event.batch)
        this.#dependencies.log.error(
          { batch: event.batch },
          'a batch was voided: its trades are undone'
        )
        return this.#progress.set(event.batch, 'reverted')
    }
  }

  #done(index: number): void {
    this.#isDue = true
    this.#sealer.forget(index)
    this.#attestations.forget(index)
  }

  async #look(): Promise<void> {
    try {
      this.#cosigning.look()
      await this.#attesting?.look()
      this.#problem = null
    } catch (fault) {
      // The lane takes nothing now, or a block is not here yet: after the next block again.
      this.#isDue = true
      const problem = fault instanceof Error ? fault.message : String(fault)
      if (problem === this.#problem) return
      this.#problem = problem
      this.#dependencies.log.warn({ problem }, 'a batch waits for this daemon')
    }
  }

  // The chain

  #seen(seen: Seen): void {
    if (seen.kind !== 'settled') return
    const { index, transaction } = seen
    const isUnsettled = this.#dependencies.node.engine.batch(index) !== null
    // One of long ago has nobody who waits for it.
    if (isUnsettled || this.#progress.get(index) !== null) {
      this.#progress.set(index, 'mined', { transaction })
    }
  }
}
