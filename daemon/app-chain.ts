// The daemon's ties to the chain: the follower, one journaled sender for each unlocked account,
// and settlement. Null parts where the venue has no chain or the daemon no RPC.
import { Wallet, type JsonRpcProvider } from 'ethers'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { randomBytes } from 'node:crypto'
import type { TypedHasher } from '../protocol/eip712.ts'
import type { Manifest, ManifestChain } from '../protocol/manifest.ts'
import type { Address, Bytes32 } from '../protocol/types.ts'
import { ChainFollower, followerDefaults } from './chain/follower.ts'
import { JsonRpc, jsonRpcDefaults } from './chain/json-rpc.ts'
import { chainProvider, HttpChainRpc } from './chain/rpc.ts'
import {
  type RequestName,
  TransactionSender,
  transactionDefaults,
  type Sent,
  type Spent
} from './chain/transactions.ts'
import { VaultAccount } from './chain/vault-account.ts'
import type { Clock } from './clock.ts'
import { disk } from './journal/file-system.ts'
import { FileJournal } from './journal/journal.ts'
import type { UnlockedAccount } from './keystore/keystore.ts'
import type { Log } from './log.ts'
import type { ChainState, RpcVault } from './rpc/api.ts'
import { RpcError } from './rpc/errors.ts'

export type ChainPartsOptions = {
  manifest: Manifest & { chain: ManifestChain }
  config: Config
  /** Folder of the senders' journals. */
  folder: string
}

export type ChainPartsDependencies = {
  clock: Clock
  log: Log
  crypto: Crypto
  hasher: TypedHasher
  accounts: readonly UnlockedAccount[]
  onfault: (fault: unknown) => void
}

export class ChainParts {
  readonly follower: ChainFollower
  readonly provider: JsonRpcProvider
  readonly #rpc: HttpChainRpc
  readonly #senders = new Map<Address, TransactionSender>()
  readonly #vaults = new Map<Address, VaultAccount>()
  readonly #terms: TypedHasher['terms']

  constructor(
    { manifest, config, folder }: ChainPartsOptions,
    { clock, log, crypto, hasher, accounts, onfault }: ChainPartsDependencies
  ) {
    const { id, confirmations } = manifest.chain
    const pollMs = config['chain.pollMs']
    const url = config['chain.rpcUrl']
    const provider = chainProvider(url, id)
    this.provider = provider
    this.#rpc = new HttpChainRpc({ rpc: new JsonRpc({ url, ...jsonRpcDefaults }, { clock }) })
    this.#terms = hasher.terms
    this.follower = new ChainFollower(
      { ...followerDefaults, manifest, pollMs, startBlock: config['chain.startBlock'] },
      { rpc: this.#rpc, clock, log, keccak: crypto.keccak }
    )
    for (const { address, privateKey } of accounts) {
      const wallet = new Wallet(privateKey, provider)
      const sender = new TransactionSender(
        { ...transactionDefaults, chainId: id, confirmations, pollMs },
        {
          provider,
          wallet,
          journal: new FileJournal(
            { folder: join(folder, address.slice(2)) },
            {
              files: disk,
              randomBytes: (length) => new Uint8Array(randomBytes(length)),
              onFault: onfault
            }
          ),
          clock,
          log
        }
      )
      this.#senders.set(address, sender)
      this.#vaults.set(address, new VaultAccount({ manifest }, { provider, sender, wallet }))
    }
  }

  async open(): Promise<void> {
    for (const sender of this.#senders.values()) await sender.open()
  }

  async close(): Promise<void> {
    for (const sender of this.#senders.values()) await sender.close()
    this.provider.destroy()
    this.#rpc.close()
  }

  /** Null for an account whose key is not here. */
  sender(account: Address): TransactionSender | null {
    return this.#senders.get(account) ?? null
  }

  /** By all accounts, on transactions that were mined since the start. */
  spent(): Spent {
    const all = [...this.#senders.values()].map(({ spent }) => spent)
    const sum = (values: bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
    return { gas: sum(all.map(({ gas }) => gas)), wei: sum(all.map(({ wei }) => wei)) }
  }

  vaults(): VaultAccount[] {
    return [...this.#vaults.values()]
  }

  get state(): ChainState {
    const { code } = this.follower
    if (code === null) return 'following'
    return code === 'chain_unreachable' ? 'unreachable' : 'lying'
  }

  /** The calls of an owner, each answered when it is mined. One that was named before is found, not
   * made again. */
  rpcVault(account: Address): RpcVault | null {
    const vault = this.#vaults.get(account)
    const sender = this.#senders.get(account)
    if (vault === undefined || sender === undefined) return null
    const mined = async (name: RequestName | undefined, make: () => Promise<Sent>) => {
      const known = name === undefined ? null : sender.named(name.id)
      const { hash, outcome } = await (known ?? (await make())).mined
      if (outcome === 'succeeded') return { transaction: hash }
      throw new RpcError('transaction_failed', `transaction ${hash} was ${outcome}`)
    }
    const delayed = async (name: RequestName | undefined, make: () => Promise<Sent>) => {
      const { transaction } = await mined(name, make)
      const readyAt = await vault.readyAt(transaction)
      return { transaction, readyAt: readyAt === null ? null : readyAt * 1000 }
    }
    return {
      underWay: () => vault.underWay(),
      deposit: (token, quanta, name) => mined(name, () => vault.deposit(token, quanta, name)),
      exit: (action, token, name) => {
        if (action === 'claim') return delayed(name, () => vault.claimExit(token, name))
        if (action === 'cancel') return delayed(name, () => vault.cancelExit(token, name))
        return delayed(name, () => vault.requestExit(token, name))
      },
      requestFloor: (nonce, name) => delayed(name, () => vault.requestFloor(nonce, name)),
      applyFloor: (name) => mined(name, () => vault.applyFloor(name)),
      setDelegate: ({ market, ...grant }, name) => {
        const full = { ...grant, market: this.#marketHash(market) }
        return mined(name, () => vault.setDelegate(full, name))
      }
    }
  }

  #marketHash(market: number | null): Bytes32 | null {
    return market === null ? null : this.#terms.markets[market]
  }
}
