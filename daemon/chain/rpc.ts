// The few questions that a daemon asks an EVM node, and the answers with their types checked.
import { FetchRequest, JsonRpcProvider, Network } from 'ethers'
import { z } from 'zod'
import { fromHex } from '../../protocol/bytes.ts'
import type { Address, Bytes32 } from '../../protocol/types.ts'
import type { JsonRpc } from './json-rpc.ts'

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
  /** The newest block. */
  latest(): Promise<Header>
  /** Null when the node has no such block (yet, or any more). */
  header(block: number): Promise<Header | null>
  /** Logs of a contract in blocks [from, to], in their order. */
  logs(address: Address, from: number, to: number): Promise<VaultLog[]>
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

const hex = z.string().regex(/^0x[0-9a-f]*$/i)
const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/i)
  .transform(Number)
const hash = z.string().transform((text, context) => {
  const bytes = fromHex(text.slice(2))
  if (text.startsWith('0x') && bytes !== null && bytes.length === 32) return bytes
  context.addIssue({ code: 'custom', message: 'not a hash' })
  return z.NEVER
})

/** A pending block has no hash. */
const headerShape = z.object({ number: quantity, hash, timestamp: quantity }).nullable()
const logsShape = z.array(
  z.object({
    address: z.string(),
    blockNumber: quantity,
    blockHash: hash,
    logIndex: quantity,
    transactionHash: hex,
    topics: z.array(hex).max(4),
    data: hex,
    removed: z.boolean().optional()
  })
)

/** The follower's questions: few kinds, many times. What is sent, and whatever needs a key, goes
 * through a provider. */
export class HttpChainRpc implements ChainRpc {
  readonly #rpc: JsonRpc

  constructor({ rpc }: { rpc: JsonRpc }) {
    this.#rpc = rpc
  }

  async chainId(): Promise<number> {
    return quantity.parse(await this.#rpc.send('eth_chainId', []))
  }

  async latest(): Promise<Header> {
    const found = headerShape.parse(await this.#rpc.send('eth_getBlockByNumber', ['latest', false]))
    if (found === null) throw new Error('the RPC has no newest block')
    return { number: found.number, hash: found.hash, time: found.timestamp }
  }

  async header(block: number): Promise<Header | null> {
    const asked = await this.#rpc.send('eth_getBlockByNumber', [tagOf(block), false])
    const found = headerShape.parse(asked)
    if (found === null || found.number !== block) return null
    return { number: block, hash: found.hash, time: found.timestamp }
  }

  async logs(address: Address, from: number, to: number): Promise<VaultLog[]> {
    const filter = { address, fromBlock: tagOf(from), toBlock: tagOf(to) }
    const found = logsShape.parse(await this.#rpc.send('eth_getLogs', [filter]))
    return found
      .filter((log) => log.address.toLowerCase() === address && log.removed !== true)
      .map((log) => ({
        block: log.blockNumber,
        blockHash: log.blockHash,
        logIndex: log.logIndex,
        transaction: log.transactionHash,
        topics: log.topics,
        data: log.data
      }))
      .sort((a, b) => a.block - b.block || a.logIndex - b.logIndex)
  }

  async code(address: Address): Promise<string> {
    return hex.parse(await this.#rpc.send('eth_getCode', [address, 'latest']))
  }

  async call(to: Address, data: string, block?: number): Promise<string> {
    const tag = block === undefined ? 'latest' : tagOf(block)
    return hex.parse(await this.#rpc.send('eth_call', [{ to, data }, tag]))
  }

  close(): void {
    this.#rpc.close()
  }
}

function tagOf(block: number): string {
  return `0x${block.toString(16)}`
}
