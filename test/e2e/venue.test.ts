// Traders on different daemons, four validators, one chain: every daemon a process of its own.
import test from 'brittle'
import { decimal } from '../helpers/ledger.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { curb } from '../helpers/curb.ts'

const venue = new ProcessVenue({ validators: 4, traders: 2 })
const MINUTE_MS = 60_000

test.hook('e2e - the venue goes up', { timeout: 2 * MINUTE_MS }, async () => venue.open())

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
  const { code, out } = await curb([
    'venue',
    'audit',
    '--json',
    '--datadir',
    venue.traders[0].member.datadir
  ])
  t.is(code, 0, out)
  const verdict: { ok: boolean; problems: string[]; chainBlock: number } = JSON.parse(out)
  t.alike(verdict.problems, [])
  t.ok(verdict.ok)
  t.ok(verdict.chainBlock > 0)
})

test.hook('e2e - the venue goes down', async () => venue.close())
