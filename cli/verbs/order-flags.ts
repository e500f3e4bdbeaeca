// What many verbs have in common: whose, which order, and whether to wait.
import { Option } from 'commander'
import type { HttpClient } from '../../client/http.ts'

export function accountOption(): Option {
  return new Option('--account <address>', 'account, when the daemon hosts several')
}

export function noWaitOption(): Option {
  return new Option('--no-wait', 'do not wait for the engine’s answer')
}

/** Waiting is what the RPC does unless told. */
export function waitParam({ wait }: { wait: boolean }): { wait?: false } {
  return wait ? {} : { wait: false }
}

export function accountOf({ account }: { account?: string | undefined }): { account?: string } {
  return account === undefined ? {} : { account }
}

/** `account:nonce`; anything else is a name that its owner gave. */
export function isOrderId(id: string): boolean {
  return /^0x[0-9a-fA-F]{40}:\d+$/.test(id)
}

export async function orderIdOf(
  client: HttpClient,
  id: string,
  flags: { account?: string | undefined }
): Promise<string> {
  if (isOrderId(id)) return id
  const found = await client.call('private/get_order', { clientOrderId: id, ...accountOf(flags) })
  return found.orderId
}
