// npm run sim -- --seeds 1000 [--from S] [--validators 4|7] [--workers N] [--seed N]
import { type ChildProcess, fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'
import { misdeedNames, type Outcome, simulate } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    validators: { type: 'string' },
    workers: { type: 'string', default: '1' }
  }
})

/** Seeds that a worker is given at a time. */
const PIECE_SEEDS = 10

/** What a run of some seeds comes to: plain, so that a worker can send it. */
type Sum = { counts: [string, number][]; cuts: number; entries: number; failed: number | null }

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
  console.log(outcome.coverage.table(misdeedNames).join('\n'))
  console.log('1 seeds clean')
}

/** Up to the first seed that fails. */
function piece(from: number, count: number): Sum {
  const coverage = new Coverage()
  const sum: Sum = { counts: [], cuts: 0, entries: 0, failed: null }
  for (let seed = from; seed < from + count && sum.failed === null; seed++) {
    const outcome = simulate({ seed, validators: validatorsOf(seed) })
    if (outcome.violation) sum.failed = seed
    coverage.add(outcome.coverage)
    sum.cuts += outcome.cuts
    sum.entries += outcome.entries
  }
  return { ...sum, counts: [...coverage.counts] }
}

/** Adds up pieces as they are done, and prints. */
class Tally {
  readonly #started = process.hrtime.bigint()
  readonly #coverage = new Coverage()
  #cuts = 0
  #entries = 0
  #done = 0

  add(sum: Sum, count: number): void {
    if (sum.failed !== null) {
      fail(simulate({ seed: sum.failed, validators: validatorsOf(sum.failed) }))
    }
    for (const [what, times] of sum.counts) this.#coverage.count(what, times)
    this.#cuts += sum.cuts
    this.#entries += sum.entries
    const before = this.#done
    this.#done += count
    if (Math.floor(this.#done / 100) > Math.floor(before / 100)) {
      console.log(`${this.#done} seeds, ${this.#rate}`)
    }
  }

  get #rate(): string {
    const seconds = Number(process.hrtime.bigint() - this.#started) / 1e9
    return `${(this.#done / seconds).toFixed(2)} seeds a second`
  }

  print(): void {
    console.log(this.#coverage.table(misdeedNames).join('\n'))
    console.log(`${this.#cuts} cuts, ${this.#entries} entries, ${this.#rate}`)
    console.log(`${this.#done} seeds clean`)
  }
}

/** Pieces of [from, to), each once. */
function* piecesOf(from: number, to: number): Generator<{ from: number; count: number }> {
  for (let seed = from; seed < to; seed += PIECE_SEEDS) {
    yield { from: seed, count: Math.min(PIECE_SEEDS, to - seed) }
  }
}

/** This file again in other processes, each given a piece when it has done the last. */
function inWorkers(workers: number, tally: Tally, pieces: Iterator<Piece>): void {
  const args = values.validators ? ['--validators', values.validators] : []
  const running = new Set<ChildProcess>()
  for (let i = 0; i < workers; i++) {
    const worker = fork(import.meta.filename, args, { env: { ...process.env, CURB_SIM: 'worker' } })
    running.add(worker)
    let given: Piece | null = null
    const next = () => {
      const { value, done } = pieces.next()
      if (!done) {
        given = value
        worker.send(value)
        return
      }
      worker.disconnect()
      running.delete(worker)
      if (running.size === 0) tally.print()
    }
    worker.on('message', (sum: Sum) => {
      // The failing seed is the last that is heard.
      if (sum.failed !== null) for (const each of running) each.kill('SIGKILL')
      if (given) tally.add(sum, given.count)
      next()
    })
    worker.on('exit', (code) => {
      if (code !== 0) throw new Error(`a worker ended with ${code}`)
    })
    next()
  }
}

type Piece = { from: number; count: number }

function many(from: number, to: number, workers: number): void {
  const tally = new Tally()
  const pieces = piecesOf(from, to)
  if (workers > 1) return inWorkers(workers, tally, pieces)
  for (const { from: first, count } of pieces) tally.add(piece(first, count), count)
  tally.print()
}

function work(): void {
  process.on('message', ({ from, count }: Piece) => process.send?.(piece(from, count)))
}

if (process.env.CURB_SIM === 'worker') work()
else if (values.seed) one(Number(values.seed))
else many(Number(values.from), Number(values.from) + Number(values.seeds), Number(values.workers))
