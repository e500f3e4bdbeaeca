// Traders on different daemons, four validators, one chain: every daemon a process of its own. The
// tests share one venue, and each leaves it whole.
import test from 'brittle'
import { RpcFault } from '../../client/fault.ts'
import { curb } from '../helpers/curb.ts'
import { Flow } from '../helpers/flow.ts'
import { decimal } from '../helpers/ledger.ts'
import { MARKET, type ProcessTrader } from '../helpers/process-trader.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { seededRandom } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'
import { pause } from '../helpers/venue-faults.ts'

const START_MS = 120_000
const STEPS = 60
/** How long the chain's node stands still, and how much later than the manifest's term a machine
 * with much else to do may notice. */
const OUTAGE_MS = process.env['TEST_LONG'] === '1' ? 60_000 : 14_000
const SLACK_MS = 10_000
const PAUSE_MS = 200

const venue = new ProcessVenue({
  validators: 4,
  traders: 2,
  settlement: { batchAgeMs: 1000, cosignMs: 300, chainStaleMaxMs: 12_000 }
})

/** Random flow of both traders, with something that happens when it is half over. */
async function flowWith(seed: number, event: () => Promise<void>): Promise<Flow[]> {
  const flows = venue.traders.map((trader, i) => new Flow(trader, seededRandom(seed + i)))
  const runs = flows.map((flow) => flow.run(STEPS))
  await until(() => flows.every(({ steps }) => steps >= STEPS / 2), 'half of the flow', START_MS)
  await Promise.all([event(), ...runs])
  return flows
}

/** The traders, with nothing left in the book of what tests before this one did. */
async function cleared(): Promise<ProcessTrader[]> {
  for (const trader of venue.traders) await trader.cancelsAll()
  return venue.traders
}

/** What a call was refused with; null when it was not. */
async function faultOf(call: Promise<unknown>): Promise<RpcFault | null> {
  try {
    await call
    return null
  } catch (fault) {
    if (fault instanceof RpcFault) return fault
    throw fault
  }
}

test.hook('e2e - the venue goes up', { timeout: START_MS }, async () => venue.open())

test('e2e - two traders trade through four validators and settle on the chain', async (t) => {
  const [alice, bob] = venue.traders
  const { order: ask } = await alice.sells('1.5', '2000')
  t.is(ask.state, 'open')
  const { order: bid, trades } = await bob.buys('1', '2001')
  t.is(bid.state, 'filled')
  t.alike(
    trades.map(({ price, amount, liquidity }) => [price, amount, liquidity]),
    [['2000', '1', 'taker']]
  )
  await venue.settles()
  const [trade] = await alice.trades()
  t.is(trade.state, 'final')
  const receipt = await venue.chain.getTransactionReceipt(String(trade.transaction))
  t.is(receipt?.status, 1)
  t.alike(await venue.problems(), [])
})

test('e2e - balances by RPC, by the audit and by the vault agree', async (t) => {
  await venue.settles()
  const { held } = await venue.picture()
  for (const trader of venue.traders) {
    for (const [token, { symbol, decimals, quantum }] of venue.manifest.tokens.entries()) {
      const { settled, pending } = await trader.balance(symbol)
      const quanta = (decimal(settled) * 10n ** BigInt(decimals)) / BigInt(quantum) / 10n ** 18n
      t.is(quanta, held(trader.account, token), `${trader.name} ${symbol}`)
      t.is(pending, '0')
    }
  }
  const { datadir } = venue.traders[0].member
  const { code, out } = await curb(['venue', 'audit', '--json', '--datadir', datadir])
  t.is(code, 0, out)
  const verdict: { ok: boolean; problems: string[]; chainBlock: number } = JSON.parse(out)
  t.alike(verdict.problems, [])
  t.ok(verdict.ok)
  t.ok(verdict.chainBlock > 0)
})

test('e2e - a trader’s daemon is killed in the middle of flow: nothing lost, nothing doubled', async (t) => {
  await flowWith(10, async () => {
    await venue.kills('trader-2')
    await venue.restarts('trader-2')
  })
  t.alike(await venue.problems(), [])
})

test('e2e - a validator is killed in the middle of flow, and comes back', async (t) => {
  await flowWith(20, async () => {
    await venue.kills('validator-2')
    await venue.restarts('validator-2')
  })
  t.alike(await venue.problems(), [])
  const { tape } = await venue.ready('validator-2')
  t.ok(tape.length > 0)
})

test('e2e - the settler is killed with a batch in its hands, and settles it when it is back', async (t) => {
  const [alice, bob] = await cleared()
  await alice.sells('0.1', '2000')
  const { trades } = await bob.buys('0.1', '2000')
  const [{ batch }] = trades
  await until(async () => {
    const found = (await venue.batches()).find(({ index }) => index === batch)
    return found !== undefined && ['sealed', 'attested', 'submitted'].includes(found.state)
  }, `batch ${batch} to be sealed`)
  const settler = `validator-${(batch % 4) + 1}`
  await venue.kills(settler)
  await venue.restarts(settler)
  t.alike(await venue.problems(), [])
})

test('e2e - quotes go in as one signed list and take the place of the last one', async (t) => {
  const [alice, bob] = await cleared()
  const ladder = (middle: number) =>
    [1, 2, 3, 4].flatMap((step) => [
      { side: 'buy' as const, price: String(middle - step), amount: '0.1' },
      { side: 'sell' as const, price: String(middle + step), amount: '0.1' }
    ])
  const first = await alice.quotes(ladder(2000))
  t.ok(first.orders.every(({ state, quote }) => state === 'open' && quote))
  const second = await alice.quotes(ladder(2010))
  t.is(second.orders.length, 8)
  for (const { orderId } of first.orders) {
    t.is((await alice.order(orderId)).state, 'cancelled')
  }
  const { trades } = await bob.buys('0.25', '2013')
  t.alike(
    trades.map(({ price, amount }) => [price, amount]),
    [
      ['2011', '0.1'],
      ['2012', '0.1'],
      ['2013', '0.05']
    ]
  )
  await alice.quotes([])
  t.alike(await venue.problems(), [])
})

test('e2e - a bot whose daemon dies connects again and is told of its orders', async (t) => {
  const [alice, bob] = await cleared()
  const { order } = await alice.sells('0.2', '2100')
  await venue.kills('trader-1')
  await venue.restarts('trader-1')
  await bob.buys('0.2', '2100')
  // Its own socket and subscriptions came back by themselves.
  await until(
    () => venue.ledger.orders.find(({ orderId }) => orderId === order.orderId)?.state === 'filled',
    'the fill of an order from before'
  )
  t.is((await alice.order(order.orderId)).state, 'filled')
  t.alike(await venue.problems(), [])
})

test('e2e - an order signed by a wallet outside trades and settles', async (t) => {
  const [alice, bob] = await cleared()
  const wallet = venue.wallet(15)
  const account = wallet.address.toLowerCase()
  const outside = await venue.hosts(alice, wallet)
  await venue.funds(wallet, [
    { token: 'WETH', amount: '2' },
    { token: 'USDC', amount: '5000' }
  ])
  const result = await outside.signs(wallet, { side: 'sell', amount: '1', price: '1990' })
  t.is(result.order.account, account)
  t.is(result.order.state, 'open')
  await bob.buys('1', '1990')
  await outside.sees(result.order.orderId, 'filled')
  t.alike(await venue.problems(), [])
  t.is((await outside.balance('WETH')).settled, '1')
})

test('e2e - a delegate’s order settles by its signature while the owner’s daemon is dead', async (t) => {
  const [alice, bob] = await cleared()
  const delegate = venue.wallet(16)
  const { transaction } = await alice.client.call('private/set_delegate', {
    account: alice.account,
    delegate: delegate.address,
    market: MARKET,
    // Longer than the orders that it shall sign.
    until: Math.floor(Date.now() / 1000) + 7 * 86_400
  })
  await venue.chain.waitForTransaction(transaction, 2)
  const placed = await until(async () => {
    try {
      return await alice.signs(delegate, { side: 'sell', amount: '0.3', price: '2000' })
    } catch (fault) {
      // The grant is on its way from the chain to the tape.
      if (fault instanceof RpcFault && fault.reason === 'not_authorised') return null
      throw fault
    }
  }, 'the grant')
  const explained = await alice.client.call('private/explain_order', {
    orderId: placed.order.orderId
  })
  t.is(explained.signer, delegate.address.toLowerCase())
  await venue.kills('trader-1')
  const { trades } = await bob.buys('0.3', '2000')
  t.is(trades.length, 1)
  await until(async () => {
    const [trade] = await bob.trades()
    return trade.state === 'final'
  }, 'the trade to settle without its maker’s daemon')
  await venue.restarts('trader-1')
  t.alike(await venue.problems(), [])
})

test('e2e - a withdrawal is paid out to its owner', async (t) => {
  const [alice] = venue.traders
  const before = await venue.tokensOf(alice.account, 'WETH')
  await alice.client.call('private/withdraw', {
    account: alice.account,
    token: 'WETH',
    amount: '2.5'
  })
  await until(
    async () => (await venue.tokensOf(alice.account, 'WETH')) - before === 25n * 10n ** 17n,
    'two and a half WETH',
    START_MS
  )
  t.alike(await venue.problems(), [])
  const transfers = await alice.client.call('private/get_transfers', { account: alice.account })
  const withdrawal = transfers.find(({ kind }) => kind === 'withdrawal')
  t.is(withdrawal?.amount, '2.5')
  await until(async () => {
    const [newest] = await alice.client.call('private/get_transfers', { account: alice.account })
    return newest.state === 'claimed'
  }, 'the withdrawal to be claimed by the daemon’s word too')
})

test('e2e - settlers without gas money say so, and settle once they have some', async (t) => {
  const [alice, bob] = await cleared()
  const pay = async (wei: bigint): Promise<void> => {
    for (const { signer } of venue.manifest.validators) {
      await venue.chain.send('anvil_setBalance', [signer, `0x${wei.toString(16)}`])
    }
  }
  await pay(0n)
  await alice.sells('0.1', '2000')
  const { trades } = await bob.buys('0.1', '2000')
  const [{ batch }] = trades
  const settler = `validator-${(batch % 4) + 1}`
  await until(
    async () => (await venue.status(settler)).settlement?.gasMoneyLow,
    `${settler} to say that it has no gas money`,
    START_MS
  )
  const waiting = (await venue.batches()).find(({ index }) => index === batch)
  t.ok(waiting && ['sealed', 'attested'].includes(waiting.state), waiting?.state)
  await pay(10n ** 19n)
  t.alike(await venue.problems(), [])
})

test('e2e - a settlement that a reorg takes back is sent once more', async (t) => {
  const [alice, bob] = await cleared()
  const { chain } = venue
  await chain.send('evm_setIntervalMining', [0])
  await alice.sells('0.1', '2000')
  await bob.buys('0.1', '2000')
  await until(async () => {
    const { pending }: { pending: object } = await chain.send('txpool_content', [])
    return Object.keys(pending).length > 0
  }, 'a settlement on its way')
  await chain.send('evm_mine', [])
  const mined = await chain.getBlock('latest')
  t.is(mined?.transactions.length, 1)
  await chain.send('anvil_reorg', [1, []])
  const instead = await chain.getBlock('latest')
  t.is(instead?.number, mined?.number)
  t.is(instead?.transactions.length, 0)
  await chain.send('evm_setIntervalMining', [1])
  t.alike(await venue.problems(), [])
})

test('e2e - while the chain stands still trading stops before it can hurt, and goes on when it is back', async (t) => {
  const [alice, bob] = await cleared()
  await venue.settles()
  const { order } = await alice.sells('0.1', '2200')
  const { chainStaleMaxMs, horizonSeconds } = venue.manifest.settlement
  const trades = async (): Promise<void> => {
    await alice.sells('0.001', '2000')
    await bob.buys('0.001', '2000')
    // Not more than the daemons take from one connection.
    await pause(PAUSE_MS)
  }
  venue.local.processes.signal('chain', 'SIGSTOP')
  const stoodAt = performance.now()
  const isOver = () => performance.now() - stoodAt >= OUTAGE_MS
  try {
    const first = await until(() => faultOf(trades()), 'a refusal', START_MS)
    t.is(first.rpcName, 'settlement_lagging')
    t.ok(first.retryable)
    // The tape counts from the time of a block that it has, which lies a little in the past.
    const takenMs = performance.now() - stoodAt
    t.ok(takenMs < horizonSeconds * 500, `${takenMs} ms: far within the horizon`)
    t.ok(takenMs < chainStaleMaxMs + SLACK_MS, `${takenMs} ms: when the manifest says`)
    let refused = 0
    while (!isOver()) {
      const fault = await faultOf(bob.buys('0.001', '2000'))
      if (fault?.rpcName !== 'settlement_lagging')
        t.fail(`taken in the meantime: ${fault?.message}`)
      refused++
      await pause(PAUSE_MS)
    }
    t.ok(refused > 0, `${refused} more were refused until the end`)
    t.is((await alice.cancels(order.orderId)).state, 'cancelled', 'a cancel is taken')
  } finally {
    venue.local.processes.signal('chain', 'SIGCONT')
  }
  await until(async () => (await faultOf(trades())) === null, 'orders to be taken again', START_MS)
  t.alike(await venue.problems(), [], 'what was matched meanwhile has settled')
  t.ok(venue.ledger.trades.every(({ state }) => state === 'final'))
})

test('e2e - an exit needs nobody, and is paid after its delay', async (t) => {
  const [, bob] = await cleared()
  await venue.settles()
  const { account, client } = bob
  const { settled } = await bob.balance('WETH')
  const before = await venue.tokensOf(account, 'WETH')
  await client.call('private/exit', { account, token: 'WETH', action: 'request' })
  await until(async () => (await bob.balance('WETH')).exiting, 'the request to be on the tape')
  t.is((await faultOf(bob.sells('0.1', '2000')))?.rpcName, 'rejected')
  await venue.chain.send('evm_increaseTime', [venue.manifest.settlement.exitDelaySeconds])
  await venue.chain.send('evm_mine', [])
  await client.call('private/exit', { account, token: 'WETH', action: 'claim' })
  t.is((await venue.tokensOf(account, 'WETH')) - before, decimal(settled))
  await until(async () => (await bob.balance('WETH')).settled === '0', 'the exit to be on the tape')
  t.alike(await venue.problems(), [])
})

test('e2e - after all of this an auditor who believes nobody finds everything true', async (t) => {
  const { datadir } = venue.traders[1].member
  const { code, out } = await curb(['venue', 'audit', '--json', '--datadir', datadir])
  const verdict: { problems: string[] } = JSON.parse(out)
  t.alike(verdict.problems, [])
  t.is(code, 0)
})

test.hook('e2e - the venue goes down', { timeout: START_MS }, async () => venue.close())
