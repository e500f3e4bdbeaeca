import test from 'brittle'
import { SteadyTraffic, usedBytes } from './streams/steady.ts'

// The long one: node --import tsx test/matching/heap-long.ts --commands 10000000

test('heap - a steady book costs no more memory after half a million commands', (t) => {
  const traffic = new SteadyTraffic(1)
  traffic.run(250_000)
  const before = usedBytes()
  traffic.run(500_000)
  const grown = usedBytes() - before
  t.ok(traffic.trades > 10_000, `${traffic.trades} trades, ${traffic.resting} orders rest`)
  t.ok(grown < 256 * 1024, `${grown} bytes more`)
})
