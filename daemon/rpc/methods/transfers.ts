// An account's deposits, withdrawals and exits, from the moment that they are sent.
import type { RpcTradeState, RpcTransfer } from '../../../protocol/rpc.ts'
import type { Address } from '../../../protocol/types.ts'
import type { OwnMove } from '../../chain/vault-account.ts'
import type { TransferRecord } from '../../history/types.ts'
import type { RpcApi } from '../api.ts'

const transfersMax = 1000

/** Newest first: what the tape does not know yet, then what it knows. */
export async function transfersOf(api: RpcApi, account: Address): Promise<RpcTransfer[]> {
  const { history, node } = api
  const kept = await history.transfers(account, transfersMax)
  const told = await Promise.all(kept.map((transfer) => keptReply(api, transfer)))
  const known = new Set(told.map(({ transaction }) => transaction))
  const mined = history.minedMoves(account).map(({ event, quanta, transaction, ...move }) => {
    known.add(transaction)
    const kind = event === 'deposited' ? ('deposit' as const) : ('exit' as const)
    const time = Math.max(0, node.engine.time)
    return newReply(api, account, { ...move, kind, quanta, hash: transaction, isMined: true, time })
  })
  const own = api.vault(account)?.underWay() ?? []
  const sent = own
    .filter(({ hash }) => !known.has(hash))
    .map((move) => newReply(api, account, { ...move, time: move.notedAt, readyAt: null }))
  return [...[...mined, ...sent].reverse(), ...told].slice(0, transfersMax)
}

type NewMove = Omit<OwnMove, 'notedAt'> & { time: number; readyAt: number | null }

function newReply(
  { format, manifest, node }: RpcApi,
  account: Address,
  { kind, token, quanta, hash, isMined, time, readyAt }: NewMove
): RpcTransfer {
  // An exit takes along what is there.
  const amount = quanta ?? node.engine.balances(account)[token]?.settled ?? 0
  return {
    account,
    token: manifest.tokens[token].symbol,
    kind,
    amount: format.quanta(token, amount),
    state: isMined ? 'mined' : 'submitted',
    transaction: hash,
    readyAt,
    time
  }
}

async function keptReply(
  { format, history, manifest }: RpcApi,
  transfer: TransferRecord
): Promise<RpcTransfer> {
  const { account, token, kind, quanta, batch, readyAt, time, index } = transfer
  const { batches } = history
  const way =
    batch === null ? null : (batches.way(batch, index) ?? (await batches.oldWay(batch, index)))
  return {
    account,
    token: manifest.tokens[token].symbol,
    kind,
    amount: format.quanta(token, quanta),
    state: stateOf(transfer, way?.state ?? null),
    transaction: transfer.transaction ?? way?.transaction ?? null,
    readyAt,
    time
  }
}

/** A withdrawal goes the way of its batch, until it can be claimed. */
function stateOf({ state }: TransferRecord, batch: RpcTradeState | null): RpcTransfer['state'] {
  if (batch === 'reverted') return 'reverted'
  return state === 'pending' && (batch === 'submitted' || batch === 'mined') ? batch : state
}
