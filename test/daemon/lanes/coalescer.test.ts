import test from 'brittle'
import { Coalescer } from '../../../daemon/lanes/coalescer.ts'
import { COALESCE_BUSY_MS, COALESCE_IDLE_MS, COALESCE_LATE_MS } from '../../../protocol/limits.ts'

const ENTRY = new Uint8Array(100)

test('coalescer - waits longer the more comes', (t) => {
  const coalescer = new Coalescer(512)
  coalescer.add(ENTRY, 10_000)
  t.is(coalescer.wait(10_000), COALESCE_IDLE_MS)
  for (let i = 0; i < 200; i++) coalescer.add(ENTRY, 10_000 + i)
  t.is(coalescer.wait(10_200), COALESCE_BUSY_MS)
})

test('coalescer - waits longer while its timer rings late, within a bound', (t) => {
  const coalescer = new Coalescer(512)
  coalescer.add(ENTRY, 10_000)
  const late = (ms: number): void => {
    for (let i = 0; i < 100; i++) coalescer.waited(10_000 + coalescer.wait(10_000) + ms)
  }
  late(7)
  t.is(coalescer.wait(10_000), COALESCE_IDLE_MS + 10)
  late(5000)
  t.is(coalescer.wait(10_000), COALESCE_IDLE_MS + COALESCE_LATE_MS)
  late(0)
  t.is(coalescer.wait(10_000), COALESCE_IDLE_MS)
})
