// What ethers throws, as faults of ours: with the name of the vault's own error where there is one.
import { isError } from 'ethers'
import { vaultInterface } from '../../contracts/vault.ts'
import { ChainFault } from './chain-fault.ts'

/** The code of an ethers error, or of a fault; else its message. */
export function ethersCode(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.message : String(cause)
}

/** The vault's error that a refused call names, such as `WrongIndex(7)`; null for another. */
export function vaultError(cause: unknown): string | null {
  if (!isError(cause, 'CALL_EXCEPTION') || cause.data === null) return null
  const parsed = vaultInterface.parseError(cause.data)
  return parsed === null ? null : `${parsed.name}(${parsed.args.map(String).join(', ')})`
}

export function sendFault(cause: unknown): ChainFault {
  if (cause instanceof ChainFault) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  if (isError(cause, 'CALL_EXCEPTION')) {
    const error = vaultError(cause) ?? cause.reason ?? cause.shortMessage
    return new ChainFault('transaction_refused', `refused: ${error}`, { error }, cause)
  }
  if (isError(cause, 'INSUFFICIENT_FUNDS')) {
    return new ChainFault('transaction_unpayable', message, {}, cause)
  }
  return new ChainFault('chain_unreachable', `the RPC does not answer: ${message}`, {}, cause)
}
