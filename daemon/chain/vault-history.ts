// What has to be known of the vault before the cursor from which it is followed: read backwards
// from its logs, since old states are kept by few nodes and logs by all.
import { vaultInterface } from '../../contracts/vault.ts'
import type { Address } from '../../protocol/types.ts'
import { RpcRefusal } from './json-rpc.ts'
import { isAfter } from './confirmed-log.ts'
import type { ChainRpc, VaultLog } from './rpc.ts'
import { decodeVaultLog } from './vault-logs.ts'

export type History = {
  rpc: ChainRpc
  vault: Address
  startBlock: number
  windowBlocks: number
}

/** Asked for with every block. */
const EVENT_SEQUENCE = vaultInterface.encodeFunctionData('eventSequence')

type Point = { block: number; logIndex: number }

/** The sequence of the last event up to and with the cursor; 0 when there is none. */
export async function sequenceBefore(history: History, cursor: Point): Promise<number> {
  for await (const log of backwards(history, cursor.block)) {
    if (!isAfter(log, cursor)) return decodeVaultLog(log).sequence
  }
  return 0
}

/** How many events the vault has emitted by the end of a block; 0 before it was deployed. */
export async function eventSequenceAt({ rpc, vault }: History, block: number): Promise<number> {
  const answer = await rpc.call(vault, EVENT_SEQUENCE, block)
  if (answer === '0x') return 0
  return Number(vaultInterface.decodeFunctionResult('eventSequence', answer)[0])
}

/** Logs from the end of a block back to the vault's start. */
async function* backwards(
  { rpc, vault, startBlock, windowBlocks }: History,
  block: number
): AsyncIterable<VaultLog> {
  let span = windowBlocks
  for (let to = block; to >= startBlock;) {
    const from = Math.max(startBlock, to - span + 1)
    try {
      const logs = await rpc.logs(vault, from, to)
      for (const log of logs.reverse()) yield log
      to = from - 1
    } catch (cause) {
      if (from === to || !(cause instanceof RpcRefusal)) throw cause
      span = Math.floor((to - from + 1) / 2)
    }
  }
}
