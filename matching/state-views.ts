import type { Batch } from './batch.ts'
import type { Core } from './core.ts'
import type { AccountView, Balance, BatchView } from './results.ts'

export function accountView(core: Core, account: number): AccountView {
  const { accounts, ledger } = core
  const lane = accounts.lane[account]
  const exits: number[] = []
  for (let token = 0; token < core.config.tokens; token++) {
    if (ledger.exiting(account, token)) exits.push(token)
  }
  return {
    account,
    address: accounts.addresses[account],
    lane: lane === -1 ? null : lane,
    lastNonce: accounts.lastNonce[account],
    floor: accounts.floor[account],
    liveOrders: accounts.liveOrders(account),
    exits
  }
}

/** -1 stands for an account that has nothing. */
export function balancesOf(core: Core, account: number): Balance[] {
  const balances: Balance[] = []
  for (let token = 0; token < core.config.tokens; token++) {
    if (account === -1) {
      balances.push({ settled: 0, pending: 0, reserved: 0, available: 0 })
      continue
    }
    const settled = core.ledger.settled(account, token)
    const pending = core.ledger.pending(account, token)
    const reserved = core.ledger.reserved(account, token)
    balances.push({ settled, pending, reserved, available: settled + pending - reserved })
  }
  return balances
}

export function batchView(core: Core, batch: Batch): BatchView {
  const nets = core.netting.of(batch)
  const accounts = [...batch.accounts(nets).values()]
  return {
    index: batch.index,
    state: batch.state,
    parent: batch.parent,
    openedAt: batch.openedAt,
    closedAt: batch.closedAt,
    sealedAt: batch.sealedAt,
    link: batch.link,
    voidDecided: batch.voidDecided,
    fills: [...batch.eachFill()],
    takerFees: batch.takerFees().map(({ order, account, fee }) => ({ order, account, fee })),
    accounts: accounts.sort((a, b) => a.account - b.account),
    cosigns: batch.cosigns.slice(),
    withdrawals: batch.withdrawals.slice(),
    fees: Array.from(nets.fees),
    gas: core.batches.gas(batch)
  }
}
