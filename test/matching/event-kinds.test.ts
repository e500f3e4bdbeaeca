import test from 'brittle'
import { eventKinds, eventMask, eventsOf, hasEvent, hasEventOf } from '../../matching/index.ts'
import type { Event } from '../../matching/index.ts'
import { PackedEvents } from '../../matching/event-list.ts'
import { EventWriter } from '../../matching/event-writer.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'

const NAMES = Object.entries(eventKinds)

/** One record of each kind, of market 258 where a record has room for so many. */
function everyKind(): PackedEvents {
  const writer = new EventWriter(blake2b256Parts)
  for (const [name, kind] of NAMES) {
    if (name === 'accepted') writer.accepted(0, 0, 1, 1, 1, 1, 0)
    else if (name === 'traded') writer.traded(0, 1, 0, 1, 1, 0, 0)
    else if (name === 'cancelled') writer.cancelled(1, 1, 0, 1, 0)
    else writer.put(kind | (1 << 8) | (258 << 16), 0, 0, 0, 0, 0, 0, 0)
  }
  return new PackedEvents(writer)
}

test('event kinds - each name is that of the event in the record', (t) => {
  const read: Event['kind'][] = [...everyKind()].map(({ kind }) => kind)
  t.alike(
    read,
    NAMES.map(([name]) => name)
  )
})

test('event kinds - what is asked for is found at its place, and nothing else', (t) => {
  const events = everyKind()
  const mask = eventMask(['traded', 'batchSettled'])
  t.alike(
    [...eventsOf(events, mask)].map(([place, { kind }]) => [NAMES[place][0], kind]),
    [
      ['traded', 'traded'],
      ['batchSettled', 'batchSettled']
    ]
  )
  t.ok(hasEvent(events, mask))
  t.absent(hasEvent(events, eventMask([])))
  t.ok(hasEventOf(events, eventMask(['rested']), 258))
  t.absent(hasEventOf(events, eventMask(['rested']), 2), 'both bytes of the market count')
})
