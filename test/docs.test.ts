import test from 'brittle'
import { stalePages } from '../docs/generate.ts'
import { chosen } from '../docs/status-chosen.ts'
import { shownNames, unshown } from '../docs/status-page.ts'
import { type Test, shownBy } from '../docs/status-tests.ts'

test('docs - generated pages are current (npm run docs writes them)', (t) => {
  t.alike(stalePages(), [])
})

test('docs - every method, channel, verb and option has a test that shows it', (t) => {
  t.alike(unshown(), [])
  const names = shownNames()
  t.alike(
    Object.keys(chosen).filter((name) => !names.includes(name)),
    [],
    'nothing is chosen for what is no more'
  )
})

test('docs - a mention, a refusal or an exit code shows nothing', (t) => {
  const shown = (...statements: string[]): boolean => {
    const sample: Test = { title: 'a', file: 'test/a.test.ts', statements, functions: new Map() }
    return shownBy([sample], ["'public/x'"]) !== null
  }
  t.ok(shown("t.is(await call('public/x', {}), 5)"))
  t.ok(shown("const { a } = await call('public/x', {})", 'const b = a + 1', 't.is(b, 5)'))
  t.ok(shown("await until(async () => (await call('public/x', {})).ready, 'it')"))
  t.ok(shown("await subscribe('public/x', (data) => all.push(data))", 't.is(all.length, 1)'))
  t.absent(shown("await call('public/x', {})", 't.is(1, 1)'))
  t.absent(shown("await t.exception(call('public/x', {}), /no/)"))
  t.absent(shown("t.is((await type('public/x')).code, 0)"))
  t.absent(shown("const ran = await type('public/x')", 't.is(ran.code, 0, ran.err)'))
  t.absent(shown("const a = await call('public/x', {})", 't.is(b, 5)'))
})
