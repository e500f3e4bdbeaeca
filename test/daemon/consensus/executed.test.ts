import test from 'brittle'
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
