import test from 'brittle'
import { turnAt, turnNow } from '../../../daemon/settlement/turns.ts'

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

test('turns - whose turn began last is told, and until when it is his alone with those before', (t) => {
  const next = { index: 6, readyAt: 5000 }
  t.alike(turnNow(terms, next, 5000), { validator: 2, until: 6000 })
  t.alike(turnNow(terms, next, 5999), { validator: 2, until: 6000 })
  t.alike(turnNow(terms, next, 6000), { validator: 3, until: 7000 })
  t.alike(turnNow(terms, next, 8000), { validator: 1, until: null }, 'all have joined')
  t.alike(turnNow(terms, next, 99_000), { validator: 1, until: null })
  t.alike(turnNow(terms, next, 4000), { validator: 2, until: 6000 }, 'by a clock that went back')
  for (const { validator } of [5000, 6000, 7000, 8000].map((now) => turnNow(terms, next, now))) {
    const own = turnAt({ ...terms, self: validator }, 6, 5000, 1)
    t.is(turnNow(terms, next, own).validator, validator, 'as the settler itself reckons')
  }
})
