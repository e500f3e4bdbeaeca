import test from 'brittle'
import { actorNames } from './actors.ts'
import { Coverage } from './coverage.ts'
import { faultNames } from './faults.ts'
import { type Outcome, simulate, type SimulationOptions } from './simulation.ts'
import type { Breakage } from './venue.ts'

/** What `node --import tsx test/sim/main.ts` does at length, here for a few seeds. */
const SEEDS = 8

test('sim - a few seeds of four and of seven validators are clean', (t) => {
  const coverage = new Coverage()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = simulate({ seed, validators: seed % 3 === 0 ? 7 : 4 })
    t.is(outcome.violation, null, `seed ${seed}`)
    t.ok(outcome.cuts >= 200 && outcome.entries >= 1000, `${outcome.cuts} ${outcome.entries}`)
    const kinds = faultNames.filter((name) => outcome.coverage.counts.has(`fault: ${name}`))
    t.ok(kinds.length >= 3, `${kinds.length} kinds of fault`)
    coverage.add(outcome.coverage)
  }
  const missed = faultNames.filter((name) => !coverage.counts.has(`fault: ${name}`))
  t.alike(missed, [], 'every kind of fault occurred')
  for (const what of [
    'start from a snapshot',
    'torn group dropped',
    'votes after amnesia',
    'trader crashes',
    "trader's next incarnation"
  ]) {
    t.ok(coverage.counts.has(what), what)
  }
})

test('sim - seeds that once failed', (t) => {
  // A leader whose cuts are refused at each turn made the lanes in them careful for ever.
  for (const seed of [20_323]) t.is(simulate({ seed, validators: 4 }).violation, null, `${seed}`)
})

test('sim - a seed plays the same again', (t) => {
  const [first, second] = [1, 2].map(() => simulate({ seed: 4, validators: 4 }))
  t.is(first.steps, second.steps)
  t.alike([...first.coverage.counts], [...second.coverage.counts])
})

test('sim - each Byzantine validator does what it is named for, and nothing comes of it', (t) => {
  for (const actor of actorNames) {
    const outcome = simulate({ seed: 2, validators: 4, actor, cutsMin: 40, entriesMin: 200 })
    t.is(outcome.violation, null, actor)
    t.ok(outcome.coverage.counts.has(`validator: ${actor}`), actor)
  }
})

/** Looks through seeds until the broken rule shows. */
function firstCaught(options: Omit<SimulationOptions, 'seed' | 'validators'>): Outcome | null {
  for (let seed = 1; seed <= 60; seed++) {
    const outcome = simulate({ seed, validators: 4, ...options })
    if (outcome.violation) return outcome
  }
  return null
}

const broken: { breakage: Breakage; options?: Partial<SimulationOptions>; rules: string[] }[] = [
  { breakage: 'quorum of two in four', rules: ['all tapes agree', 'no two tapes'] },
  {
    breakage: 'ballot not persisted',
    rules: ['an honest validator votes once a height', 'finalize and nullify exclude each other']
  },
  {
    breakage: 'vote without data',
    options: { actor: 'lies about lanes', stormMaxMs: 20_000 },
    rules: ['the tape grows', 'lanes are taken gapless', 'liveness after healing']
  },
  {
    breakage: 'no resending',
    options: { stormMaxMs: 20_000 },
    rules: ['the tape grows', 'liveness after healing']
  },
  {
    breakage: 'votes without its journal',
    rules: ['an honest validator votes once a height', 'finalize and nullify exclude each other']
  },
  {
    breakage: 'un-synced journal',
    rules: ['an honest validator votes once a height', 'finalize and nullify exclude each other']
  }
]

for (const { breakage, options, rules } of broken) {
  test(`sim - it notices a broken rule: ${breakage}`, (t) => {
    const outcome = firstCaught({ breakage, ...options })
    t.comment(`caught after ${outcome?.seed} seeds: ${outcome?.violation?.rule}`)
    t.ok(rules.includes(outcome?.violation?.rule ?? ''), outcome?.violation?.rule)
  })
}
