// A daemon's use of the journal, boiled down: numbered records, some of them atomic pairs, now
// and then a rotation that keeps the last few. It remembers what was promised.

import { FileJournal } from '../../../daemon/journal/journal.ts'
import type { FileSystem } from '../../../daemon/journal/file-system.ts'
import type { Journal } from '../../../daemon/journal/types.ts'
import type { Random } from '../../../daemon/clock.ts'
import { between, randomBytes } from '../../helpers/random.ts'

/** A rotation drops all but this many acknowledged records. */
const KEEP = 12

export type Promised = {
  /** Numbers whose append was called, in order. */
  called: number[]
  acknowledged: Set<number>
  /** Everything below may have been left out of a checkpoint. */
  floor: number
  /** The first number since the power came back. */
  life: number
}

export function openJournal(
  files: FileSystem,
  random: Random,
  folder = '/journal'
): { journal: FileJournal; faults: Error[] } {
  const faults: Error[] = []
  const journal = new FileJournal(
    { folder },
    {
      files,
      randomBytes: (length) => randomBytes(random, length),
      onFault: (fault) => faults.push(fault)
    }
  )
  return { journal, faults }
}

/** The record of a number: its bytes follow from it, so that a replay can check them. */
export function payloadOf(number: number): Uint8Array {
  const bytes = new Uint8Array(4 + ((number * 97) % 1_500))
  bytes.fill(number % 251)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

export function numberOf(payload: Uint8Array): number {
  const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
  const expected = payloadOf(number)
  if (expected.length !== payload.length || expected.some((byte, at) => byte !== payload[at])) {
    throw new Error(`record ${number} came back with other bytes`)
  }
  return number
}

/** Runs until `count` records are appended or the journal fails. */
export async function work(
  journal: Journal,
  random: Random,
  promised: Promised,
  count: number
): Promise<void> {
  // A journal that fails rejects appends that nobody awaits yet.
  const under: Promise<unknown>[] = []
  const settles = (promise: Promise<void>) => under.push(Promise.allSettled([promise]))
  let next = promised.called.length === 0 ? 1 : promised.called[promised.called.length - 1] + 1
  promised.life = next
  const end = next + count
  while (next < end) {
    const numbers = random() < 0.2 ? [next, next + 1] : [next]
    next += numbers.length
    promised.called.push(...numbers)
    const records = numbers.map((number) => ({ kind: number % 256, payload: payloadOf(number) }))
    const [{ kind, payload }] = records
    const isLazy = records.length === 1 && random() < 0.25
    const synced = isLazy ? journal.appendLazily(kind, payload) : journal.appendAll(records)
    settles(
      synced.then(() => {
        for (const number of numbers) promised.acknowledged.add(number)
      })
    )
    if (random() < 0.1) settles(rotate(journal, promised))
    if (random() >= 0.6) continue
    journal.flush()
    await Promise.all(under.splice(0, between(random, 1, 4)))
  }
  journal.flush()
  await Promise.all(under)
}

function rotate(journal: Journal, promised: Promised): Promise<void> {
  const acknowledged = [...promised.acknowledged].sort((a, b) => a - b)
  const kept = acknowledged.slice(-KEEP)
  // From here on, since a power cut may fall after the new file counts and before we are told.
  if (kept.length > 0) promised.floor = kept[0]
  return journal.rotate(kept.map((number) => ({ kind: number % 256, payload: payloadOf(number) })))
}

/** What a replay must satisfy; a sentence for each way in which it does not. */
export function complaints(replayed: readonly number[], promised: Promised): string[] {
  const found: string[] = []
  const seen = new Set(replayed)
  const called = new Set(promised.called)
  for (const number of seen) if (!called.has(number)) found.push(`${number} was never appended`)
  const lost = [...promised.acknowledged].filter(
    (number) => number >= promised.floor && !seen.has(number)
  )
  if (lost.length > 0) found.push(`acknowledged and lost: ${lost.join(' ')}`)
  const last = Math.max(0, ...promised.acknowledged)
  const skipped = promised.called.filter(
    (number) =>
      number >= Math.max(promised.floor, promised.life) && number < last && !seen.has(number)
  )
  if (skipped.length > 0) found.push(`appended before ${last} and lost: ${skipped.join(' ')}`)
  const firsts = [...seen]
  const inOrder = firsts.every((number, at) => at === 0 || firsts[at - 1] < number)
  if (!inOrder) found.push(`out of order: ${firsts.join(' ')}`)
  return found
}
