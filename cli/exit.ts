// Exit codes: scripts rely on them, so they never change their meaning.
import { CommanderError } from 'commander'
import { RpcFault } from '../client/fault.ts'
import { meaningOf } from '../client/reasons.ts'
import { ConfigFault } from '../config/errors.ts'
import { adviceOn } from './advice.ts'

export const exitCodes = {
  ok: 0,
  fault: 1,
  usage: 2,
  unreachable: 3,
  unauthorised: 4,
  rejected: 5,
  settlementFailed: 6,
  interrupted: 130
} as const

/** A mistake in the words of a command. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export function exitCodeOf(fault: unknown): number {
  if (fault instanceof CommanderError) return fault.exitCode === 0 ? 0 : exitCodes.usage
  if (fault instanceof UsageError || fault instanceof ConfigFault) return exitCodes.usage
  if (!(fault instanceof RpcFault)) return exitCodes.fault
  if (fault.rpcName === 'unreachable' || fault.rpcName === 'closed') return exitCodes.unreachable
  if (fault.rpcName === 'unauthorized' || fault.rpcName === 'forbidden') {
    return exitCodes.unauthorised
  }
  if (fault.rpcName === 'invalid_params') return exitCodes.usage
  if (fault.rpcName === 'transaction_failed') return exitCodes.settlementFailed
  return fault.code >= 10_000 ? exitCodes.rejected : exitCodes.fault
}

/** What, why, what to do: for standard error. */
export function explain(fault: unknown): string {
  if (!(fault instanceof RpcFault)) {
    return fault instanceof Error ? fault.message : String(fault)
  }
  const { rpcName, reason } = fault
  const meaning = meaningOf(reason)
  const name = rpcName.replaceAll('_', ' ')
  const isNamed = meaning !== null && reason !== rpcName
  const what = isNamed ? `${name} (${reason})` : name
  const toDo = adviceOn(fault)
  return `${what}: ${meaning ?? reason}${toDo === null ? '' : `\n${toDo}`}`
}
