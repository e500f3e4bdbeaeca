// How a contestant is loaded and timed, the same for every bench that drives one.
import type { Flow } from './flow.ts'
import type { Contestant } from './tally.ts'
import type { Workload } from './workloads.ts'

/** A fresh engine with the first rows applied, and the garbage of that gone. */
export function loaded<C extends Contestant>(
  make: (flow: Flow, capacity: number) => C,
  { flow, preload }: Workload
): C {
  const engine = make(flow, flow.count)
  for (let row = 0; row < preload; row++) engine.apply(row)
  engine.flush()
  globalThis.gc?.()
  return engine
}

/** Nanoseconds for the rows from `preload` to `end`, events hashed and trades counted. */
export function timeRun(engine: Contestant, preload: number, end: number): number {
  const start = process.hrtime.bigint()
  for (let row = preload; row < end; row++) engine.apply(row)
  engine.flush()
  return Number(process.hrtime.bigint() - start)
}

/** Each command's own nanoseconds, sorted; the clock's cost (some 40 ns) is in them. */
export function timeEach(engine: Contestant, preload: number, end: number): Float64Array {
  const times = new Float64Array(end - preload)
  for (let row = preload; row < end; row++) {
    const before = performance.now()
    engine.apply(row)
    times[row - preload] = (performance.now() - before) * 1e6
  }
  engine.flush()
  return times.sort()
}

/** @param share of the commands that are as fast or faster */
export function percentile(sorted: Float64Array, share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))])
}
