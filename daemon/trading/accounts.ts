// The accounts that this daemon trades for.
import type { Engine } from '../../matching/index.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { Address } from '../../protocol/types.ts'
import { HostedAccount } from './hosted-account.ts'
import { TradingFault } from './trading-fault.ts'
import type { AccountSigner, TradingNode } from './types.ts'

export class Accounts {
  readonly #slotsMax: number
  readonly #accounts = new Map<Address, HostedAccount>()

  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax
  }

  /** The account, hosted from now on; a signer unlocks it. */
  host(address: Address, signer: AccountSigner | null): HostedAccount {
    const known = this.#accounts.get(address)
    if (known !== undefined) {
      known.signer ??= signer
      return known
    }
    const account = new HostedAccount(address, signer, this.#slotsMax)
    this.#accounts.set(address, account)
    return account
  }

  all(): HostedAccount[] {
    return [...this.#accounts.values()]
  }

  find(address: Address): HostedAccount | null {
    return this.#accounts.get(address) ?? null
  }

  /** The account that is meant: the named one, or the only one.
   * @throws TradingFault unknown_account */
  meant(address: string | undefined): HostedAccount {
    if (address === undefined) {
      const [only] = this.#accounts.values()
      if (this.#accounts.size === 1) return only
      const words =
        this.#accounts.size === 0 ? 'hosts no account' : 'hosts several accounts: name one'
      throw new TradingFault('unknown_account', `the daemon ${words}`, 'account')
    }
    const account = this.find(address.toLowerCase())
    if (account !== null) return account
    throw new TradingFault('unknown_account', `the daemon does not host ${address}`, 'account')
  }

  /** Nonces that others used for an account, or this daemon before a restart. */
  consume(engine: Engine): void {
    for (const account of this.#accounts.values()) {
      account.consumed(engine.account(account.address)?.lastNonce ?? 0)
    }
  }

  /** Whose trading the engine has linked to this daemon's lane. */
  relink({ engine, lane }: TradingNode): void {
    const lanes = engine.lanes()
    for (const account of this.#accounts.values()) {
      const number = engine.account(account.address)?.lane ?? null
      const linked = lanes.find((each) => each.lane === number)
      account.linked = linked !== undefined && equalBytes(linked.key, lane.lane)
    }
  }
}
