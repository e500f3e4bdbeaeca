// What a transaction may burn and pay, in gas and wei.
import type { JsonRpcProvider } from 'ethers'
import { TRANSACTION_GAS_MAX } from '../../protocol/limits.ts'

export type Fees = {
  /** For a unit of gas in all, and of it for the block's maker. */
  maxFee: bigint
  priorityFee: bigint
}

/** Nodes want a tenth more for a replacement. */
const BUMP_PERCENT = 115n

/** What the node suggests, no more than `feeMax`. */
export async function currentFees(provider: JsonRpcProvider, feeMax: bigint): Promise<Fees> {
  const data = await provider.getFeeData()
  const maxFee = least(data.maxFeePerGas ?? data.gasPrice ?? 0n, feeMax)
  return { maxFee, priorityFee: least(data.maxPriorityFeePerGas ?? maxFee, maxFee) }
}

/** What takes the place of an attempt that paid `last`. */
export function replacementFees(last: Fees, current: Fees): Fees {
  const maxFee = most(current.maxFee, bumped(last.maxFee))
  const priorityFee = most(current.priorityFee, bumped(last.priorityFee))
  return { maxFee, priorityFee: least(priorityFee, maxFee) }
}

/** A tenth above the estimate, within what a transaction may have.
 * @throws what ethers throws of a call that would revert */
export async function estimateGas(
  provider: JsonRpcProvider,
  call: { from: string; to: string; data: string; value: bigint }
): Promise<bigint> {
  const gas = await provider.estimateGas(call)
  return least(gas + gas / 10n, BigInt(TRANSACTION_GAS_MAX))
}

function bumped(fee: bigint): bigint {
  return (fee * BUMP_PERCENT) / 100n + 1n
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
