import test from 'brittle'
import { Engine } from '../../matching/index.ts'
import { describe } from './streams/differential.ts'
import { deps } from './streams/invariants.ts'
import { Stream } from './streams/stream.ts'

const SEEDS = 24
const ENTRIES = 1500

/** How many lines of a block begin with a word. */
function count(lines: readonly string[], word: string): number {
  return lines.filter((line) => line.startsWith(word)).length
}

test('due - a batch seals at the time that the engine told, and by then something happens', (t) => {
  let sealed = 0
  let closed = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const stream = new Stream(seed)
    if (stream.venue.config.settlement === null) continue
    const engine = new Engine(stream.venue.config, deps)
    while (stream.entries < ENTRIES) {
      const block = stream.next()
      stream.naive.apply(block)
      const dueAt = engine.batchDueAt
      const before = engine.batches().map(({ index, state }) => `${index} ${state}`)
      const lines = describe(engine.apply(block).events.records)
      if (count(lines, 'batchSealed') > 0) {
        sealed++
        t.ok(block.time >= dueAt, `seed ${seed} block ${block.index}: sealed before it was due`)
      }
      if (block.time < dueAt || block.chain.length > 0) continue
      closed += count(lines, 'batchClosed')
      const told = `seed ${seed} block ${block.index}: due, and nothing of ${before.join()} moved`
      t.ok(count(lines, 'batchSealed') + count(lines, 'batchClosed') > 0, told)
    }
  }
  t.ok(sealed > 20 && closed > 20, `${sealed} seals and ${closed} closings were seen`)
})
