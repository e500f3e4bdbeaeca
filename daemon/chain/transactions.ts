// Sends an account's transactions: one nonce after the other, each signed attempt in the journal
// before it leaves, sent again until it is mined deep enough, for a higher fee when it waits too
// long. After a crash the journal says what may be out there; after a reorg it is sent again. The
// same nonce never carries two intents, except a cancel of its own.
import type { JsonRpcProvider, TransactionReceipt, Wallet } from 'ethers'
import type { Address } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { Journal } from '../journal/types.ts'
import type { NetworkLog } from '../network/types.ts'
import { ChainFault } from './chain-fault.ts'
import { ethersCode, sendFault } from './ethers-errors.ts'
import { currentFees, estimateGas, replacementFees } from './gas.ts'
import { NamedResults } from './named-results.ts'
import { newPending, type Pending, type Sent, sentOf } from './pending.ts'
import {
  type Attempt,
  attemptOf,
  attemptRecord,
  doneRecord,
  type Mined,
  type NamedResult,
  readRecord,
  type RequestName
} from './transaction-record.ts'

export type { Sent } from './pending.ts'
export type { RequestName } from './transaction-record.ts'

export type TransactionOptions = {
  chainId: number
  /** Blocks on top of a transaction's own before it is forgotten. */
  confirmations: number
  pollMs: number
  /** An attempt that waits longer is replaced by one that pays more. */
  bumpMs: number
  /** Most that is paid for a unit of gas, wei. */
  feeMaxWei: bigint
}

export const transactionDefaults = { bumpMs: 45_000, feeMaxWei: 2_000_000_000_000n }

export type TransactionDependencies = {
  provider: JsonRpcProvider
  wallet: Wallet
  /** A journal of its own, which the sender opens and closes. */
  journal: Journal
  clock: Clock
  log: NetworkLog
}

export type Request = {
  /** What it is for: at most 128 ASCII characters, found again after a restart. */
  label: string
  /** The client's own: found again for good, see `named`. */
  name?: RequestName | undefined
  to: Address
  /** 0x-hex. */
  data: string
  value?: bigint
  gasLimit?: bigint
}

/** Gas units, and what was paid for them. */
export type Spent = { gas: bigint; wei: bigint }

const JOURNAL_BYTES = 4 * 1024 * 1024
const BACKOFF_MAX_MS = 30_000
const SEND_AGAIN_MS = 10_000

export class TransactionSender {
  readonly #options: TransactionOptions
  readonly #dependencies: TransactionDependencies
  readonly #pending = new Map<number, Pending>()
  readonly #results = new NamedResults()
  readonly address: Address
  #spent: Spent = { gas: 0n, wei: 0n }
  #queue: Promise<unknown> = Promise.resolve()
  #cancel: (() => void) | null = null
  #polling: Promise<void> | null = null
  #opening: Promise<void> | null = null
  #isOpen = false
  #failures = 0

  constructor(options: TransactionOptions, dependencies: TransactionDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.address = dependencies.wallet.address.toLowerCase()
  }

  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    await this.#dependencies.journal.open((kind, payload) => {
      const record = readRecord({ kind, payload })
      if ('done' in record) {
        this.#pending.delete(record.done)
        this.#results.add(record)
      } else this.#restore(record)
    })
    this.#isOpen = true
    this.#poll()
  }

  #restore(attempt: Attempt): void {
    const pending = this.#pending.get(attempt.nonce) ?? this.#note(attempt)
    const isKnown = pending.attempts.some(({ hash }) => hash === attempt.hash)
    if (!isKnown) pending.attempts.push(attempt)
    // Whether it ever left is not known: it is sent (again) at once.
    pending.sentAt = 0
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#cancel?.()
    await Promise.allSettled([this.#opening, this.#polling, this.#queue])
    for (const pending of this.#pending.values()) {
      pending.reject(new ChainFault('transactions_closed', 'the daemon closes; it goes on later'))
    }
    await this.#dependencies.journal.close()
  }

  /** What is under way with this label, also from before a restart. */
  find(label: string): Sent | null {
    for (const pending of this.#pending.values()) {
      if (pending.label === label) return sentOf(pending)
    }
    return null
  }

  /** What the client named so, under way or done; null when it never was, or came to nothing. */
  named(id: string): { name: RequestName; mined: Promise<Mined> } | null {
    for (const { name, mined } of this.#pending.values()) {
      if (name?.id === id) return { name, mined }
    }
    const done = this.#results.find(id)
    return done && { name: done.name, mined: Promise.resolve(done.mined) }
  }

  /** On transactions that were mined deep enough since the start, failed ones too. */
  get spent(): Spent {
    return this.#spent
  }

  get pending(): Sent[] {
    return [...this.#pending.values()].map(sentOf)
  }

  /** The same with what they call, and whether the chain has them. */
  get calls(): { data: string; hash: string; isMined: boolean; notedAt: number }[] {
    return [...this.#pending.values()].map(({ attempts, minedIn, bumpedAt }) => {
      const { data, hash } = attempts[attempts.length - 1]
      return { data, hash, isMined: minedIn !== null, notedAt: bumpedAt }
    })
  }

  /** Signs, journals and sends. Resolves once it is in the journal: from then on it will be sent
   * until it is mined.
   * @throws ChainFault transaction_refused, transaction_unpayable, chain_unreachable,
   * transactions_closed */
  send(request: Request): Promise<Sent> {
    return this.#serially(() => this.#send(request))
  }

  /** Takes back what is not mined yet, by an empty transaction of its nonce. */
  cancel(label: string): Promise<void> {
    return this.#serially(async () => {
      for (const pending of this.#pending.values()) {
        if (pending.label !== label || pending.minedIn !== null) continue
        if (pending.attempts.some((attempt) => this.#isCancel(attempt))) continue
        // It may be mined since the last look.
        if ((await this.#receiptOf(pending)) !== null) continue
        const last = pending.attempts[pending.attempts.length - 1]
        const empty = { to: this.address, data: '0x', value: 0n, gasLimit: 21_000n }
        await this.#attempt(pending, { ...last, ...empty })
      }
    })
  }

  #serially<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      if (this.#isOpen) return task()
      throw new ChainFault('transactions_closed', 'no transaction is taken')
    })
    this.#queue = run.catch(() => {})
    return run
  }

  async #send(request: Request): Promise<Sent> {
    const { provider } = this.#dependencies
    try {
      const { to, data, value = 0n } = request
      const from = this.address
      const [count, balance, fees, gasLimit] = await Promise.all([
        provider.getTransactionCount(from, 'pending'),
        provider.getBalance(from),
        currentFees(provider, this.#options.feeMaxWei),
        request.gasLimit ?? estimateGas(provider, { from, to, data, value })
      ])
      const cost = gasLimit * fees.maxFee + value
      if (balance < cost) {
        throw new ChainFault(
          'transaction_unpayable',
          `${from} has ${balance} wei and needs ${cost}`,
          { account: from }
        )
      }
      const nonce = Math.max(count, ...[...this.#pending.keys()].map((taken) => taken + 1))
      const { label, name = null } = request
      const terms = { nonce, label, name, to, data, value, gasLimit, ...fees }
      const attempt = await this.#sign(terms)
      await this.#dependencies.journal.append(...recordOf(attempt))
      const pending = this.#note(attempt)
      pending.attempts.push(attempt)
      await this.#broadcast(pending)
      this.#poll()
      return sentOf(pending)
    } catch (cause) {
      throw sendFault(cause)
    }
  }

  #note(attempt: Attempt): Pending {
    const pending = newPending(attempt, this.#dependencies.clock.now())
    this.#pending.set(attempt.nonce, pending)
    return pending
  }

  async #sign(terms: Omit<Attempt, 'hash' | 'raw'>): Promise<Attempt> {
    const { nonce, to, data, value, gasLimit, maxFee, priorityFee } = terms
    const raw = await this.#dependencies.wallet.signTransaction({
      type: 2,
      chainId: this.#options.chainId,
      nonce,
      to,
      data,
      value,
      gasLimit,
      maxFeePerGas: maxFee,
      maxPriorityFeePerGas: priorityFee
    })
    return attemptOf(terms, raw)
  }

  /** Another attempt of the same nonce, for at least so much more that nodes take it. */
  async #attempt(pending: Pending, terms: Attempt): Promise<void> {
    const { provider, clock, log } = this.#dependencies
    const { feeMaxWei } = this.#options
    const last = pending.attempts[pending.attempts.length - 1]
    const fees = replacementFees(last, await currentFees(provider, feeMaxWei))
    pending.bumpedAt = clock.now()
    if (fees.maxFee > feeMaxWei) {
      log.warn({ label: pending.label }, 'gas costs more than may be paid')
      return
    }
    const attempt = await this.#sign({ ...terms, ...fees })
    await this.#dependencies.journal.append(...recordOf(attempt))
    pending.attempts.push(attempt)
    await this.#broadcast(pending)
  }

  async #broadcast(pending: Pending): Promise<void> {
    const { provider, clock, log } = this.#dependencies
    pending.sentAt = clock.now()
    const { raw, hash } = pending.attempts[pending.attempts.length - 1]
    try {
      await provider.send('eth_sendRawTransaction', [raw])
    } catch (fault) {
      // It is journaled, and sent again: known already, or mined, or the node is down.
      log.debug({ hash, code: ethersCode(fault) }, 'a transaction was not taken')
    }
  }

  // Watching

  #poll(): void {
    if (!this.#isOpen || this.#polling !== null) return
    this.#cancel?.()
    this.#polling = this.#serially(() => this.#watch())
      .then(
        () => {
          this.#failures = 0
        },
        (fault: unknown) => {
          this.#failures++
          this.#dependencies.log.debug({ code: ethersCode(fault) }, 'transactions: no answer')
        }
      )
      .finally(() => {
        this.#polling = null
        if (!this.#isOpen || this.#pending.size === 0) return
        const wait = this.#options.pollMs * 2 ** Math.min(this.#failures, 10)
        const { clock } = this.#dependencies
        this.#cancel = clock.after(Math.min(BACKOFF_MAX_MS, wait), () => this.#poll())
      })
  }

  async #watch(): Promise<void> {
    if (this.#pending.size === 0) return
    const { provider, journal } = this.#dependencies
    const { confirmations } = this.#options
    const latest = await provider.getBlockNumber()
    const deep = Math.max(0, latest - confirmations)
    for (const pending of [...this.#pending.values()].sort((a, b) => a.nonce - b.nonce)) {
      const receipt = await this.#receiptOf(pending)
      if (receipt !== null) await this.#mined(pending, receipt, deep)
      else await this.#missing(pending, deep)
    }
    if (journal.byteLength < JOURNAL_BYTES) return
    const attempts = [...this.#pending.values()].flatMap((pending) => pending.attempts)
    await journal.rotate([...this.#results.records(), ...attempts.map(attemptRecord)])
  }

  async #receiptOf({ attempts }: Pending): Promise<TransactionReceipt | null> {
    const { provider } = this.#dependencies
    const found = await Promise.all(
      attempts.map(({ hash }) => provider.getTransactionReceipt(hash))
    )
    return found.find((receipt) => receipt !== null) ?? null
  }

  async #mined(pending: Pending, receipt: TransactionReceipt, deep: number): Promise<void> {
    pending.minedIn = receipt.blockHash
    const attempt = pending.attempts.find(({ hash }) => hash === receipt.hash)
    const isCancel = attempt !== undefined && this.#isCancel(attempt)
    const outcome = isCancel ? 'cancelled' : receipt.status === 1 ? 'succeeded' : 'reverted'
    const { hash, blockNumber: block, gasUsed, fee } = receipt
    const mined = { hash, block, outcome, gas: Number(gasUsed) } as const
    pending.resolve(mined)
    if (block > deep) return
    this.#spent = { gas: this.#spent.gas + gasUsed, wei: this.#spent.wei + fee }
    const { name } = pending
    await this.#done(pending, name && { name, mined })
  }

  async #missing(pending: Pending, deep: number): Promise<void> {
    const { provider, clock, log } = this.#dependencies
    const used = await provider.getTransactionCount(this.address, deep)
    if (used > pending.nonce) {
      const fault = new ChainFault(
        'transaction_superseded',
        `nonce ${pending.nonce} of ${this.address} was used by another transaction`,
        { label: pending.label }
      )
      log.error({ label: pending.label, nonce: pending.nonce }, fault.message)
      pending.reject(fault)
      return this.#done(pending, null)
    }
    const now = clock.now()
    const isUndone = pending.minedIn !== null
    if (isUndone) log.warn({ label: pending.label }, 'a reorg took a transaction back')
    pending.minedIn = null
    const last = pending.attempts[pending.attempts.length - 1]
    if (!isUndone && now - pending.bumpedAt >= this.#options.bumpMs) {
      await this.#attempt(pending, last)
    } else if (isUndone || now - pending.sentAt >= SEND_AGAIN_MS) {
      await this.#broadcast(pending)
    }
  }

  async #done({ nonce }: Pending, named: NamedResult | null): Promise<void> {
    const done = { done: nonce, named }
    const { kind, payload } = doneRecord(done)
    await this.#dependencies.journal.append(kind, payload)
    this.#results.add(done)
    this.#pending.delete(nonce)
  }

  #isCancel({ to, data }: Attempt): boolean {
    return to === this.address && data === '0x'
  }
}

function recordOf(attempt: Attempt): [number, Uint8Array] {
  const { kind, payload } = attemptRecord(attempt)
  return [kind, payload]
}
