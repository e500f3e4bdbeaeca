import { Fault } from '../../protocol/faults.ts'

/** Fault codes of what this daemon reads from the chain and sends to it. */
export const chainFaults = {
  chain_unreachable: 'The RPC of the chain does not answer; the daemon goes on asking.',
  chain_wrong_id: 'The RPC is of another chain than the manifest names.',
  chain_wrong_vault:
    'At the vault’s address there is no vault, or one with other terms than the manifest.',
  chain_events_missing:
    'The RPC does not show every event of the vault (their sequence has a gap): use another one.',
  chain_reorganised:
    'A block that the tape has taken in is not on the chain any more: more confirmations were needed. No chain event is taken until it is back.',
  transaction_refused: 'The chain would not carry out the transaction; the message says why.',
  transaction_reverted: 'The transaction was mined, and reverted.',
  transaction_superseded:
    'Another transaction of the account took the place of this one: the key is in use elsewhere.',
  transaction_unpayable: 'The account has not enough of the chain’s own coin to pay for gas.',
  transactions_closed: 'No transaction is taken: the daemon is shutting down.'
} as const satisfies Record<string, string>

export type ChainFaultCode = keyof typeof chainFaults

export class ChainFault extends Fault<ChainFaultCode> {
  override readonly name = 'ChainFault'
}
