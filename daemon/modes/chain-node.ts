// The chain's node, for verbs that ask it a few things once. A node that does not answer is told in
// a sentence, with what to do.
import type { Hash } from '../../protocol/hash.ts'
import type { Manifest, ManifestChain } from '../../protocol/manifest.ts'
import type { Address } from '../../protocol/types.ts'
import { vaultInterface } from '../../contracts/vault.ts'
import { ChainFault } from '../chain/chain-fault.ts'
import { JsonRpc, jsonRpcDefaults, RpcRefusal } from '../chain/json-rpc.ts'
import { HttpChainRpc } from '../chain/rpc.ts'
import { checkVault } from '../chain/vault-check.ts'
import { systemClock } from '../clock.ts'

export class ChainNode {
  readonly #url: string
  readonly #rpc: HttpChainRpc

  constructor(url: string) {
    this.#url = url
    const rpc = new JsonRpc({ url, ...jsonRpcDefaults }, { clock: systemClock })
    this.#rpc = new HttpChainRpc({ rpc })
  }

  close(): void {
    this.#rpc.close()
  }

  /** @throws ChainFault chain_unreachable */
  chainId(): Promise<number> {
    return this.#asked(() => this.#rpc.chainId())
  }

  /** @throws ChainFault chain_unreachable, chain_wrong_id, chain_wrong_vault */
  checkVault(manifest: Manifest & { chain: ManifestChain }, keccak: Hash): Promise<void> {
    return this.#asked(() => checkVault(this.#rpc, manifest, keccak))
  }

  /** What the vault held of an account as of a block, quanta. @throws ChainFault chain_unreachable */
  balanceOf(vault: Address, account: Address, token: number, block: number): Promise<number> {
    return this.#asked(async () => {
      const data = vaultInterface.encodeFunctionData('balanceOf', [account, token])
      const answer = await this.#rpc.call(vault, data, block)
      return Number(vaultInterface.decodeFunctionResult('balanceOf', answer)[0])
    })
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      if (cause instanceof ChainFault) throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      const what = cause instanceof RpcRefusal ? 'refuses' : 'does not answer'
      throw new ChainFault(
        'chain_unreachable',
        `the chain’s node at ${this.#url} ${what} (${why}). Is it up, is the address right, has it the state of blocks gone by?`,
        {},
        cause
      )
    }
  }
}
