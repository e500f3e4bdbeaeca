// The accounts that this daemon trades for.
import type { Engine } from '../../matching/index.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { Address } from '../../protocol/types.ts'
import { HostedAccount } from './hosted-account.ts'
import { TradingFault } from './trading-fault.ts'
import type { AccountSigner, TradingNode } from './types.ts'

/** Accounts that links may bring in: each is a row of every look at what is hosted. */
const HOSTED_MAX = 1000

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

  /** The account, or one that could be hosted: its link is to be signed and accepted first.
   * @throws TradingFault too_many_accounts */
  candidate(address: Address, node: TradingNode): HostedAccount {
    const known = this.#accounts.get(address)
    if (known !== undefined) return known
    if (this.#accounts.size >= HOSTED_MAX) {
      const words = `the daemon hosts ${HOSTED_MAX} accounts: link this one to another daemon`
      throw new TradingFault('too_many_accounts', words, 'account')
    }
    const account = new HostedAccount(address, null, this.#slotsMax)
    account.consumed(node.engine.account(address)?.lastNonce ?? 0)
    account.linked = isLinked(node, address, laneNumber(node))
    return account
  }

  all(): HostedAccount[] {
    return [...this.#accounts.values()]
  }

  find(address: Address): HostedAccount | null {
    return this.#accounts.get(address) ?? null
  }

  /** The account that is meant: the named one; else the only linked one, or before any is linked
   * the only one. @throws TradingFault unknown_account */
  meant(address: string | undefined): HostedAccount {
    if (address === undefined) return this.#only()
    const account = this.find(address.toLowerCase())
    if (account !== null) return account
    throw new TradingFault('unknown_account', `the daemon does not host ${address}`, 'account')
  }

  #only(): HostedAccount {
    const all = this.all()
    const linked = all.filter((account) => account.linked)
    const [only, second] = linked.length > 0 ? linked : all
    if (only === undefined) {
      throw new TradingFault('unknown_account', 'the daemon hosts no account', 'account')
    }
    if (second === undefined) return only
    const words = linked.length > 0 ? 'several accounts are linked here' : 'none is linked yet'
    throw new TradingFault(
      'unknown_account',
      `the daemon hosts several accounts: name one (${words})`,
      'account'
    )
  }

  /** Nonces that others used for an account, or this daemon before a restart. */
  consume(engine: Engine): void {
    for (const account of this.#accounts.values()) {
      account.consumed(engine.account(account.address)?.lastNonce ?? 0)
    }
  }

  /** Whose trading the engine has linked to this daemon's lane. */
  relink(node: TradingNode): void {
    const lane = laneNumber(node)
    for (const account of this.#accounts.values()) {
      account.linked = isLinked(node, account.address, lane)
    }
  }
}

/** The engine's number of this daemon's lane; null while no account was linked to it. */
function laneNumber({ engine, lane }: TradingNode): number | null {
  return engine.lanes().find(({ key }) => equalBytes(key, lane.lane))?.lane ?? null
}

function isLinked({ engine }: TradingNode, address: Address, lane: number | null): boolean {
  return lane !== null && engine.account(address)?.lane === lane
}
