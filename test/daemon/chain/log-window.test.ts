import test from 'brittle'
import { LogWindow } from '../../../daemon/chain/log-window.ts'

/** Asks so many times of a node that refuses more than `limit` blocks. */
function ask(window: LogWindow, times: number, limit: number): number {
  let refusals = 0
  for (let i = 0; i < times; i++) {
    const { blocks } = window
    if (blocks <= limit) window.answered()
    else {
      window.refused(blocks)
      refusals++
    }
  }
  return refusals
}

test('log window - a node that has a bad moment is asked for long ranges again', (t) => {
  const window = new LogWindow(1000)
  ask(window, 20, 0.5 * 2)
  t.is(window.blocks, 1, 'everything was refused')
  ask(window, 40 * 32, Infinity)
  t.ok(window.blocks >= 100_000, `${window.blocks} blocks`)
})

test('log window - a node that takes short ranges only is seldom asked for more', (t) => {
  const window = new LogWindow(1000)
  ask(window, 100, 500)
  const refusals = ask(window, 1000, 500)
  t.ok(refusals > 0 && refusals < 40, `${refusals} of 1,000 were refused`)
  t.ok(window.blocks > 250)
})
