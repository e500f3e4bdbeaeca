import test from 'brittle'
import { Announcer } from '../../../daemon/consensus/core/announcer.ts'
import { Disagreements } from '../../../daemon/consensus/core/disagreements.ts'
import { ExecutedBoard } from '../../../daemon/consensus/core/executed.ts'
import { Committee } from './committee.ts'

const four = new Committee(4)
const good = new Uint8Array(32).fill(1)
const bad = new Uint8Array(32).fill(2)

function note(validator: number, index: number, eventHash = good, snapshotIndex = -1) {
  const snapshot = snapshotIndex < 0 ? null : { index: snapshotIndex, hash: good }
  return four.authority(validator).signExecuted(validator, {
    executed: { index, eventHash },
    snapshot
  })
}

test('executed - agreed is the highest index that a quorum announced with one hash', (t) => {
  const board = new ExecutedBoard(4, 3)
  for (const [validator, index] of [
    [0, 3],
    [1, 3],
    [2, 3],
    [0, 5],
    [1, 5]
  ]) {
    board.add(note(validator, index))
  }
  t.is(board.agreed(0)?.index, 3)
  t.is(board.agreed(4), null)
  board.add(note(2, 5, bad))
  t.is(board.agreed(0)?.index, 3, 'another hash does not help')
  board.add(note(3, 5))
  t.is(board.agreed(0)?.index, 5)
})

test('executed - one liar stops nothing, two that differ from two do', (t) => {
  const board = new ExecutedBoard(4, 3)
  t.is(board.add(note(0, 3)), null)
  t.is(board.add(note(1, 3, bad)), null)
  t.is(board.add(note(2, 3)), null)
  t.is(board.add(note(3, 3)), null, 'three agree')
  board.add(note(0, 5))
  board.add(note(1, 5, bad))
  board.add(note(2, 5))
  const divergence = board.add(note(3, 5, bad))
  t.is(divergence?.index, 5)
  t.is(divergence?.notes.length, 4, 'with what each of them signed')
})

test('executed - a validator has one word an index', (t) => {
  const board = new ExecutedBoard(4, 3)
  board.add(note(1, 3, bad))
  board.add(note(1, 3))
  board.add(note(0, 3))
  board.add(note(2, 3))
  t.is(board.agreed(0), null)
})

test('executed - snapshots are agreed on alike', (t) => {
  const board = new ExecutedBoard(4, 3)
  for (const validator of [0, 1]) board.add(note(validator, 9, good, 7))
  t.is(board.agreedSnapshot(-1), null)
  board.add(note(2, 9, good, 7))
  t.alike(board.agreedSnapshot(-1), { index: 7, hash: good })
  t.is(board.agreedSnapshot(7), null, 'named already')
})

test('executed - memory is bounded, what a header has passed is forgotten', (t) => {
  const board = new ExecutedBoard(4, 3)
  for (let index = 0; index < 1000; index++) {
    for (const validator of [0, 1, 2])
      board.add({ ...note0, validator, executed: { index, eventHash: good } })
    board.execute(index, good)
  }
  t.is(board.agreed(0)?.index, 999)
  t.absent(board.has({ ...note0, executed: { index: 0, eventHash: good } }), 'the oldest are gone')
  board.prune(990, -1)
  t.is(board.hashAt(989), null)
  t.ok(board.hashAt(990))
})

const note0 = note(0, 0)

test('executed - what differs is kept, of one index, and of the one that stops the venue', (t) => {
  const kept = new Disagreements()
  t.alike(kept.take([note(0, 3), note(1, 3)], false), [], 'they agree')
  t.is(kept.take([note(0, 4), note(1, 4, bad)], false).length, 2)
  t.is(kept.take([note(0, 4), note(1, 4, bad), note(2, 4)], false).length, 1, 'one came later')
  t.is(kept.take([note(0, 5), note(1, 5, bad)], false).length, 0, 'a liar fills no journal')
  const stop = [note(0, 6), note(1, 6, bad), note(2, 6), note(3, 6, bad)]
  t.is(kept.take(stop, true).length, 4)
  t.alike(
    kept.list.map(({ executed, validator }) => [executed.index, validator]),
    [...[0, 1, 2].map((validator) => [4, validator]), ...[0, 1, 2, 3].map((each) => [6, each])]
  )
  const again = new Disagreements()
  for (const each of kept.list) again.restore(each)
  t.alike(again.list, kept.list)
  t.is(again.take([note(0, 7), note(1, 7, bad)], false).length, 0)
  t.is(again.take([note(0, 7), note(1, 7, bad)], true).length, 2, 'a stop after a restart')
})

test('executed - a validator announces every so many blocks and where the tape rests, not each', (t) => {
  const announced: number[] = []
  const fail = (): never => {
    throw new Error('nothing is wrong')
  }
  const announcer = new Announcer(
    { self: 0, executedEvery: 32 },
    {
      authority: four.authority(0),
      board: new ExecutedBoard(4, 3),
      send: ({ executed }) => announced.push(executed.index),
      misbehaved: fail,
      compare: () => undefined,
      diverged: fail
    }
  )
  for (let index = 0; index <= 70; index++) {
    announcer.executed(index, good, 100 * index)
    announcer.look(100 * index + 99)
  }
  t.alike(announced, [0, 32, 64], 'however slowly it grows')
  t.ok(announcer.restsAtMs > 7000 && announcer.restsAtMs < 8000)
  announcer.look(announcer.restsAtMs)
  t.alike(announced, [0, 32, 64, 70])
  t.is(announcer.restsAtMs, Infinity)
})
