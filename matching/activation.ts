// From armed to fired: orders with a trigger wait in their market's heaps, then in one queue.

import type { Core } from './core.ts'
import type { Market } from './market.ts'
import { ARMED, FIRED, FLAGS, ORDER, OWNER, SELL, STATE_MASK } from './orders.ts'
import type { Armed } from './triggers.ts'

/** Arms the draft's order. */
export function arm(core: Core, index: number): void {
  core.wait(index)
  core.setState(index, ARMED)
  addArmed(core, index)
}

/** Puts an armed order into its market's heaps. */
export function addArmed(core: Core, index: number): void {
  const at = index * ORDER
  const terms = core.waiting.get(index)
  if (terms === undefined) return
  const isSell = (core.pool.words[at + FLAGS] & SELL) !== 0
  const firesRising = (terms.triggerKind === 1) !== isSell
  const market = core.markets[core.pool.words[at + OWNER] & 0xff]
  const item = { price: terms.triggerPrice, id: core.pool.id(index), index }
  market.armed.add(item, firesRising, (other) => isIn(core, other, ARMED))
}

/** A trade moves the armed orders that it fires to the end of the queue. */
export function fire(core: Core, market: Market, price: number): void {
  for (const item of market.armed.take(price)) {
    if (!isIn(core, item, ARMED)) continue
    core.setState(item.index, FIRED)
    core.fired.push(item)
  }
}

/** The order at the head of the queue, taken out; 0 when there is none. */
export function takeFired(core: Core): number {
  for (let i = 0; i < core.fired.length; i++) {
    const item = core.fired[i]
    if (!isIn(core, item, FIRED)) continue
    core.fired.splice(0, i + 1)
    return item.index
  }
  core.fired = []
  return 0
}

/** The queue without the dead. */
export function liveFired(core: Core): Armed[] {
  return core.fired.filter((item) => isIn(core, item, FIRED))
}

function isIn(core: Core, item: Armed, state: number): boolean {
  const flags = core.pool.words[item.index * ORDER + FLAGS]
  return (flags & STATE_MASK) === state && core.pool.id(item.index) === item.id
}
