import test from 'brittle'
import { Pace } from '../../../daemon/consensus/core/pace.ts'

const OPTIONS = { cutLightMs: 5, cutBusyMs: 20, busyEntries: 16 }

test('pace - a cut of few entries is followed sooner than one of many', (t) => {
  const pace = new Pace(OPTIONS)
  pace.made(1000, 15)
  t.is(pace.nextAtMs, 1005)
  pace.made(2000, 16)
  t.is(pace.nextAtMs, 2020)
  pace.seen(2010)
  t.is(pace.nextAtMs, 2030, "another's proposal counts as well")
})

test('pace - while alarms ring late busy cuts are fewer, within a bound', (t) => {
  const pace = new Pace(OPTIONS)
  pace.made(1000, 16)
  for (let i = 0; i < 100; i++) pace.rang(1000, 1012)
  t.is(pace.nextAtMs, 1040)
  for (let i = 0; i < 100; i++) pace.rang(1000, 9000)
  t.is(pace.nextAtMs, 1060)
  pace.made(1000, 1)
  t.is(pace.nextAtMs, 1005, 'a light one never waits for that')
  for (let i = 0; i < 100; i++) pace.rang(1000, 1001)
  pace.made(1000, 16)
  t.is(pace.nextAtMs, 1020, 'and it is forgotten')
})
