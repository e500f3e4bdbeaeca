// The chain's side of the differential test: tokens and a vault on anvil, transactions from
// whomever, at the time that the tape says it is.
import { getCreateAddress, hexlify, Interface, MaxUint256, toBeHex } from 'ethers'
import { artifact, deploy, deployVault, vaultInterface } from '../../../contracts/vault.ts'
import { decodeVaultLog } from '../../../daemon/chain/vault-logs.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import type { Address, ChainEvent } from '../../../protocol/types.ts'
import { quorumOf } from '../../../protocol/venue.ts'
import { type Anvil, startAnvil } from '../../helpers/anvil.ts'
import { until } from '../../helpers/until.ts'

export const tokenInterface = new Interface(artifact('PlainToken').abi)
const GAS = '0x1312d00'

type Receipt = {
  status: string
  gasUsed: string
  logs: { address: string; topics: string[]; data: string }[]
}
type Answer = { id: number; result?: string; error?: { message: string; data?: string } }

export class TestChain {
  readonly #anvil: Anvil
  #time = 0
  vault: Address = ''
  /** Of the vault, not taken by the tape yet. */
  events: ChainEvent[] = []

  private constructor(anvil: Anvil) {
    this.#anvil = anvil
  }

  static async open(): Promise<TestChain> {
    const anvil = await startAnvil({ extra: ['--prune-history'] })
    await anvil.provider.send('anvil_autoImpersonateAccount', [true])
    return new TestChain(anvil)
  }

  get id(): number {
    return Number(this.#anvil.provider._network.chainId)
  }

  close(): Promise<void> {
    return this.#anvil.close()
  }

  /** Plain tokens of 18 decimals. */
  async tokens(count: number): Promise<Address[]> {
    const made: Address[] = []
    for (let index = 0; index < count; index++) {
      const token = await deploy(this.#anvil.signers[0], 'PlainToken', [`T ${index}`, 'T', 18])
      made.push((await token.getAddress()).toLowerCase())
    }
    return made
  }

  /** Where the next contract of the deployer will be. */
  async nextAddress(): Promise<Address> {
    const from = await this.#anvil.signers[0].getAddress()
    const nonce = await this.#anvil.provider.getTransactionCount(from)
    return getCreateAddress({ from, nonce }).toLowerCase()
  }

  async deployVault(manifest: Manifest): Promise<void> {
    const { settlement, validators, tokens } = manifest
    const vault = await deployVault(this.#anvil.signers[0], {
      validators: validators.map(({ signer }) => signer),
      threshold: quorumOf(validators.length).quorum,
      tokens: tokens.map(({ address, quantum }) => ({ token: address, quantum: BigInt(quantum) })),
      settlerWindow: settlement.settlerWindowSeconds,
      horizon: settlement.horizonSeconds,
      grace: settlement.graceSeconds,
      exitDelay: settlement.exitDelaySeconds
    })
    this.vault = (await vault.getAddress()).toLowerCase()
    this.#time = await this.#anvil.time()
  }

  get time(): number {
    return this.#time
  }

  /** Gives the account gas and tokens, and lets the vault take them. */
  async fund(account: Address, tokens: readonly Address[]): Promise<void> {
    await this.#anvil.provider.send('anvil_setBalance', [account, toBeHex(10n ** 24n)])
    for (const token of tokens) {
      const mint = tokenInterface.encodeFunctionData('mint', [account, 10n ** 40n])
      await this.#transact(account, token, mint, 0)
      const approve = tokenInterface.encodeFunctionData('approve', [this.vault, MaxUint256])
      await this.#transact(account, token, approve, 0)
    }
  }

  /** Calls the vault in a transaction mined at `time` (whole seconds) or as soon after as can be.
   * @returns gas used
   * @throws Error naming the vault's error when it reverts */
  async call(from: Address, method: string, values: readonly unknown[], time: number) {
    const data = vaultInterface.encodeFunctionData(method, values)
    const receipt = await this.#transact(from, this.vault, data, time)
    if (receipt.status !== '0x1') {
      throw new Error(`${method} reverted: ${await this.#refusal(from, data)}`)
    }
    for (const log of receipt.logs) {
      if (log.address === this.vault) this.events.push(decodeVaultLog(log))
    }
    return Number(receipt.gasUsed)
  }

  async #refusal(from: Address, data: string): Promise<string> {
    const [answer] = await this.#batch([['eth_call', [{ from, to: this.vault, data }, 'latest']]])
    const error = vaultInterface.parseError(answer.error?.data ?? '0x')
    return error === null
      ? JSON.stringify(answer)
      : `${error.name}(${error.args.map(String).join(', ')})`
  }

  async #transact(from: Address, to: Address, data: string, time: number): Promise<Receipt> {
    const { provider } = this.#anvil
    // The chain's own clock runs on as well: when it is ahead, it stays so.
    const now = await this.#anvil.time()
    if (time > now) await provider.send('evm_setNextBlockTimestamp', [time])
    this.#time = Math.max(now, time)
    const hash = await this.#send({ from, to, data, gas: GAS })
    // It is mined at once, but the answer may come before.
    return until<Receipt>(() => provider.send('eth_getTransactionReceipt', [hash]), 'a receipt')
  }

  /** A receipt may be there before the account's next nonce is: then the node takes the transaction
   * for a replacement of the one before, refuses it, and is asked again. */
  async #send(transaction: { from: Address; to: Address; data: string; gas: string }) {
    for (let left = 50; ; left--) {
      try {
        return await this.#anvil.provider.send('eth_sendTransaction', [transaction])
      } catch (fault) {
        if (left === 0 || !String(fault).includes('replacement')) throw fault
        await this.#anvil.time()
      }
    }
  }

  /** Views of the vault, in one request. */
  async views(calls: readonly [string, readonly unknown[]][]): Promise<bigint[][]> {
    const answers = await this.#batch(
      calls.map(([method, values]) => {
        const data = vaultInterface.encodeFunctionData(method, values)
        return ['eth_call', [{ to: this.vault, data }, 'latest']]
      })
    )
    return answers.map(({ result }, place) =>
      [...vaultInterface.decodeFunctionResult(calls[place][0], result ?? '0x')].map(BigInt)
    )
  }

  /** What the vault holds of a token, base units. */
  async held(token: Address): Promise<bigint> {
    const data = tokenInterface.encodeFunctionData('balanceOf', [this.vault])
    const [{ result }] = await this.#batch([['eth_call', [{ to: token, data }, 'latest']]])
    return BigInt(result ?? '0x0')
  }

  async #batch(calls: [string, unknown[]][]): Promise<Answer[]> {
    const response = await fetch(this.#anvil.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        calls.map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params }))
      )
    })
    const answers: Answer[] = JSON.parse(await response.text())
    return answers.sort((a, b) => a.id - b.id)
  }
}

export const hex = (bytes: Uint8Array): string => hexlify(bytes)
