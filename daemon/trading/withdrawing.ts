// Withdrawals by clientRequestId. The name is journaled before the entry goes into the lane, in the
// same journal, so a daemon that is killed between the two knows both or neither. What was named and
// never came into the lane is sent again under its own nonce: the engine takes a nonce once, so even
// two copies of it are one withdrawal.
import type { Reason } from '../../matching/index.ts'
import type { Address } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { Outcome } from '../outcomes.ts'
import type { Desk } from './desk.ts'
import { type HostedAccount, signerOf } from './hosted-account.ts'
import type { RequestName } from './requests.ts'
import { TradingFault } from './trading-fault.ts'
import type { Sent, TradingNode } from './types.ts'

/** What a name stands for. */
export type ClientWithdrawal = {
  account: Address
  clientRequestId: string
  body: string
  token: number
  quanta: number
  nonce: number
  /** Whole seconds. */
  expiry: number
}

/** `unknown`: the daemon has not seen the blocks in which it may have been taken. */
export type WithdrawalEnd = {
  state: 'accepted' | 'rejected' | 'unknown'
  reason: Reason | null
}

export type ClientWithdrawals = {
  find(account: Address, id: string): Promise<ClientWithdrawal | null>
  /** What the tape says of it; null as long as it says nothing. */
  endOf(withdrawal: ClientWithdrawal): Promise<WithdrawalEnd | null>
  /** Called at its end, at once if it has come, until the returned function is called. */
  onend(withdrawal: ClientWithdrawal, listener: () => void): () => void
  keep(withdrawal: ClientWithdrawal): void
  /** The engine's word to who sent it; without it the name stands for nothing. */
  reject(withdrawal: ClientWithdrawal, reason: Reason): void
}

export type WithdrawingDependencies = {
  desk: Desk
  node: TradingNode
  clock: Clock
  withdrawals: ClientWithdrawals
}

export type WithdrawTerms = { token: number; quanta: number; wait: boolean }

/** `end` null: nobody waited for it. */
export type Withdrawn = { nonce: number; end: WithdrawalEnd | null }

const ACCEPTED: WithdrawalEnd = { state: 'accepted', reason: null }

export class Withdrawing {
  readonly #outcomeMs: number
  readonly #dependencies: WithdrawingDependencies
  /** Sent by this process, and not answered. */
  readonly #under = new Map<string, Sent<number>>()

  /** `outcomeMs`: how long a call waits for the engine's word. */
  constructor({ outcomeMs }: { outcomeMs: number }, dependencies: WithdrawingDependencies) {
    this.#outcomeMs = outcomeMs
    this.#dependencies = dependencies
  }

  /** Sends a withdrawal, unless its name has sent one before. One call of a name at a time.
   * @throws TradingFault account_locked, outcome_unknown; DaemonFault, LaneFault */
  async withdraw(
    account: HostedAccount,
    terms: WithdrawTerms,
    name: RequestName | undefined
  ): Promise<Withdrawn> {
    const { withdrawals } = this.#dependencies
    if (name === undefined) return this.#unnamed(account, terms)
    const { address } = account
    const known = await withdrawals.find(address, name.id)
    if (known === null) return this.#send(account, terms, name, null)
    const end = await withdrawals.endOf(known)
    if (end !== null && end.reason !== 'settlement_lagging') return { nonce: known.nonce, end }
    // Refused for a state of the venue that passes: nothing has moved, and the same call may succeed.
    if (end !== null) return this.#send(account, terms, name, null)
    const under = this.#under.get(keyOf(known))
    if (under !== undefined) return this.#answer(known, under, terms)
    if (this.#waits(known)) return this.#answer(known, null, terms)
    return this.#send(account, terms, name, this.#isOver(known) ? null : known)
  }

  async #unnamed(account: HostedAccount, { token, quanta, wait }: WithdrawTerms) {
    const sent = this.#dependencies.desk.withdraw(account, { token, quanta })
    const { value: nonce, journaled, outcome } = sent
    if (wait) return { nonce, end: endOf(await outcome) }
    await journaled
    return { nonce, end: null }
  }

  /** `again` is the one of the name that was not heard of since. */
  async #send(
    account: HostedAccount,
    terms: WithdrawTerms,
    { id, body }: RequestName,
    again: ClientWithdrawal | null
  ): Promise<Withdrawn> {
    const { desk, withdrawals } = this.#dependencies
    const { token, quanta } = terms
    // What cannot be sent need not be kept.
    signerOf(account)
    const { nonce, expiry } = again ?? desk.linkTerms(account)
    const signed = { account: account.address, token, quanta, nonce, expiry }
    const named = { ...signed, clientRequestId: id, body }
    if (again === null) withdrawals.keep(named)
    const sent = desk.withdraw(account, { token, quanta, again: { nonce, expiry } })
    const key = keyOf(named)
    this.#under.set(key, sent)
    sent.outcome.then(
      ({ rejected }) => {
        this.#under.delete(key)
        if (rejected !== null) withdrawals.reject(named, rejected)
      },
      () => this.#under.delete(key)
    )
    return this.#answer(named, sent, terms)
  }

  async #answer(
    named: ClientWithdrawal,
    sent: Sent<number> | null,
    { wait }: WithdrawTerms
  ): Promise<Withdrawn> {
    const { nonce } = named
    if (!wait) {
      await sent?.journaled
      return { nonce, end: null }
    }
    if (sent === null) return { nonce, end: await this.#ended(named) }
    const outcome = await sent.outcome
    // Of two copies the second is refused, but the first was taken.
    return { nonce, end: (await this.#dependencies.withdrawals.endOf(named)) ?? endOf(outcome) }
  }

  /** What becomes of one that waits in the lane since before a restart. */
  async #ended(named: ClientWithdrawal): Promise<WithdrawalEnd> {
    const { clock, withdrawals } = this.#dependencies
    const ended = await new Promise<boolean>((resolve) => {
      const cancel = clock.after(this.#outcomeMs, () => {
        forget()
        resolve(false)
      })
      const forget = withdrawals.onend(named, () => {
        cancel()
        resolve(true)
      })
    })
    const end = ended ? await withdrawals.endOf(named) : null
    if (end !== null) return end
    throw new TradingFault('outcome_unknown')
  }

  #waits({ account, nonce }: ClientWithdrawal): boolean {
    return this.#dependencies.node
      .waitingEntries()
      .some(
        (entry) => entry.kind === 'withdraw' && entry.account === account && entry.nonce === nonce
      )
  }

  /** The engine will never take what was signed then: something else has used the nonce since, or
   * its time has passed. */
  #isOver({ account, nonce, expiry }: ClientWithdrawal): boolean {
    const { engine } = this.#dependencies.node
    return nonce <= (engine.account(account)?.lastNonce ?? 0) || engine.time >= expiry * 1000
  }
}

function keyOf({ account, nonce }: ClientWithdrawal): string {
  return `${account}/${nonce}`
}

function endOf({ rejected }: Outcome): WithdrawalEnd {
  return rejected === null ? ACCEPTED : { state: 'rejected', reason: rejected }
}
