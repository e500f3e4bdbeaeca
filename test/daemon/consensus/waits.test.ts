import test from 'brittle'
import { LeaderWaits } from '../../../daemon/consensus/core/waits.ts'

const FULL = 300
const SHORT = 15

/** Four (or more) validators, all heard from in the last height. */
function waitsOf(validators = 4): LeaderWaits {
  const waits = new LeaderWaits({ validators, self: 0, roundMs: FULL, absentLeaderMs: SHORT })
  for (let validator = 0; validator < validators; validator++) waits.heard(validator, 100)
  return waits
}

test('waits - a leader that missed its last turn is waited for shortly', (t) => {
  const waits = waitsOf()
  t.is(waits.waitMs(101, 0), FULL)
  waits.missed(1)
  t.is(waits.waitMs(101, 0), SHORT)
  t.is(waits.waitMs(102, 0), FULL, 'the others are not')
  waits.kept(1)
  t.is(waits.waitMs(101, 0), FULL)
})

test('waits - at most f leaders at a time, those that began to miss first', (t) => {
  const waits = waitsOf()
  waits.missed(1)
  waits.missed(2)
  t.is(waits.waitMs(101, 0), SHORT)
  t.is(waits.waitMs(102, 0), FULL)
  waits.kept(1)
  t.is(waits.waitMs(102, 0), SHORT)
  const seven = waitsOf(7)
  for (const leader of [3, 4, 5]) seven.missed(leader)
  t.alike(
    [101, 102, 103].map((height) => seven.waitMs(height, 0)),
    [SHORT, SHORT, FULL],
    'leaders 3, 4, 5 of seven'
  )
})

test('waits - only while a quorum is heard from', (t) => {
  const waits = new LeaderWaits({ validators: 4, self: 0, roundMs: FULL, absentLeaderMs: SHORT })
  waits.missed(1)
  t.is(waits.waitMs(101, 0), FULL, 'cut off: nobody is heard')
  waits.heard(2, 100)
  t.is(waits.waitMs(101, 0), FULL)
  waits.heard(3, 100)
  t.is(waits.waitMs(101, 0), SHORT, 'with itself that is a quorum')
  t.is(waits.waitMs(105, 0), FULL, 'they have fallen silent')
})

test('waits - a leader that votes gets its full time again now and then', (t) => {
  const waits = waitsOf()
  const turns: number[] = []
  for (let turn = 1; turn <= 9; turn++) {
    waits.missed(1)
    turns.push(waits.waitMs(101, 0))
  }
  t.alike(turns, [SHORT, FULL, SHORT, FULL, SHORT, SHORT, SHORT, FULL, SHORT])
  const silent = new LeaderWaits({ validators: 4, self: 0, roundMs: FULL, absentLeaderMs: SHORT })
  for (const validator of [2, 3]) silent.heard(validator, 100)
  for (let turn = 1; turn <= 9; turn++) {
    silent.missed(1)
    t.is(silent.waitMs(101, 0), SHORT, 'one that is dead does not')
  }
})

test('waits - rounds without a final double both waits, up to a limit', (t) => {
  const waits = waitsOf()
  t.alike(
    [-1, 0, 1, 2, 3].map((rounds) => waits.waitMs(101, rounds)),
    [FULL, FULL, 2 * FULL, 4 * FULL, 8 * FULL]
  )
  t.is(waits.waitMs(101, 6), waits.waitMs(101, 60))
  waits.missed(1)
  t.is(waits.waitMs(101, 2), 4 * SHORT)
})
