// From "accepted by the local daemon" to "final there and everywhere", with real daemons in
// processes of their own on this machine; and Autobase in the same run as the peer to beat.
//
//   npm run bench:finality [-- --json --validators 4 --full 0 --rate 500 --seconds 20
//                             --bulk 32 --threads 0 --no-verify --no-peer --only latency,idle,...
//                             --counts]
//
// Every order is signed before the clock starts and its signature checked by every daemon (unless
// --no-verify). A time ends when the daemon's engine has applied the final block. With --counts
// it tells what a cut costs each daemon: signatures, syncs, frames and so on.
import { parseArgs } from 'node:util'
import { autobaseRows } from './autobase.ts'
import { BenchVenue, type BenchDaemon, waitFor } from './finality-venue.ts'
import { type LoadResult, type Usage, nowMs } from './finality-types.ts'
import { type Row, report, say } from './report.ts'

/** Orders in one signature, unless a number follows --bulk. */
const BULK = '32'

const { values: flags } = parseArgs({
  args: process.argv.slice(2).flatMap((word, place, words) => {
    const isBare = word === '--bulk' && (words[place + 1] ?? '--').startsWith('--')
    return isBare ? [word, BULK] : [word]
  }),
  options: {
    json: { type: 'boolean' },
    validators: { type: 'string', default: '4' },
    full: { type: 'string', default: '0' },
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    bulk: { type: 'string', default: BULK },
    threads: { type: 'string', default: '0' },
    'no-verify': { type: 'boolean', default: false },
    'no-peer': { type: 'boolean', default: false },
    counts: { type: 'boolean', default: false },
    only: { type: 'string', default: 'idle,latency,sustained,bulk,overload,killed,restart' }
  }
})
const validators = Number(flags.validators)
const full = Number(flags.full)
const rate = Number(flags.rate)
const seconds = Number(flags.seconds)
const bulk = Number(flags.bulk)
const only = new Set(flags.only.split(','))

const IDLE_SECONDS = 5
const LEAD_MS = 300
/** Until most of what runs often has been compiled: the compilers' threads take a tenth of the
 * machine otherwise. Each daemon compiles for itself, and more daemons share the same cores. */
const WARM_UP_SECONDS = 25 * Math.max(1, (validators + full) / 4)
const TRIAL_SECONDS = 6
/** p99 up to which a rate counts as sustained. */
const SUSTAINED_P99_MS = 1000
const CUTS_BEHIND = 4000

type Outcome = {
  own: number[]
  all: number[]
  perSecond: number
  taken: number
  refused: number
  cpuMicrosPerEntry: number
  wireBytesPerEntry: number
  cutsPerSecond: number
  cpuMicrosPerCut: number
}

const rows: Row[] = []
let agreed = true

function row(name: string, value: number, unit: string): void {
  rows.push({ name, value, unit })
  say(`${name} ${value.toFixed(2)} ${unit}`)
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN
}

/** Offers orders at all daemons together, and gathers what became of them. */
async function run(venue: BenchVenue, perSecond: number, forSeconds: number, perEntry: number) {
  const daemons = venue.running
  const share = perSecond / daemons.length
  await Promise.all(daemons.map((each) => each.prepare(Math.ceil(share * forSeconds), perEntry)))
  const before = await Promise.all(daemons.map((each) => each.usage()))
  const at = nowMs() + LEAD_MS
  const loads = await Promise.all(daemons.map((each) => each.load(share, forSeconds, at)))
  const after = await Promise.all(daemons.map((each) => each.usage()))
  await settled(venue)
  const outcome = await latencies(daemons, loads, at)
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)
  const taken = outcome.own.length
  const cpuMicros =
    sum(after.map((usage, i) => usage.cpuMicros - before[i].cpuMicros)) / daemons.length
  const cuts = after[0].cuts - before[0].cuts
  tellCounts(before, after, cuts)
  return {
    ...outcome,
    cutsPerSecond: (cuts / (after[0].at - before[0].at)) * 1000,
    cpuMicrosPerCut: cpuMicros / cuts,
    taken,
    refused: sum(loads.map(({ refused }) => refused)),
    cpuMicrosPerEntry: cpuMicros / taken,
    wireBytesPerEntry: sum(after.map(({ bytesOut }, i) => bytesOut - before[i].bytesOut)) / taken
  } satisfies Outcome
}

/** With --counts: how often a daemon did what for one cut, on average. */
function tellCounts(before: readonly Usage[], after: readonly Usage[], cuts: number): void {
  for (const name of Object.keys(after[0].counts)) {
    const each = after.map(({ counts }, i) => counts[name] - before[i].counts[name])
    say(`${name} per cut: ${(each.reduce((a, b) => a + b, 0) / each.length / cuts).toFixed(2)}`)
  }
}

async function settled(venue: BenchVenue): Promise<void> {
  await waitFor(async () => {
    const states = await Promise.all(venue.running.map((each) => each.state()))
    return states.every(({ applied, backlog }) => backlog === 0 && applied >= states[0].applied)
  }, 'the venue to come to rest')
  agreed = (await venue.agrees()) && agreed
}

/** Latencies at the own daemon and at the last of all, sorted; and the rate that was reached. */
async function latencies(
  daemons: readonly BenchDaemon[],
  loads: readonly LoadResult[],
  at: number
) {
  const indexes = loads.flatMap(({ index }) => [...new Set(index)])
  const from = indexes.reduce((least, index) => Math.min(least, index), Infinity)
  const to = indexes.reduce((most, index) => Math.max(most, index), -1) + 1
  if (to === 0) return { own: [], all: [], perSecond: 0 }
  const finals = await Promise.all(daemons.map((each) => each.finals(from, to)))
  const last = Float64Array.from({ length: to - from }, (_, i) =>
    Math.max(...finals.map((list) => list[i]))
  )
  const own: number[] = []
  const all: number[] = []
  let end = at
  loads.forEach(({ acceptedAt, index }, daemon) => {
    acceptedAt.forEach((accepted, i) => {
      own.push(finals[daemon][index[i] - from] - accepted)
      all.push(last[index[i] - from] - accepted)
      end = Math.max(end, last[index[i] - from])
    })
  })
  own.sort((a, b) => a - b)
  all.sort((a, b) => a - b)
  return { own, all, perSecond: (own.length / (end - at)) * 1000 }
}

async function idle(venue: BenchVenue): Promise<void> {
  const before = await Promise.all(venue.running.map((each) => each.usage()))
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000))
  const after = await Promise.all(venue.running.map((each) => each.usage()))
  const shares = after.map(({ cpuMicros, at }, i) => {
    return (cpuMicros - before[i].cpuMicros) / ((at - before[i].at) * 10)
  })
  row('finality.idle.cpuPercent', Math.max(...shares), '%')
}

async function latency(venue: BenchVenue): Promise<void> {
  await run(venue, rate, WARM_UP_SECONDS, 1)
  const outcome = await run(venue, rate, seconds, 1)
  row('finality.own.p50Ms', quantile(outcome.own, 0.5), 'ms')
  row('finality.own.p99Ms', quantile(outcome.own, 0.99), 'ms')
  row('finality.all.p50Ms', quantile(outcome.all, 0.5), 'ms')
  row('finality.all.p99Ms', quantile(outcome.all, 0.99), 'ms')
  row('finality.cpuMicrosPerEntry', outcome.cpuMicrosPerEntry, 'us')
  row('finality.cutsPerSecond', outcome.cutsPerSecond, '1/s')
  row('finality.cpuMicrosPerCut', outcome.cpuMicrosPerCut, 'us')
  row('finality.wireBytesPerEntry', outcome.wireBytesPerEntry, 'B')
}

/** The highest of a ladder of rates at which p99 stays under a second and (nearly) all is taken. */
async function sustained(venue: BenchVenue, perEntry: number, ladder: readonly number[]) {
  let best = 0
  for (const offered of ladder) {
    const outcome = await run(venue, offered, TRIAL_SECONDS, perEntry)
    const p99 = quantile(outcome.own, 0.99)
    const { perSecond, refused, own } = outcome
    say(
      `offered ${offered}/s: ${perSecond.toFixed(0)}/s, refused ${refused}, ` +
        `p50 ${quantile(own, 0.5).toFixed(1)} p99 ${p99.toFixed(1)} ms`
    )
    if (p99 > SUSTAINED_P99_MS || refused > 0.02 * offered * TRIAL_SECONDS) break
    best = Math.max(best, perSecond)
  }
  return best
}

const SINGLY = [2000, 3000, 3500, 4000, 4500, 5000, 5500, 6000, 6500, 7000, 8000]
const IN_BULK = [8000, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000]

/** Three times of what it can take; then how long until latency is as it was. */
async function overload(venue: BenchVenue, capacity: number): Promise<void> {
  const calm = await run(venue, rate, 3, 1)
  const limit = Math.max(2 * quantile(calm.own, 0.99), 50)
  const daemons = venue.running
  const flood = (3 * capacity) / daemons.length
  await Promise.all(daemons.map((each) => each.prepare(Math.ceil(flood * 5), 1)))
  const at = nowMs() + LEAD_MS
  const loads = await Promise.all(daemons.map((each) => each.load(flood, 5, at)))
  const since = at + 5000
  for (;;) {
    const calmed = await run(venue, rate, 0.5, 1)
    if (quantile(calmed.own, 0.99) <= limit || nowMs() - since > 30_000) break
  }
  row('finality.overload.recoverSeconds', Math.max(0, (nowMs() - since) / 1000 - 0.5), 's')
  // What was taken is applied everywhere only now.
  await settled(venue)
  const flooded = await latencies(daemons, loads, at)
  say(`overload: ${flooded.perSecond.toFixed(0)}/s taken of ${(3 * capacity).toFixed(0)}/s`)
  row('finality.overload.perSecond', flooded.perSecond, '1/s')
}

/** One validator ends without a word while orders flow. */
async function killed(venue: BenchVenue, victim: BenchDaemon): Promise<void> {
  const others = venue.running.filter((each) => each !== victim)
  const share = rate / others.length
  const forSeconds = 10
  await Promise.all(others.map((each) => each.prepare(Math.ceil(share * forSeconds), 1)))
  const at = nowMs() + LEAD_MS
  const loading = Promise.all(others.map((each) => each.load(share, forSeconds, at)))
  await new Promise((resolve) => setTimeout(resolve, LEAD_MS + 2000))
  const killedAt = nowMs()
  await victim.kill()
  const loads = await loading
  const within = (from: number, to: number) =>
    loads.map(({ acceptedAt, index, refused }): LoadResult => {
      const chosen = [...acceptedAt.keys()].filter(
        (i) => acceptedAt[i] >= from && acceptedAt[i] < to
      )
      return {
        acceptedAt: Float64Array.from(chosen, (i) => acceptedAt[i]),
        index: Float64Array.from(chosen, (i) => index[i]),
        refused
      }
    })
  const second = await latencies(others, within(killedAt, killedAt + 1000), at)
  const later = await latencies(others, within(killedAt + 1000, Infinity), at)
  row('finality.killed.p99Ms', quantile(second.own, 0.99), 'ms')
  row('finality.killed.afterP99Ms', quantile(later.own, 0.99), 'ms')
}

/** The killed one comes back when the tape has gone on without it. */
async function restart(venue: BenchVenue, victim: BenchDaemon): Promise<void> {
  await victim.kill()
  const from = (await venue.running[0].state()).length
  while ((await venue.running[0].state()).length < from + CUTS_BEHIND) {
    await run(venue, rate, 4, 1)
  }
  const { length } = await venue.running[0].state()
  const began = nowMs()
  await victim.open()
  const opened = nowMs()
  await waitFor(async () => {
    const { synced, applied } = await victim.state()
    return synced && applied >= length
  }, 'the validator to be back')
  row('finality.restart.seconds', (nowMs() - began) / 1000, 's')
  row('finality.restart.missedCuts', length - from, 'cuts')
  row('finality.restart.openSeconds', (opened - began) / 1000, 's')
  await settled(venue)
}

async function main(): Promise<void> {
  say(`${validators} validators, ${full} full daemons, ${rate} orders/s`)
  const verify = !flags['no-verify']
  const signerThreads = Number(flags.threads)
  const { counts } = flags
  const venue = await BenchVenue.open({ validators, full, verify, signerThreads, counts })
  try {
    if (only.has('idle')) await idle(venue)
    if (only.has('latency')) await latency(venue)
    let capacity = 3000
    if (only.has('sustained')) {
      capacity = await sustained(venue, 1, SINGLY)
      row('finality.perSecond', capacity, '1/s')
    }
    if (only.has('bulk')) {
      row('finality.bulk.perSecond', await sustained(venue, bulk, IN_BULK), '1/s')
    }
    if (only.has('overload')) await overload(venue, capacity)
    const victim = venue.daemons[validators - 1]
    if (only.has('killed')) await killed(venue, victim)
    if (only.has('restart')) await restart(venue, victim)
    row('finality.agree', agreed ? 1 : 0, '1 when all event hashes are equal')
  } finally {
    await venue.close()
  }
  if (!flags['no-peer'])
    for (const each of await autobaseRows()) row(each.name, each.value, each.unit)
  report('finality', rows)
}

await main()
