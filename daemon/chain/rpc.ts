// The few questions that a daemon asks an EVM node, and the answers with their types checked.
import { FetchRequest, JsonRpcProvider, Network } from 'ethers'
import { fromHex } from '../../protocol/bytes.ts'
import type { Address, Bytes32 } from '../../protocol/types.ts'
import { ChainFault } from './chain-fault.ts'

export type Header = { number: number; hash: Bytes32; /** Whole seconds. */ time: number }

export type VaultLog = {
  block: number
  blockHash: Bytes32
  logIndex: number
  transaction: string
  topics: string[]
  data: string
}

export type ChainRpc = {
  chainId(): Promise<number>
  /** Number of the newest block. */
  latest(): Promise<number>
  /** Null when the node has no such block (yet, or any more). */
  header(block: number): Promise<Header | null>
  /** Logs of a contract in blocks [from, to], in their order. `topics`: any of these events. */
  logs(address: Address, from: number, to: number, topics?: string[]): Promise<VaultLog[]>
  code(address: Address): Promise<string>
  /** The answer's data, 0x-hex, as of a block (the newest unless told). */
  call(to: Address, data: string, block?: number): Promise<string>
}

const TIMEOUT_MS = 15_000

/** A provider that never asks which chain it is on: the follower does, and says so. */
export function chainProvider(url: string, chainId: number): JsonRpcProvider {
  const request = new FetchRequest(url)
  request.timeout = TIMEOUT_MS
  // The follower and the senders have a back-off of their own.
  request.setThrottleParams({ maxAttempts: 1 })
  return new JsonRpcProvider(request, chainId, {
    staticNetwork: Network.from(chainId),
    cacheTimeout: -1,
    batchMaxCount: 50,
    batchStallTime: 1
  })
}

export class EthersRpc implements ChainRpc {
  readonly #provider: JsonRpcProvider

  constructor(provider: JsonRpcProvider) {
    this.#provider = provider
  }

  async chainId(): Promise<number> {
    return Number(await this.#provider.send('eth_chainId', []))
  }

  latest(): Promise<number> {
    return this.#provider.getBlockNumber()
  }

  async header(block: number): Promise<Header | null> {
    const found = await this.#provider.getBlock(block)
    if (found === null || found.hash === null || found.number !== block) return null
    return { number: block, hash: hashOf(found.hash), time: found.timestamp }
  }

  async logs(address: Address, from: number, to: number, topics?: string[]): Promise<VaultLog[]> {
    const found = await this.#provider.getLogs({
      address,
      fromBlock: from,
      toBlock: to,
      ...(topics === undefined ? {} : { topics: [topics] })
    })
    return found
      .filter((log) => log.address.toLowerCase() === address && !log.removed)
      .map((log) => ({
        block: log.blockNumber,
        blockHash: hashOf(log.blockHash),
        logIndex: log.index,
        transaction: log.transactionHash,
        topics: [...log.topics],
        data: log.data
      }))
      .sort((a, b) => a.block - b.block || a.logIndex - b.logIndex)
  }

  code(address: Address): Promise<string> {
    return this.#provider.getCode(address)
  }

  call(to: Address, data: string, block?: number): Promise<string> {
    return this.#provider.call({ to, data, ...(block === undefined ? {} : { blockTag: block }) })
  }
}

function hashOf(text: string): Bytes32 {
  const hash = fromHex(text.slice(2))
  if (hash === null || hash.length !== 32) {
    throw new ChainFault('chain_unreachable', `the RPC names a block ${text}`)
  }
  return hash
}
