// node --import tsx test/sim/main.ts --seeds 1000 [--from S] [--validators 4|7] [--seed N]
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'
import { type Outcome, simulate } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    validators: { type: 'string' }
  }
})

/** Without --validators the seeds take turns: four, four, seven. */
function validatorsOf(seed: number): number {
  if (values.validators) return Number(values.validators)
  return seed % 3 === 0 ? 7 : 4
}

function fail(outcome: Outcome): never {
  const validators = validatorsOf(outcome.seed)
  const again = simulate({ seed: outcome.seed, validators, isTraced: true })
  console.log(again.trace.slice(-400).join('\n'))
  console.log(outcome.violation?.detail)
  const { seed, violation } = outcome
  console.log(`seed ${seed} failed (--seed ${seed} --validators ${validators}): ${violation?.rule}`)
  process.exit(1)
}

function one(seed: number): void {
  const outcome = simulate({ seed, validators: validatorsOf(seed), isTraced: true })
  console.log(outcome.trace.join('\n'))
  if (outcome.violation) fail(outcome)
  console.log(outcome.coverage.table().join('\n'))
  console.log('1 seeds clean')
}

function many(count: number, from: number): void {
  const started = process.hrtime.bigint()
  const coverage = new Coverage()
  const rate = (done: number) => {
    const seconds = Number(process.hrtime.bigint() - started) / 1e9
    return `${(done / seconds).toFixed(2)} seeds a second`
  }
  let cuts = 0
  let entries = 0
  for (let seed = from; seed < from + count; seed++) {
    const outcome = simulate({ seed, validators: validatorsOf(seed) })
    if (outcome.violation) fail(outcome)
    coverage.add(outcome.coverage)
    cuts += outcome.cuts
    entries += outcome.entries
    const done = seed - from + 1
    if (done % 100 === 0) console.log(`${done} seeds, ${rate(done)}`)
  }
  console.log(coverage.table().join('\n'))
  console.log(`${cuts} cuts, ${entries} entries, ${rate(count)}`)
  console.log(`${count} seeds clean`)
}

if (values.seed) one(Number(values.seed))
else many(Number(values.seeds), Number(values.from))
