// What Prometheus reads at /metrics. Gauges are read from the daemon when they are asked for;
// counters and histograms follow calls and blocks.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Applied } from './replica/types.ts'
import type { RpcApi } from './rpc/api.ts'
import type { Monitor } from './rpc/monitor.ts'

export type MetricsDependencies = {
  api: Pick<RpcApi, 'monitor'>
  /** WebSockets that are open. */
  sessions(): number
}

const DAY_MS = 86_400_000
const latencySeconds = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4, 1, 2, 5, 10]
const engineSeconds = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 1]
const callSeconds = [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]

export class Metrics {
  readonly #registry = new Registry()
  readonly #monitor: Monitor
  readonly #cuts: Counter
  readonly #entries: Counter
  readonly #events: Counter
  readonly #finality: Histogram
  readonly #engine: Histogram
  readonly #calls: Counter<'method' | 'outcome'>
  readonly #callTime: Histogram<'method'>

  constructor({ api, sessions }: MetricsDependencies) {
    this.#monitor = api.monitor
    const registers = [this.#registry]
    const counter = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
      new Counter<T>({ name, help, labelNames, registers })
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        }
      })
    }
    processMetrics(this.#registry)
    this.#cuts = counter('curb_cuts_total', 'Tape blocks applied.')
    this.#entries = counter('curb_entries_total', 'Entries of those blocks, all lanes.')
    this.#events = counter('curb_events_total', 'Events of the engine.')
    this.#finality = new Histogram({
      name: 'curb_finality_seconds',
      help: 'From a cut’s own time to its application here, of cuts with entries.',
      buckets: latencySeconds,
      registers
    })
    this.#engine = new Histogram({
      name: 'curb_engine_seconds',
      help: 'What the engine took for a cut.',
      buckets: engineSeconds,
      registers
    })
    this.#calls = counter('curb_rpc_calls_total', 'Calls by method and outcome.', [
      'method',
      'outcome'
    ])
    this.#callTime = new Histogram({
      name: 'curb_rpc_call_seconds',
      help: 'Time from a call to its answer.',
      labelNames: ['method'],
      buckets: callSeconds,
      registers
    })
    this.#gauges(gauge)
    this.#totals(registers)
    this.#batches(registers)
    gauge('curb_rpc_sessions', 'WebSockets that are open.', sessions)
  }

  #gauges(gauge: (name: string, help: string, read: () => number) => void): void {
    const status = () => this.#monitor.status()
    const figures = () => this.#monitor.figures()
    const asNumber = (is: boolean): number => (is ? 1 : 0)
    gauge('curb_ready', '1 when orders are taken.', () => asNumber(status().ready))
    gauge('curb_tape_length', 'Blocks of the tape.', () => status().tape.length)
    gauge('curb_tape_age_seconds', 'Age of the newest block.', () => status().tape.ageMs / 1000)
    gauge('curb_engine_index', 'Newest block that is applied.', () => status().engine.index)
    gauge('curb_engine_running', '1 unless the engine has stopped.', () =>
      asNumber(status().engine.state !== 'stopped')
    )
    gauge('curb_validators_reached', 'Validators connected.', () => status().validators.reached)
    gauge('curb_peers', 'Peers connected.', () => status().peers.length)
    gauge('curb_lanes_known', 'Lanes known.', () => status().lanes.known)
    gauge('curb_lanes_current', 'Lanes of which nothing final is missing here.', () => {
      return status().lanes.current
    })
    gauge('curb_lane_lag_blocks', 'Blocks of the own lane that are not final.', () => {
      const { length, finalLength } = status().lane
      return Math.max(0, length - finalLength)
    })
    gauge('curb_lane_backlog_entries', 'Entries of the own lane that are not final.', () => {
      return figures().laneBacklog
    })
    gauge('curb_batch_open', 'Index of the open batch.', () => figures().openBatch)
    gauge('curb_batches_unsettled', 'Batches with content that are not settled.', () => {
      return figures().unsettledBatches
    })
    gauge('curb_batch_last_settled', 'Index of the last settled batch.', () => {
      return figures().lastSettledBatch
    })
    gauge('curb_gas_balance_wei', 'The settler’s balance; 0 without a settler.', () =>
      Number(figures().gasWei ?? 0n)
    )
    gauge('curb_gas_money_low', '1 when the settler’s balance is low.', () =>
      asNumber(status().settlement?.gasMoneyLow ?? false)
    )
  }

  /** Sums that are kept elsewhere, since the start of the process. */
  #totals(registers: Registry[]): void {
    const total = (name: string, help: string, read: () => number): void => {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read())
        }
      })
    }
    const figures = () => this.#monitor.figures()
    total(
      'curb_signature_checks_total',
      'Signatures of entries that were checked and hold.',
      () => {
        return figures().signaturesChecked
      }
    )
    total('curb_gas_spent_total', 'Gas that mined transactions of this daemon used.', () =>
      Number(figures().spent.gas)
    )
    total('curb_gas_spent_wei_total', 'What was paid for it.', () => Number(figures().spent.wei))
  }

  #batches(registers: Registry[]): void {
    const counts = () => this.#monitor.figures().batches
    new Gauge({
      name: 'curb_batches',
      help: 'Batches that are not final, by state.',
      labelNames: ['state'],
      registers,
      collect() {
        for (const [state, count] of Object.entries(counts())) this.set({ state }, count)
      }
    })
  }

  applied({ cut, entries, result, engineMs }: Applied): void {
    this.#cuts.inc()
    this.#engine.observe(engineMs / 1000)
    this.#events.inc(result.events.length)
    if (entries === 0) return
    this.#entries.inc(entries)
    const latencyMs = this.#monitor.latencyMs(cut.time)
    if (latencyMs !== null) this.#finality.observe(latencyMs / 1000)
  }

  called(method: string, outcome: string, micros: number): void {
    this.#calls.inc({ method, outcome })
    this.#callTime.observe({ method }, micros / 1_000_000)
  }

  async text(): Promise<{ text: string; type: string }> {
    return { text: await this.#registry.metrics(), type: this.#registry.contentType }
  }
}

/** Of the process itself. The histogram of the event loop's lag wakes the process a hundred times a
 * second, also one that is at rest: it is left out, and the lag is measured at each reading. */
function processMetrics(register: Registry): void {
  const prefix = 'curb_'
  collectDefaultMetrics({ register, prefix, eventLoopMonitoringPrecision: DAY_MS })
  for (const part of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']) {
    register.removeSingleMetric(`${prefix}nodejs_eventloop_lag_${part}_seconds`)
  }
}
