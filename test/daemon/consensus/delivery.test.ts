// Nothing is delivered for sure, and a daemon may end at any time: what is sent again, and what comes
// back.
import test from 'brittle'
import { Bench, four, RELAY_MS, ROUND_MS, STANDSTILL_MS } from './bench.ts'
import { blockAt, genesis } from './committee.ts'

const one = blockAt(1, genesis)
const other = blockAt(1, genesis, 1)

test('simplex - certificates too are in the journal before they are sent', (t) => {
  const bench = new Bench(0)
  bench.isHeld = true
  bench.hears(2, four.nullification(1))
  bench.hears(2, four.notarization(blockAt(2, genesis)))
  bench.step({ kind: 'connected', peer: 3 })
  bench.sleeps(3 * STANDSTILL_MS)
  t.alike(bench.said(), [])
  bench.release()
  bench.step({ kind: 'connected', peer: 3 })
  const said = bench.said()
  t.ok(said.includes('nullification 1 to 3') && said.includes('notarization 2 to 3'))
})

test('simplex - a final comes back after a crash, for those who have missed it', (t) => {
  const before = new Bench(0)
  before.hears(1, four.final(one))
  const after = new Bench(0, before.journal)
  t.is(after.simplex.height, 2)
  after.step({ kind: 'connected', peer: 3 })
  t.ok(after.said().includes('final 1 to 3'))
})

test('simplex - a final at a higher height is caught up with', (t) => {
  const bench = new Bench(0)
  const high = { height: 90, length: 70, treeHash: new Uint8Array(32).fill(9) }
  bench.hears(3, four.final(high))
  t.is(bench.simplex.height, 91)
  t.alike(bench.simplex.heights.final, high)
  t.is(bench.did('final').length, 1)
  const bad = { ...four.final({ ...high, height: 95 }), partials: four.final(one).partials }
  bench.hears(3, bad)
  t.is(bench.simplex.height, 91)
  const lied = four.final(high)
  bench.hears(3, {
    ...lied,
    notarization: { ...lied.notarization, block: { ...high, height: 2 ** 40 } }
  })
  t.is(bench.simplex.height, 91, 'the height is bound by the notarization')
})

test('simplex - while the tape stands still, ballots and certificates are sent again', (t) => {
  const bench = new Bench(0)
  bench.isProposed(one, genesis)
  bench.hears(1, four.vote(1, one))
  bench.hears(2, four.vote(2, one))
  bench.said()
  bench.sleeps(STANDSTILL_MS)
  const said = bench.said().filter((line) => line.endsWith('to 3'))
  for (const line of ['notarization 1', 'propose 1', 'vote 1', 'finalize 1']) {
    t.ok(said.includes(`${line} to 3`), line)
  }
  bench.hears(1, four.finalize(1, one))
  bench.hears(2, four.finalize(2, one))
  bench.said()
  bench.sleeps(10 * STANDSTILL_MS)
  t.alike(bench.said(), [], 'all is final: quiet')
})

test('simplex - of very many heights those are sent again where a validator is stuck', (t) => {
  const bench = new Bench(0)
  for (let height = 1; height <= 300; height++) bench.hears(2, four.nullification(height))
  bench.hears(3, four.nullify(3, 120))
  bench.sleeps(STANDSTILL_MS / 2)
  bench.said()
  bench.step({ kind: 'demand' })
  bench.sleeps(4 * STANDSTILL_MS)
  const said = bench.said().filter((line) => line.endsWith('to 3'))
  t.ok(said.includes('nullification 120 to 3'), 'what takes it on')
  t.ok(said.includes('nullification 1 to 3') && said.includes('nullification 300 to 3'))
  t.ok(new Set(said).size < 100, `${new Set(said).size} messages`)
  bench.step({ kind: 'connected', peer: 3 })
  bench.said()
  bench.hears(3, four.nullify(3, 50))
  bench.sleeps(2 * STANDSTILL_MS)
  const again = bench.said().filter((line) => line.endsWith('to 3'))
  t.ok(again.includes('nullification 50 to 3'), 'it may have begun anew')
})

test('simplex - certificates are handed to those who have not shown that they have them', (t) => {
  const bench = new Bench(0)
  bench.hears(1, four.notarization(one))
  bench.hears(2, four.finalize(2, one))
  bench.said()
  bench.sleeps(2 * RELAY_MS)
  t.alike(bench.said(), ['notarization 1 to 3'], '1 sent it and 2 finalized: they have it')
})

test('simplex - who repeats himself about a height that is final is sent the final', (t) => {
  const bench = new Bench(0)
  for (const validator of [1, 2, 3]) bench.hears(validator, four.vote(validator, one))
  for (const validator of [1, 2]) bench.hears(validator, four.finalize(validator, one))
  bench.said()
  bench.hears(3, four.vote(3, one))
  t.alike(bench.said(), ['final 1 to 3'])
})

test('simplex - old words without end are answered with the final once in a while, not each', (t) => {
  const bench = new Bench(0)
  const two = blockAt(2, one)
  for (const validator of [1, 2, 3]) bench.hears(validator, four.vote(validator, one))
  for (const validator of [1, 2]) bench.hears(validator, four.finalize(validator, one))
  const nullify = four.nullify(3, 1)
  bench.hears(3, nullify)
  bench.said()
  const repeats = () => {
    for (let i = 0; i < 100; i++) {
      bench.hears(3, four.vote(3, one))
      bench.hears(3, nullify)
      bench.hears(3, four.finalize(3, one))
    }
    return bench.said().filter((line) => line.startsWith('final '))
  }
  t.alike(repeats(), ['final 1 to 3'], 'one answer to three hundred words')
  bench.hears(2, four.vote(2, one))
  t.ok(bench.said().includes('final 1 to 2'), 'another peer has his own')
  bench.sleeps(RELAY_MS)
  bench.said()
  t.alike(repeats(), ['final 1 to 3'], 'the answer may have been lost')
  bench.hears(2, four.final(two))
  t.alike(repeats(), ['final 2 to 3'], 'a new final is told at once')
  bench.step({ kind: 'connected', peer: 3 })
  bench.said()
  t.alike(repeats(), ['final 2 to 3'], 'who connects again may have lost all')
})

test('simplex - a new journal holds every ballot: after it nothing is contradicted', (t) => {
  const begun = (bench: Bench): Bench => new Bench(0, bench.simplex.heights.checkpoint())
  const voter = new Bench(0)
  voter.isProposed(one, genesis)
  const voted = begun(voter)
  voted.isProposed(other, genesis)
  t.absent(
    voted.said().some((line) => line.startsWith('vote')),
    'one vote a height'
  )

  const nullifier = new Bench(0)
  nullifier.step({ kind: 'demand' })
  nullifier.sleeps(ROUND_MS)
  const nullified = begun(nullifier)
  nullified.hears(1, four.notarization(one))
  t.absent(nullified.said().includes('finalize 1'), 'no finalize after a nullify')

  for (const validator of [1, 2, 3]) voter.hears(validator, four.vote(validator, one))
  const finalized = begun(voter)
  t.is(finalized.simplex.height, 2)
  finalized.step({ kind: 'connected', peer: 2 })
  const said = finalized.said()
  for (const line of ['notarization 1', 'vote 1', 'finalize 1']) {
    t.ok(said.includes(`${line} to 2`), line)
  }

  const leader = new Bench(1)
  const { cut } = four.proposal(one, genesis)
  leader.step({ kind: 'proposed', block: one, parent: genesis, cut })
  const led = new Bench(1, leader.simplex.heights.checkpoint())
  t.is(led.did('propose').length, 0, 'one proposal a height')

  const skipping = new Bench(0)
  skipping.hears(2, four.nullification(1))
  t.is(begun(skipping).simplex.height, 2, 'certificates count')
  const abstaining = new Bench(0, [], genesis, 7)
  t.is(begun(abstaining).simplex.heights.votesFrom, 7)
})
