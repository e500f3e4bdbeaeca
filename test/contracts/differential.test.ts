import test from 'brittle'
import { runDifferential } from './differential/run.ts'
import { OFTEN, unseen } from './differential/totals.ts'
import { runVenues } from './differential/venues.ts'

const long = process.env['TEST_LONG'] === '1'

test('differential - the vault and the engine have equal balances after every batch', async (t) => {
  const totals = await runDifferential({ seed: 1, batches: 60, rates: OFTEN })
  t.comment(JSON.stringify(totals))
  t.ok(totals.batches + totals.voids >= 60, `${totals.batches} batches settled`)
  t.alike(unseen(totals), [], 'exits, cancels of exits, voids, marks, floors: each was there')
})

// `npm run test:long`: ten thousand batches; else one venue more, with what is rare as rare as it is.
test(
  'differential - through venues of a thousand batches, what is rare being rare',
  { timeout: 1_800_000 },
  async (t) => {
    const batches = long ? 10_000 : 20
    const totals = await runVenues({ seed: 1, batches })
    t.comment(JSON.stringify(totals))
    t.ok(totals.batches + totals.voids >= batches, `${totals.batches} batches settled`)
    if (long) t.alike(unseen(totals), [])
  }
)
