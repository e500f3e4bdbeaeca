import test from 'brittle'
import { voteRules } from '../../daemon/consensus/core/rules.ts'
import { type ActorName, actorNames } from './actors.ts'
import { Coverage } from './coverage.ts'
import { faultNames } from './faults.ts'
import { misdeedNames, type Outcome, simulate, type SimulationOptions } from './simulation.ts'
import { traderFaults } from './trader.ts'
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
  const faults = faultNames.map((name) => `fault: ${name}`)
  t.alike(coverage.missing(faults), [], 'every kind of fault occurred')
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
  // Two validators voted for whatever the other voted for, without end; each of their votes for what
  // was final long ago brought them a final from everyone.
  t.is(simulate({ seed: 7_720_077, validators: 7 }).violation, null, '7720077')
})

test('sim - a seed plays the same again', (t) => {
  const [first, second] = [1, 2].map(() => simulate({ seed: 4, validators: 4 }))
  t.is(first.steps, second.steps)
  t.alike([...first.coverage.counts], [...second.coverage.counts])
})

/** Runs of a few cuts, in which one misdeed is certain. */
const short = { validators: 4, cutsMin: 40, entriesMin: 200 }

test('sim - each Byzantine validator and trader does what it is named for, and nothing comes of it', (t) => {
  const coverage = new Coverage()
  const misdeeds: Partial<SimulationOptions>[] = [
    ...actorNames.map((actor) => ({ actor })),
    ...traderFaults.map((trader) => ({ trader }))
  ]
  for (const misdeed of misdeeds) {
    const what = JSON.stringify(misdeed)
    const outcome = simulate({ seed: 2, ...short, ...misdeed })
    t.is(outcome.violation, null, what)
    const names = misdeed.actor ? [`validator: ${misdeed.actor}`] : [`trader: ${misdeed.trader}`]
    t.alike(outcome.coverage.missing(names), [], what)
    coverage.add(outcome.coverage)
  }
  const named = misdeedNames.filter((name) => !name.startsWith('fault: '))
  t.alike(coverage.missing(named), [], 'none is missing')
})

/** What is found when nobody looks at a rule, and one validator makes use of it. */
const unguarded: { rule: string; actor: ActorName; violation: string }[] = [
  {
    rule: 'placedOnTape',
    actor: 'lies about its place',
    violation: 'heights grow'
  },
  { rule: 'timeInOrder', actor: 'lies about time', violation: 'tape time grows' },
  { rule: 'slicesFollowParent', actor: 'lies about lanes', violation: 'a lane keeps one history' },
  { rule: 'slicesSigned', actor: 'lies about lanes', violation: 'lanes sign what is theirs' },
  {
    rule: 'chainConfirmed',
    actor: 'lies about the chain',
    violation: 'cuts tell the truth of the chain'
  },
  {
    rule: 'executedAgrees',
    actor: 'lies about execution',
    violation: 'cuts tell the truth of an event hash'
  },
  {
    rule: 'snapshotAgrees',
    actor: 'lies about snapshots',
    violation: 'cuts tell the truth of a snapshot'
  },
  { rule: 'withinLimits', actor: 'lies about limits', violation: 'cuts keep the limits' },
  {
    rule: 'slicesExtendParent',
    actor: 'leads with another fork',
    violation: 'a lane keeps one history'
  },
  { rule: 'noneLeftOut', actor: 'leaves lanes out', violation: 'no lane is left out' }
]

for (const { rule, actor, violation } of unguarded) {
  test(`sim - it notices a vote rule that nobody looks at: ${rule}`, (t) => {
    const outcome = firstCaught({ ...short, actor, without: rule })
    t.comment(`caught after ${outcome?.seed} seeds: ${outcome?.violation?.rule}`)
    t.is(outcome?.violation?.rule, violation)
  })
}

test('sim - every vote rule has its proof, or a broken rule of its own', (t) => {
  // slicesHeld is "vote without data" below.
  const proven = [...unguarded.map(({ rule }) => rule), 'slicesHeld'].sort()
  t.alike(voteRules.map(({ name }) => name).sort(), proven)
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
    rules: ['no vote without the data']
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
