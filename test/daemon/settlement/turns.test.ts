import test from 'brittle'
import { turnAt } from '../../../daemon/settlement/turns.ts'

const terms = { validators: 4, turnMs: 1000, settlerWindowSeconds: 60 }

test('turns - each batch begins with another validator, the others follow one by one', (t) => {
  const order = (batch: number) =>
    [0, 1, 2, 3].map((self) => turnAt({ ...terms, self }, batch, 5000, 1))
  t.alike(order(4), [5000, 6000, 7000, 8000])
  t.alike(order(5), [8000, 5000, 6000, 7000])
  t.alike(order(7), [6000, 7000, 8000, 5000])
})

test('turns - who is no validator waits for the window to end, and gives them a turn', (t) => {
  const other = { ...terms, self: null }
  t.is(turnAt(other, 1, 5000, 100), 161_000)
  t.is(turnAt(other, 1, 300_000, 100), 301_000, 'a batch that was ready late')
})
