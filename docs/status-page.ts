// The text of docs/status.md: every method, channel, verb and option, with the test nearest to the
// user that uses it and looks at what came of it. The page is made from the registries and the
// test files themselves, so it cannot claim what is not there.
import { options } from '../config/schema.ts'
import { channelTable } from '../daemon/rpc/channels/feeds.ts'
import { describedMethods } from '../daemon/rpc/methods/index.ts'
import { verbs } from './cli-page.ts'
import { chosen } from './status-chosen.ts'
import { allTests, isShown, shownBy, type Test } from './status-tests.ts'

type Row = readonly [name: string, test: Test | null]

export function statusMarkdown(): string {
  return [
    '# Status',
    '',
    'Every method, channel, verb and option, and the test nearest to the user that uses it and looks at',
    'what came of it. Made from the registries and the test files (`npm run docs`); a test fails when a',
    'row has none. What does not hold yet is in [undone](undone.md).',
    '',
    ...sections().flatMap(([title, rows]) => section(title, rows))
  ].join('\n')
}

/** What no test shows. */
export function unshown(): string[] {
  return sections().flatMap(([, rows]) => rows.flatMap(([name, test]) => (test ? [] : [name])))
}

export function shownNames(): string[] {
  return sections().flatMap(([, rows]) => rows.map(([name]) => name))
}

function sections(): [string, Row[]][] {
  const tests = allTests()
  return [
    ['Methods', describedMethods().map(({ name }) => [name, methodTest(tests, name)])],
    ['Channels', channelTable.map(([name]) => [name, channelTest(tests, name)])],
    ['Verbs of curb', verbs().map(({ name }) => [name, verbTest(tests, name)])],
    ['Options of curbd', options.map(({ key }) => [key, optionTest(tests, key)])]
  ]
}

function section(title: string, rows: readonly Row[]): string[] {
  const lines = rows.map(([name, test]) => {
    const shown = test === null ? 'none yet' : `${test.title} (\`${test.file}\`)`
    return `| \`${name}\` | ${shown} |`
  })
  return [`## ${title}`, '', '| name | test |', '|---|---|', ...lines, '']
}

/** Orders that the helpers place under a name of their own. */
const placing: Record<string, string> = { 'private/buy': '.buys(', 'private/sell': '.sells(' }

function methodTest(tests: readonly Test[], name: string): Test | null {
  return found(tests, name, [`'${name}'`, placing[name] ?? `'${name}'`])
}

/** `trades.{market}` stands in a test as `trades.${MARKET}`. */
function channelTest(tests: readonly Test[], name: string): Test | null {
  const market = name.replace('{market}', '${MARKET}').replace('{resolution}', '1h')
  const forms = ['10', '${depth}'].map((depth) => `\`${market.replace('{depth}', depth)}\``)
  return found(tests, name, [...forms, `'${name}'`])
}

/** As in `curb(['venue', 'audit', ...])` or in a line of words. */
function verbTest(tests: readonly Test[], name: string): Test | null {
  const listed = name
    .split(' ')
    .map((word) => `'${word}'`)
    .join(', ')
  return found(tests, name, [`curb([${listed}`, `'${name} `, `'${name}'`, `\`${name} `])
}

function optionTest(tests: readonly Test[], name: string): Test | null {
  return found(tests, name, [`'${name}'`])
}

/** The chosen test, which must be there and say the words; else the first that shows them. */
function found(tests: readonly Test[], name: string, words: readonly string[]): Test | null {
  const choice = chosen[name]
  if (choice === undefined) return shownBy(tests, words)
  return (
    tests.find((test) => test.title === choice.title && isShown(test, choice.words ?? words)) ??
    null
  )
}
