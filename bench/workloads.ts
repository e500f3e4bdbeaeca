// Three shapes of order flow, each from a seed alone:
//   mixed  100,000 orders rest; then 55% limit orders around a drifting middle (geometric distance,
//          70% within ten ticks), 40% cancels of live orders chosen at random, 5% marketable ioc
//   deep   1,000,000 orders rest on 50,000 price levels; then cancels, and sweeps one in twenty
//   hot    crossing orders by turns at the touch: every order trades
import type { Random } from '../daemon/clock.ts'
import { addCancel, addOrder, emptyFlow, IOC, LIMIT, type Flow } from './flow.ts'
import { Probe } from './probe.ts'

export type WorkloadName = 'mixed' | 'deep' | 'hot'
export const workloadNames: readonly WorkloadName[] = ['mixed', 'deep', 'hot']

/** `preload` rows are applied before the clock starts. */
export type Workload = { flow: Flow; preload: number }

export type Size = { preload: number; commands: number }
export const fullSize: Readonly<Record<WorkloadName, Size>> = {
  mixed: { preload: 100_000, commands: 1_000_000 },
  deep: { preload: 1_000_000, commands: 500_000 },
  hot: { preload: 0, commands: 1_000_000 }
}

/** Such that 70% of a geometric distance is at most ten. */
const nearness = 1 - 0.3 ** 0.1

export function makeWorkload(name: WorkloadName, size: Size, random: Random): Workload {
  const flow = emptyFlow(size.preload + size.commands)
  const probe = new Probe(flow, size.preload + size.commands)
  if (name === 'mixed') fillMixed(flow, probe, size, random)
  else if (name === 'deep') fillDeep(flow, probe, size, random)
  else fillHot(flow, size)
  return { flow, preload: size.preload }
}

function whole(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

/** Live orders of which one is drawn; those that traded away are dropped when they come up. */
class Live {
  readonly #rows: number[] = []
  readonly #probe: Probe

  constructor(probe: Probe) {
    this.#probe = probe
  }

  add(row: number): void {
    this.#rows.push(row)
  }

  /** Takes one out, or gives -1. */
  draw(random: Random): number {
    const rows = this.#rows
    while (rows.length > 0) {
      const place = whole(random, 0, rows.length - 1)
      const row = rows[place]
      rows[place] = rows[rows.length - 1]
      rows.pop()
      if (this.#probe.lotsOf(row) > 0) return row
    }
    return -1
  }
}

function fillMixed(flow: Flow, probe: Probe, size: Size, random: Random): void {
  const live = new Live(probe)
  let middle = 30_000
  const distance = (): number => 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - nearness))
  const addLimit = (): void => {
    const sell = whole(random, 0, 1)
    const price = sell === 1 ? middle + distance() : middle - distance()
    live.add(addOrder(flow, LIMIT, sell, price, whole(random, 1, 100)))
  }
  while (flow.count < size.preload + size.commands) {
    const kind = flow.count < size.preload ? 0 : random()
    if (flow.count >= size.preload && random() < 0.0005) middle += random() < 0.5 ? 1 : -1
    const target = kind >= 0.6 ? live.draw(random) : -1
    if (target >= 0) addCancel(flow, target)
    else if (kind >= 0.55 && kind < 0.6) {
      const sell = whole(random, 0, 1)
      const touch = sell === 1 ? probe.bestBid() : probe.bestAsk()
      const price = (touch > 0 ? touch : middle) + (sell === 1 ? -5 : 5)
      addOrder(flow, IOC, sell, price, whole(random, 1, 100))
    } else addLimit()
    probe.apply(flow.count - 1)
  }
}

function fillDeep(flow: Flow, probe: Probe, size: Size, random: Random): void {
  const live = new Live(probe)
  const levels = Math.max(1, Math.floor(size.preload / 40))
  const middle = 32_767
  while (flow.count < size.preload) {
    const sell = whole(random, 0, 1)
    const offset = whole(random, 1, levels)
    const price = sell === 1 ? middle + offset : middle - offset
    live.add(addOrder(flow, LIMIT, sell, price, whole(random, 1, 100)))
    probe.apply(flow.count - 1)
  }
  while (flow.count < size.preload + size.commands) {
    const target = random() < 0.95 ? live.draw(random) : -1
    if (target >= 0) addCancel(flow, target)
    else {
      const sell = whole(random, 0, 1)
      addOrder(flow, IOC, sell, sell === 1 ? 1 : 65_534, whole(random, 100, 900))
    }
    probe.apply(flow.count - 1)
  }
}

function fillHot(flow: Flow, size: Size): void {
  for (let pair = 0; flow.count + 1 < size.commands; pair++) {
    const first = pair & 1
    addOrder(flow, LIMIT, first, 30_000, 10)
    addOrder(flow, LIMIT, 1 - first, 30_000, 10)
  }
}
