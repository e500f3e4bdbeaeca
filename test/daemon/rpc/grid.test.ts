import test from 'brittle'
import fc from 'fast-check'
import { formatAmount } from '../../../protocol/money.ts'
import { Grid } from '../../../daemon/rpc/grid.ts'
import { quantumDecimal } from '../../../protocol/money.ts'

test('grid - gives every number of steps the text that protocol/money gives it', (t) => {
  const amounts = fc.record({
    decimals: fc.integer({ min: 0, max: 36 }),
    quantum: fc.bigInt({ min: 1n, max: 10n ** 30n }),
    steps: fc.oneof(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    )
  })
  fc.assert(
    fc.property(amounts, ({ decimals, quantum, steps }) => {
      const token = { symbol: 'T', decimals, quantum: String(quantum) }
      return new Grid(quantumDecimal(token)).text(steps) === formatAmount(steps, token)
    }),
    { numRuns: 2000 }
  )
  t.is(new Grid({ unit: 25n, scale: 2 }).text(4), '1')
  t.is(new Grid({ unit: 1n, scale: 3 }).text(0), '0')
})
