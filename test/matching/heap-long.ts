// The heap under long traffic, in ten steps; fails when it grew by more than a quarter megabyte:
//   node --import tsx test/matching/heap-long.ts --commands 10000000
import { parseArgs } from 'node:util'
import { SteadyTraffic, usedBytes } from './streams/steady.ts'

const { values } = parseArgs({ options: { commands: { type: 'string', default: '10000000' } } })
const step = Math.ceil(Number(values.commands) / 10)
const traffic = new SteadyTraffic(1)
traffic.run(step)
const before = usedBytes()
let grown = 0
for (let done = 1; done < 10; done++) {
  traffic.run(step)
  grown = usedBytes() - before
  process.stdout.write(`${(done + 1) * step} commands, ${traffic.trades} trades: ${grown} bytes\n`)
}
if (grown > 256 * 1024) process.exitCode = 1
