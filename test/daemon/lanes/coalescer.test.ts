import test from 'brittle'
import { Coalescer } from '../../../daemon/lanes/coalescer.ts'
import { COALESCE_BUSY_MS, COALESCE_IDLE_MS, COALESCE_SLOW_MS } from '../../../protocol/limits.ts'

const ENTRY = new Uint8Array(100)

test('coalescer - waits longer the more comes', (t) => {
  const coalescer = new Coalescer(512)
  coalescer.add(ENTRY, 10_000)
  t.is(coalescer.wait(), COALESCE_IDLE_MS)
  for (let i = 0; i < 200; i++) coalescer.add(ENTRY, 10_000 + i)
  t.is(coalescer.wait(), COALESCE_BUSY_MS)
})

test('coalescer - waits longer where finality takes long, within a bound', (t) => {
  const coalescer = new Coalescer(512)
  coalescer.add(ENTRY, 10_000)
  const takes = (ms: number): void => {
    for (let i = 0; i < 300; i++) coalescer.final(ms)
  }
  takes(10)
  t.is(coalescer.wait(), COALESCE_IDLE_MS)
  coalescer.final(5000)
  t.is(coalescer.wait(), COALESCE_IDLE_MS, 'not by one that was late')
  takes(52)
  t.is(coalescer.wait(), 20)
  takes(5000)
  t.is(coalescer.wait(), COALESCE_SLOW_MS)
  takes(10)
  t.is(coalescer.wait(), COALESCE_IDLE_MS)
})
