import test from 'brittle'
import { SteadyTraffic, usedBytes } from './streams/steady.ts'

// `npm run test:long` makes it ten million commands; step by step:
//   node --import tsx test/matching/heap-long.ts --commands 10000000
const commands = process.env['TEST_LONG'] === '1' ? 10_000_000 : 500_000
const READINGS = 5

/** The least of some readings on the way: an array that a collection has yet to let go, or one that
 * a batch holds while it is open, is no growth. */
function leastUsed(traffic: SteadyTraffic, count: number): number {
  let least = Infinity
  for (let reading = 0; reading < READINGS; reading++) {
    traffic.run(count / READINGS)
    least = Math.min(least, usedBytes())
  }
  return least
}

test('heap - a steady book costs no more memory, however many commands it sees', (t) => {
  const traffic = new SteadyTraffic(1)
  traffic.run(250_000)
  const before = leastUsed(traffic, 100_000)
  traffic.run(commands)
  const grown = leastUsed(traffic, 100_000) - before
  t.ok(traffic.trades > 10_000, `${traffic.trades} trades, ${traffic.resting} orders rest`)
  t.ok(grown < 256 * 1024, `${grown} bytes more`)
})
