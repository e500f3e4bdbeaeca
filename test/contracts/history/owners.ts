// What owners of a random history do by transactions of their own, between batches: grants and
// their revocations, exits, floors. The model hears of each; the vault must agree.
import { vaultInterface } from '../../../contracts/vault.ts'
import type { Address } from '../../../protocol/types.ts'
import type { Key, VaultVenue } from '../../helpers/vault.ts'
import type { ModelGrant, VaultModel } from '../model.ts'
import type { RandomInt } from '../random.ts'

/** Longer than the delay by more than any two of a round's blocks are apart. */
const margin = 500

export class Owners {
  readonly #venue: VaultVenue
  readonly #random: RandomInt
  readonly #keys: readonly Key[]
  readonly #delegates: readonly Key[]
  /** Done so often, by name. */
  readonly done = new Map<string, number>()

  constructor(
    venue: VaultVenue,
    keys: readonly Key[],
    delegates: readonly Key[],
    random: RandomInt
  ) {
    this.#venue = venue
    this.#keys = keys
    this.#delegates = delegates
    this.#random = random
  }

  /** Every delegate may do everything, at first. */
  async open(model: VaultModel): Promise<void> {
    const { provider } = this.#venue.anvil
    await provider.send('anvil_autoImpersonateAccount', [true])
    for (const { address } of this.#keys) {
      await provider.send('anvil_setBalance', [address, '0xde0b6b3a7640000'])
      for (const delegate of this.#delegates) {
        const until = (await this.#venue.anvil.time()) + 200_000
        await this.#give(model, address, delegate.address, -1, { from: 0, until, cosign: true })
      }
    }
  }

  /** One deed, of whoever it may be.
   * @throws Error when the vault does not do what it owes him. */
  async act(model: VaultModel): Promise<void> {
    const { address } = this.#keys[this.#random(this.#keys.length)]
    switch (this.#random(4)) {
      case 0:
        return this.#exit(model, address)
      case 1:
        return this.#floor(model, address)
      default:
        return this.#grant(model, address)
    }
  }

  /** Out with everything of a token, after the delay, whatever else happens; then in again. */
  async #exit(model: VaultModel, address: Address): Promise<void> {
    const { vault, anvil, terms, tokens } = this.#venue
    const token = this.#random(3)
    await this.#send('requestExit', address, [token])
    await anvil.increaseTime(terms.exitDelay + margin)
    const before = BigInt(await tokens[token].balanceOf(address))
    await this.#send('claimExit', address, [token])
    const account = model.account(address)
    const taken =
      (BigInt(await tokens[token].balanceOf(address)) - before) / terms.tokens[token].quantum
    const left = Number(await vault.balanceOf(address, token))
    if (Number(taken) !== account.balances[token] || left !== 0) {
      throw new Error(`${address} took ${taken} of ${account.balances[token]}, ${left} stay`)
    }
    await this.#venue.fund(address, token, account.balances[token] + 1)
    account.balances[token]++
  }

  async #floor(model: VaultModel, address: Address): Promise<void> {
    const { anvil, terms } = this.#venue
    const account = model.account(address)
    const floor = account.floor + 1 + this.#random(3)
    await this.#send('requestFloor', address, [floor])
    await anvil.increaseTime(terms.exitDelay + margin)
    await this.#send('applyFloor', address, [address])
    account.floor = floor
  }

  /** Gives, narrows, ends or prolongs what a delegate may do. */
  async #grant(model: VaultModel, address: Address): Promise<void> {
    const random = this.#random
    const delegate = this.#delegates[random(this.#delegates.length)].address
    const market = random(3) - 1
    const now = await this.#venue.anvil.time()
    await this.#give(model, address, delegate, market, {
      from: random(6) === 0 ? now + 1_000_000 : 0,
      until: random(3) === 0 ? 0 : now + 200_000,
      cosign: market < 0 && random(2) === 0
    })
  }

  async #give(
    model: VaultModel,
    address: Address,
    delegate: Address,
    market: number,
    grant: ModelGrant
  ): Promise<void> {
    const { from, until, cosign } = grant
    const hash = market < 0 ? '0x' + '0'.repeat(64) : this.#venue.marketHash(market)
    await this.#send('setDelegate', address, [delegate, hash, cosign, from, until])
    const time = await this.#venue.anvil.time()
    model.grant(address, delegate, market < 0 ? null : market, grant, time)
  }

  async #send(method: string, from: Address, parameters: readonly unknown[]): Promise<void> {
    const { anvil, address: to } = this.#venue
    const data = vaultInterface.encodeFunctionData(method, parameters)
    const call = { from, to, data, gas: '0x7a120' }
    const hash: string = await anvil.provider.send('eth_sendTransaction', [call])
    // Mined by now, or at once.
    let receipt: { status: string } | null = null
    while (receipt === null) {
      receipt = await anvil.provider.send('eth_getTransactionReceipt', [hash])
    }
    if (receipt.status !== '0x1') throw new Error(`${method} of ${from} failed`)
    this.done.set(method, (this.done.get(method) ?? 0) + 1)
  }
}
