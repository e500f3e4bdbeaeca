// A trader of the devnet: his account linked to his daemon, his money on the tape.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RpcFault } from '../../client/fault.ts'
import { SocketClient } from '../../client/socket.ts'
import type { Member } from '../../config/devnet-plan.ts'

type After = (delayMs: number, fn: () => void) => () => void

const TRIES = 600

/** A connection to a member that may still be starting.
 * @throws RpcFault after a minute, or as soon as it is not `alive` */
export async function connect(
  member: Member,
  after: After,
  alive: () => boolean = () => true
): Promise<SocketClient> {
  const url = `http://127.0.0.1:${member.rpcPort}`
  for (let left = TRIES; ; left--) {
    try {
      const token = await readFile(join(member.datadir, '.cookie'), 'utf8')
      const client = new SocketClient({ url, token }, { after })
      await client.open()
      return client
    } catch (fault) {
      if (left <= 1 || !alive()) throw fault
      await pause(after, 100)
    }
  }
}

/** Links all accounts of the daemon, and waits until the tape has what the init deposited. */
export async function enter(
  client: SocketClient,
  deposits: { token: string; amount: string }[],
  after: After
): Promise<void> {
  const accounts = await client.call('private/get_accounts', {})
  for (const { account, linked } of accounts) {
    if (!linked) await untilReady(() => client.call('private/link_account', { account }), after)
  }
  await until(async () => {
    const balances = await client.call('private/get_balances', {})
    return deposits.every(({ token }) =>
      balances.some((balance) => balance.token === token && balance.settled !== '0')
    )
  }, after)
}

/** A daemon refuses while its tape is not there yet; it says so, and the call is made again. */
async function untilReady(call: () => Promise<unknown>, after: After): Promise<void> {
  await until(async () => {
    try {
      await call()
      return true
    } catch (fault) {
      if (fault instanceof RpcFault && fault.retryable) return false
      throw fault
    }
  }, after)
}

async function until(condition: () => Promise<boolean>, after: After): Promise<void> {
  for (let left = 600; left > 0; left--) {
    if (await condition()) return
    await pause(after, 100)
  }
  throw new Error('the devnet did not get ready within a minute; see the logs')
}

export function pause(after: After, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    after(delayMs, resolve)
  })
}
