import test from 'brittle'
import { SteadyTraffic, usedBytes } from './streams/steady.ts'

// `npm run test:long` makes it ten million commands; step by step:
//   node --import tsx test/matching/heap-long.ts --commands 10000000
const commands = process.env['TEST_LONG'] === '1' ? 10_000_000 : 500_000

test('heap - a steady book costs no more memory, however many commands it sees', (t) => {
  const traffic = new SteadyTraffic(1)
  traffic.run(250_000)
  const before = usedBytes()
  traffic.run(commands)
  const grown = usedBytes() - before
  t.ok(traffic.trades > 10_000, `${traffic.trades} trades, ${traffic.resting} orders rest`)
  t.ok(grown < 256 * 1024, `${grown} bytes more`)
})
