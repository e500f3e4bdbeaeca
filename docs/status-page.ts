// The text of docs/status.md: every method, channel, verb and option, with the name of a test that
// names it, nearest to the user first. What no test names is listed as such; the page is made from the registries and the
// test files themselves, so it cannot claim what is not there.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { options } from '../config/schema.ts'
import { channelTable } from '../daemon/rpc/channels/feeds.ts'
import { describedMethods } from '../daemon/rpc/methods/index.ts'
import { verbs } from './cli-page.ts'

const root = join(import.meta.dirname, '..')

type Shown = { title: string; file: string; body: string }

/** What helpers of tests call by another name: the helper's words instead of the method's. */
const helperCalls: Record<string, string> = {
  'private/get_my_trades': '.trades()',
  'private/get_balances': '.balance(',
  'private/edit': 'flowWith(',
  'private/mass_quote': '.quotes(',
  'private/prepare_order': '.signs(',
  'private/submit_signed_order': '.signs(',
  'private/link_account': '.hosts(',
  'private/cancel_all': '.cancelsAll(',
  'private/cancel': '.cancels(',
  'private/buy': '.buys(',
  'private/sell': '.sells(',
  'private/deposit': '.open()',
  'private/get_accounts': '.open()',
  'admin/create_token': '.open()',
  'public/get_batches': '.batches()',
  'public/status': '.status(',
  'user.orders': 'venue.ledger.orders',
  'user.trades': 'venue.settles()'
}

/** Options that a devnet's daemons cannot start without: whoever opens one shows them. */
const devnetOptions = new Set([
  'p2p.bootstrap',
  'p2p.host',
  'p2p.port',
  'p2p.firewalled',
  'rpc.port',
  'chain.rpcUrl',
  'chain.pollMs',
  'keys.unlock',
  'keys.passwordFile',
  'settlement.settle',
  'settlement.account'
])

export function statusMarkdown(): string {
  const tests = shownTests()
  const methods = describedMethods().map(({ name }) => [name, methodTest(tests, name)] as const)
  const channels = channelTable.map(([name]) => [name, channelTest(tests, name)] as const)
  const commands = verbs().map(({ name }) => [name, verbTest(tests, name)] as const)
  const keys = options.map(({ key }) => [key, optionTest(tests, key)] as const)
  return [
    '# Status',
    '',
    'Every method, channel, verb and option, and the test nearest to the user that uses it by name.',
    'Made from the registries and the test files (`npm run docs`): it says where to look, the test',
    'says what holds. What does not hold yet is in [undone](undone.md).',
    '',
    ...section('Methods', methods),
    ...section('Channels', channels),
    ...section('Verbs of curb', commands),
    ...section('Options of curbd', keys)
  ].join('\n')
}

function section(title: string, rows: readonly (readonly [string, Shown | null])[]): string[] {
  const shown = rows.filter(([, test]) => test !== null).length
  return [
    `## ${title}`,
    '',
    `${shown} of ${rows.length} are named by a test.`,
    '',
    '| name | test |',
    '|---|---|',
    ...rows.map(([name, test]) => {
      const words = test === null ? 'none yet' : `${test.title} (\`${test.file}\`)`
      return `| \`${name}\` | ${words} |`
    }),
    ''
  ]
}

function methodTest(tests: readonly Shown[], name: string): Shown | null {
  return naming(tests, `'${name}'`) ?? naming(tests, helperCalls[name])
}

function channelTest(tests: readonly Shown[], name: string): Shown | null {
  const helper = naming(tests, helperCalls[name])
  if (helper !== null) return helper
  // `trades.{market}` stands in a test as `trades.WETH/USDC`, or with a name put in.
  const pattern = name
    .split(/\{\w+\}/)
    .map(escaped)
    .join("[^'`]+")
  return tests.find(({ body }) => new RegExp(`['\`]${pattern}['\`]`).test(body)) ?? null
}

/** As in `curb(['venue', 'audit', ...])` or in a line of words. */
function verbTest(tests: readonly Shown[], name: string): Shown | null {
  const words = name.split(' ')
  const listed = words.map((word) => `'${word}'`).join(', ')
  const forms = [`curb([${listed}`, `'${name} `, `'${name}'`, `\`${name} `]
  for (const form of forms) {
    const test = naming(tests, form)
    if (test !== null) return test
  }
  return null
}

function optionTest(tests: readonly Shown[], key: string): Shown | null {
  return (
    naming(tests, `'${key}'`) ?? (devnetOptions.has(key) ? naming(tests, 'venue.open()') : null)
  )
}

function naming(tests: readonly Shown[], words: string | undefined): Shown | null {
  if (words === undefined) return null
  return tests.find(({ body }) => body.includes(words)) ?? null
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Tests by file, end to end first: the nearer to the user the better the proof. */
function shownTests(): Shown[] {
  const folders = ['e2e', 'cli', 'daemon/rpc', 'daemon/history', 'client', 'config', 'daemon']
  const seen = new Set<string>()
  return folders.flatMap((folder) => {
    const files = testFiles(join(root, 'test', folder)).filter((file) => !seen.has(file))
    for (const file of files) seen.add(file)
    return files.flatMap(testsOf)
  })
}

/** By code unit, whatever the order of the file system: the page must not depend on it. */
function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function testsOf(path: string): Shown[] {
  const file = relative(root, path).replaceAll('\\', '/')
  const parts = readFileSync(path, 'utf8')
    .split(/^test(?:\.hook)?\(/m)
    .slice(1)
  return parts.flatMap((body) => {
    const title = /^\s*'([^']+)'/.exec(body)?.[1]
    return title === undefined ? [] : [{ title, file, body }]
  })
}
