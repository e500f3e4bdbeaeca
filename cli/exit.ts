// Exit codes: scripts rely on them, so they never change their meaning.
import { CommanderError } from 'commander'
import { RpcFault } from '../client/fault.ts'
import { ConfigFault } from '../config/errors.ts'

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
  const advice = adviceOf(fault.rpcName)
  const what = `${fault.rpcName.replaceAll('_', ' ')}: ${fault.reason}`
  return advice === null ? what : `${what}\n${advice}`
}

function adviceOf(name: string): string | null {
  switch (name) {
    case 'unreachable':
      return 'Start one with `curbd`, or a whole venue with `curb devnet`; name another with --datadir or --rpc-url.'
    case 'unauthorized':
      return 'The token comes from <datadir>/.cookie, or from --token; `curb token create` makes one.'
    case 'forbidden':
      return 'Use a token of a wider scope; `curb token create NAME --scope trade` makes one.'
    case 'not_ready':
      return '`curb node status` says what the daemon waits for.'
    case 'account_locked':
      return 'Unlock it with keys.unlock and keys.passwordFile, or sign outside (docs/rpc.md).'
    case 'not_linked':
      return '`curb account link ADDRESS` links the account to this daemon.'
    case 'insufficient_funds':
      return '`curb balance` shows what is available; orders reserve what they can cost.'
    case 'outcome_unknown':
      return 'Look before you send again: `curb order list`.'
    default:
      return null
  }
}
