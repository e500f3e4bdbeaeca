// Waiting for a transaction. ethers' own wait asks once and then listens for new blocks; a block
// that comes between the two is missed, and on a chain that makes a block for each transaction no
// other follows: it would wait for ever.
import { setTimeout } from 'node:timers/promises'
import { AbstractProvider, makeError } from 'ethers'
import type { Provider, TransactionReceipt, TransactionResponse } from 'ethers'

const POLL_MS = 1000

/** The receipt, once the transaction is in a block.
 * @throws Error CALL_EXCEPTION of ethers when it was undone; the node's fault */
export async function mined({
  hash,
  provider,
  to,
  from,
  data
}: Pick<
  TransactionResponse,
  'hash' | 'provider' | 'to' | 'from' | 'data'
>): Promise<TransactionReceipt> {
  for (;;) {
    const receipt = await provider.getTransactionReceipt(hash)
    if (receipt?.status === 0) {
      throw makeError('transaction execution reverted', 'CALL_EXCEPTION', {
        action: 'sendTransaction',
        data: null,
        reason: null,
        invocation: null,
        revert: null,
        transaction: { to, from, data },
        receipt
      })
    }
    if (receipt !== null) return receipt
    await setTimeout(pollMs(provider))
  }
}

/** As often as the provider asks its node at all. */
function pollMs(provider: Provider): number {
  return provider instanceof AbstractProvider ? provider.pollingInterval : POLL_MS
}
