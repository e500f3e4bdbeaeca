// Brings attested batches, and voids, to the chain when it is this settler's turn: asks the vault what comes
// next, tries the call without sending it, sends it, and looks again until the tape has the event.
// The vault's index makes it idempotent: a batch settles once, whoever sends it how often.
import type { JsonRpcProvider } from 'ethers'
import type { BatchView } from '../../matching/index.ts'
import { ChainFault } from '../chain/chain-fault.ts'
import { ethersCode, sendFault } from '../chain/ethers-errors.ts'
import type { Sent, TransactionSender } from '../chain/transactions.ts'
import type { Clock } from '../clock.ts'
import type { NetworkLog } from '../network/types.ts'
import { type Attestations, voidLinkOf } from './attestations.ts'
import type { Progress } from './progress.ts'
import type { Sealer } from './sealer.ts'
import { SettlementFault } from './settlement-fault.ts'
import { type NextBatch, type TurnOptions, turnAt } from './turns.ts'
import type { SettlementNode } from './types.ts'
import { lastBatch, settleData, voidData } from './vault-batches.ts'

export type SubmitterOptions = TurnOptions & {
  pollMs: number
  /** Below this balance the settler warns, wei. */
  gasWarnWei: bigint
}

export type SubmitterDependencies = {
  node: SettlementNode
  provider: JsonRpcProvider
  sender: TransactionSender
  sealer: Sealer
  attestations: Attestations
  progress: Progress
  clock: Clock
  log: NetworkLog
}

const BACKOFF_MAX_MS = 60_000
const BALANCE_MS = 30_000

export class Submitter {
  readonly #options: SubmitterOptions
  readonly #dependencies: SubmitterDependencies
  #next: NextBatch = { index: 0, readyAt: 0 }
  #problem: { code: string; words: string } | null = null
  #failures = 0
  #tryAt = 0
  #gasWei: bigint | null = null
  #gasAt = -Infinity
  #isLow = false
  /** The balance with which it was tried last, after one that was not enough. */
  #triedWei: bigint | null = null
  #cancel: (() => void) | null = null
  #running: Promise<void> | null = null
  #isOpen = false
  /** Something came while it was looking. */
  #isWoken = false

  constructor(options: SubmitterOptions, dependencies: SubmitterDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#look()
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#cancel?.()
    await this.#running
  }

  /** The tape has something new to do, a batch or a void: it is tried now, not at the next poll,
   * whatever the last one met with. */
  wake(): void {
    this.#isWoken = true
    if (this.#running !== null) return
    this.#cancel?.()
    this.#look()
  }

  /** The chain has a new block: whoever could not reach it need not wait any longer. */
  reached(): void {
    if (this.#problem?.code === 'chain_unreachable') this.wake()
  }

  /** Why the next batch is not settled by this daemon; null when nothing is wrong. */
  get problem(): string | null {
    return this.#problem?.words ?? null
  }

  /** By which it settles when it is its turn; index 0 before it has seen any. */
  get next(): NextBatch {
    return this.#next
  }

  get gas(): { wei: bigint | null; low: boolean } {
    return { wei: this.#gasWei, low: this.#isLow }
  }

  #look(): void {
    if (!this.#isOpen || this.#running !== null) return
    const { clock, log } = this.#dependencies
    if (this.#isWoken) {
      this.#tryAt = 0
      this.#failures = 0
    }
    this.#isWoken = false
    this.#running = this.#round()
      .catch((cause: unknown) => {
        const fault = cause instanceof SettlementFault ? cause : sendFault(cause)
        this.#fail(fault.code, `${fault.code}: ${fault.message}`)
      })
      .catch((fault: unknown) => log.error({ fault: String(fault) }, 'settling failed'))
      .finally(() => {
        this.#running = null
        if (!this.#isOpen) return
        this.#cancel = clock.after(this.#isWoken ? 0 : this.#options.pollMs, () => this.#look())
      })
  }

  async #round(): Promise<void> {
    const { node, clock } = this.#dependencies
    const now = clock.now()
    await this.#watchGas(now)
    const waiting = node.engine.batches().filter((batch) => isReady(batch))
    const isDown = this.#problem?.code === 'chain_unreachable'
    if ((waiting.length === 0 && !isDown) || now < this.#tryAt || !node.synced) return
    const last = await lastBatch(this.#dependencies.provider, this.#vault)
    if (isDown) this.#clear()
    for (const batch of waiting) this.#follow(batch, last)
    const next = waiting.find(({ index }) => index === last + 1)
    if (next === undefined) return
    if (this.#next.index !== next.index) {
      this.#next = { index: next.index, readyAt: now }
      this.#clear()
    }
    const turn = turnAt(this.#options, next.index, this.#next.readyAt, next.sealedAt)
    if (now >= turn) await this.#submit(next)
  }

  get #vault(): string {
    return this.#dependencies.node.manifest.chain?.vault ?? ''
  }

  /** A batch that somebody brought to the chain, or that a reorg took from it. */
  #follow(batch: BatchView, last: number): void {
    const { index, state } = batch
    const { progress, sender } = this.#dependencies
    const ours = this.#sent(batch)
    if (index <= last) {
      progress.set(index, 'mined')
      if (ours !== null) void sender.cancel(ours.label).catch(() => {})
      return
    }
    if (progress.get(index)?.state === 'mined') {
      progress.set(index, ours !== null ? 'submitted' : state === 'sealed' ? state : 'attested')
    }
  }

  #sent(batch: BatchView): Sent | null {
    const { sender } = this.#dependencies
    return sender.find(labelOf('settle', batch)) ?? sender.find(labelOf('void', batch))
  }

  async #submit(batch: BatchView): Promise<void> {
    const { index, parent } = batch
    const { progress, sender, node } = this.#dependencies
    const under = this.#sent(batch)
    if (under !== null) {
      if (batch.voidDecided && under.label.startsWith('settle')) await sender.cancel(under.label)
      return progress.set(index, 'submitted', { transaction: under.hash })
    }
    const call = await this.#call(batch)
    if (call === null) {
      this.#fail('attestations', `batch ${index}: its attestations are not on the tape held here`)
      return
    }
    const to = this.#vault
    if (!(await this.#simulate(call.data, index))) return
    const sent = await sender.send({ label: labelOf(call.kind, batch), to, data: call.data })
    this.#dependencies.log.info(
      {
        batch: index,
        transaction: sent.hash,
        bytes: (call.data.length - 2) / 2,
        venue: node.manifest.name
      },
      `a batch is on its way to the vault (${call.kind})`
    )
    this.#clear()
    progress.set(index, 'submitted', { transaction: sent.hash })
    this.#watch(index, parent, sent)
  }

  /** Void only when a quorum has said so; what the batch holds does not matter then, and this
   * daemon may well be of another mind about it. Null when the signatures are not to be found. */
  async #call(batch: BatchView): Promise<{ kind: 'settle' | 'void'; data: string } | null> {
    const { attestations, sealer, node } = this.#dependencies
    const { index, sealedAt, voidDecided } = batch
    if (voidDecided) {
      const voids = await attestations.quorumOf(index, voidLinkOf(node, batch), sealedAt)
      return voids && { kind: 'void', data: voidData(batch, voids) }
    }
    const sealed = await sealer.seal(batch)
    const attested = await attestations.quorumOf(index, sealed.link, sealedAt)
    return attested && { kind: 'settle', data: settleData(sealed, attested) }
  }

  /** False when somebody was faster meanwhile.
   * @throws ChainFault transaction_refused */
  async #simulate(data: string, index: number): Promise<boolean> {
    const { provider, sender } = this.#dependencies
    try {
      await provider.call({ from: sender.address, to: this.#vault, data })
      return true
    } catch (cause) {
      const fault = sendFault(cause)
      if (fault.code !== 'transaction_refused') throw fault
      if ((await lastBatch(provider, this.#vault)) >= index) return false
      throw new ChainFault(fault.code, `batch ${index}: ${fault.message}`, { batch: index }, cause)
    }
  }

  #watch(index: number, parent: string | null, sent: Sent): void {
    const { progress, log, node } = this.#dependencies
    sent.mined.then(
      ({ hash, outcome, gas }) => {
        const isSame = node.engine.batch(index)?.parent === parent
        if (outcome === 'succeeded' && isSame)
          progress.set(index, 'mined', { transaction: hash, gas })
        else if (outcome === 'reverted') {
          log.warn({ batch: index, transaction: hash }, 'another settler was faster, or it failed')
        }
      },
      (fault: unknown) => log.debug({ batch: index, code: ethersCode(fault) }, 'not settled here')
    )
  }

  /** Every so often; each time while it is the purse that keeps a batch from the chain. */
  async #watchGas(now: number): Promise<void> {
    const isEmpty = this.#problem?.code === 'transaction_unpayable'
    if (!isEmpty && now - this.#gasAt < BALANCE_MS) return
    const { provider, sender, log } = this.#dependencies
    this.#gasWei = await provider.getBalance(sender.address)
    this.#gasAt = now
    if (isEmpty && this.#gasWei !== this.#triedWei) {
      this.#triedWei = this.#gasWei
      this.#tryAt = 0
    }
    const isLow = this.#gasWei < this.#options.gasWarnWei
    if (isLow && !this.#isLow) {
      const wei = String(this.#gasWei)
      log.warn({ account: sender.address, wei }, "the settler's gas money runs low: send it some")
    }
    this.#isLow = isLow
  }

  /** Says what is wrong once, and waits longer each time. Others take their turns meanwhile. */
  #fail(code: string, words: string): void {
    const { clock, log } = this.#dependencies
    if (this.#problem?.words !== words) log.error({ code }, `settling: ${words}`)
    this.#problem = { code, words }
    const wait = this.#options.pollMs * 2 ** Math.min(this.#failures++, 10)
    this.#tryAt = clock.now() + Math.min(BACKOFF_MAX_MS, wait)
  }

  #clear(): void {
    this.#problem = null
    this.#triedWei = null
    this.#failures = 0
    this.#tryAt = 0
  }
}

/** A quorum has said what is to come of the batch. One that was never attested can be voided. */
export function isReady({ state, voidDecided }: BatchView): boolean {
  return state === 'attested' || voidDecided
}

/** After a void a number can come again, upon another parent. */
function labelOf(kind: 'settle' | 'void', { index, parent }: BatchView): string {
  return `${kind} ${index} on ${parent}`
}
