import test from 'brittle'
import { Simplex } from '../../../daemon/consensus/core/simplex.ts'
import type { SimplexEffect } from '../../../daemon/consensus/core/simplex-types.ts'
import { Bench, four, RELAY_MS, ROUND_MS, SHORT_MS, STANDSTILL_MS } from './bench.ts'
import { blockAt, Committee, genesis, venue } from './committee.ts'

const one = blockAt(1, genesis)
const other = blockAt(1, genesis, 1)
const two = blockAt(2, one)

test('simplex - votes once, for the first valid proposal of its height', (t) => {
  const bench = new Bench(0)
  bench.isProposed(one, genesis)
  t.alike(bench.said(), ['vote 1'])
  bench.isProposed(other, genesis)
  t.alike(bench.said(), [])
})

test('simplex - nothing is sent or counted before the journal has it', (t) => {
  const bench = new Bench(0)
  bench.isHeld = true
  bench.isProposed(one, genesis)
  bench.hears(1, four.vote(1, one))
  bench.hears(2, four.vote(2, one))
  t.alike(bench.said(), [])
  t.is(bench.simplex.height, 1, 'the own vote is not counted either')
  t.alike(
    bench.journal.map((record) => record.kind),
    ['propose', 'vote'],
    'the proposal is journaled with the vote'
  )
  bench.release()
  t.alike(bench.said(), ['vote 1', 'finalize 1'])
  t.is(bench.simplex.height, 2)
})

test('simplex - a quorum of votes notarizes: the height ends and the block is finalized', (t) => {
  const bench = new Bench(0)
  bench.isProposed(one, genesis)
  bench.hears(1, four.vote(1, one))
  t.is(bench.simplex.height, 1)
  bench.hears(2, four.vote(2, one))
  t.is(bench.simplex.height, 2)
  t.alike(bench.said(), ['vote 1', 'finalize 1'])
  t.is(bench.did('final').length, 0)
  bench.hears(1, four.finalize(1, one))
  bench.hears(2, four.finalize(2, one))
  const [final] = bench.did('final')
  t.is(final.kind === 'final' && final.final.partials.length, four.quorum)
  t.ok(final.kind === 'final' && four.authority(3).final(final.final, null))
})

test('simplex - votes for two blocks do not add up', (t) => {
  const bench = new Bench(0)
  bench.isProposed(one, genesis)
  bench.hears(1, four.vote(1, other))
  bench.hears(2, four.vote(2, other))
  t.is(bench.simplex.height, 1)
})

test('simplex - a repeated ballot counts once', (t) => {
  const bench = new Bench(0)
  bench.isProposed(one, genesis)
  for (let i = 0; i < 3; i++) bench.hears(1, four.vote(1, one))
  t.is(bench.simplex.height, 1)
})

test('simplex - when the timer rings the height is nullified, and never finalized', (t) => {
  const bench = new Bench(0)
  bench.step({ kind: 'demand' })
  bench.sleeps(ROUND_MS - 1)
  t.alike(bench.said(), [])
  bench.sleeps(1)
  t.alike(bench.said(), ['nullify 1'])
  for (const validator of [1, 2, 3]) bench.hears(validator, four.vote(validator, one))
  t.is(bench.simplex.height, 2, 'it is notarized all the same')
  t.alike(bench.said(), [])
})

test('simplex - after a nullify it may still vote, as published', (t) => {
  const bench = new Bench(0)
  bench.step({ kind: 'demand' })
  bench.sleeps(ROUND_MS)
  bench.isProposed(one, genesis)
  t.alike(bench.said(), ['nullify 1', 'vote 1'])
})

test('simplex - a height that it finalized it never nullifies', (t) => {
  const bench = new Bench(0)
  for (const validator of [1, 2, 3]) bench.hears(validator, four.vote(validator, one))
  t.alike(bench.said(), ['finalize 1'])
  for (const validator of [1, 2, 3]) bench.hears(validator, four.nullify(validator, 1))
  bench.sleeps(10 * ROUND_MS)
  t.absent(bench.said().some((line) => line.startsWith('nullify 1')))
})

test('simplex - an idle height has no timer', (t) => {
  const bench = new Bench(0)
  bench.sleeps(100 * ROUND_MS)
  t.alike(bench.said(), [])
  bench.hears(2, four.vote(2, one))
  bench.sleeps(ROUND_MS)
  t.alike(bench.said(), ['nullify 1'], 'somebody is busy with it: the timer runs')
})

test('simplex - f + 1 nullifies are joined, a proposal that is not valid is nullified', (t) => {
  const bench = new Bench(0)
  bench.hears(2, four.nullify(2, 1))
  t.alike(bench.said(), [])
  bench.hears(3, four.nullify(3, 1))
  t.ok(bench.said().includes('nullify 1'))
  const second = new Bench(0)
  second.hears(1, four.proposal(one, genesis))
  second.step({ kind: 'verdict', block: one, valid: false })
  t.alike(second.said(), ['nullify 1'])
})

test('simplex - a nullified height ends, the next leader builds on the same parent', (t) => {
  const bench = new Bench(2)
  bench.hears(0, four.nullification(1))
  t.is(bench.simplex.height, 2)
  const [propose] = bench.did('propose')
  t.alike(propose, { kind: 'propose', height: 2, parent: genesis })
  const late = blockAt(2, genesis)
  const cut = four.proposal(late, genesis).cut
  bench.step({ kind: 'proposed', block: late, parent: genesis, cut })
  t.alike(bench.said(), ['propose 2', 'vote 2'])
})

test('simplex - a proposal waits for its parent to be notarized and the heights between nullified', (t) => {
  const bench = new Bench(0)
  const three = blockAt(3, one)
  bench.hears(3, four.proposal(three, one))
  t.is(bench.did('validate').length, 0, 'not its height yet')
  bench.hears(1, four.nullification(1))
  bench.hears(1, four.nullification(2))
  t.is(bench.simplex.height, 3)
  t.is(bench.did('validate').length, 0, 'the parent is not notarized')
  bench.hears(1, four.notarization(one))
  t.is(bench.did('validate').length, 1)
})

test('simplex - a parent below a height that is not nullified is not justified', (t) => {
  const bench = new Bench(0)
  bench.hears(1, four.notarization(one))
  bench.hears(2, four.notarization(two))
  bench.hears(3, four.proposal(blockAt(3, one), one))
  t.is(bench.simplex.height, 3)
  t.is(bench.did('validate').length, 0)
  bench.hears(1, four.nullification(2))
  t.is(bench.did('validate').length, 1, 'both happened at height 2: either parent will do')
})

test('simplex - certificates are checked: too few, too many, of another block, forged', (t) => {
  const bench = new Bench(0)
  const good = four.notarization(one)
  bench.hears(1, { ...good, signatures: good.signatures.slice(1) })
  bench.hears(1, { ...good, block: other })
  const [first, ...rest] = good.signatures
  bench.hears(1, { ...good, signatures: [...rest, { ...first, validator: 3 }] })
  bench.hears(1, { ...good, signatures: [first, first, ...rest.slice(1)] })
  const { validator, signature } = four.vote(3, one)
  bench.hears(1, { ...good, signatures: [...good.signatures, { validator, signature }] })
  t.is(bench.did('misbehaved').length, 5)
  t.is(bench.simplex.height, 1)
  bench.hears(1, good)
  t.is(bench.simplex.height, 2)
})

test('simplex - a final has the signatures that a head of the tape has, and no more', (t) => {
  const bench = new Bench(0)
  const good = four.final(one)
  const { validator, signature } = four.finalize(3, one)
  bench.hears(1, { ...good, partials: [...good.partials, { validator, signature }] })
  bench.hears(1, { ...good, partials: good.partials.slice(1) })
  t.is(bench.did('misbehaved').length, 2)
  t.is(bench.did('final').length, 0)
  bench.hears(1, good)
  t.is(bench.did('final').length, 1)
})

test('simplex - ballots are taken from their author only', (t) => {
  const bench = new Bench(0)
  bench.hears(2, four.vote(1, one))
  bench.hears(1, { ...four.vote(1, one), block: other })
  bench.hears(2, four.nullify(3, 1))
  bench.hears(1, { ...four.finalize(1, one), signature: new Uint8Array(64) })
  t.is(bench.did('misbehaved').length, 4)
})

test('simplex - what it said before a crash it never contradicts', (t) => {
  const before = new Bench(0)
  before.isProposed(one, genesis)
  const voted = new Bench(0, before.journal)
  voted.isProposed(other, genesis)
  t.absent(
    voted.said().some((line) => line.startsWith('vote')),
    'one vote a height'
  )

  before.hears(1, four.vote(1, one))
  before.hears(2, four.vote(2, one))
  const finalized = new Bench(0, before.journal)
  t.is(finalized.simplex.height, 2, 'the certificate was journaled before the finalize')
  finalized.hears(1, four.nullify(1, 1))
  finalized.hears(2, four.nullify(2, 1))
  finalized.sleeps(10 * ROUND_MS)
  t.absent(finalized.said().includes('nullify 1'))

  const nullifier = new Bench(0)
  nullifier.step({ kind: 'demand' })
  nullifier.sleeps(ROUND_MS)
  const nullified = new Bench(0, nullifier.journal)
  nullified.hears(1, four.notarization(one))
  t.absent(nullified.said().includes('finalize 1'))
})

test('simplex - a leader that crashed sends the same proposal again, and no other', (t) => {
  const before = new Bench(1)
  const { cut } = four.proposal(one, genesis)
  before.step({ kind: 'proposed', block: one, parent: genesis, cut })
  const after = new Bench(1, before.journal)
  t.is(after.did('propose').length, 0)
  after.step({ kind: 'connected', peer: 2 })
  t.alike(after.said(), ['propose 1 to 2', 'vote 1 to 2'])
})

test('simplex - rounds without a final double the wait, a final resets it', (t) => {
  const bench = new Bench(0)
  const wait = (height: number): number => {
    bench.step({ kind: 'demand' })
    const from = bench.now
    for (let ms = 0; ms < 64 * ROUND_MS; ms++) {
      if (bench.said().includes(`nullify ${height}`)) return bench.now - from
      bench.sleeps(1)
    }
    return NaN
  }
  // Nobody is heard from: no wait is cut short.
  const waits: number[] = []
  for (let height = 1; height <= 5; height++) {
    waits.push(wait(height))
    bench.hears(3, four.nullification(height))
  }
  t.alike(waits, [100, 100, 200, 400, 800])
  const six = blockAt(6, genesis)
  bench.hears(3, four.final(six))
  t.is(wait(7), 100)
})

test('simplex - evidence: two proposals, two votes, finalize and nullify of one height', (t) => {
  const bench = new Bench(0)
  bench.hears(1, four.proposal(one, genesis))
  bench.hears(1, four.proposal(other, genesis))
  bench.hears(1, four.vote(1, one))
  bench.hears(1, four.vote(1, other))
  bench.hears(2, four.vote(2, other))
  bench.hears(3, four.notarization(one, 0))
  bench.hears(3, four.finalize(3, one))
  bench.hears(3, four.nullify(3, 1))
  const offences = bench.did('evidence').flatMap((effect) => {
    if (effect.kind !== 'evidence') return []
    t.ok(four.authority(0).evidence(effect.evidence), `${effect.evidence.offence} is proven`)
    return [effect.evidence.offence]
  })
  t.alike(offences, ['propose', 'vote', 'vote', 'finalize'])
})

test('simplex - two finalizes at one tape length but different heights are not evidence', (t) => {
  const bench = new Bench(0)
  const late = blockAt(2, genesis)
  bench.hears(1, four.notarization(one))
  bench.hears(1, four.finalize(1, one))
  bench.hears(2, four.nullification(1))
  bench.hears(2, four.notarization(late))
  bench.hears(1, four.finalize(1, late))
  t.is(bench.did('evidence').length, 0)
})

test('simplex - one validator alone decides at once', (t) => {
  const alone = new Committee(1)
  const options = {
    venue,
    validators: 1,
    quorum: 1,
    self: 0,
    roundMs: ROUND_MS,
    absentLeaderMs: SHORT_MS,
    standstillMs: STANDSTILL_MS,
    relayMs: RELAY_MS
  }
  const simplex = new Simplex(options, alone.crypto(0), genesis)
  simplex.heights.votesFrom = 1
  simplex.step({ kind: 'start' }, 0)
  const { cut } = alone.proposal(one, genesis)
  const finals: number[] = []
  const queue: SimplexEffect[] = simplex.step(
    { kind: 'proposed', block: one, parent: genesis, cut },
    0
  )
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (next.kind === 'final') finals.push(next.final.notarization.block.height)
    if (next.kind === 'persist') {
      queue.push(...simplex.step({ kind: 'persisted', token: next.token }, 0))
    }
  }
  t.alike(finals, [1])
  t.is(simplex.height, 2)
})
