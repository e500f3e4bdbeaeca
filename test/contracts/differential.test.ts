import test from 'brittle'
import { runDifferential } from './differential/run.ts'

test('differential - the vault and the engine have equal balances after every batch', async (t) => {
  const totals = await runDifferential({ seed: 1, batches: 40 })
  t.comment(JSON.stringify(totals))
  t.ok(totals.batches >= 35, `${totals.batches} batches settled`)
  t.ok(totals.mixed > 0 && totals.cosigned > 0 && totals.orderSide > 0, 'both sides, mixed')
  t.ok(totals.withdrawals > 0, 'withdrawals among them')
})
