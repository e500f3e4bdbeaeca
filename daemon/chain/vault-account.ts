// What the owner of an account asks of the vault by himself: deposits, exits, claims, delegates.
// Each call answers once its transaction is journaled and sent; `mined` tells the rest.
import { Interface, type JsonRpcProvider, type Wallet } from 'ethers'
import { artifact, vaultInterface } from '../../contracts/vault.ts'
import { toHex0x } from '../../protocol/bytes.ts'
import type { Manifest, ManifestChain } from '../../protocol/manifest.ts'
import type { Address, Bytes32 } from '../../protocol/types.ts'
import { ChainFault } from './chain-fault.ts'
import { signPermit } from './permit.ts'
import type { RequestName, Sent, TransactionSender } from './transactions.ts'
import { decodeVaultLog } from './vault-logs.ts'

const tokenInterface = new Interface(artifact('PlainToken').abi)

export type Grant = {
  delegate: Address
  /** The market's hash, or null for all markets. */
  market: Bytes32 | null
  /** May also sign net results; with all markets only. */
  cosign: boolean
  /** Whole seconds; `until` 0 revokes. */
  from: number
  until: number
}

export type VaultAccountOptions = { manifest: Manifest & { chain: ManifestChain } }
export type VaultAccountDependencies = {
  provider: JsonRpcProvider
  sender: TransactionSender
  /** Of the sender's account. */
  wallet: Wallet
}

/** A transfer that the tape does not know yet. `notedAt` in milliseconds since 1970. */
export type OwnMove = {
  kind: 'deposit' | 'exit'
  token: number
  quanta: number | null
  hash: string
  isMined: boolean
  notedAt: number
}

const moves: Partial<Record<string, OwnMove['kind']>> = {
  deposit: 'deposit',
  depositWithPermit: 'deposit',
  requestExit: 'exit'
}

/** What the client named a call, if it did: goes into the sender's journal with its transaction, so
 * that the same call can be found again. A call that was refused leaves its name free. */
type Name = RequestName | undefined

/** All methods throw ChainFault transaction_refused (with the vault's own error),
 * transaction_unpayable, chain_unreachable. Tokens are indexes of the manifest. */
export class VaultAccount {
  readonly #manifest: VaultAccountOptions['manifest']
  readonly #provider: JsonRpcProvider
  readonly #sender: TransactionSender
  readonly #wallet: Wallet
  /** The last deposit is mined, or failed. */
  #deposited: Promise<unknown> = Promise.resolve()

  constructor(options: VaultAccountOptions, dependencies: VaultAccountDependencies) {
    this.#manifest = options.manifest
    this.#provider = dependencies.provider
    this.#sender = dependencies.sender
    this.#wallet = dependencies.wallet
  }

  get address(): Address {
    return this.#sender.address
  }

  /** Lets the vault take exactly so much, if it may not yet, and deposits it for the account: in one
   * transaction if the token takes permits. One deposit after the other is mined, since they share
   * the allowance. */
  deposit(token: number, quanta: number, name?: Name): Promise<Sent> {
    const sent = this.#deposited.then(() => this.#deposit(token, quanta, name))
    this.#deposited = sent.then(({ mined }) => mined).catch(() => {})
    return sent
  }

  async #deposit(token: number, quanta: number, name: Name): Promise<Sent> {
    const { address, quantum } = this.#manifest.tokens[token]
    const { vault } = this.#manifest.chain
    const amount = BigInt(quanta) * BigInt(quantum)
    const allowance = await this.#read(address, 'allowance', [this.address, vault])
    if (allowance < amount) {
      const sent = await this.#depositWithPermit({ token, quanta, amount }, name)
      if (sent !== null) return sent
      // Some tokens change an allowance only from nothing, and a deposit may have left some.
      if (allowance > 0n) await this.#approve(token, 0n)
      await this.#approve(token, amount)
    }
    return this.#call('deposit', [token, quanta, this.address], name)
  }

  async #approve(token: number, amount: bigint): Promise<void> {
    const { address } = this.#manifest.tokens[token]
    const { vault } = this.#manifest.chain
    const data = tokenInterface.encodeFunctionData('approve', [vault, amount])
    const approval = await this.#sender.send({ label: `approve ${token}`, to: address, data })
    await approval.mined
  }

  /** Null when the token takes no permit of ours. */
  async #depositWithPermit(
    { token, quanta, amount }: { token: number; quanta: number; amount: bigint },
    name: Name
  ): Promise<Sent | null> {
    const { address } = this.#manifest.tokens[token]
    const request = { token: address, spender: this.#manifest.chain.vault, amount }
    const permit = await signPermit(this.#wallet, this.#provider, request)
    if (permit === null) return null
    const { deadline, v, r, s } = permit
    try {
      const values = [token, quanta, this.address, deadline, v, r, s]
      return await this.#call('depositWithPermit', values, name)
    } catch (fault) {
      if (fault instanceof ChainFault && fault.code === 'transaction_refused') return null
      throw fault
    }
  }

  requestExit(token: number, name?: Name): Promise<Sent> {
    return this.#call('requestExit', [token], name)
  }

  cancelExit(token: number, name?: Name): Promise<Sent> {
    return this.#call('cancelExit', [token], name)
  }

  claimExit(token: number, name?: Name): Promise<Sent> {
    return this.#call('claimExit', [token], name)
  }

  /** Pays out what the account's settled withdrawals made claimable. */
  claim(token: number): Promise<Sent> {
    return this.#call('claim', [this.address, token])
  }

  /** Every order with a nonce below `nonce` shall be dead after the vault's delay. */
  requestFloor(nonce: number, name?: Name): Promise<Sent> {
    return this.#call('requestFloor', [nonce], name)
  }

  applyFloor(name?: Name): Promise<Sent> {
    return this.#call('applyFloor', [this.address], name)
  }

  setDelegate({ delegate, market, cosign, from, until }: Grant, name?: Name): Promise<Sent> {
    const hash = toHex0x(market ?? new Uint8Array(32))
    return this.#call('setDelegate', [delegate, hash, cosign, from, until], name)
  }

  /** When what a mined transaction asked for can be had, whole seconds: the vault said so in it.
   * Null when it asked for nothing that takes time, or the node does not show it any more. */
  async readyAt(hash: string): Promise<number | null> {
    const receipt = await this.#provider.getTransactionReceipt(hash)
    const { vault } = this.#manifest.chain
    const logs = (receipt?.logs ?? []).filter(({ address }) => address.toLowerCase() === vault)
    for (const event of logs.map(decodeVaultLog)) {
      if ('readyAt' in event) return event.readyAt
    }
    return null
  }

  /** What waits to be claimed and is not being claimed already. */
  async claimables(): Promise<{ token: number; quanta: number }[]> {
    const tokens = this.#manifest.tokens.map((_, token) => token)
    const found = await Promise.all(
      tokens.map(async (token) => {
        const quanta = Number(await this.#view('claimableOf', [this.address, token]))
        return { token, quanta }
      })
    )
    return found.filter(({ token, quanta }) => {
      return quanta > 0 && this.#sender.find(`claim ${this.address} ${token}`) === null
    })
  }

  /** Deposits and requests of exits that are under way to the chain, or there and not confirmed;
   * `quanta` null: all that there is. */
  underWay(): OwnMove[] {
    const calls = this.#sender.calls.map(({ data, ...call }) => {
      const parsed = vaultInterface.parseTransaction({ data })
      const kind = parsed === null ? undefined : moves[parsed.name]
      if (parsed === null || kind === undefined) return null
      const [token, quanta] = parsed.args.toArray()
      const amount = kind === 'deposit' ? Number(quanta) : null
      return { kind, token: Number(token), quanta: amount, ...call }
    })
    return calls.filter((call) => call !== null)
  }

  /** What the account holds of a token outside the vault, base units. */
  held(token: number): Promise<bigint> {
    return this.#read(this.#manifest.tokens[token].address, 'balanceOf', [this.address])
  }

  #call(method: string, values: readonly unknown[], name?: Name): Promise<Sent> {
    const data = vaultInterface.encodeFunctionData(method, values)
    const label = `${method} ${values.map(String).join(' ')}`.slice(0, 128)
    return this.#sender.send({ label, name, to: this.#manifest.chain.vault, data })
  }

  async #view(method: string, values: readonly unknown[]): Promise<bigint> {
    const data = vaultInterface.encodeFunctionData(method, values)
    const answer = await this.#provider.call({ to: this.#manifest.chain.vault, data })
    return BigInt(vaultInterface.decodeFunctionResult(method, answer)[0])
  }

  async #read(token: Address, method: string, values: readonly unknown[]): Promise<bigint> {
    const data = tokenInterface.encodeFunctionData(method, values)
    const answer = await this.#provider.call({ to: token, data })
    return BigInt(tokenInterface.decodeFunctionResult(method, answer)[0])
  }
}
