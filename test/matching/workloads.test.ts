import test from 'brittle'
import type { Flow } from '../../bench/flow.ts'
import { readFlow, writeFlow } from '../../bench/flow.ts'
import { Ours } from '../../bench/ours.ts'
import { Probe } from '../../bench/probe.ts'
import type { Contestant } from '../../bench/tally.ts'
import { makeWorkload, workloadNames } from '../../bench/workloads.ts'
import { LimitOrderBook, Naive, NodejsOrderBook } from '../../bench/yardsticks.ts'
import { seededRandom } from '../helpers/random.ts'

function outcome(engine: Contestant, flow: Flow): unknown {
  for (let row = 0; row < flow.count; row++) engine.apply(row)
  engine.flush()
  const { trades, volume, notional, hash } = engine.tally
  const touch = [engine.bestBid(), engine.bestAsk(), engine.resting()]
  return { trades, volume, notional, hash, touch }
}

test('workloads - five engines make the same trades of the same flow', (t) => {
  for (const name of workloadNames) {
    const size = { preload: name === 'hot' ? 0 : 1500, commands: 1500 }
    const { flow } = makeWorkload(name, size, seededRandom(7))
    const probe = new Probe(flow, flow.count)
    const expected = outcome(probe, flow)
    t.ok(probe.tally.trades > 100, `${name}: ${probe.tally.trades} trades`)
    t.alike(outcome(new Ours(flow, flow.count), flow), expected, `${name}: ours`)
    t.alike(outcome(new Naive(flow), flow), expected, `${name}: naive`)
    t.alike(outcome(new NodejsOrderBook(flow), flow), expected, `${name}: nodejs-order-book`)
    t.alike(outcome(new LimitOrderBook(flow), flow), expected, `${name}: limit-order-book`)
  }
})

test('workloads - a flow written as lines is read back as it was', (t) => {
  const { flow } = makeWorkload('mixed', { preload: 200, commands: 800 }, seededRandom(7))
  const read = readFlow(writeFlow(flow))
  t.is(read.count, flow.count)
  t.alike(outcome(new Probe(read, read.count), read), outcome(new Probe(flow, flow.count), flow))
})
